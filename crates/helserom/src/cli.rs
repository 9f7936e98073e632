//! The command line. Stable: people script it.

mod link;
mod reversal;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use model::{
    AccountId, ExtractId, ImportId, IngressId, OrganisationId, PackageRequestId, PermitId,
    ReleaseId, RoomId, SourceId,
};
use permit::Role;
use permit::policy::Action;
use room::packages::{Language, PackageVersion};
use room::{VersionNumber, WorkName};

pub(crate) use self::link::{EvaluateArgs, LinkCommand, ReviewCommand, TableFormat};
pub(crate) use self::reversal::ReversalCommand;

use crate::commands::generate::PopulationArgs;

/// A health data centre: from registers to released results, with proof.
#[derive(Debug, Parser)]
#[command(name = "helserom", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 refused with the reason, 2 wrong usage or set-up.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The data folder
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub(crate) data: Option<PathBuf>,
    /// The config file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// The account to act as. Whoever may use this command line may act as
    /// anybody: the ledger says who was named
    #[arg(
        long = "as",
        global = true,
        value_name = "ACCOUNT",
        env = "HELSEROM_AS",
        default_value = "operator",
        help_heading = "Everywhere"
    )]
    pub(crate) account: AccountId,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole story on real data, then leave the portal open on it
    Demo(DemoArgs),
    /// Run the portal and the API
    Serve {
        /// The address to listen on
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
    /// Register sources and deliver to them
    #[command(subcommand)]
    Source(SourceCommand),
    /// See permits, and why somebody may or may not do something
    #[command(subcommand)]
    Permit(PermitCommand),
    /// Make the data of a permit ready
    #[command(subcommand)]
    Extract(ExtractCommand),
    /// Open sealed analysis rooms and run commands in them
    #[command(subcommand)]
    Room(RoomCommand),
    /// See which packages rooms have and may fetch, and ask for more
    #[command(subcommand)]
    Package(PackageCommand),
    /// A finding that matters for somebody: have the register told which of its people it
    /// is about
    #[command(subcommand)]
    Reversal(ReversalCommand),
    /// See what left, and verify a package
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Find the records of one person in files, with or without showing names
    #[command(subcommand)]
    Link(LinkCommand),
    /// Make up people to try things out on
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Verify, replay, prove and export what happened
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Make accounts and organisations
    #[command(subcommand)]
    Account(AccountCommand),
    /// Rotate the master key, show public keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Show the config
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Copy the whole centre into a folder, while it runs
    Backup {
        /// A folder that does not exist yet
        folder: PathBuf,
    },
    /// Make a centre from a backup
    Restore {
        /// A folder made by `helserom backup`
        folder: PathBuf,
        /// The file with the master key of the centre the backup was taken of
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// End after the story, without a browser: exit 0 only if every step held
    #[arg(long)]
    pub(crate) once: bool,
    /// The address the portal listens on afterwards [default: 127.0.0.1:8420]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Write what happened into this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The folder with the registers' files; made with Rscript when not given
    #[arg(long, value_name = "DIR")]
    pub(crate) source_data: Option<PathBuf>,
    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Register a source under a contract, or give it a new one
    Add {
        /// The contract, in TOML
        contract: PathBuf,
    },
    /// Deliver files to a source
    Import {
        /// Which source
        source: SourceId,
        /// The files of one delivery
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Check files against a contract, and keep nothing
    Check {
        /// The contract, in TOML
        contract: PathBuf,
        /// The files of one delivery
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List the sources
    List,
    /// Show the rows of a delivery that were kept aside (holders only)
    Quarantine {
        /// Which source
        source: SourceId,
        /// Which delivery; the newest when not given
        import: Option<ImportId>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PermitCommand {
    /// List the permits
    List,
    /// Show what a permit allows
    Show {
        /// Which permit
        id: PermitId,
    },
    /// Show what ends when: the permits that name you, the rooms on them, and the
    /// earlier versions of files in these
    Calendar {
        /// Of this permit alone
        id: Option<PermitId>,
    },
    /// Make a stand-in for the data of a permit, to write code against: tables like
    /// its extract's about people who do not exist
    StandIn {
        /// Which permit
        id: PermitId,
        /// The zip archive to write
        #[arg(long = "to", value_name = "FILE")]
        to: PathBuf,
    },
    /// Say whether the account of `--as` may do something, by which rule and
    /// law. `--as visitor` is somebody who has not signed in
    Explain {
        /// What they want to do
        #[arg(long = "do", value_name = "ACTION")]
        action: Action,
        /// On what: the id of a source, application, permit, room, output or
        /// release, or `centre`
        #[arg(long = "on", value_name = "THING")]
        on: String,
    },
    /// Take a permit back
    Revoke {
        /// Which permit
        id: PermitId,
        /// Why, for everyone to read
        #[arg(long)]
        why: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExtractCommand {
    /// Build the extract of a permit; both, where it asks for a strict and a generous one
    Build {
        /// Which permit
        permit: PermitId,
    },
    /// Remove an extract and the key by which its numbers lead back to people
    Destroy {
        /// Which extract
        id: ExtractId,
        /// Why
        #[arg(long)]
        why: String,
    },
}

/// What a file is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DeclaredAs {
    /// Scripts and notebooks
    Code,
    /// Data about no single person
    Reference,
    /// Data about people
    People,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoomCommand {
    /// Open a room on the newest extract of a permit
    Open {
        /// Which permit
        permit: PermitId,
        /// On the generous one of a permit that has two
        #[arg(long)]
        generous: bool,
    },
    /// Run a command in a room. When the machine has no place for it, it waits in the
    /// queue, says its place, and begins by itself; Ctrl-C gives the place up
    Exec {
        /// Which room
        id: RoomId,
        /// A script to put into the room for the command: found there as
        /// `/run/script/NAME`
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
        /// The command and its arguments
        #[arg(required = true, last = true)]
        command: Vec<String>,
    },
    /// Ask to bring a file into a room: it is found there below `/in`
    Bring {
        /// Which room
        id: RoomId,
        /// The file; a zip, a tar or a git bundle is unpacked
        file: PathBuf,
        /// What it is
        #[arg(long = "kind", value_enum)]
        declared: DeclaredAs,
        /// Where it is from
        #[arg(long = "from", value_name = "TEXT")]
        origin: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Its column of national identity numbers, which becomes one of the
        /// permit's person numbers
        #[arg(long, value_name = "COLUMN")]
        link: Option<String>,
    },
    /// List what was asked to be brought into a room, and what was found in it
    Brought {
        /// Which room
        id: RoomId,
    },
    /// Decide whether a file comes in
    Admit {
        /// Which file
        ingress: IngressId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Keep it out
        #[arg(long)]
        refuse: bool,
    },
    /// List the rooms
    List,
    /// List the rooms that wait for a place on the machine, the next one first
    Queue,
    /// Give up the place in the queue of what waits in a room
    Leave {
        /// Which room
        id: RoomId,
    },
    /// Show what was done in a room, with every script in `--json`
    Journal {
        /// Which room
        id: RoomId,
    },
    /// List the versions that are kept of a room's files: each file as it was when a
    /// command began and ended, and every ten minutes while one runs; for 30 days after
    /// it was changed or deleted, the oldest going first when they take more than a
    /// quarter of the room's disk. Files of more than a sixteenth of the disk or 64
    /// MiB, hidden ones and those of others' private folders are not among them
    Versions {
        /// Which room
        id: RoomId,
        /// Of which file, below the work folder
        file: Option<WorkName>,
    },
    /// Make a file again what it was. What it is now is kept first
    Restore {
        /// Which room
        id: RoomId,
        /// Which file, below the work folder
        file: WorkName,
        /// Which version, by its number
        #[arg(long, value_name = "NUMBER")]
        version: VersionNumber,
    },
    /// Close a room: its files stay for a while, and it can be opened again
    Close {
        /// Which room
        id: RoomId,
    },
    /// Open a closed room again, with everything as it was
    Reopen {
        /// Which room
        id: RoomId,
    },
    /// Remove a closed room with all that is in it, before its time
    Remove {
        /// Which room
        id: RoomId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackageCommand {
    /// List what rooms may fetch and what was asked for; in `--json` also what every
    /// room has
    List,
    /// Ask that rooms may fetch a package
    Request {
        /// In which room it is wanted
        room: RoomId,
        /// `python` or `r`
        language: Language,
        /// What it is called
        name: String,
        /// Only this version
        #[arg(long, value_name = "VERSION")]
        only: Option<PackageVersion>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Decide that rooms may fetch a package
    Approve {
        /// Which request
        id: PackageRequestId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Decide that rooms may not fetch a package
    Refuse {
        /// Which request
        id: PackageRequestId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// List what left
    List,
    /// Show one release
    Show {
        /// Which release
        id: ReleaseId,
    },
    /// Write a release package into a file
    Fetch {
        /// Which release
        id: ReleaseId,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Verify a package: that it is whole and signed by this centre
    Verify {
        /// The package
        package: PathBuf,
        /// The centre's public key in hexadecimal or base64, or a file that
        /// holds it; this data folder's own when not given
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// Registers of a Nordic population that does not exist: families, moves, names and
    /// numbers that change, each register's errors, and which records are one person
    Population(PopulationArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Verify the chain, the tree and every checkpoint
    Verify {
        /// Verify this export instead of the database
        #[arg(long, value_name = "FILE", requires = "key")]
        export: Option<PathBuf>,
        /// Verify that the ledger only grew: a proof made by `ledger grew`
        #[arg(
            long,
            value_name = "FILE",
            requires = "key",
            requires = "since",
            conflicts_with = "export"
        )]
        growth: Option<PathBuf>,
        /// The checkpoint that was kept, for `--growth`
        #[arg(long, value_name = "CHECKPOINT", requires = "growth")]
        since: Option<PathBuf>,
        /// The ledger's public key, or a file that holds it
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Rebuild every table from the entries
    Replay {
        /// Only compare: say where a table differs from the entries
        #[arg(long)]
        check: bool,
    },
    /// Prove that an entry is in the ledger
    Prove {
        /// The entry's number
        seq: u64,
    },
    /// Say the newest checkpoint: keep it where nobody here can change it
    Checkpoint,
    /// Prove that the ledger only grew since a checkpoint that was kept
    Grew {
        /// A file that holds the checkpoint
        since: PathBuf,
    },
    /// Write every entry and the newest checkpoint into a file
    Export {
        /// The file to write
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account
    Add {
        /// The name to sign in with
        id: AccountId,
        /// What others see
        #[arg(long)]
        name: String,
        /// Whom they work for
        #[arg(long)]
        organisation: OrganisationId,
        /// What they do here; may be given more than once
        #[arg(long = "role", required = true)]
        roles: Vec<Role>,
    },
    /// Make an organisation known
    AddOrganisation {
        /// Its id
        id: OrganisationId,
        /// What it is called
        #[arg(long)]
        name: String,
    },
    /// Set the password of an account: read from standard input, one line
    Password {
        /// Whose
        id: AccountId,
    },
    /// List the accounts
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Put a new master key in place of the old one
    Rotate,
    /// Show the public keys: of the ledger, of permits, of releases
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say what every value is and where it comes from
    Explain,
}
