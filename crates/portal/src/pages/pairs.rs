//! Pairs of records that linkage leaves in doubt: what waits for a clerk, and one pair
//! with as little of two people as tells whether they are one.

use askama::Template;
use axum::extract::{Path, State};
use centre::pairs::{AnsweredPair, Pairs, WaitingPair};
use linkage::review::{Agreement, Answer, Outcome, Shown, ShownField, Weighed};
use model::{Lang, PairId};
use permit::Role;
use serde::Deserialize;

use super::seen;
use crate::answer::{Answered, html, see};
use crate::chart::{Chart, Waterfall, Written, waterfall};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::parts::weighing::{agreed, bits, compared};
use crate::parts::{Tag, Tone};
use crate::query::Query;
use crate::sample::literal;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::Shown as Told;

/// The page of what waits.
#[derive(Debug, Template)]
#[template(path = "pages/pairs.html")]
pub struct PairsPage {
    chrome: Chrome,
    says: String,
    waiting: Vec<WaitingLine>,
    answered: Vec<AnsweredLine>,
}

/// A pair that waits.
#[derive(Debug, Clone)]
pub struct WaitingLine {
    id: String,
    since: Told,
    looked: bool,
}

/// A pair that was answered.
#[derive(Debug, Clone)]
pub struct AnsweredLine {
    id: String,
    at: Told,
    answer: String,
    outcome: Tag,
}

/// The word for an answer.
const fn answer_key(answer: Answer) -> &'static str {
    match answer {
        Answer::Same => "pair-same",
        Answer::Different => "pair-different",
        Answer::CannotTell => "pair-cannot-tell",
    }
}

/// The word for what answers came to, and its colour.
const fn outcome_word(outcome: Option<Outcome>) -> (&'static str, Tone) {
    match outcome {
        None => ("pair-waits-for-others", Tone::Info),
        Some(Outcome::Same) => ("pair-settled-same", Tone::Success),
        Some(Outcome::Different) => ("pair-settled-different", Tone::Success),
        Some(Outcome::Undecided) => ("pair-settled-undecided", Tone::Neutral),
    }
}

impl PairsPage {
    fn of(chrome: Chrome, pairs: &Pairs) -> Self {
        let words = chrome.words().clone();
        let waiting = |pair: &WaitingPair| WaitingLine {
            id: pair.id.to_string(),
            since: words.moment(pair.since),
            looked: pair.looked,
        };
        let answered = |pair: &AnsweredPair| {
            let (key, tone) = outcome_word(pair.outcome);
            AnsweredLine {
                id: pair.id.to_string(),
                at: words.moment(pair.at),
                answer: words.say(answer_key(pair.answer)).into_owned(),
                outcome: Tag::new(tone, words.say(key)),
            }
        };
        Self {
            says: words.say_count("pairs-count", pairs.waiting.len()),
            waiting: pairs.waiting.iter().map(waiting).collect(),
            answered: pairs.answered.iter().map(answered).collect(),
            chrome,
        }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        Self::of(Chrome::sample(lang, "/pairs").seen_by(&[Role::Clerk]), &sample_pairs())
    }
}

/// A sample of what waits.
pub(crate) fn sample_pairs() -> Pairs {
    let waiting = |id: &str, looked| WaitingPair {
        id: literal(id),
        since: literal("2026-03-01T08:04:00Z"),
        looked,
    };
    let answered = |id: &str, answer, outcome| AnsweredPair {
        id: literal(id),
        at: literal("2026-03-01T10:20:00Z"),
        answer,
        outcome,
    };
    Pairs {
        waiting: vec![waiting("pair-1a3c5e7g9j", false), waiting("pair-2b4d6f8h0k", true)],
        answered: vec![
            answered("pair-9z7x5v3t1r", Answer::Same, Some(Outcome::Same)),
            answered("pair-8y6w4s2q0n", Answer::CannotTell, None),
        ],
    }
}

/// The page of one pair.
#[derive(Debug, Template)]
#[template(path = "pages/pair.html")]
pub struct PairPage {
    chrome: Chrome,
    id: String,
    fields: Vec<FieldLine>,
    whole: bool,
    /// Whether something differs that could be shown whole.
    more: bool,
    chart: Chart,
    steps: Vec<StepLine>,
    sum: String,
    says: String,
    competes: bool,
    answers: Vec<(&'static str, String)>,
}

/// One thing that was compared.
#[derive(Clone)]
pub struct FieldLine {
    name: String,
    agreement: String,
    differs: bool,
    values: Option<(String, String)>,
}

impl std::fmt::Debug for FieldLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldLine").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What one comparison weighed.
#[derive(Debug, Clone)]
pub struct StepLine {
    name: String,
    level: String,
    weight: String,
    rarity: String,
    sum: String,
}

impl PairPage {
    fn of(chrome: Chrome, id: &PairId, shown: &Shown) -> Self {
        let words = chrome.words().clone();
        let field = |field: &ShownField| FieldLine {
            name: compared(&words, field.name),
            agreement: words.say(agreement_key(field.agreement)).into_owned(),
            differs: field.agreement == Agreement::Differs,
            values: field.values.clone(),
        };
        let mut sum = 0.0;
        let step = |step: &Weighed| {
            sum += step.weight + step.rarity;
            StepLine {
                name: compared(&words, &step.name),
                level: agreed(&words, &step.level),
                weight: bits(&words, step.weight),
                rarity: bits(&words, step.rarity),
                sum: bits(&words, sum),
            }
        };
        let steps: Vec<StepLine> = shown.steps.iter().map(step).collect();
        let drawn: Vec<(String, f64)> = shown
            .steps
            .iter()
            .map(|step| (compared(&words, &step.name), step.weight + step.rarity))
            .collect();
        let percent = words.percent(shown.probability);
        let chart = waterfall(Waterfall {
            id: "weights",
            title: &words.say("pair-weights"),
            description: &words.say_both("pair-weights-desc", bits(&words, shown.weight), &percent),
            steps: &drawn,
            end: &words.say("pair-sum"),
            write: Written(&|step| bits(&words, step)),
        });
        Self {
            id: id.to_string(),
            fields: shown.fields.iter().map(field).collect(),
            whole: shown.whole,
            more: shown.fields.iter().any(|field| field.values.is_some()),
            chart,
            steps,
            sum: bits(&words, shown.weight),
            says: words.say_with("pair-model-says", percent),
            competes: shown.competes,
            answers: Answer::ALL
                .map(|answer| (answer.as_str(), words.say(answer_key(answer)).into_owned()))
                .into(),
            chrome,
        }
    }

