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
use crate::memory;

pub(super) async fn run(
    command: LinkCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let files = files(&command);
    if !files.is_empty() && files.into_iter().map(size).sum::<u64>() < SMALL {
        memory::in_small_pages();
    }
    match command {
        LinkCommand::Review(command) => review::run(command, config, common).await,
        LinkCommand::Evaluate(arguments) => evaluate::run(&arguments),
        LinkCommand::Encode(args) => encode::run(&args),
        LinkCommand::Match(args) => match_::run(&args),
    }
}

/// Bytes to read below which a command is done in about a second.
const SMALL: u64 = 64 << 20;

/// The records that a command reads and is done.
fn files(command: &LinkCommand) -> Vec<&Path> {
    match command {
        LinkCommand::Review(_) => Vec::new(),
        LinkCommand::Evaluate(args) => {
            std::iter::once(&*args.first).chain(args.second.as_deref()).collect()
        }
        LinkCommand::Encode(args) => vec![&args.file],
        LinkCommand::Match(args) => vec![&args.a, &args.b],
    }
}

/// How much is in a file; nothing where there is none, which is told when it is read.
fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |about| about.len())
}

/// As many threads as were asked for, or as there are processors.
fn threads(asked: Option<u8>) -> NonZeroUsize {
    let asked = asked.and_then(|asked| NonZeroUsize::new(asked.into()));
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// A file for us alone, in the folder in which it is to be called `name`, which is none of
/// the `read` and, if something is there, a file: what is whole takes its place.
fn beside(name: &Path, read: &[&Path]) -> Result<NamedTempFile, Stop> {
    let there = std::fs::symlink_metadata(name);
    if there.is_ok_and(|there| !there.is_file()) {
        return Err(Stop::usage(format!(
            "`{}` is no file that could be replaced: name another, or leave `--to` out for \
             standard output",
            name.display()
        )));
    }
    let same = |one: &Path| Some(one.canonicalize().ok()? == name.canonicalize().ok()?);
    if read.iter().any(|read| same(read) == Some(true)) {
        return Err(Stop::usage(format!("`{}` is what is read: name another", name.display())));
    }
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".helserom-link-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| {
            let kind = std::io::Error::from(error.kind());
            Stop::refused(format!("`{}` cannot be written: {kind}", name.display()))
        })
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
