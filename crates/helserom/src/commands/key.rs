//! `helserom key`.

use serde_json::json;

use super::{open, open_alone};
use crate::answer::{Answer, Stop};
use crate::cli::{Common, KeyCommand};
use crate::config::Config;

pub(super) async fn run(
    command: KeyCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = match command {
        KeyCommand::Show => open(config, common).await?,
        // A program that has the vault open holds the old key, and would find
        // every file closed that it opens next.
        KeyCommand::Rotate => open_alone(config, common, "a new master key").await?,
    };
    match command {
        KeyCommand::Show => {
            let ledger = site.ledger_key.public().to_string();
            let permit = hex::encode(site.centre.permit_key().to_bytes());
            let release = hex::encode(site.centre.release_key().to_bytes());
            let text = format!("ledger   {ledger}\npermits  {permit}\nreleases {release}");
            Ok(Answer::new(
                text,
                json!({ "ledger": ledger, "permits": permit, "releases": release }),
            ))
        }
        KeyCommand::Rotate => {
            site.centre.may_run(&caller)?;
            let path = config.master_key();
            site.centre
                .note_centre(&caller, "key-rotation-begun", json!({ "key": "master" }))
                .await?;
            site.vault.rotate_key_file(&path).map_err(Stop::refused)?;
            site.centre.note_centre(&caller, "key-rotated", json!({ "key": "master" })).await?;
            let text = format!(
                "`{}` holds the new master key; the old one opens nothing any more",
                path.display()
            );
            Ok(Answer::new(text, json!({ "rotated": true })))
        }
    }
}
