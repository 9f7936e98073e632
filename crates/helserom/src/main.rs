//! The program: one command line, one config, everything wired together here.

mod answer;
mod apart;
mod cli;
mod commands;
mod config;
mod demo;
mod disk;
mod machine;
mod memory;
mod progress;
mod site;
mod statements;
mod unpacking;
mod warden;
mod wiring;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use toml::Value;

use crate::answer::{Answer, Stop, tell};
use crate::cli::{Cli, Command, Common};
use crate::config::{Config, Explained, LogFormat};

/// Many threads ask for memory and let go of it: decision 0090.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(ended) = apart::called(std::env::args_os()) {
        return ended;
    }
    if let Some(ended) = statements::called(std::env::args_os()) {
        return ended;
    }
    if let Some(ended) = warden::called(std::env::args_os()) {
        return ended;
    }
    if let Some(ended) = unpacking::called(std::env::args_os()) {
        return ended;
    }
    let cli = Cli::parse();
    let as_json = cli.common.json;
    tell(run(cli), as_json)
}

fn run(cli: Cli) -> Result<Answer, Stop> {
    memory::keep_private();
    let (config, explained) = configured(&cli.common, &cli.command)?;
    start_log(&config, &cli.command)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::usage(format!("no threads could be started: {error}")))?;
    let answer = runtime.block_on(commands::run(cli, config, explained));
    // Whatever still works on a thread was given up: the next start undoes it.
    runtime.shutdown_timeout(LAST_WAIT);
    answer
}

/// How long threads may take to put away what they hold when the program ends.
const LAST_WAIT: Duration = Duration::from_secs(1);

fn configured(common: &Common, command: &Command) -> Result<(Config, Vec<Explained>), Stop> {
    let mut flags = Vec::new();
    if let Some(data) = &common.data {
        flags.push(("data.folder", "--data", Value::String(data.display().to_string())));
    }
    let listen = match command {
        Command::Serve { listen } => *listen,
        Command::Demo(args) => args.listen,
        _ => None,
    };
    if let Some(listen) = listen {
        flags.push(("server.listen", "--listen", Value::String(listen.to_string())));
    }
    config::load(common.config.as_deref(), std::env::vars_os(), &flags).map_err(Stop::usage)
}

/// What the table format says to itself is left out unless somebody asks for it.
const QUIET: &str = "buoyant_kernel=warn,delta_kernel=warn,deltalake_core=warn";

fn start_log(config: &Config, command: &Command) -> Result<(), Stop> {
    // The demo tells its story itself: unless somebody asks, only what goes wrong
    // is logged between its lines.
    let told = matches!(command, Command::Demo(_)) && config.log == Config::default().log;
    let level = if told { "warn" } else { config.log.level.as_str() };
    let directives = format!("{QUIET},{level}");
    let filter = tracing_subscriber::EnvFilter::try_new(directives)
        .map_err(|error| Stop::usage(format!("`log.level`: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match config.log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| Stop::usage(format!("the log could not be started: {error}")))
}
