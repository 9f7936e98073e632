//! The commands, one file for each word of the command line.

mod account;
mod backup;
mod config;
mod extract;
pub(crate) mod generate;
mod key;
pub(crate) mod ledger;
pub(crate) mod link;
mod package;
mod permit;
mod release;
mod reversal;
mod room;
pub(crate) mod serve;
pub(crate) mod source;
mod stopping;

use centre::Caller;

use crate::answer::{Answer, Stop};
use crate::cli::{Cli, Command, Common, LedgerCommand, LinkCommand, ReleaseCommand, SourceCommand};
use crate::config::{Config, Explained};
use crate::demo;
use crate::site::{Folder, Site};

/// Does what the command line says.
pub(crate) async fn run(
    cli: Cli,
    config: Config,
    explained: Vec<Explained>,
) -> Result<Answer, Stop> {
    let common = cli.common;
    if !begins_a_centre(&cli.command) {
        Folder::must_be_there(&config.data.folder)?;
    }
    match cli.command {
        Command::Demo(args) => Box::pin(demo::run(config, explained, args, &common)).await,
        Command::Serve { .. } => serve::run(config, explained).await,
        Command::Source(command) => source::run(command, &config, &common).await,
        Command::Permit(command) => permit::run(command, &config, &common).await,
        Command::Extract(command) => extract::run(command, &config, &common).await,
        Command::Room(command) => room::run(command, &config, &common).await,
        Command::Package(command) => package::run(command, &config, &common).await,
        Command::Reversal(command) => reversal::run(command, &config, &common).await,
        Command::Release(command) => release::run(command, &config, &common).await,
        Command::Link(command) => link::run(command, &config, &common).await,
        Command::Generate(command) => generate::run(command, &common),
        Command::Ledger(command) => ledger::run(command, &config, &common).await,
        Command::Account(command) => account::run(command, &config, &common).await,
        Command::Key(command) => key::run(command, &config, &common).await,
        Command::Config(_) => Ok(config::explain(&explained)),
        Command::Backup { folder } => backup::backup(&config, &common, &folder).await,
        Command::Restore { folder, key } => backup::restore(&config, &folder, &key).await,
    }
}

/// Whether the command makes a data folder where there is none, or needs none.
/// The others would answer for an empty centre when the folder's name is mistyped.
const fn begins_a_centre(command: &Command) -> bool {
    match command {
        Command::Demo(_)
        | Command::Serve { .. }
        | Command::Account(_)
        | Command::Config(_)
        | Command::Link(
            LinkCommand::Evaluate(_) | LinkCommand::Encode(_) | LinkCommand::Match(_),
        )
        | Command::Generate(_)
        | Command::Restore { .. }
        | Command::Source(SourceCommand::Add { .. } | SourceCommand::Check { .. })
        | Command::Ledger(
            LedgerCommand::Verify { export: Some(_), .. }
            | LedgerCommand::Verify { growth: Some(_), .. },
        )
        | Command::Release(ReleaseCommand::Verify { .. }) => true,
        Command::Source(_)
        | Command::Link(LinkCommand::Review(_))
        | Command::Permit(_)
        | Command::Extract(_)
        | Command::Room(_)
        | Command::Package(_)
        | Command::Reversal(_)
        | Command::Release(_)
        | Command::Ledger(_)
        | Command::Key(_)
        | Command::Backup { .. } => false,
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
