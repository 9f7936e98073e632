//! Archives: every file in them is kept as if it had been sent alone.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};

use crate::finding::Fault;
use crate::inspect::{Go, Taking};

/// Takes out of a zip or tar what may be brought in, below the folder `stem`.
pub(crate) fn take(taking: &mut Taking, mut file: File, stem: &str) -> io::Result<()> {
    let mut magic = [0_u8; 2];
    file.read_exact(&mut magic)?;
    file.rewind()?;
    if magic == *b"PK" { take_zip(taking, file, stem) } else { take_tar(taking, file, stem) }
}

/// Reads what is compressed: gzip of any number of members, or zstd.
pub(crate) fn decoder(file: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(file);
    let gzip = io::BufRead::fill_buf(&mut file)?.starts_with(b"\x1f\x8b");
    Ok(if gzip {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else {
        let mut decoder = zstd::Decoder::with_buffer(file)?;
        // 128 MiB: the largest window that the command line makes by itself.
        decoder.window_log_max(27)?;
        Box::new(decoder)
    })
}

/// Takes files out of a tar.
pub(crate) fn take_tar(taking: &mut Taking, from: impl Read, stem: &str) -> io::Result<()> {
    let mut archive = tar::Archive::new(from);
    let Ok(entries) = archive.entries() else {
        taking.findings.add(None, Fault::Broken);
        return Ok(());
    };
    let mut seen = 0_u64;
    for entry in entries {
        let Ok(mut entry) = entry else {
            taking.findings.add(None, Fault::Broken);
            return Ok(());
        };
        seen += 1;
        if seen > most_entries(taking) {
            taking.findings.add(None, Fault::TooMany { most: taking.bounds().files });
            return Ok(());
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        if kind.is_symlink() || kind.is_hard_link() {
            taking.findings.add(Some(&name), Fault::Link);
        } else if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            if keep(taking, &name, stem, &mut entry)? == Go::Stop {
                return Ok(());
            }
        } else {
            taking.findings.add(Some(&name), Fault::Device);
        }
    }
    if seen == 0 {
        taking.findings.add(None, Fault::Broken);
    }
    Ok(())
}

/// What the upper half of a zip entry's mode says (`S_IFMT`, stat(2)).
const KIND: u32 = 0o170_000;
const SYMLINK: u32 = 0o120_000;
const REGULAR: u32 = 0o100_000;

fn take_zip(taking: &mut Taking, file: File, stem: &str) -> io::Result<()> {
    let Ok(mut archive) = zip::ZipArchive::new(BufReader::new(file)) else {
        taking.findings.add(None, Fault::Broken);
        return Ok(());
    };
    if archive.is_empty() {
        taking.findings.add(None, Fault::Broken);
        return Ok(());
    }
    if archive.len() as u64 > most_entries(taking) {
        taking.findings.add(None, Fault::TooMany { most: taking.bounds().files });
        return Ok(());
    }
    for at in 0..archive.len() {
        let Ok(entry) = archive.by_index_raw(at) else {
            taking.findings.add(None, Fault::Broken);
            return Ok(());
        };
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let kind = entry.unix_mode().unwrap_or_default() & KIND;
        let folder = entry.is_dir();
        drop(entry);
        if kind == SYMLINK {
            taking.findings.add(Some(&name), Fault::Link);
        } else if folder {
            // Folders are made for what lies in them.
        } else if kind != 0 && kind != REGULAR {
            taking.findings.add(Some(&name), Fault::Device);
        } else {
            match archive.by_index(at) {
                Ok(mut entry) => {
                    if keep(taking, &name, stem, &mut entry)? == Go::Stop {
                        return Ok(());
                    }
                }
                // Encrypted, or in another compression.
                Err(zip::result::ZipError::UnsupportedArchive(_)) => {
                    taking.findings.add(Some(&name), Fault::Sealed);
                }
                Err(_) => taking.findings.add(Some(&name), Fault::Broken),
            }
        }
    }
    Ok(())
}

/// Folders and hidden files are entries too, and cost time to pass over.
const fn most_entries(taking: &Taking) -> u64 {
    taking.bounds().files.saturating_mul(4)
}

fn keep(taking: &mut Taking, name: &str, stem: &str, from: &mut dyn Read) -> io::Result<Go> {
    let plain = name.strip_prefix("./").unwrap_or(name);
    if Taking::is_hidden(plain) {
        taking.skip_hidden();
        return Ok(Go::On);
    }
    taking.keep(&format!("{stem}/{plain}"), Some(name), from)
}
