//! `helserom permit`.

use model::{AccountId, Lang};
use permit::policy::{Action, Ruling};
use permit::{LinkageWay, Permit, Standing};
use serde_json::json;

use super::open;
use super::release::write_new;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, PermitCommand};
use crate::config::Config;

pub(super) async fn run(
    command: PermitCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        PermitCommand::List => {
            let permits = site.centre.permits(&caller).await?;
            let rows: Vec<_> = permits
                .iter()
                .map(|permit| {
                    vec![
                        permit.id.to_string(),
                        permit.standing(site.centre.now()).as_str().to_owned(),
                        permit.grant.data_user.to_string(),
                        permit.grant.terms.title.clone(),
                    ]
                })
                .collect();
            Ok(Answer::new(
                table(&["permit", "standing", "data user", "title"], &rows),
                json!(permits),
            ))
        }
        PermitCommand::Show { id } => {
            let permit = site.centre.permit(&caller, &id).await?;
            let standing = permit.standing(site.centre.now());
            Ok(Answer::new(
                in_words(&permit, standing),
                json!({ "permit": permit, "standing": standing }),
            ))
        }
        PermitCommand::Calendar { id } => {
            let dues = site.centre.calendar(&caller, id.as_ref()).await?;
            let rows: Vec<_> = dues
                .iter()
                .map(|due| vec![due.at.to_string(), due.what.as_str().to_owned(), due.id.clone()])
                .collect();
            Ok(Answer::new(table(&["when", "what", "of"], &rows), json!(dues)))
        }
        PermitCommand::StandIn { id, to } => {
            let archive = site.centre.stand_in(&caller, &id).await?;
            write_new(&to, &archive)?;
            let text = format!("`{}`: {} bytes; nobody in it exists", to.display(), archive.len());
            Ok(Answer::new(text, json!({ "file": to, "bytes": archive.len() })))
        }
        PermitCommand::Explain { action, on } => {
            let who = caller.account().map(|account| &account.id);
            let ruling = site.centre.explain(who, action, &on).await?;
            Ok(explained(&ruling, &common.account, action, &on))
        }
        PermitCommand::Revoke { id, why } => {
            site.centre.revoke_permit(&caller, &id, why).await?;
            let text = format!("permit `{id}` is revoked, and its rooms are closed");
            Ok(Answer::new(text, json!({ "revoked": id })))
        }
    }
}

/// Whether an account may do something, and by which rule.
fn explained(ruling: &Ruling, name: &AccountId, action: Action, on: &str) -> Answer {
    let mut lines = vec![if ruling.allowed {
        format!("yes: `{name}` may `{action}` on `{on}`")
    } else {
        format!("no: `{name}` may not `{action}` on `{on}`")
    }];
    lines.extend(ruling.inactive.iter().map(|inactive| format!("  {inactive}")));
    if !ruling.allowed && ruling.rules.iter().all(|rule| !rule.forbids) {
        lines.push("Those may:".to_owned());
    }
    for rule in &ruling.rules {
        let text = rule.text.get(Lang::En);
        lines.push(format!("  {text} [{}, {}]", rule.id, rule.article));
    }
    let (text, json) = (lines.join("\n"), json!(ruling));
    if ruling.allowed { Answer::new(text, json) } else { Answer::no(text, json) }
}

/// What a permit allows, line by line.
fn in_words(permit: &Permit, standing: Standing) -> String {
    let terms = &permit.grant.terms;
    let mut lines = vec![
        format!("{}  {}  ({})", permit.id, terms.title, standing.as_str()),
        format!("for {}: {}", permit.grant.data_user, terms.summary),
    ];
    if let Some(purpose) = terms.purpose {
        lines.push(format!("purpose: {} ({})", purpose.title().get(Lang::En), purpose.article()));
    }
    lines.push(format!("legal basis: {}", terms.legal_basis));
    let people: Vec<_> = terms.people.iter().map(ToString::to_string).collect();
    lines.push(format!("people: {}", people.join(", ")));
    if let Some(until) = terms.valid.until {
        lines.push(format!("until: {until}"));
    }
    for source in &terms.sources {
        lines.push(format!("from {}:", source.source));
        for column in &source.columns {
            lines.push(format!("  {}: {}", column.name, column.reason));
        }
        for condition in &source.rows {
            lines.push(format!("  only where {}", condition.in_words()));
        }
    }
    if let Some(source) = &terms.cohort.source {
        let conditions: Vec<_> =
            terms.cohort.conditions.iter().map(permit::Condition::in_words).collect();
        lines.push(format!("people: those of {source} where {}", conditions.join(" and ")));
    }
    let linkage = terms.linkage;
    if linkage.how == LinkageWay::Likely {
        let column = if linkage.probability { ", each row with its probability" } else { "" };
        lines.push(format!(
            "linked by equal numbers, numbers with a slip, and names, birth, sex and place from p = \
             {} on{column}",
            linkage.threshold
        ));
        if let Some(generous) = linkage.generous {
            lines.push(format!("and a second, generous extract from p = {generous} on"));
        }
    }
    lines.join("\n")
}
