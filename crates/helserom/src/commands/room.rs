//! `helserom room`.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use centre::Caller;
use centre::ingresses::Brought;
use centre::journal::{Deed, Done};
use centre::rooms::Begun;
use ingress::{Declared, Ingress, IngressState};
use model::RoomId;
use permit::Strictness;
use room::{Limits, LogLine, LogSink, Outcome, Script, Stream, Version};
use serde_json::{Value, json};

mod queue;

use super::open;
use super::serve::StopSignal;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, DeclaredAs, RoomCommand};
use crate::config::Config;
use crate::site::Site;

pub(super) async fn run(
    command: RoomCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        RoomCommand::Open { permit, generous } => {
            let which = if generous { Strictness::Generous } else { Strictness::Strict };
            let room = site.centre.open_room(&caller, &permit, which).await?;
            Ok(Answer::new(room.to_string(), json!({ "room": room })))
        }
        RoomCommand::Exec { id, script, command } => {
            let script = script.as_deref().map(read_script).transpose()?;
            exec(&site, &caller, &id, (command, script), common.json).await
        }
        RoomCommand::Bring { id, file, declared, origin, why, link } => {
            let brought = Brought {
                name: name_of(&file)?,
                declared: declared.into(),
                origin,
                why,
                link,
                bytes: read_whole(&file, site.centre.most_brought_in())?,
            };
            let id = site.centre.bring_in(&caller, &id, brought).await?;
            Ok(told_of(site.centre.ingress(&caller, &id).await?.as_ref()))
        }
        RoomCommand::Brought { id } => {
            let ingresses = centre::owned(site.centre.ingresses(&caller, Some(&id)).await?);
            let rows: Vec<_> = ingresses.iter().map(ingress_line).collect();
            let table = table(&["file", "state", "name", "asked by", "found"], &rows);
            Ok(Answer::new(table, json!(ingresses)))
        }
        RoomCommand::Admit { ingress: id, why, refuse } => {
            site.centre.decide_ingress(&caller, &id, !refuse, why).await?;
            let ingress = site.centre.ingress(&caller, &id).await?;
            Ok(Answer::new(format!("{id}: {}", ingress.state.as_str()), json!(ingress)))
        }
        RoomCommand::List => {
            let rooms = site.centre.rooms(&caller).await?;
            let rows: Vec<_> = rooms
                .iter()
                .map(|room| {
                    vec![
                        room.id.to_string(),
                        room.state.as_str().to_owned(),
                        room.permit.to_string(),
                        room.opened_by.to_string(),
                        room.runs_total.to_string(),
                    ]
                })
                .collect();
            Ok(Answer::new(
                table(&["room", "state", "permit", "opened by", "runs"], &rows),
                json!(rooms),
            ))
        }
        RoomCommand::Queue => queue::list(&site, &caller).await,
        RoomCommand::Leave { id } => {
            site.centre.leave_queue(&caller, &id).await?;
            let text = format!("the place of room `{id}` in the queue is given up");
            Ok(Answer::new(text, json!({ "left": id })))
        }
        RoomCommand::Journal { id } => {
            let deeds = site.centre.journal(&caller, &id).await?;
            let deeds: Vec<&Deed> = deeds.iter().map(AsRef::as_ref).collect();
            let rows: Vec<_> = deeds.iter().map(|deed| told(deed)).collect();
            Ok(Answer::new(table(&["when", "who", "did", "what", "ended"], &rows), json!(deeds)))
        }
        RoomCommand::Close { id } => close(&site, &caller, &id).await,
        RoomCommand::Reopen { id } => {
            site.centre.reopen_room(&caller, &id).await?;
            Ok(Answer::new(format!("room `{id}` is open again"), json!({ "reopened": id })))
        }
        RoomCommand::Versions { id, file } => {
            let versions = site.centre.versions(&caller, &id, file.as_ref()).await?;
            let rows: Vec<_> = versions.iter().map(version_line).collect();
            let table = table(&["version", "file", "kept", "bytes", "until"], &rows);
            Ok(Answer::new(table, json!(versions)))
        }
        RoomCommand::Restore { id, file, version } => {
            let restored = site.centre.restore_version(&caller, &id, &file, version).await?;
            let text = format!("`{file}` is what it was at {} (UTC)", restored.kept_at);
            Ok(Answer::new(text, json!(restored)))
        }
        RoomCommand::Remove { id } => remove(&site, &caller, &id).await,
    }
}

fn version_line(version: &Version) -> Vec<String> {
    vec![
        version.number.to_string(),
        version.name.to_string(),
        version.kept_at.to_string(),
        version.bytes.to_string(),
        // What the file is now stays until it is something else.
        version.until().map(|until| until.to_string()).unwrap_or_default(),
    ]
}

