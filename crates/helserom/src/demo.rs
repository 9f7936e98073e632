//! The whole story on real data: three registers, one permit, one released result.

mod application;
mod aside;
mod cast;
mod report;
mod story;

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use synthetic::DemoFiles;

use crate::answer::{Answer, Stop, say};
use crate::cli::{Common, DemoArgs};
use crate::commands::serve::{self, StopSignal};
use crate::config::{Config, Explained, MetadataKind};
use crate::site::{self, Site};

/// Where the story leaves its centre when nothing is said.
const FOLDER: &str = "helserom-demo";

/// Says that a folder is a demo's, and may be made anew.
const MARKER: &str = "DEMO";

/// How long the story may take to end that is told to stop, and how often it is seen to.
const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(100);

/// Tells the story; then, unless told otherwise, leaves the portal open on it.
pub(crate) async fn run(
    mut config: Config,
    mut explained: Vec<Explained>,
    args: DemoArgs,
    common: &Common,
) -> Result<Answer, Stop> {
    let kept = choose_folder(&mut config, &args, common)?;
    // A port in use is told before the story, not after it.
    let listening = if args.once { None } else { Some(serve::listen(&config).await?) };
    if config.rooms.python.as_os_str().is_empty() {
        config.rooms.python = find_python().ok_or_else(|| {
            Stop::usage(
                "there is no Python environment for rooms: run `cargo xtask setup`, or name one in `rooms.python`",
            )
        })?;
        Explained::chosen_by_demo(&mut explained, "rooms.python", &config.rooms.python);
    }
    Explained::chosen_by_demo(&mut explained, "data.folder", &config.data.folder);
    begin_anew(&config.data.folder)?;
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
    let Some((mut report, held)) = tell(&site, &files).await? else {
        site.store.close().await;
        return Err(Stop::refused("told to stop in the middle of the story: start it again"));
    };
    if let Some(path) = &args.report {
        if held.is_ok() {
            hand_over(&site, &mut report, path)?;
        }
        let report = serde_json::to_value(&report).map_err(Stop::refused)?;
        fs::write(path, format!("{report:#}\n")).map_err(unwritten(path))?;
    }
    if listening.is_none() || held.is_err() {
        site.centre.stop_runs().await?;
    }
    held?;
    let Some(listening) = listening else {
        let report = serde_json::to_value(&report).map_err(Stop::refused)?;
        site.store.close().await;
        drop(site);
        drop(kept);
        return Ok(Answer::new("every step held", report));
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
    serve::serve(&site, listening, accounts, explained, show).await?;
    site.store.close().await;
    Ok(Answer::new("stopped", json!({ "stopped": true })))
}

/// Tells the story, unless the program is told to stop: then nothing of it goes on.
async fn tell(
    site: &Site,
    files: &DemoFiles,
) -> Result<Option<(report::Report, Result<(), Stop>)>, Stop> {
    let mut signal = StopSignal::listen()?;
    let story = story::tell(site, files);
    tokio::pin!(story);
    tokio::select! {
        told = &mut story => return Ok(Some(told)),
        () = signal.told() => {}
    }
    // What it is about to begin in its room is stopped as well, so that it ends at the step
    // that it is in: given up in the middle of that, it would leave what it began.
    let stopping = async {
        loop {
            site.centre.stop_runs().await?;
            tokio::time::sleep(STEP).await;
        }
    };
    let stopped: Result<(), Stop> = tokio::select! {
        _ = &mut story => Ok(()),
        stopped = stopping => stopped,
        () = tokio::time::sleep(PATIENCE) => Ok(()),
    };
    site.centre.stop_runs().await?;
    stopped.map(|()| None)
}

/// Where the story's centre is: where the person says; else, when it ends with
/// the story, in a folder that goes with it.
fn choose_folder(
    config: &mut Config,
    args: &DemoArgs,
    common: &Common,
) -> Result<Option<tempfile::TempDir>, Stop> {
    if common.data.is_some() || config.data.folder != Config::default().data.folder {
        return Ok(None);
    }
    if !args.once {
        config.data.folder = PathBuf::from(FOLDER);
        return Ok(None);
    }
    let kept = tempfile::Builder::new().prefix("helserom-demo-").tempdir().map_err(Stop::usage)?;
    config.data.folder = kept.path().join("centre");
    Ok(Some(kept))
}

/// Puts the package and the public key beside the report, where whoever reads it
/// can verify them, also when the centre's folder is gone.
fn hand_over(site: &Site, report: &mut report::Report, path: &Path) -> Result<(), Stop> {
    let package = path.with_extension("package.tar");
    let key = path.with_extension("package-key");
    fs::copy(&report.release.package, &package).map_err(unwritten(&package))?;
    let public = hex::encode(site.centre.release_key().to_bytes());
    fs::write(&key, format!("{public}\n")).map_err(unwritten(&key))?;
    report.release.package = package.display().to_string();
    report.release.key = key.display().to_string();
    Ok(())
}

fn unwritten(path: &Path) -> impl Fn(std::io::Error) -> Stop + '_ {
    move |error| Stop::refused(format!("`{}`: {error}", path.display()))
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

/// An earlier demo in the folder is removed, unless it is open; anything else is
/// left alone. The folder is marked as a demo's before there is anything in it, and
/// until there is nothing in it, so that it can be made anew wherever this stops.
fn begin_anew(folder: &Path) -> Result<(), Stop> {
    let at = |error: std::io::Error| Stop::usage(format!("`{}`: {error}", folder.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at)?;
    let marker = folder.join(MARKER);
    let inside: Vec<_> = fs::read_dir(folder).map_err(at)?.collect::<Result<_, _>>().map_err(at)?;
    if !inside.is_empty() && !marker.exists() {
        return Err(Stop::usage(format!(
            "`{}` holds something else than a demo: name another folder with `--data`",
            folder.display()
        )));
    }
    if inside.is_empty() {
        mark(&marker)?;
    }
    let _alone = site::hold_alone(folder)?.ok_or_else(|| {
        Stop::usage(format!(
            "a demo runs in `{}`: stop it first, or name another folder with `--data`",
            folder.display()
        ))
    })?;
    // What a demo that was killed left mounted could not be removed.
    if let Some(stuck) = sandbox::let_go(&folder.join("rooms")).first() {
        return Err(Stop::usage(format!(
            "room `{}` of an earlier demo: {}",
            stuck.room, stuck.why
        )));
    }
    for entry in inside {
        let (path, name) = (entry.path(), entry.file_name());
        if name == MARKER || name == site::LOCK {
            continue;
        }
        let removed = if entry.file_type().map_err(at)?.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|error| Stop::usage(format!("`{}`: {error}", path.display())))?;
    }
    Ok(())
}

fn mark(path: &Path) -> Result<(), Stop> {
    fs::write(path, "made by `helserom demo`, which may remove this whole folder\n")
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
