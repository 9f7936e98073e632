//! The package that leaves: a tar archive that is the same for the same outputs,
//! signed, and refused when a single bit of it is another.
//!
//! ```text
//! manifest.json    what is in it, each file with its SHA-256
//! signature        Ed25519 (RFC 8032) over the manifest, base64
//! statement.json   which rules were applied, what was found, who decided
//! files/…          the outputs
//! ```
//!
//! A reader needs no trust in the archive's own fields: [`verify`] takes the
//! contents out, builds the archive anew from them and compares it byte by byte.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use disclosure::finding::Finding;
use disclosure::{Changes, Rule};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use ledger::Hash;
use model::{AccountId, OrganisationId, OutputId, PermitId, ReleaseId, RoomId, Timestamp};
use permit::OutputTerms;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::checked::CheckedOutput;

/// What a manifest says it is.
const FORMAT: &str = "helserom-release/1";

/// What is signed begins with this, so that the signature of a package is never
/// taken for the signature of something else.
const DOMAIN: &[u8] = b"helserom release v1\n";

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "signature";
const STATEMENT: &str = "statement.json";
const FILES: &str = "files/";

/// How long a path in the archive may be, bytes: one header holds it.
const LONGEST_PATH: usize = 99;

/// A package larger than this is not read, bytes.
pub const LARGEST: usize = 1 << 30;

/// What a package is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// Which release.
    pub release: ReleaseId,
    /// From which room.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// What the work is called.
    pub title: String,
    /// Who may use what is in it.
    pub data_user: OrganisationId,
    /// The rules that were applied.
    pub rules: OutputTerms,
    /// When it was packed.
    pub packaged_at: Timestamp,
}

/// What is in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// `helserom-release/1`.
    pub format: String,
    /// Which release.
    pub release: ReleaseId,
    /// From which room.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// What the work is called.
    pub title: String,
    /// Who may use what is in it.
    pub data_user: OrganisationId,
    /// When it was packed.
    pub packaged_at: Timestamp,
    /// Which key signed it: the first eight bytes of SHA-256 of the public key, hex.
    pub key: String,
    /// Every file but the manifest and its signature, in order.
    pub files: Vec<PackedFile>,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackedFile {
    /// Its path in the archive.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Hash,
    /// The output it is; the statement is none.
    pub output: Option<OutputId>,
}

/// The disclosure statement: what was done so that no person can be recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Statement {
    /// The rules of the permit.
    pub rules: OutputTerms,
    /// What was said of each file.
    pub files: Vec<FileStatement>,
}

/// What was said of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileStatement {
    /// Its path in the archive.
    pub path: String,
    /// Which output.
    pub output: OutputId,
    /// What the file was taken for.
    pub read_as: String,
    /// The rules it was held against, broken or not.
    pub tried: Vec<Rule>,
    /// What the rules found in it as it is.
    pub findings: Vec<Finding>,
    /// The output it was made from, if it was mended.
    pub mends: Option<OutputId>,
    /// What was withheld, left out or rounded then.
    pub changes: Option<Changes>,
    /// What was done to it, when it was mended; else what it is for.
    pub note: String,
    /// Who let it out.
    pub decided_by: AccountId,
    /// When.
    pub decided_at: Timestamp,
    /// Why.
    pub why: String,
}

/// Why no package was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// There is nothing to pack.
    #[error("there is no output to pack")]
    Empty,
    /// Two outputs have the same name, and none was made from the other.
    #[error("two outputs are called `{0}`: one release cannot hold both")]
    SameName(String),
    /// A name that means something else on some machine.
    #[error(
        "the name `{}` may lead elsewhere when unpacked: use letters, digits, `.`, `-`, `_` and `/`",
        .0.escape_debug()
    )]
    Name(String),
    /// A name is longer than the archive's format allows.
    #[error("the name `{0}` is longer than 93 bytes")]
    LongName(String),
    /// The manifest or the archive could not be written.
    #[error("the package could not be written: {0}")]
    Unwritten(String),
}