/// Runs a command, and shows what it prints as it comes. Of a room whose data
/// nobody sees, what may be told is told when it is over.
async fn exec(
    site: &Site,
    caller: &Caller,
    id: &RoomId,
    (command, script): (Vec<String>, Option<Script>),
    as_json: bool,
) -> Result<Answer, Stop> {
    let shown: Option<Arc<dyn LogSink>> = if as_json { None } else { Some(Arc::new(Console)) };
    let mut signal = StopSignal::listen()?;
    let begun = site.centre.start_run(caller, id, command, script, shown).await?;
    let run = begun.run().clone();
    let started = match begun {
        Begun::Started(started) => started,
        Begun::Waits(_) => queue::wait(site, caller, id, &mut signal).await?,
    };
    let ended = ended_or_stopped(site, started, &mut signal)
        .await?
        .ok_or_else(|| Stop::refused("the command ended without a word"))?;
    let blind = site.centre.hides_text(caller, id).await?;
    let log =
        if as_json || blind { site.centre.run_log(caller, id, &run).await? } else { String::new() };
    let seen = |value: Value| if blind { Value::Null } else { value };
    let json = json!({
        "run": run,
        "outcome": ended.outcome,
        "exit": seen(json!(ended.exit)),
        "seconds": seen(json!(ended.wall.as_secs_f64())),
        "peak-memory": seen(json!(ended.peak_memory)),
        "log": log,
    });
    let log = if blind { log.trim_end().to_owned() } else { String::new() };
    if ended.outcome == Outcome::Finished {
        return Ok(Answer::new(log, json));
    }
    let exit = ended.exit.filter(|_| !blind).map(|exit| format!(" ({exit})")).unwrap_or_default();
    let limits = site.centre.room(caller, id).await?.limits;
    let why = in_words(ended.outcome, &limits);
    let text = format!("{log}\nthe command ended: {}{exit}{why}", ended.outcome.as_str());
    let text = text.trim_start().to_owned();
    Ok(Answer::no(text, json))
}

/// What ended a command, and what to do: after the word for it.
fn in_words(outcome: Outcome, limits: &Limits) -> String {
    let mib = |bytes: u64| bytes >> 20;
    match outcome {
        Outcome::Finished | Outcome::Failed | Outcome::Stopped => String::new(),
        Outcome::KilledMemory => format!(
            ": all that runs in the room may hold {} MiB of memory together. Read less at once, \
             or ask for a larger room",
            mib(limits.memory)
        ),
        Outcome::KilledTime => format!(
            ": a run may last {} seconds, and none outlasts its permit or the hours that the \
             permit gives the room. Do it in parts, or ask for longer runs",
            limits.wall_seconds
        ),
        Outcome::KilledDisk => format!(
            ": the work folder holds at most {} MiB and {} files. Delete what is not needed, or \
             ask for a larger room",
            mib(limits.disk),
            limits.files
        ),
        Outcome::KilledProcesses => format!(
            ": at most {} processes and threads run in the room at once. Start fewer",
            limits.processes
        ),
        Outcome::Lost => ": it ended with the machine or the program that minded it. What it \
                          wrote before is in the work folder; run it again"
            .to_owned(),
    }
}

async fn close(site: &Site, caller: &Caller, id: &RoomId) -> Result<Answer, Stop> {
    site.centre.close_room(caller, id).await?;
    let room = site.centre.room(caller, id).await?;
    let text = match room.frozen_until {
        Some(until) => format!("room `{id}` is closed; what is in it stays until {until}"),
        None => format!("room `{id}` is closed, and what was in it is gone"),
    };
    Ok(Answer::new(text, json!({ "closed": id, "until": room.frozen_until })))
}

async fn remove(site: &Site, caller: &Caller, id: &RoomId) -> Result<Answer, Stop> {
    site.centre.remove_room(caller, id).await?;
    let room = site.centre.room(caller, id).await?;
    let text = match room.removed {
        Some(gone) => format!(
            "room `{id}` is removed: {} files, {} bytes; the list of them had SHA-256 {}",
            gone.files, gone.bytes, gone.files_sha256
        ),
        None => format!("room `{id}` is removed"),
    };
    Ok(Answer::new(text, json!({ "removed": id, "what": room.removed })))
}

/// What became of a file that was asked to be brought in: a no when it stays out.
fn told_of(ingress: &Ingress) -> Answer {
    let mut text = format!("{}: {}", ingress.id, ingress.state.as_str());
    for finding in ingress.findings() {
        text.push_str("\n  ");
        text.push_str(&finding.to_string());
    }
    if let Some(decided) = ingress.decided.as_ref().filter(|decided| !decided.why.is_empty()) {
        text.push_str("\n  ");
        text.push_str(&decided.why);
    }
    let refused = ingress.state == IngressState::Refused;
    if refused { Answer::no(text, json!(ingress)) } else { Answer::new(text, json!(ingress)) }
}

