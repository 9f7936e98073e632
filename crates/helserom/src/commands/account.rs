//! `helserom account`.

use std::collections::BTreeSet;
use std::io::BufRead as _;

use model::{Secret, Text};
use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop, table};
use crate::cli::{AccountCommand, Common};
use crate::config::Config;

pub(super) async fn run(
    command: AccountCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        AccountCommand::Add { id, name, organisation, roles } => {
            let roles = BTreeSet::from_iter(roles);
            let name = Text::from(name.as_str());
            site.centre.register_account(&caller, &id, name, organisation, roles).await?;
            let text = format!(
                "account `{id}` is made: set its password with `helserom account password {id}`"
            );
            Ok(Answer::new(text, json!({ "account": id })))
        }
        AccountCommand::AddOrganisation { id, name } => {
            site.centre.register_organisation(&caller, &id, Text::from(name.as_str())).await?;
            Ok(Answer::new(format!("organisation `{id}` is known"), json!({ "organisation": id })))
        }
        AccountCommand::Password { id } => {
            let mut line = String::new();
            std::io::stdin()
                .lock()
                .read_line(&mut line)
                .map_err(|error| Stop::usage(format!("standard input: {error}")))?;
            let password = Secret::new(line.trim_end_matches(['\r', '\n']).to_owned());
            site.centre.set_password(&caller, &id, password).await?;
            Ok(Answer::new(format!("`{id}` has a new password"), json!({ "account": id })))
        }
        AccountCommand::List => {
            let accounts = site.centre.accounts(&caller).await?;
            let rows: Vec<_> = accounts
                .iter()
                .map(|account| {
                    let roles: Vec<_> = account.roles.iter().map(|role| role.as_str()).collect();
                    vec![
                        account.id.to_string(),
                        account.organisation.to_string(),
                        roles.join(", "),
                        if account.open { "open" } else { "closed" }.to_owned(),
                    ]
                })
                .collect();
            Ok(Answer::new(
                table(&["account", "organisation", "roles", "state"], &rows),
                json!(accounts),
            ))
        }
    }
}