/// Why a package is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It is no package.
    #[error("this is no release package: {0}")]
    NotAPackage(String),
    /// The signature is not the centre's over this manifest.
    #[error("its manifest is not signed by this centre, or was changed since")]
    Signature,
    /// It says that another key signed it.
    #[error("it says that key `{}` signed it, not `{given}`: is this the right public key?", says.escape_debug())]
    OtherKey {
        /// Which key the package names.
        says: String,
        /// Which key it was checked against.
        given: String,
    },
    /// A file is not the one in the manifest.
    #[error("`{0}` is not the file that was packed")]
    File(String),
    /// A file is missing, or one too many.
    #[error("its files are not those of its manifest")]
    Files,
    /// The archive was put together otherwise.
    #[error("the archive around its files was changed")]
    Archive,
}

/// A package that is whole and signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What is in it.
    pub manifest: Manifest,
    /// The disclosure statement.
    pub statement: Statement,
    /// The files, in the manifest's order.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Packs and signs outputs.
pub fn package(
    heading: &Heading,
    outputs: &[CheckedOutput],
    key: &SigningKey,
) -> Result<Vec<u8>, PackageError> {
    if outputs.is_empty() {
        return Err(PackageError::Empty);
    }
    let unwritten = |error: serde_json::Error| PackageError::Unwritten(error.to_string());
    let mut names = BTreeSet::new();
    let mut statement = Statement { rules: heading.rules, files: Vec::new() };
    let mut contents = Vec::new();
    for checked in outputs {
        let output = checked.output();
        packable(&output.name)?;
        let path = format!("{FILES}{}", output.name);
        if !names.insert(path.clone()) {
            return Err(PackageError::SameName(output.name.clone()));
        }
        let decided = output.decided.last();
        let found = output.checked.as_ref();
        statement.files.push(FileStatement {
            path: path.clone(),
            output: output.id.clone(),
            read_as: found.map(|found| found.read_as.clone()).unwrap_or_default(),
            tried: found.map(|found| found.tried.clone()).unwrap_or_default(),
            findings: found.map(|found| found.findings.clone()).unwrap_or_default(),
            mends: output.mends.clone(),
            changes: output.changes.clone(),
            note: output.note.clone(),
            decided_by: decided
                .map_or_else(|| output.requested_by.clone(), |decided| decided.by.clone()),
            decided_at: decided.map_or(output.requested_at, |decided| decided.at),
            why: decided.map(|decided| decided.why.clone()).unwrap_or_default(),
        });
        contents.push((path, Some(output.id.clone()), checked.bytes().to_vec()));
    }
    let statement = serde_json::to_vec_pretty(&statement).map_err(unwritten)?;
    contents.insert(0, (STATEMENT.to_owned(), None, statement));
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        release: heading.release.clone(),
        room: heading.room.clone(),
        permit: heading.permit.clone(),
        title: heading.title.clone(),
        data_user: heading.data_user.clone(),
        packaged_at: heading.packaged_at,
        key: key_id(&key.verifying_key()),
        files: contents
            .iter()
            .map(|(path, output, bytes)| PackedFile {
                path: path.clone(),
                bytes: bytes.len() as u64,
                sha256: hash(bytes),
                output: output.clone(),
            })
            .collect(),
    };
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(unwritten)?;
    let signature = BASE64.encode(key.sign(&signed(&manifest)).to_bytes());
    let mut archive =
        vec![(MANIFEST.to_owned(), manifest), (SIGNATURE.to_owned(), signature.into_bytes())];
    archive.extend(contents.into_iter().map(|(path, _, bytes)| (path, bytes)));
    write(&archive).map_err(|error| PackageError::Unwritten(error.to_string()))
}

/// Whether an output of that name can be packed: asked before it is taken, since
/// one that cannot would keep the others from leaving.
pub fn packable(name: &str) -> Result<(), PackageError> {
    let path = format!("{FILES}{name}");
    if path.len() > LONGEST_PATH {
        return Err(PackageError::LongName(name.to_owned()));
    }
    if !harmless(&path) {
        return Err(PackageError::Name(name.to_owned()));
    }
    Ok(())
}

