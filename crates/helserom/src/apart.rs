//! What this program does in a room of its own: it looks into one file that may
//! have been made to harm whoever reads it. It is started there by itself
//! (`wiring::gate`), with no configuration, no log and nothing to lose.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use ingress::Bounds;
use room::WorkName;

/// The word that starts this instead of the command line.
pub(crate) const WORD: &str = "look-into-apart";

/// Where what was found is written, below the work folder.
pub(crate) const FOUND: &str = "found.json";
/// Where what may come in is put, below the work folder.
pub(crate) const FILES: &str = "files";

/// Where the file is, in the room.
const FILE: &str = "/data/file";
const WORK: &str = "/work";

/// Looks into the file, if that is what the words say: a name and two bounds.
pub(crate) fn called(mut words: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if words.nth(1)? != WORD {
        return None;
    }
    let words: Vec<String> = words.filter_map(|word| word.into_string().ok()).collect();
    Some(match look(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    })
}

fn look(words: &[String]) -> Result<(), String> {
    let [name, bytes, files] = words else { return Err("a name and two bounds".to_owned()) };
    let name: WorkName = name.parse().map_err(|error: room::NameError| error.to_string())?;
    let number = |word: &String| word.parse::<u64>().map_err(|error| error.to_string());
    let bounds = Bounds { bytes: number(bytes)?, files: number(files)? };
    let work = Path::new(WORK);
    let into = work.join(FILES);
    std::fs::create_dir(&into).map_err(|error| error.to_string())?;
    let found = ingress::inspect(Path::new(FILE), &name, &into, bounds)
        .map_err(|error| format!("the file could not be looked into: {error}"))?;
    let found = serde_json::to_vec(&found).map_err(|error| error.to_string())?;
    std::fs::write(work.join(FOUND), found).map_err(|error| error.to_string())
}
