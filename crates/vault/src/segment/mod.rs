//! Identities on disk: one immutable file per import, sorted by subject key.
//!
//! ```text
//! header   magic, source, import
//! records  subject key | nonce | length | ciphertext and tag       (sorted)
//! index    per block of 64 records: first subject key | offset | SHA-256 of the block
//! footer   number of records | where the index starts | HMAC over header, index, both numbers
//! ```
//!
//! Each record opens only as the record of its subject in its import. Its
//! ciphertext is padded to whole 32 bytes, so that its length says little about
//! a name. The HMAC covers the index and the index covers the records: one that
//! was taken out, doubled or moved is seen before anything of its block is used.

mod identity;
mod reader;
mod run;
mod writer;

use hmac::{Hmac, KeyInit, Mac};
use model::{ImportId, SourceId};
use sha2::{Digest, Sha256};
use source::SubjectKey;

pub use reader::{Identities, NationalIds, Segment, SegmentError};
pub(crate) use writer::Limits;
pub use writer::{SegmentSummary, SegmentWriter, UnpublishedSegment};

use crate::aead::{Cipher, Forged, NONCE_BYTES, Nonces, fields};
use crate::key::Key;

/// What a segment's name ends with.
pub(crate) const EXTENSION: &str = ".segment";
const MAGIC: &[u8; 16] = b"helserom segm. 1";
/// Records per block: what a lookup reads.
const BLOCK_RECORDS: u64 = 64;
const INDEX_ENTRY_BYTES: usize = 16 + 8 + 32;
const FOOTER_BYTES: usize = 8 + 8 + 32;
const RECORD_HEAD_BYTES: usize = 16 + NONCE_BYTES + 4;
/// No record is longer: a length beyond it is damage, not a name.
const MAX_CIPHERTEXT: usize = 1 << 20;
// Name from one row, contact from another: what a reader lets pass is kept.
const _: () = assert!(2 * source::MOST_IDENTITY_BYTES < MAX_CIPHERTEXT / 2);

/// The keys of one segment, made from the key of its source.
struct SegmentKeys {
    cipher: Cipher,
    mac: Key,
    /// What stands first in every record's place.
    place: Vec<u8>,
}

impl SegmentKeys {
    fn new(identities: &Key, source: &SourceId, import: &ImportId) -> Self {
        let of =
            |what: &[u8]| fields(&[what, source.as_str().as_bytes(), import.as_str().as_bytes()]);
        Self {
            cipher: Cipher::new(&identities.derive(&of(b"segment records"))),
            mac: identities.derive(&of(b"segment index")),
            place: of(b"identity"),
        }
    }

    fn place_of(&self, subject: SubjectKey) -> Vec<u8> {
        let mut place = Vec::with_capacity(self.place.len() + 16);
        place.extend_from_slice(&self.place);
        place.extend_from_slice(&subject.0);
        place
    }

    /// Puts the record of `subject` after `out`; `plain` becomes its ciphertext.
    fn seal(
        &self,
        nonces: &mut Nonces,
        subject: SubjectKey,
        plain: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), Forged> {
        let nonce = nonces.next();
        self.cipher.seal(&nonce, &self.place_of(subject), plain)?;
        if plain.len() > MAX_CIPHERTEXT {
            return Err(Forged);
        }
        let length = u32::try_from(plain.len()).map_err(|_| Forged)?;
        out.extend_from_slice(&subject.0);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(plain);
        Ok(())
    }

    /// The plain bytes of a record, into `plain`.
    fn open(&self, record: &RawRecord<'_>, plain: &mut Vec<u8>) -> Result<(), Forged> {
        plain.clear();
        plain.extend_from_slice(record.ciphertext);
        self.cipher.open(record.nonce, &self.place_of(record.subject), plain)
    }

    /// The HMAC-SHA256 that covers all but the records.
    fn authenticator(&self, header: &[u8], index: &[u8], records: u64, start: u64) -> Hmac<Sha256> {
        let mut block = zeroize::Zeroizing::new([0_u8; 64]);
        for (to, from) in block.iter_mut().zip(self.mac.reveal()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new(&(*block).into());
        mac.update(&fields(&[header, index, &records.to_le_bytes(), &start.to_le_bytes()]));
        mac
    }
}

/// A record as it lies in a file.
struct RawRecord<'a> {
    subject: SubjectKey,
    nonce: &'a [u8; NONCE_BYTES],
    ciphertext: &'a [u8],
}

/// Takes the first record off `bytes`. `None`: there is no whole record.
fn split_record<'a>(bytes: &mut &'a [u8]) -> Option<RawRecord<'a>> {
    let (subject, rest) = bytes.split_first_chunk::<16>()?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length =
        usize::try_from(u32::from_le_bytes(*length)).ok().filter(|l| *l <= MAX_CIPHERTEXT)?;
    let (ciphertext, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(RawRecord { subject: SubjectKey(*subject), nonce, ciphertext })
}

fn header(source: &SourceId, import: &ImportId) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&fields(&[source.as_str().as_bytes(), import.as_str().as_bytes()]));
    bytes
}

/// The file name of an import's segment: what the ledger entry calls it.
pub(crate) fn file_name(import: &ImportId) -> String {
    format!("{import}{EXTENSION}")
}

/// What is written once per block.
struct BlockIndex {
    entries: Vec<u8>,
    first: Option<(SubjectKey, u64)>,
    hasher: Sha256,
    records_in_block: u64,
}

impl BlockIndex {
    fn new() -> Self {
        Self { entries: Vec::new(), first: None, hasher: Sha256::new(), records_in_block: 0 }
    }

    /// Takes note of a record that begins at `offset`.
    fn note(&mut self, subject: SubjectKey, offset: u64, record: &[u8]) {
        if self.first.is_none() {
            self.first = Some((subject, offset));
        }
        self.hasher.update(record);
        self.records_in_block += 1;
        if self.records_in_block == BLOCK_RECORDS {
            self.close_block();
        }
    }

    fn close_block(&mut self) {
        if let Some((subject, offset)) = self.first.take() {
            self.entries.extend_from_slice(&subject.0);
            self.entries.extend_from_slice(&offset.to_le_bytes());
            self.entries.extend_from_slice(&self.hasher.finalize_reset());
        }
        self.records_in_block = 0;
    }
}
