//! Signed notes: text that says who signed it (C2SP `signed-note`, Ed25519).
//!
//! Keys are written as the specification and Go's `sumdb/note` write them, so
//! that verifiers which exist elsewhere take them:
//!
//! * public: `name+hash+base64`, the *vkey*, made to be handed out;
//! * secret: `PRIVATE+KEY+name+hash+base64`, one line, for a file with mode 0600.

use std::fmt;
use std::str::FromStr;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use model::{Entropy, Secret};
use sha2::{Digest, Sha256};

/// The signature type of plain Ed25519 in the C2SP registry.
const ED25519: u8 = 1;

/// More signatures than this are not read (the specification asks for 16).
const MOST_SIGNATURES: usize = 64;

const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is empty or holds a space or a plus.
    #[error(
        "the key name `{0}` is empty or holds a space or a plus: use a name like `centre.example/ledger`"
    )]
    Name(String),
    /// The text is not built like a public key.
    #[error("this is no public key: it should read `name+hash+base64`")]
    NotPublic,
    /// The text is not built like a secret key.
    #[error("this is no secret key: it should read `PRIVATE+KEY+name+hash+base64`")]
    NotSecret,
    /// The key is of another algorithm.
    #[error("the key `{0}` is not an Ed25519 key")]
    Algorithm(String),
    /// Name, hash and key do not belong together.
    #[error("the hash in the key `{0}` is not that of its name and key: it was changed or cut")]
    Hash(String),
}

/// Why a note is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text is not built like a signed note.
    #[error("this is no signed note: {0}")]
    Malformed(&'static str),
    /// Nobody known signed it.
    #[error("the note is not signed by `{0}`")]
    NotSigned(String),
    /// The signature is not one of that text and key.
    #[error("the signature by `{0}` does not fit the text: the text or the signature was changed")]
    BadSignature(String),
}

fn check_name(name: &str) -> Result<(), KeyError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(KeyError::Name(name.to_owned()));
    }
    Ok(())
}

/// The first four bytes of SHA-256(name, newline, algorithm, public key).
fn key_hash(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519]);
    hasher.update(key.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// `hash+base64` into the hash and the 32 bytes of the key, which may be secret.
fn split_key(
    name: &str,
    rest: &str,
    malformed: &KeyError,
) -> Result<([u8; 4], Secret<[u8; 32]>), KeyError> {
    let (hash, encoded) = rest.split_once('+').ok_or_else(|| malformed.clone())?;
    let mut id = [0; 4];
    hex::decode_to_slice(hash, &mut id).map_err(|_| malformed.clone())?;
    let bytes = Secret::new(STANDARD.decode(encoded).map_err(|_| malformed.clone())?);
    let (algorithm, key) = bytes.reveal().split_first().ok_or_else(|| malformed.clone())?;
    if *algorithm != ED25519 {
        return Err(KeyError::Algorithm(name.to_owned()));
    }
    Ok((id, Secret::new(key.try_into().map_err(|_| malformed.clone())?)))
}

/// A public key with the name it signs under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: String, key: VerifyingKey) -> Self {
        Self { hash: key_hash(&name, &key), name, key }
    }

    /// The name it signs under.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(self.hash), STANDARD.encode(bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(SECRET_PREFIX) {
            return Err(KeyError::NotPublic);
        }
        let (name, rest) = text.trim().split_once('+').ok_or(KeyError::NotPublic)?;
        check_name(name)?;
        let (hash, bytes) = split_key(name, rest, &KeyError::NotPublic)?;
        let key = VerifyingKey::from_bytes(bytes.reveal()).map_err(|_| KeyError::NotPublic)?;
        let key = Self::new(name.to_owned(), key);
        if key.hash == hash { Ok(key) } else { Err(KeyError::Hash(key.name)) }
    }
}

/// A secret key with the name it signs under. Its memory is wiped when dropped.
#[derive(Clone)]
pub struct SignerKey {
    key: SigningKey,
    public: VerifierKey,
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey")
            .field("public", &self.public.to_string())
            .finish_non_exhaustive()
    }
}

