//! The commands, one file for each word of the command line.

mod account;
mod backup;
mod config;
mod extract;
mod key;
pub(crate) mod ledger;
mod permit;
mod release;
mod room;
pub(crate) mod serve;
pub(crate) mod source;

use centre::Caller;

use crate::answer::{Answer, Stop};
use crate::cli::{Cli, Command, Common};
use crate::config::{Config, Explained};
use crate::demo;
use crate::site::Site;

/// Does what the command line says.
pub(crate) async fn run(
    cli: Cli,
    config: Config,
    explained: Vec<Explained>,
) -> Result<Answer, Stop> {
    let common = cli.common;
    match cli.command {
        Command::Demo(args) => demo::run(config, explained, args, &common).await,
        Command::Serve { .. } => serve::run(config, explained).await,
        Command::Source(command) => source::run(command, &config, &common).await,
        Command::Permit(command) => permit::run(command, &config, &common).await,
        Command::Extract(command) => extract::run(command, &config, &common).await,
        Command::Room(command) => room::run(command, &config, &common).await,
        Command::Release(command) => release::run(command, &config, &common).await,
        Command::Ledger(command) => ledger::run(command, &config, &common).await,
        Command::Account(command) => account::run(command, &config, &common).await,
        Command::Key(command) => key::run(command, &config, &common).await,
        Command::Config(_) => Ok(config::explain(&explained)),
        Command::Backup { folder } => backup::backup(&config, &common, &folder).await,
        Command::Restore { folder, key } => backup::restore(&config, &folder, &key).await,
    }
}

/// What `--as` says for somebody who has not signed in.
const VISITOR: &str = "visitor";

/// The centre in the data folder, and who acts.
async fn open(config: &Config, common: &Common) -> Result<(Site, Caller), Stop> {
    let site = Site::open(config).await?;
    let caller = caller(&site, common).await?;
    Ok((site, caller))
}

/// The same, for work that no other program may see half-done.
async fn open_alone(config: &Config, common: &Common, what: &str) -> Result<(Site, Caller), Stop> {
    let site = Site::open_alone(config, what).await?;
    let caller = caller(&site, common).await?;
    Ok((site, caller))
}

async fn caller(site: &Site, common: &Common) -> Result<Caller, Stop> {
    if common.account.as_str() == VISITOR {
        return Ok(Caller::Visitor);
    }
    site.centre.caller(&common.account).await.map_err(|_| {
        Stop::usage(format!("there is no account `{}`: name one with `--as`", common.account))
    })
}