/// Checks a package: that it is whole, as it was packed, and signed with `key`.
pub fn verify(package: &[u8], key: &VerifyingKey) -> Result<Verified, VerifyError> {
    let entries = read(package)?;
    let mut rest = entries.iter();
    let mut named = |name: &str| {
        rest.next()
            .filter(|(path, _)| path == name)
            .map(|(_, bytes)| bytes.as_slice())
            .ok_or_else(|| VerifyError::NotAPackage(format!("`{name}` is not where it belongs")))
    };
    let manifest = named(MANIFEST)?;
    let signature = named(SIGNATURE)?;
    let signature = BASE64
        .decode(signature)
        .ok()
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .ok_or(VerifyError::Signature)?;
    if key.verify_strict(&signed(manifest), &signature).is_err() {
        return Err(match serde_json::from_slice::<Manifest>(manifest) {
            Ok(other) if other.key != key_id(key) => {
                VerifyError::OtherKey { says: other.key, given: key_id(key) }
            }
            _ => VerifyError::Signature,
        });
    }
    let manifest: Manifest = serde_json::from_slice(manifest)
        .map_err(|error| VerifyError::NotAPackage(error.to_string()))?;
    if manifest.format != FORMAT {
        return Err(VerifyError::NotAPackage(format!("it is of format `{}`", manifest.format)));
    }
    let mut seen = BTreeSet::new();
    for packed in &manifest.files {
        if !harmless(&packed.path) || !seen.insert(&packed.path) {
            return Err(VerifyError::Files);
        }
    }
    let files: Vec<(String, Vec<u8>)> = entries.iter().skip(2).cloned().collect();
    if files.len() != manifest.files.len() {
        return Err(VerifyError::Files);
    }
    for ((path, bytes), packed) in files.iter().zip(&manifest.files) {
        if *path != packed.path {
            return Err(VerifyError::Files);
        }
        if bytes.len() as u64 != packed.bytes || hash(bytes) != packed.sha256 {
            return Err(VerifyError::File(path.clone()));
        }
    }
    let statement =
        files.first().filter(|(path, _)| path == STATEMENT).ok_or(VerifyError::Files).and_then(
            |(path, bytes)| {
                serde_json::from_slice(bytes).map_err(|_| VerifyError::File(path.clone()))
            },
        )?;
    // Everything between the contents: headers, padding, whatever follows.
    if write(&entries).map_err(|_| VerifyError::Archive)? != package {
        return Err(VerifyError::Archive);
    }
    Ok(Verified { manifest, statement, files })
}

fn signed(manifest: &[u8]) -> Vec<u8> {
    [DOMAIN, manifest].concat()
}

/// What a key is called: the first eight bytes of its SHA-256, in hex.
pub fn key_id(key: &VerifyingKey) -> String {
    let digest = Sha256::digest(key.as_bytes());
    hex::encode(digest.get(..8).unwrap_or_default())
}

/// Whether a path stays where it is unpacked, on any system, and shows itself
/// as what it is: no `..`, no drive or stream, no device of old, nothing unseen.
fn harmless(path: &str) -> bool {
    const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];
    !path.is_empty()
        && path.split('/').all(|part| {
            let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
            let device = DEVICES.contains(&stem.as_str())
                || (stem.starts_with("com") || stem.starts_with("lpt"))
                    && stem.len() == 4
                    && stem.ends_with(|c: char| c.is_ascii_digit());
            !part.is_empty()
                && part != "."
                && part != ".."
                && !part.ends_with(['.', ' '])
                && !part.starts_with(' ')
                && !device
                && part.chars().all(|c| {
                    c.is_alphanumeric()
                        || matches!(c, '.' | '-' | '_' | ' ' | '+' | '(' | ')' | ',')
                })
        })
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// The archive of these files: no time, no owner, nothing that the machine knows.
fn write(entries: &[(String, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.mode(tar::HeaderMode::Deterministic);
    for (path, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, path, bytes.as_slice())?;
    }
    archive.into_inner()
}

fn read(package: &[u8]) -> Result<Vec<(String, Vec<u8>)>, VerifyError> {
    let not = |error: std::io::Error| VerifyError::NotAPackage(error.to_string());
    if package.len() > LARGEST {
        return Err(VerifyError::NotAPackage("it is too large".to_owned()));
    }
    let mut archive = tar::Archive::new(Cursor::new(package));
    let mut entries = Vec::new();
    for entry in archive.entries().map_err(not)? {
        let mut entry = entry.map_err(not)?;
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(VerifyError::NotAPackage("it holds something else than files".to_owned()));
        }
        let path = entry.path().map_err(not)?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(not)?;
        entries.push((path, bytes));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