impl SignerKey {
    fn new(name: &str, key: SigningKey) -> Result<Self, KeyError> {
        check_name(name)?;
        let public = VerifierKey::new(name.to_owned(), key.verifying_key());
        Ok(Self { key, public })
    }

    /// A new key that signs under `name`.
    pub fn generate(name: &str, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let mut seed = Secret::new([0_u8; 32]);
        entropy.fill(seed.reveal_mut());
        Self::new(name, SigningKey::from_bytes(seed.reveal()))
    }

    /// The key of a 32-byte seed (RFC 8032, section 5.1.5) that was drawn elsewhere,
    /// to sign under `name`.
    pub fn from_seed(name: &str, seed: &Secret<[u8; 32]>) -> Result<Self, KeyError> {
        Self::new(name, SigningKey::from_bytes(seed.reveal()))
    }

    /// The key that the text holds; spaces and newlines around it do not count.
    pub fn parse(text: &Secret<String>) -> Result<Self, KeyError> {
        let rest = text.reveal().trim().strip_prefix(SECRET_PREFIX).ok_or(KeyError::NotSecret)?;
        let (name, rest) = rest.split_once('+').ok_or(KeyError::NotSecret)?;
        let (hash, seed) = split_key(name, rest, &KeyError::NotSecret)?;
        let key = Self::new(name, SigningKey::from_bytes(seed.reveal()))?;
        if key.public.hash == hash { Ok(key) } else { Err(KeyError::Hash(key.public.name)) }
    }

    /// The key as text, to be kept in a file that only its owner can read.
    pub fn to_text(&self) -> Secret<String> {
        let bytes = Secret::new([&[ED25519], self.key.to_bytes().as_slice()].concat());
        let encoded = Secret::new(STANDARD.encode(bytes.reveal()));
        let (name, hash) = (&self.public.name, hex::encode(self.public.hash));
        Secret::new(format!("{SECRET_PREFIX}{name}+{hash}+{}", encoded.reveal()))
    }

    /// The public key that belongs to it.
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// The name it signs under.
    pub fn name(&self) -> &str {
        &self.public.name
    }

    /// Signs `text`, which must end in a newline and hold no other control
    /// character.
    pub fn sign(&self, text: &str) -> Result<SignedNote, NoteError> {
        check_text(text)?;
        let signature = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        let by =
            NoteSignature { name: self.public.name.clone(), hash: self.public.hash, signature };
        Ok(SignedNote { text: text.to_owned(), signatures: vec![by] })
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("the text does not end in a newline"));
    }
    if text.contains(|c: char| c < ' ' && c != '\n') {
        return Err(NoteError::Malformed("the text holds a control character"));
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    hash: [u8; 4],
    signature: Vec<u8>,
}

/// A text and its signatures, not yet checked: the text is handed out only by
/// [`SignedNote::open`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// The text, if it was signed with `key`. Signatures by other keys do not count.
    pub fn open(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let mut found = false;
        for by in &self.signatures {
            if by.name != key.name || by.hash != key.hash {
                continue;
            }
            let bad = || NoteError::BadSignature(key.name.clone());
            let signature = Signature::from_slice(&by.signature).map_err(|_| bad())?;
            key.key.verify_strict(self.text.as_bytes(), &signature).map_err(|_| bad())?;
            found = true;
        }
        if found { Ok(&self.text) } else { Err(NoteError::NotSigned(key.name.clone())) }
    }

    /// The text, though nobody vouches for it: only to say what is wrong with it.
    pub(crate) fn unchecked(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, hash, signature } in &self.signatures {
            let bytes = [hash.as_slice(), signature].concat();
            writeln!(f, "\u{2014} {name} {}", STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("there is no empty line"))?;
        let (text, lines) = note.split_at(end + 1);
        check_text(text)?;
        let lines = lines
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(NoteError::Malformed("the last line does not end in a newline"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MOST_SIGNATURES {
                return Err(NoteError::Malformed("there are more than 64 signatures"));
            }
            signatures.push(
                signature_line(line).ok_or(NoteError::Malformed("a signature line is broken"))?,
            );
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    check_name(name).ok()?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (hash, signature) = bytes.split_first_chunk::<4>()?;
    (!signature.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        hash: *hash,
        signature: signature.to_vec(),
    })
}