    /// A sample: two records of a woman who moved and whose name was misspelt.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/pairs/pair-1a3c5e7g9j").seen_by(&[Role::Clerk]);
        Self::of(chrome, &literal("pair-1a3c5e7g9j"), &sample_shown())
    }
}

/// A sample of what a clerk is shown.
pub(crate) fn sample_shown() -> Shown {
    let field = |name, agreement, values: Option<(&str, &str)>| ShownField {
        name,
        agreement,
        values: values.map(|(one, other)| (one.to_owned(), other.to_owned())),
    };
    let step = |name: &str, level: &str, weight, rarity| Weighed {
        name: name.to_owned(),
        level: level.to_owned(),
        weight,
        rarity,
    };
    Shown {
        fields: vec![
            field("given-name", Agreement::Differs, Some(("K•••••••", "Ch•••••••"))),
            field("surname", Agreement::Same, None),
            field("birth-date", Agreement::Differs, Some(("••••-••-17", "••••-••-11"))),
            field("sex", Agreement::Same, None),
            field("postcode", Agreement::OneLacks, None),
        ],
        whole: false,
        steps: vec![
            step("prior", "", -14.2, 0.0),
            step("name", "both alike", 9.1, 1.4),
            step("birth-date", "one digit wrong or two swapped", 5.6, 0.0),
            step("sex", "equal", 1.0, 0.0),
            step("postcode", "unknown", 0.0, 0.0),
        ],
        weight: 2.9,
        probability: 0.88,
        competes: false,
    }
}

const fn agreement_key(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Same => "agreement-same",
        Agreement::Swapped => "agreement-swapped",
        Agreement::AtSomeTime => "agreement-at-some-time",
        Agreement::Differs => "agreement-differs",
        Agreement::OneLacks => "agreement-one-lacks",
        Agreement::BothLack => "agreement-both-lack",
    }
}

/// `GET /pairs`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    visitor.account()?;
    let pairs = app.centre.pairs(visitor.caller()).await?;
    html(&PairsPage::of(visitor.chrome(&app), &pairs))
}

/// How much is asked to be shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    whole: bool,
}

/// `GET /pairs/{pair}?whole=…`: that somebody looks is written down.
pub(crate) async fn show_one(
    State(app): State<App>,
    visitor: Visitor,
    Path(pair): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answered {
    visitor.account()?;
    let id: PairId = seen::id(&pair)?;
    let shown = app.centre.look_at_pair(visitor.caller(), &id, wanted.whole).await?;
    html(&PairPage::of(visitor.chrome(&app), &id, &shown))
}

/// `POST /pairs/{pair}/answer`
pub(crate) async fn answer(
    State(app): State<App>,
    visitor: Visitor,
    Path(pair): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id: PairId = seen::id(&pair)?;
    let word = fields.one("answer");
    let answer: Answer = word.parse().map_err(|_| Failure::Choice(word.to_owned()))?;
    app.centre
        .answer_pair(visitor.caller(), &id, answer)
        .await
        .map_err(|refused| Failure::unfit(refused, "pair-not-answered"))?;
    Ok(see("/pairs", "pair-answered"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;

    fn words(lang: Lang) -> Words {
        Words::new(lang, jiff::tz::TimeZone::UTC)
    }

    #[test]
    fn everything_has_a_word_in_every_language() {
        for lang in Lang::ALL {
            let words = words(lang);
            for answer in Answer::ALL {
                assert!(words.knows(answer_key(answer)), "{lang}: {answer:?}");
            }
            for agreement in Agreement::ALL {
                assert!(words.knows(agreement_key(agreement)), "{lang}: {agreement:?}");
            }
            let outcomes = [Outcome::Same, Outcome::Different, Outcome::Undecided];
            for outcome in outcomes.map(Some).into_iter().chain([None]) {
                assert!(words.knows(outcome_word(outcome).0), "{lang}: {outcome:?}");
            }
        }
    }

    #[test]
    fn the_sum_stands_under_the_steps_and_a_sign_before_every_weight() {
        let page = PairPage::sample(Lang::En);
        assert_eq!(page.sum, "+2.9");
        assert_eq!(page.steps.last().unwrap().sum, page.sum);
        assert_eq!(bits(&words(Lang::Nb), -14.2), "\u{2212}14,2");
        assert_eq!(bits(&words(Lang::En), 0.02), "0.0");
    }

    #[test]
    fn a_page_says_nothing_of_where_records_are_from() {
        let html = PairPage::sample(Lang::En).render().unwrap();
        assert!(html.contains("K•••••••"), "{html}");
        for word in ["permit-", "extract-", "import-", "laboratory"] {
            assert!(!html.contains(word), "{word}: {html}");
        }
    }
}
