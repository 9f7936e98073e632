//! Tables written as the files that holders send.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::registers::Table;
use crate::spoil::Row;

/// How one file is written. It says the same as the source's contract does.
pub(crate) struct Form {
    pub(crate) delimiter: u8,
    pub(crate) latin1: bool,
    pub(crate) compression: Compression,
}

pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Writes `table` to `path` and waits until it is on disk.
pub(crate) fn write(table: &Table, path: &Path, form: &Form) -> io::Result<()> {
    let file = BufWriter::new(File::create_new(path)?);
    let file = match form.compression {
        Compression::None => rows(table, form, file)?,
        Compression::Gzip => {
            let gzip = flate2::GzBuilder::new().write(file, flate2::Compression::default());
            rows(table, form, gzip)?.finish()?
        }
        Compression::Zstd => rows(table, form, zstd::Encoder::new(file, 0)?)?.finish()?,
    };
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn rows<W: Write>(table: &Table, form: &Form, to: W) -> io::Result<W> {
    let mut writer =
        csv::WriterBuilder::new().flexible(true).delimiter(form.delimiter).from_writer(to);
    writer.write_record(table.columns)?;
    for row in &table.rows {
        if form.latin1 {
            writer.write_record(latin1(row)?)?;
        } else {
            writer.write_record(row)?;
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn latin1(row: &Row) -> io::Result<Vec<Vec<u8>>> {
    row.iter()
        .map(|field| {
            let (bytes, _, lossy) = encoding_rs::WINDOWS_1252.encode(field);
            if lossy {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a field has a character that Latin-1 has not",
                ));
            }
            Ok(bytes.into_owned())
        })
        .collect()
}
