//! `helserom release`.

use std::path::Path;

use ed25519_dalek::VerifyingKey;
use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, ReleaseCommand};
use crate::config::Config;

pub(super) async fn run(
    command: ReleaseCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    if let ReleaseCommand::Verify { package, key: Some(key) } = &command {
        return verify(package, &read_key(key)?);
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
        Ok(verified) => {
            let mut lines =
                vec![format!("{}: whole, and signed by this centre", package.display())];
            lines.extend(verified.manifest.files.iter().map(|file| {
                format!("  {}  {} bytes  sha256 {}", file.path, file.bytes, file.sha256)
            }));
            Ok(Answer::new(
                lines.join("\n"),
                json!({ "verified": true, "manifest": verified.manifest }),
            ))
        }
        Err(error) => {
            Err(Stop::refused(format!("`{}` is not to be trusted: {error}", package.display())))
        }
    }
}

/// A public key as `helserom key show` prints it, or a file that holds one.
pub(super) fn read_key(text: &str) -> Result<VerifyingKey, Stop> {
    let written = match std::fs::read_to_string(text) {
        Ok(file) => file,
        Err(_) => text.to_owned(),
    };
    let wrong = || {
        Stop::usage(format!(
            "`{text}` is no public key: give 64 hexadecimal digits, or a file that holds them"
        ))
    };
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(written.trim(), &mut bytes).map_err(|_| wrong())?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| wrong())
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    use std::io::Write as _;
    std::fs::File::create_new(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))
}
