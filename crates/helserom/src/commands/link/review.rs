//! `helserom link review`: pairs of records that an extract left in doubt.

use centre::pairs::Pairs;
use linkage::review::{Outcome, Shown};
use serde_json::json;

use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, ReviewCommand};
use crate::commands::open;
use crate::config::Config;

pub(super) async fn run(
    command: ReviewCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        ReviewCommand::List => {
            let pairs = site.centre.pairs(&caller).await?;
            Ok(Answer::new(listed(&pairs), json!(pairs)))
        }
        ReviewCommand::Show { id, whole } => {
            let shown = site.centre.look_at_pair(&caller, &id, whole).await?;
            Ok(Answer::new(told(&shown), json!(shown)))
        }
        ReviewCommand::Answer { id, answer } => {
            site.centre.answer_pair(&caller, &id, answer).await?;
            let text = format!("{id}: you answered {}", answer.as_str());
            Ok(Answer::new(text, json!({ "answered": id, "answer": answer })))
        }
    }
}

fn listed(pairs: &Pairs) -> String {
    let waiting: Vec<_> = pairs
        .waiting
        .iter()
        .map(|pair| vec![pair.id.to_string(), pair.since.to_string()])
        .collect();
    let answered: Vec<_> = pairs
        .answered
        .iter()
        .map(|pair| {
            let outcome = match pair.outcome {
                None => "waits for others",
                Some(Outcome::Same) => "one person",
                Some(Outcome::Different) => "two people",
                Some(Outcome::Undecided) => "nobody can tell",
            };
            vec![pair.id.to_string(), pair.answer.as_str().to_owned(), outcome.to_owned()]
        })
        .collect();
    format!(
        "{}\n\n{}",
        table(&["waits for you", "since"], &waiting),
        table(&["answered", "by you", "together"], &answered),
    )
}

/// What differs, and what each comparison weighs.
fn told(shown: &Shown) -> String {
    let fields: Vec<_> = shown
        .fields
        .iter()
        .map(|field| {
            let (one, other) = field.values.clone().unwrap_or_default();
            vec![field.name.to_owned(), field.agreement.as_str().to_owned(), one, other]
        })
        .collect();
    let mut sum = 0.0;
    let steps: Vec<_> = shown
        .steps
        .iter()
        .map(|step| {
            sum += step.weight + step.rarity;
            vec![
                step.name.clone(),
                step.level.clone(),
                format!("{:+.1}", step.weight + step.rarity),
                format!("{sum:+.1}"),
            ]
        })
        .collect();
    let competes =
        if shown.competes { "; somebody else is about as likely to be that person" } else { "" };
    format!(
        "{}\n\n{}\n\nthe model holds it {:.1} % likely that they are one person{competes}",
        table(&["", "", "one record", "the other"], &fields),
        table(&["evidence", "level", "bits", "so far"], &steps),
        shown.probability * 100.0,
    )
}
