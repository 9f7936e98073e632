//! `helserom link`.

mod chart;
mod encode;
mod evaluate;
mod found;
mod match_;
mod review;
mod rows;
mod secret;
mod spec;
mod table;

use std::io::BufWriter;
use std::num::NonZeroUsize;
use std::path::Path;

use tempfile::NamedTempFile;

pub(crate) use encode::EncodeArgs;
pub(crate) use match_::MatchArgs;

use crate::answer::{Answer, Stop};
use crate::cli::{Common, LinkCommand};
use crate::config::Config;

pub(super) async fn run(
    command: LinkCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    match command {
        LinkCommand::Review(command) => review::run(command, config, common).await,
        LinkCommand::Evaluate(arguments) => evaluate::run(&arguments),
        LinkCommand::Encode(args) => encode::run(&args),
        LinkCommand::Match(args) => match_::run(&args),
    }
}

/// As many threads as were asked for, or as there are processors.
fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// A file for us alone, in the folder in which it is to be called `name`.
fn beside(name: &Path) -> Result<NamedTempFile, Stop> {
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".helserom-link-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| Stop::refused(format!("`{}` cannot be written: {error}", name.display())))
}

/// Gives a file that is whole its name, in place of what had it.
fn keep(file: BufWriter<NamedTempFile>, name: &Path) -> Result<(), Stop> {
    let cannot = |error: std::io::Error| {
        Stop::refused(format!("`{}` cannot be written: {error}", name.display()))
    };
    let file = file.into_inner().map_err(|error| cannot(error.into_error()))?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(name).map_err(|error| cannot(error.error))?;
    Ok(())
}
