//! `helserom reversal`: a finding that matters for somebody reaches their register.

use centre::reversals::ReversalWish;
use linkage::reversal::Reversal;
use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, ReversalCommand};
use crate::config::Config;

pub(super) async fn run(
    command: ReversalCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    let id = match command {
        ReversalCommand::List { permit } => {
            let reversals = centre::owned(site.centre.reversals(&caller, permit.as_ref()).await?);
            return Ok(Answer::new(listed(&reversals), json!(reversals)));
        }
        ReversalCommand::Ask { permit, extract, source, persons, finding } => {
            let wish = ReversalWish { extract, source, persons, finding };
            site.centre.ask_reversal(&caller, &permit, wish).await?
        }
        ReversalCommand::Agree { id, why } => {
            site.centre.decide_reversal(&caller, &id, true, why).await?;
            id
        }
        ReversalCommand::Refuse { id, why } => {
            site.centre.decide_reversal(&caller, &id, false, why).await?;
            id
        }
        ReversalCommand::Do { id } => {
            let revealed = site.centre.do_reversal(&caller, &id).await?;
            let rows: Vec<_> = revealed
                .iter()
                .map(|one| {
                    let number = one.national_id.as_ref().or(one.own_number.as_ref());
                    let kind = if one.national_id.is_some() { "national" } else { "own" };
                    vec![
                        one.person.to_string(),
                        number.cloned().unwrap_or_default(),
                        kind.to_owned(),
                    ]
                })
                .collect();
            let text = format!(
                "this is shown once and kept nowhere\n\n{}",
                table(&["person", "number", "kind"], &rows)
            );
            return Ok(Answer::new(text, json!(revealed)));
        }
    };
    let reversal = site.centre.reversal(&caller, &id).await?;
    Ok(Answer::new(format!("{id}: {}", reversal.state.as_str()), json!(reversal)))
}

fn listed(reversals: &[Reversal]) -> String {
    let rows: Vec<_> = reversals
        .iter()
        .map(|reversal| {
            vec![
                reversal.id.to_string(),
                reversal.state.as_str().to_owned(),
                reversal.permit.to_string(),
                reversal.source.to_string(),
                reversal.persons.len().to_string(),
                reversal.asked_by.to_string(),
                reversal.why.clone(),
            ]
        })
        .collect();
    table(&["reversal", "state", "permit", "register", "people", "asked by", "finding"], &rows)
}
