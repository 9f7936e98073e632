//! Encrypted files that are written and read from front to back, in blocks.
//!
//! ```text
//! magic | salt | block* ; block = length | ciphertext and tag
//! ```
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015, "Online
//! authenticated-encryption and its nonce-reuse misuse-resistance", figure 6)
//! over AES-256-GCM-SIV: the nonce of a block is its number and whether it is
//! the last, under a key of the file's own. A block that was taken out, doubled,
//! moved or cut off is seen when it is reached.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use model::Entropy;
use zeroize::Zeroizing;

use crate::aead::{Cipher, NONCE_BYTES, TAG_BYTES, fields};
use crate::disk::{At, FileError, Finished, Unfinished};
use crate::key::Key;

const MAGIC: &[u8; 16] = b"helserom strm. 1";
const SALT_BYTES: usize = 32;
/// Plain bytes per block.
const BLOCK_BYTES: usize = 1 << 16;

/// Why an encrypted file cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The file is not there.
    #[error("no file at `{}`: restore it from a backup", .0.display())]
    Missing(PathBuf),
    /// Something in it was changed, or it is the file of something else.
    #[error(
        "block {block} of `{}` is damaged, or the file is not what its name says: restore it from a backup", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1; 0 is what stands before the first.
        block: u64,
    },
    /// It ends before it should.
    #[error("`{}` ends after block {blocks}, it was cut short: restore it from a backup", path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// How many whole blocks there are.
        blocks: u64,
    },
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

fn cipher(key: &Key, what: &[&[u8]], salt: &[u8]) -> Cipher {
    let what = fields(what);
    Cipher::new(&key.derive(&fields(&[b"stream", &what, salt])))
}

fn nonce(block: u64, last: bool) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    for (to, from) in nonce.iter_mut().zip(block.to_le_bytes()) {
        *to = from;
    }
    nonce[NONCE_BYTES - 1] = last.into();
    nonce
}

/// Encrypts what is written to it.
pub(crate) struct StreamWriter {
    file: Unfinished,
    cipher: Cipher,
    block: u64,
    plain: Zeroizing<Vec<u8>>,
}

