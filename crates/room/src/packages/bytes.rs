//! The bytes of a file on their way into a room.

use std::io::{self, Read, Write};

use ledger::Hash;
use sha2::{Digest as _, Sha256};

const AT_ONCE: usize = 64 << 10;

/// What is in a file of at most `most` bytes: its hash, and how long it is.
pub fn measure(from: &mut impl Read, most: u64) -> io::Result<(Hash, u64)> {
    let mut hash = Sha256::new();
    let mut part = vec![0; AT_ONCE];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut part)?;
        let Some(part) = part.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((Hash(hash.finalize().into()), bytes));
        };
        bytes += part.len() as u64;
        if bytes > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        hash.update(part);
    }
}

/// Passes on exactly `bytes` bytes that hash to `sha256`. The last of them are held
/// back until that is known: what changed since it was measured arrives in pieces
/// that nobody takes for the file.
pub fn pass_on(
    from: &mut impl Read,
    to: &mut impl Write,
    (sha256, bytes): (Hash, u64),
) -> io::Result<()> {
    let mut hash = Sha256::new();
    let mut part = vec![0; AT_ONCE];
    let mut left = bytes;
    while left > 0 {
        let next = usize::try_from(left).unwrap_or(AT_ONCE).min(AT_ONCE);
        let part = part.get_mut(..next).unwrap_or_default();
        from.read_exact(part)?;
        hash.update(&*part);
        left -= part.len() as u64;
        if left == 0 && Hash(hash.clone().finalize().into()) != sha256 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it changed meanwhile"));
        }
        to.write_all(part)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_passed_on_and_nothing_else() {
        let file = vec![7_u8; AT_ONCE + 3];
        let measured = measure(&mut file.as_slice(), 1 << 20).unwrap();
        assert_eq!(measured.1, file.len() as u64);
        let mut passed = Vec::new();
        pass_on(&mut file.as_slice(), &mut passed, measured).unwrap();
        assert_eq!(passed, file);
        let mut other = file.clone();
        other[5] = 8;
        let mut passed = Vec::new();
        assert!(pass_on(&mut other.as_slice(), &mut passed, measured).is_err());
        assert!(passed.len() < file.len(), "the last of it was held back");
        assert!(measure(&mut file.as_slice(), 9).is_err(), "too long");
    }
}
