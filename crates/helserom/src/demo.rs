//! The whole story on real data: three registers, one permit, one released result.

mod application;
mod cast;
mod report;
mod story;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use synthetic::DemoFiles;

use crate::answer::{Answer, Stop, say};
use crate::cli::DemoArgs;
use crate::commands::serve;
use crate::config::{Config, Explained, MetadataKind};
use crate::site::Site;

/// Where the story leaves its centre when nothing is said.
const FOLDER: &str = "helserom-demo";

/// Says that a folder is a demo's, and may be made anew.
const MARKER: &str = "DEMO";

/// Tells the story; then, unless told otherwise, leaves the portal open on it.
pub(crate) async fn run(
    mut config: Config,
    explained: Vec<Explained>,
    args: DemoArgs,
    as_json: bool,
) -> Result<Answer, Stop> {
    let temporary = args.once && config.data.folder == Config::default().data.folder;
    let kept;
    if temporary {
        kept =
            Some(tempfile::Builder::new().prefix("helserom-demo-").tempdir().map_err(Stop::usage)?);
        if let Some(kept) = &kept {
            config.data.folder = kept.path().join("centre");
        }
    } else {
        kept = None;
        if config.data.folder == Config::default().data.folder {
            config.data.folder = PathBuf::from(FOLDER);
        }
    }
    // A port in use is told before the story, not after it.
    let listener = if args.once { None } else { Some(serve::listen(args.listen).await?) };
    begin_anew(&config.data.folder)?;
    config.server.listen = args.listen;
    if config.rooms.python.as_os_str().is_empty() {
        config.rooms.python = find_python().ok_or_else(|| {
            Stop::usage(
                "there is no Python environment for rooms: run `cargo xtask setup`, or name one in `rooms.python`",
            )
        })?;
    }
    let files = demo_files(&args, &config)?;
    let site = Site::open(&config).await?;
    if config.metadata.kind == MetadataKind::Postgresql {
        let begun = site.store.head().await.map_err(Stop::refused)?.next;
        if begun > 2 {
            return Err(Stop::usage(
                "the demo begins in an empty centre, and this PostgreSQL database has entries already: give it an empty one",
            ));
        }
    }
    mark(&site.folder)?;
    let (report, held) = story::tell(&site, &files).await;
    let report = serde_json::to_value(&report).map_err(Stop::refused)?;
    if let Some(path) = &args.report {
        fs::write(path, format!("{report:#}\n"))
            .map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))?;
    }
    held?;
    let Some(listener) = listener else {
        site.store.close().await;
        drop(site);
        drop(kept);
        let json = if as_json { report } else { json!(null) };
        return Ok(Answer::new("every step held", json));
    };
    say(&format!("\nThe story is in `{}`. Ctrl-C stops the centre.", site.folder.display()));
    let accounts = cast::accounts()
        .map(|account| account.parse().map_err(Stop::usage))
        .collect::<Result<Vec<_>, _>>()?;
    let show = |address: &str| {
        if !args.no_browser {
            open_browser(address);
        }
    };
    serve::serve(&site, listener, accounts, explained, show).await?;
    site.store.close().await;
    Ok(Answer::new("stopped", json!({ "stopped": true })))
}

/// Opens the portal where the person sits in front of a screen; else they read
/// its address.
fn open_browser(address: &str) {
    let screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if !screen {
        return;
    }
    let started = Command::new("xdg-open")
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() {
        say("no browser was found to open it in");
    }
}

/// An earlier demo in the folder is removed; anything else is left alone.
fn begin_anew(folder: &Path) -> Result<(), Stop> {
    if !folder.exists() {
        return Ok(());
    }
    let empty = fs::read_dir(folder)
        .map_err(|error| Stop::usage(format!("`{}`: {error}", folder.display())))?
        .next()
        .is_none();
    if empty {
        return Ok(());
    }
    if !folder.join(MARKER).exists() {
        return Err(Stop::usage(format!(
            "`{}` holds something else than a demo: name another folder with `--data`",
            folder.display()
        )));
    }
    fs::remove_dir_all(folder)
        .map_err(|error| Stop::usage(format!("`{}`: {error}", folder.display())))
}

fn mark(folder: &Path) -> Result<(), Stop> {
    let path = folder.join(MARKER);
    fs::write(&path, "made by `helserom demo`, which may remove this whole folder\n")
        .map_err(|error| Stop::usage(format!("`{}`: {error}", path.display())))
}

/// The registers' files: given, or made once beside the program or in the
/// user's cache.
fn demo_files(args: &DemoArgs, config: &Config) -> Result<DemoFiles, Stop> {
    let rscript = Path::new("Rscript");
    let folder = match &args.source_data {
        Some(folder) => folder.clone(),
        None => beside_program("demo-data")
            .filter(|folder| folder.is_dir())
            .unwrap_or_else(|| config.data.folder.with_extension("files")),
    };
    say(&format!("the registers' files are in `{}`", folder.display()));
    DemoFiles::prepare(&folder, rscript).map_err(|error| Stop::usage(chain(&error)))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// `target/NAME` for the program in `target/debug/`.
fn beside_program(name: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.parent()?.join(name))
}

fn find_python() -> Option<PathBuf> {
    beside_program("room-python").filter(|folder| folder.join("bin/python").exists())
}