impl StreamWriter {
    /// Begins the file `target`. `what` says what it is and of whom: it opens as
    /// nothing else.
    pub(crate) fn create(
        target: &Path,
        key: &Key,
        what: &[&[u8]],
        entropy: &dyn Entropy,
    ) -> Result<Self, FileError> {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        let mut file = Unfinished::create(target)?;
        file.write(MAGIC)?;
        file.write(&salt)?;
        Ok(Self {
            file,
            cipher: cipher(key, what, &salt),
            block: 0,
            plain: Zeroizing::new(Vec::with_capacity(BLOCK_BYTES + TAG_BYTES)),
        })
    }

    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), FileError> {
        while !bytes.is_empty() {
            if self.plain.len() == BLOCK_BYTES {
                self.write_block(false)?;
            }
            let fits = bytes.len().min(BLOCK_BYTES - self.plain.len());
            let (now, later) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
            self.plain.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn write_block(&mut self, last: bool) -> Result<(), FileError> {
        let refused =
            |_| FileError::of("encrypt", self.file.path(), io::ErrorKind::FileTooLarge.into());
        self.cipher.seal(&nonce(self.block, last), &[], &mut self.plain).map_err(refused)?;
        let length = u32::try_from(self.plain.len()).unwrap_or(u32::MAX);
        self.file.write(&length.to_le_bytes())?;
        self.file.write(&self.plain)?;
        // Only ciphertext is left in it.
        self.plain.clear();
        self.block += 1;
        Ok(())
    }

    /// Marks the end and brings everything to the disk.
    pub(crate) fn finish(mut self) -> Result<Finished, FileError> {
        self.write_block(true)?;
        self.file.finish()
    }
}

/// Decrypts a file from front to back.
pub(crate) struct StreamReader {
    file: BufReader<File>,
    path: PathBuf,
    cipher: Cipher,
    block: u64,
    last_seen: bool,
    plain: Zeroizing<Vec<u8>>,
    at: usize,
}

impl StreamReader {
    pub(crate) fn open(path: &Path, key: &Key, what: &[&[u8]]) -> Result<Self, StreamError> {
        let file = match File::open(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Err(StreamError::Missing(path.to_owned()));
            }
            file => file.at("read", path)?,
        };
        let mut file = BufReader::with_capacity(1 << 17, file);
        let mut head = Vec::new();
        (&mut file)
            .take((MAGIC.len() + SALT_BYTES) as u64)
            .read_to_end(&mut head)
            .at("read", path)?;
        let salt = head.strip_prefix(MAGIC).filter(|salt| salt.len() == SALT_BYTES);
        let damaged = || StreamError::Damaged { path: path.to_owned(), block: 0 };
        Ok(Self {
            cipher: cipher(key, what, salt.ok_or_else(damaged)?),
            file,
            path: path.to_owned(),
            block: 0,
            last_seen: false,
            plain: Zeroizing::new(Vec::new()),
            at: 0,
        })
    }

    fn damaged(&self) -> StreamError {
        StreamError::Damaged { path: self.path.clone(), block: self.block + 1 }
    }

    /// Reads the next block. False: the last one was read.
    fn next_block(&mut self) -> Result<bool, StreamError> {
        if self.last_seen {
            return Ok(false);
        }
        let cut = || StreamError::CutShort { path: self.path.clone(), blocks: self.block };
        let mut length = Vec::new();
        (&mut self.file).take(4).read_to_end(&mut length).at("read", &self.path)?;
        let length = u32::from_le_bytes(length.try_into().map_err(|_| cut())?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(TAG_BYTES..=BLOCK_BYTES + TAG_BYTES).contains(&length) {
            return Err(self.damaged());
        }
        self.plain.clear();
        let read = (&mut self.file)
            .take(length as u64)
            .read_to_end(&mut self.plain)
            .at("read", &self.path)?;
        if read < length {
            return Err(StreamError::CutShort { path: self.path.clone(), blocks: self.block });
        }
        let at_end = self.at_end()?;
        if self.cipher.open(&nonce(self.block, at_end), &[], &mut self.plain).is_err() {
            // Whole blocks, but not all of them: the last one does not say it is.
            let whole =
                at_end && self.cipher.open(&nonce(self.block, false), &[], &mut self.plain).is_ok();
            return Err(if whole {
                StreamError::CutShort { path: self.path.clone(), blocks: self.block + 1 }
            } else {
                self.damaged()
            });
        }
        self.last_seen = at_end;
        self.block += 1;
        self.at = 0;
        Ok(true)
    }

    fn at_end(&mut self) -> Result<bool, StreamError> {
        use io::BufRead;
        Ok(self.file.fill_buf().at("read", &self.path)?.is_empty())
    }

    /// Fills `out` with the next bytes. False: there are none left at all.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<bool, StreamError> {
        let mut filled = 0;
        while filled < out.len() {
            if self.at == self.plain.len() {
                if !self.next_block()? {
                    // Writers write whole items: half a one is no end of a file.
                    return if filled == 0 { Ok(false) } else { Err(self.damaged()) };
                }
                continue;
            }
            let from = self.plain.get(self.at..).unwrap_or_default();
            let to = out.get_mut(filled..).unwrap_or_default();
            let now = from.len().min(to.len());
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
            filled += now;
            self.at += now;
        }
        Ok(true)
    }

    /// The next `N` bytes; `None` when there are none left at all.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<Option<[u8; N]>, StreamError> {
        let mut bytes = [0; N];
        Ok(self.read(&mut bytes)?.then_some(bytes))
    }

    /// The next `length` bytes, which must be there; longer than `most` is damage.
    pub(crate) fn take_vec(
        &mut self,
        length: u32,
        most: usize,
    ) -> Result<Zeroizing<Vec<u8>>, StreamError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > most {
            return Err(self.damaged());
        }
        let mut bytes = Zeroizing::new(vec![0; length]);
        if !self.read(&mut bytes)? && length > 0 {
            return Err(self.damaged());
        }
        Ok(bytes)
    }

    /// What was read makes no sense, though it decrypted.
    pub(crate) fn nonsense(&self) -> StreamError {
        StreamError::Damaged { path: self.path.clone(), block: self.block }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use model::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    fn key() -> Key {
        Key::random(&SeededEntropy::new(1))
    }

    fn written(dir: &Path, bytes: &[u8]) -> PathBuf {
        let path = dir.join("file");
        let mut writer =
            StreamWriter::create(&path, &key(), &[b"test"], &SeededEntropy::new(2)).unwrap();
        for part in bytes.chunks(7_001) {
            writer.write(part).unwrap();
        }
        writer.finish().unwrap().publish().unwrap();
        path
    }

    fn read(path: &Path, what: &[u8]) -> Result<Vec<u8>, StreamError> {
        let mut reader = StreamReader::open(path, &key(), &[what])?;
        let mut bytes = Vec::new();
        while let Some([byte]) = reader.take::<1>()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect()
    }

    #[test]
    fn what_was_written_reads_back_at_every_length_around_a_block() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES] {
            let path = written(dir.path(), &content(length));
            assert!(read(&path, b"test").unwrap() == content(length), "{length} bytes");
        }
    }

    #[test]
    fn a_file_opens_only_as_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), b"content");
        assert!(matches!(read(&path, b"other"), Err(StreamError::Damaged { block: 1, .. })));
    }

    #[test]
    fn blocks_that_were_swapped_doubled_or_taken_out_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), &content(3 * BLOCK_BYTES));
        let whole = fs::read(&path).unwrap();
        let block = 4 + BLOCK_BYTES + TAG_BYTES;
        let (head, blocks) = whole.split_at(MAGIC.len() + SALT_BYTES);
        let blocks: Vec<&[u8]> = blocks.chunks(block).collect();
        assert_eq!(blocks.len(), 3);
        for order in [&[1, 0, 2][..], &[0, 0, 1, 2], &[0, 2], &[0, 1], &[0], &[], &[0, 1, 2, 2]] {
            let mut spoilt = head.to_vec();
            for at in order {
                spoilt.extend_from_slice(blocks[*at]);
            }
            fs::write(&path, spoilt).unwrap();
            assert!(read(&path, b"test").is_err(), "{order:?} was taken");
        }
        fs::write(&path, &whole[..whole.len() - block]).unwrap();
        let error = read(&path, b"test").unwrap_err();
        assert!(matches!(error, StreamError::CutShort { blocks: 2, .. }), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_changed_bit_is_seen(at in 0_usize..70_000, bit in 0_u8..8) {
            let dir = tempfile::tempdir().unwrap();
            let path = written(dir.path(), &content(70_000));
            let mut bytes = fs::read(&path).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            fs::write(&path, bytes).unwrap();
            prop_assert!(read(&path, b"test").is_err());
        }

        #[test]
        fn a_file_cut_anywhere_is_seen(keep in 0_usize..70_000) {
            let dir = tempfile::tempdir().unwrap();
            let path = written(dir.path(), &content(70_000));
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..keep]).unwrap();
            prop_assert!(read(&path, b"test").is_err());
        }
    }
}
