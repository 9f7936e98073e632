//! Packed files as plain bytes. The name says how a file is packed and its
//! first bytes must agree.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use flate2::read::MultiGzDecoder;

use super::fault::{FileFault, Packing};
use super::file::{HashingReader, Opened};
use crate::manifest::DeliveredFile;

const PACKED_BUFFER: usize = 1 << 18;

/// The plain bytes of a delivered file.
pub(crate) enum Unpacked {
    Plain(HashingReader),
    Gzip(Box<MultiGzDecoder<BufReader<HashingReader>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<HashingReader>>>),
}

fn named(name: &str) -> Packing {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some(extension) if extension.eq_ignore_ascii_case("gz") => Packing::Gzip,
        Some(extension) if extension.eq_ignore_ascii_case("zst") => Packing::Zstd,
        _ => Packing::None,
    }
}

fn found(first: &[u8]) -> Packing {
    match first {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd,
        _ => Packing::None,
    }
}

impl Unpacked {
    pub(crate) fn open(opened: &Opened, read: Arc<AtomicU64>) -> Result<Self, FileFault> {
        let mut first = [0_u8; 4];
        let mut peeked = opened.handle()?;
        let mut count = 0;
        while let Some(rest) = first.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match peeked.read(rest).map_err(FileFault::Unreadable)? {
                0 => break,
                more => count += more,
            }
        }
        let (named, found) = (named(&opened.name), found(first.get(..count).unwrap_or_default()));
        if named != found {
            return Err(FileFault::Packing { named, found });
        }
        let reader = opened.reader(read)?;
        Ok(match found {
            Packing::None => Self::Plain(reader),
            Packing::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                PACKED_BUFFER,
                reader,
            )))),
            Packing::Zstd => {
                let buffered = BufReader::with_capacity(PACKED_BUFFER, reader);
                let mut decoder =
                    zstd::Decoder::with_buffer(buffered).map_err(FileFault::Unreadable)?;
                // A frame may ask for a window of gigabytes; `zstd` itself
                // unpacks none above 2^27 bytes unless told to.
                decoder.window_log_max(27).map_err(FileFault::Unreadable)?;
                Self::Zstd(Box::new(decoder))
            }
        })
    }

    const fn packing(&self) -> Packing {
        match self {
            Self::Plain(_) => Packing::None,
            Self::Gzip(_) => Packing::Gzip,
            Self::Zstd(_) => Packing::Zstd,
        }
    }

    /// Fills as much of `buffer` as there is; less than all of it only at the end.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, FileFault> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let count = match self {
                Self::Plain(reader) => reader.read(rest),
                Self::Gzip(reader) => reader.read(rest),
                Self::Zstd(reader) => reader.read(rest),
            };
            match count {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fault(error)),
            }
        }
        Ok(filled)
    }

    fn fault(&self, error: io::Error) -> FileFault {
        match self.packing() {
            Packing::None => FileFault::Unreadable(error),
            packing if error.kind() == io::ErrorKind::UnexpectedEof => FileFault::CutShort(packing),
            // The disk failed, not the packing.
            _ if error.raw_os_error().is_some() => FileFault::Unreadable(error),
            packing => FileFault::Damaged { packing, why: error.to_string() },
        }
    }

    /// Reads what is left behind the packed stream and says what was read.
    pub(crate) fn finish(self, opened: &Opened) -> Result<DeliveredFile, FileFault> {
        match self {
            Self::Plain(reader) => reader.finish(opened),
            Self::Gzip(reader) => reader.into_inner().into_inner().finish(opened),
            Self::Zstd(reader) => reader.finish().into_inner().finish(opened),
        }
    }
}
