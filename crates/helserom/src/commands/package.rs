//! `helserom package`.

use centre::packages::Shelf;
use room::packages::{Allowed, PackageName, PackageVersion};
use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, PackageCommand};
use crate::config::Config;

pub(super) async fn run(
    command: PackageCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    let id = match command {
        PackageCommand::List => {
            let shelf = site.centre.packages(&caller).await?;
            return Ok(Answer::new(told(&shelf), json!(shelf)));
        }
        PackageCommand::Request { room, language, name, only, why } => {
            let name = PackageName::of(language, &name).map_err(Stop::usage)?;
            let package = Allowed { language, name, version: only };
            site.centre.request_package(&caller, &room, package, why).await?
        }
        PackageCommand::Approve { id, why } => {
            site.centre.decide_package(&caller, &id, true, why).await?;
            id
        }
        PackageCommand::Refuse { id, why } => {
            site.centre.decide_package(&caller, &id, false, why).await?;
            id
        }
    };
    let request = site.centre.package_request(&caller, &id).await?;
    Ok(Answer::new(format!("{id}: {}", request.state.as_str()), json!(request)))
}

fn version(package: &Allowed) -> String {
    package.version.as_ref().map_or_else(|| "any".to_owned(), PackageVersion::to_string)
}

fn told(shelf: &Shelf) -> String {
    let mirror = if shelf.mirror {
        "rooms fetch what is allowed from the mirror"
    } else {
        "this centre has no mirror: rooms have what they come with"
    };
    let allowed: Vec<_> = shelf
        .allowed
        .iter()
        .map(|package| {
            vec![package.language.to_string(), package.name.to_string(), version(package)]
        })
        .collect();
    let asked: Vec<_> = shelf
        .requests
        .iter()
        .map(|request| {
            vec![
                request.id.to_string(),
                request.state.as_str().to_owned(),
                request.package.language.to_string(),
                request.package.name.to_string(),
                version(&request.package),
                request.asked_by.to_string(),
                request.room.to_string(),
            ]
        })
        .collect();
    format!(
        "every room has {} packages; {mirror}\n\n{}\n\n{}",
        shelf.installed.len(),
        table(&["allowed", "name", "version"], &allowed),
        table(&["request", "state", "language", "name", "version", "asked by", "room"], &asked),
    )
}
