//! `helserom release`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::VerifyingKey;
use release::{FileStatement, Verified};
use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, ReleaseCommand};
use crate::config::Config;
use crate::disk::{self, NewFile};

pub(super) async fn run(
    command: ReleaseCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    if let ReleaseCommand::Verify { package, key: Some(key) } = &command {
        return verify(package, &read_key(key)?);
    }
    if matches!(command, ReleaseCommand::Verify { .. }) && !config.data.folder.is_dir() {
        return Err(Stop::usage(format!(
            "there is no data folder `{}` whose key could be used: give the centre's public key with `--key`, or its data folder with `--data`",
            config.data.folder.display()
        )));
    }
    let (site, caller) = open(config, common).await?;
    match command {
        ReleaseCommand::List => {
            let releases = site.centre.releases(&caller).await?;
            let rows: Vec<_> = releases
                .iter()
                .map(|release| {
                    vec![
                        release.id.to_string(),
                        release.permit.to_string(),
                        release.outputs.len().to_string(),
                        release.packaged_at.to_string(),
                    ]
                })
                .collect();
            Ok(Answer::new(
                table(&["release", "permit", "files", "packaged"], &rows),
                json!(releases),
            ))
        }
        ReleaseCommand::Show { id } => {
            let release = site.centre.release(&caller, &id).await?;
            let text = format!(
                "{}  from {} on {}\n{} files, {} bytes, sha256 {}",
                release.id,
                release.room,
                release.permit,
                release.outputs.len(),
                release.bytes,
                release.sha256
            );
            Ok(Answer::new(text, json!(release)))
        }
        ReleaseCommand::Fetch { id, to } => {
            let bytes = site.centre.fetch_release(&caller, &id).await?;
            write_new(&to, &bytes)?;
            let text = format!("{}: {} bytes", to.display(), bytes.len());
            Ok(Answer::new(text, json!({ "file": to, "bytes": bytes.len() })))
        }
        ReleaseCommand::Verify { package, .. } => verify(&package, &site.centre.release_key()),
    }
}

fn verify(package: &Path, key: &VerifyingKey) -> Result<Answer, Stop> {
    let bytes = std::fs::read(package)
        .map_err(|error| Stop::refused(format!("`{}`: {error}", package.display())))?;
    match release::verify(&bytes, key) {
        Ok(verified) => Ok(told(package, &verified)),
        Err(error) => {
            Err(Stop::refused(format!("`{}` is not to be trusted: {error}", package.display())))
        }
    }
}

/// What a package is, that it is whole, and what was done to keep people unknown.
fn told(package: &Path, verified: &Verified) -> Answer {
    let Verified { manifest, statement, .. } = verified;
    let mut lines = vec![
        format!("{}: whole, and signed by this centre (key {})", package.display(), manifest.key),
        format!("{} of {}, packed {}", manifest.release, manifest.permit, manifest.packaged_at),
        format!("  {}", manifest.title),
    ];
    for file in &manifest.files {
        lines.push(format!("  {}  {} bytes  sha256 {}", file.path, file.bytes, file.sha256));
        for said in statement.files.iter().filter(|said| said.path == file.path) {
            lines.extend(in_words(said).into_iter().map(|line| format!("    {line}")));
        }
    }
    let json = json!({ "verified": true, "manifest": manifest, "statement": statement });
    Answer::new(lines.join("\n"), json)
}

/// The rules a file was held against, and what was withheld from it.
fn in_words(said: &FileStatement) -> Vec<String> {
    let tried: Vec<_> = said.tried.iter().map(|rule| rule.as_str()).collect();
    let mut lines = vec![format!("rules tried: {}", tried.join(", "))];
    let Some(changes) = &said.changes else {
        lines.push("nothing withheld".to_owned());
        return lines;
    };
    let places = |places: &[String]| places.join(", ");
    let withheld: Vec<_> = changes.withheld.iter().map(ToString::to_string).collect();
    for (what, which) in [
        ("cells withheld", places(&withheld)),
        ("columns left out", places(&changes.dropped)),
        ("columns rounded", places(&changes.rounded)),
        ("rows of a curve taken together", counted(changes.thinned)),
        ("parts of a picture taken out", counted(changes.stripped)),
    ] {
        if !which.is_empty() {
            lines.push(format!("{what}: {which}"));
        }
    }
    lines
}

fn counted(count: u64) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

/// A public key as `helserom key show` prints it, the same bytes in base64, or a
/// file that holds one of the two.
pub(super) fn read_key(text: &str) -> Result<VerifyingKey, Stop> {
    let written = match std::fs::read_to_string(text) {
        Ok(file) => file,
        Err(_) => text.to_owned(),
    };
    let written = written.trim();
    let bytes = hex::decode(written).ok().or_else(|| BASE64.decode(written).ok());
    bytes
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or_else(|| {
            Stop::usage(format!(
                "`{text}` is no public key: give its 32 bytes in hexadecimal or base64, or a file that holds them so"
            ))
        })
}

pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    use std::io::Write as _;
    let refused = |error| Stop::refused(disk::in_words(path, &error));
    let mut new = NewFile::begin(path).map_err(refused)?;
    new.file().write_all(bytes).map_err(refused)?;
    new.end().map_err(refused)
}