fn ingress_line(ingress: &Ingress) -> Vec<String> {
    let found: Vec<_> = ingress.findings().iter().map(|found| found.fault.as_str()).collect();
    vec![
        ingress.id.to_string(),
        ingress.state.as_str().to_owned(),
        ingress.name.clone(),
        ingress.asked_by.to_string(),
        found.join(", "),
    ]
}

impl From<DeclaredAs> for Declared {
    fn from(word: DeclaredAs) -> Self {
        match word {
            DeclaredAs::Code => Self::Code,
            DeclaredAs::Reference => Self::Reference,
            DeclaredAs::People => Self::People,
        }
    }
}

/// One line of a journal.
fn told(deed: &Deed) -> Vec<String> {
    let (what, ended) = match &deed.what {
        Done::Opened => (String::new(), String::new()),
        Done::Ran(ran) => {
            let ended = ran.ended.as_ref().map_or("running", |end| end.outcome.as_str());
            (ran.title(), ended.to_owned())
        }
        Done::Waited { run, wall_ms, why } => {
            let after = wall_ms.map(|after| format!("{} s", after / 1000));
            let ended = why.map(|why| why.as_str().to_owned()).or(after);
            (run.to_string(), ended.unwrap_or_else(|| "waiting".to_owned()))
        }
        Done::Cell(cell) => {
            let ended = cell.ended.as_ref().map_or("running", |end| end.outcome.as_str());
            (cell.title(), ended.to_owned())
        }
        Done::Statement(asked) => {
            let ended = asked
                .ended
                .as_ref()
                .map_or("running", |end| if end.answered { "answered" } else { "not answered" });
            (asked.title(), ended.to_owned())
        }
        Done::Entered { wall_ms: None, .. } => (String::new(), "there".to_owned()),
        Done::Entered { wall_ms: Some(after), shown } => {
            let shown = shown.map_or_else(String::new, |bytes| format!("shown {bytes} bytes"));
            (shown, format!("{} s", after / 1000))
        }
        Done::Withheld { bytes } => (format!("{bytes} bytes"), "withheld".to_owned()),
        Done::Pasted { bytes, .. } => (format!("{bytes} bytes"), "pasted in".to_owned()),
        Done::Fetched(fetched) => (fetched.file.clone(), format!("{} bytes", fetched.bytes)),
        Done::Saved { file, .. } | Done::Looked { file, .. } => (file.clone(), String::new()),
        Done::Restored { file, version, .. } => {
            (format!("{file}, version {version}"), String::new())
        }
        Done::AskedIn { ingress, file, state } => {
            (format!("{file} ({ingress})"), state.as_str().to_owned())
        }
        Done::AskedOut { output, file, state } => {
            (format!("{file} ({output})"), state.as_str().to_owned())
        }
        Done::Thawed => (String::new(), String::new()),
        Done::Frozen { why, until } => (why.as_str().to_owned(), format!("until {until}")),
        Done::Counted(gone) => {
            (format!("{} files, {} bytes", gone.files, gone.bytes), gone.files_sha256.to_string())
        }
        Done::Closed { why } => (why.as_str().to_owned(), String::new()),
    };
    vec![deed.at.to_string(), deed.by.to_string(), deed.what.as_str().to_owned(), what, ended]
}

/// The end of a command. When this program is told to stop, so is the command,
/// and its end is still written down.
async fn ended_or_stopped(
    site: &Site,
    started: centre::rooms::Started,
    signal: &mut StopSignal,
) -> Result<Option<room::Ended>, Stop> {
    let ended = started.ended();
    tokio::pin!(ended);
    tokio::select! {
        ended = &mut ended => return Ok(ended),
        () = signal.told() => {}
    }
    site.centre.stop_runs().await?;
    Ok(ended.await)
}

fn read_script(path: &Path) -> Result<Script, Stop> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))?;
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Script::new(&name, text).map_err(Stop::refused)
}

/// The name of a file without its folder.
fn name_of(path: &Path) -> Result<String, Stop> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Stop::refused(format!("`{}` names no file", path.display())))?;
    Ok(name.to_owned())
}

/// A whole file that has at most `most` bytes.
fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>, Stop> {
    let refused =
        |why: &dyn std::fmt::Display| Stop::refused(format!("`{}`: {why}", path.display()));
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| refused(&error))?;
    if bytes.len() as u64 > most {
        return Err(refused(&format!(
            "larger than the {} MiB that are brought in at once",
            most >> 20
        )));
    }
    Ok(bytes)
}

/// Shows the lines of a command as they come.
struct Console;

impl LogSink for Console {
    fn line(&self, line: LogLine<'_>) {
        let _ = match line.stream {
            Stream::Output => writeln!(std::io::stdout().lock(), "{}", line.text),
            Stream::Error => writeln!(std::io::stderr().lock(), "{}", line.text),
        };
    }
}
