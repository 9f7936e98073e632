//! The front page: what this centre holds, search, how long it takes from
//! asking to data, and what came of it last.

use super::results;
use crate::answer::{Answered, html};
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use catalogue::Dataset;
use jiff::SignedDuration;
use model::{Lang, Timestamp};

use super::results::ResultLine;
use crate::chrome::Chrome;

/// The front page.
#[derive(Debug, Template)]
#[template(path = "pages/front.html")]
pub struct FrontPage {
    chrome: Chrome,
    sources: Vec<FrontSource>,
    variables: usize,
    median_days: Option<String>,
    uses: usize,
    newest: Vec<ResultLine>,
}

/// A source in a few words.
#[derive(Debug, Clone)]
pub struct FrontSource {
    id: String,
    title: String,
    description: String,
    persons: String,
    rows: String,
}

/// From submission to permit, for every permit that was issued.
pub type Waits = Vec<(Timestamp, Timestamp)>;

/// The middle of the waits, in days with one decimal. `None`: no permit yet.
pub fn median_wait(waits: &Waits) -> Option<SignedDuration> {
    let mut lengths: Vec<_> = waits.iter().map(|(from, to)| to.duration_since(*from)).collect();
    lengths.sort_unstable();
    let middle = lengths.len() / 2;
    let upper = *lengths.get(middle)?;
    if lengths.len().is_multiple_of(2) {
        let lower = *lengths.get(middle.checked_sub(1)?)?;
        (lower + upper).checked_div(2)
    } else {
        Some(upper)
    }
}

impl FrontPage {
    /// The front page of a centre that holds `datasets`.
    pub fn of(
        chrome: Chrome,
        datasets: &[Dataset],
        waits: &Waits,
        uses: usize,
        newest: Vec<ResultLine>,
    ) -> Self {
        let words = chrome.words();
        let sources = datasets
            .iter()
            .map(|dataset| FrontSource {
                id: dataset.source.to_string(),
                title: words.text(&dataset.title).to_owned(),
                description: words.text(&dataset.description).to_owned(),
                persons: dataset.persons.map_or_else(
                    || format!("<{}", dataset.smallest_count),
                    |persons| words.whole(persons),
                ),
                rows: dataset.rows.map_or_else(String::new, |rows| words.whole(rows)),
            })
            .collect();
        let variables = datasets.iter().map(|dataset| dataset.variables.len()).sum();
        let median_days = median_wait(waits)
            .and_then(|wait| u64::try_from(wait.as_secs()).ok())
            .map(|seconds| words.duration(seconds));
        Self { chrome, sources, variables, median_days, uses, newest }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/");
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        let waits = vec![
            (at("2026-01-02T08:00:00Z"), at("2026-01-14T08:00:00Z")),
            (at("2026-02-02T08:00:00Z"), at("2026-02-20T14:00:00Z")),
        ];
        let newest = vec![ResultLine::sample(chrome.words())];
        Self::of(chrome, &super::source::sample_datasets(), &waits, 4, newest)
    }
}

/// How many of the newest results stand on the front page.
const NEWEST: usize = 3;

/// `GET /`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    let caller = visitor.caller();
    let datasets = app.centre.catalogue(caller).await?;
    let uses = app.centre.register(caller).await?;
    let waits = uses
        .iter()
        .filter(|used| used.permit.is_some())
        .filter_map(|used| used.submitted_at.zip(used.decided_at))
        .collect();
    let newest = results::lines(&app, &visitor).await?.into_iter().take(NEWEST).collect();
    html(&FrontPage::of(visitor.chrome(&app), &datasets, &waits, uses.len(), newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_of_waits_lies_between_the_two_in_the_middle() {
        let day = |n: i64| Timestamp::from_second(n * 86_400).unwrap();
        let waits = vec![(day(0), day(10)), (day(0), day(2)), (day(0), day(4)), (day(0), day(100))];
        assert_eq!(median_wait(&waits), Some(SignedDuration::from_hours(7 * 24)));
        assert_eq!(median_wait(&waits[..3].to_vec()), Some(SignedDuration::from_hours(4 * 24)));
        assert_eq!(median_wait(&Vec::new()), None);
    }
}
