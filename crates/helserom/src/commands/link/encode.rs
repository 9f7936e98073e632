//! `helserom link encode`: records in, filters out.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use linkage::encoded::{Clks, EncodeError, Encoder, Hardening, Schema};
use serde_json::json;

use super::secret;
use super::table::{Batch, Encoding, Table, Written};
use crate::answer::{Answer, Stop, say};

/// A secret of fewer bytes than these can be guessed, and with it every name.
const SHORT: usize = 16;

#[derive(Debug, clap::Args)]
pub(crate) struct EncodeArgs {
    /// What is encoded and how: a linkage schema of clkhash's version 3, in JSON
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// The file with the secret that both sides hold, mode 0600. Its bytes are taken
    /// without a line end at their end
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    /// The records, as CSV with a header or as Parquet. Columns are found by the
    /// schema's names; others are left out
    pub(super) file: PathBuf,
    /// Where to write; standard output when not given
    #[arg(long = "to", value_name = "FILE")]
    to: Option<PathBuf>,
    /// How to write: `clks` as clkhash does, `lines` with one filter in base64 a line
    #[arg(long, value_enum, default_value = "clks")]
    form: Form,
    /// What separates the fields of a CSV file; found from the header when not given
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// How the letters of a CSV file are written
    #[arg(long, value_enum, default_value = "utf-8")]
    encoding: Encoding,
    /// Harden: follow every filter by its complement and shuffle both by the secret,
    /// so that all have as many ones. The other side must do the same, and clkhash cannot
    #[arg(long)]
    balance: bool,
    /// Harden: make every bit the sum of this many, picked by the secret. Costs
    /// matches: decision 0084 has figures
    #[arg(long, value_name = "BITS", default_value_t = 0)]
    diffuse: usize,
    /// How many threads encode; as many as there are processors when not given;
    /// 64 at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Clks,
    Lines,
}

pub(super) fn run(args: &EncodeArgs) -> Result<Answer, Stop> {
    let begun = Instant::now();
    let text = std::fs::read(&args.schema).map_err(|error| {
        Stop::usage(format!("the schema `{}` cannot be read: {error}", args.schema.display()))
    })?;
    let schema = Schema::parse(&text).map_err(Stop::refused)?;
    if schema.passes_over_folds() {
        say("the schema says `xorFolds`: clkhash reads `xor_folds` and passes over this one, so \
             nothing is folded");
    }
    let secret = secret::read(&args.secret)?;
    if secret.len() < SHORT {
        say("the secret is short: whoever guesses it can read names out of the filters");
    }
    let delimiter = match args.delimiter {
        Some(character) if !Written::separates(character) => {
            return Err(Stop::usage(
                "`--delimiter` takes one character of ASCII, and no quote or line end",
            ));
        }
        given => given.and_then(|character| u8::try_from(character).ok()),
    };
    let table = Table::open(&args.file, Written { delimiter, encoding: args.encoding })?;
    let wanted = table.find(schema.columns().map(|(name, _)| name))?;
    let mut rows = table.rows(&wanted)?;
    let how = Hardening { spread: args.diffuse, balanced: args.balance };
    let encoder = || {
        let encoder = Encoder::new(&schema, &secret).map_err(Stop::refused)?;
        encoder.hardened(how, &secret).map_err(Stop::refused)
    };
    let threads = super::threads(args.threads);
    let mut encoders: Vec<Encoder> =
        (0..threads.get()).map(|_| encoder()).collect::<Result<_, _>>()?;
    let bits = encoders.first().map_or(0, |encoder| encoder.empty().bits());

    let read = [&*args.schema, &*args.secret, &*args.file];
    let mut out = Out::open(args.to.as_deref(), &read, args.form)?;
    let mut writing = Duration::ZERO;
    loop {
        let mut batches = Vec::with_capacity(threads.get());
        while batches.len() < threads.get()
            && let Some(batch) = rows.next()?
        {
            batches.push(batch);
        }
        if batches.is_empty() {
            break;
        }
        for clks in encode(&mut encoders, &batches) {
            let clks =
                clks.map_err(|error| Stop::refused(format!("`{}`, {error}", args.file.display())))?;
            let from = Instant::now();
            out.write(&clks)?;
            writing += from.elapsed();
        }
    }
    let encoded = begun.elapsed().saturating_sub(writing);
    let records = out.end()?;
    let json = json!({
        "records": records,
        "bits": bits,
        "seconds": {
            "encode": encoded.as_secs_f64(),
            "total": begun.elapsed().as_secs_f64(),
        },
        "to": args.to,
    });
    let Some(to) = &args.to else { return Ok(Answer::new("", json).printed()) };
    Ok(Answer::new(format!("{records} records encoded in {bits} bits: {}", to.display()), json))
}

/// Encodes batches, each in a thread, and gives what came of them in their order.
fn encode(encoders: &mut [Encoder], batches: &[Batch]) -> Vec<Result<Clks, EncodeError>> {
    let one = |encoder: &mut Encoder, batch: &Batch| {
        let mut clks = encoder.empty();
        batch.each(|row, values| encoder.encode(row, values, &mut clks))?;
        Ok(clks)
    };
    if let ([encoder], [batch]) = (&mut *encoders, batches) {
        return vec![one(encoder, batch)];
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = encoders
            .iter_mut()
            .zip(batches)
            .map(|(encoder, batch)| scope.spawn(move || one(encoder, batch)))
            .collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|ended| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// What is written: under its name only when it is whole.
struct Out {
    to: To,
    form: Form,
    records: u64,
}

enum To {
    Standard(BufWriter<io::StdoutLock<'static>>),
    File { file: BufWriter<tempfile::NamedTempFile>, name: PathBuf },
}

impl Out {
    fn open(to: Option<&Path>, read: &[&Path], form: Form) -> Result<Self, Stop> {
        let to = match to {
            None => To::Standard(BufWriter::with_capacity(1 << 16, io::stdout().lock())),
            Some(name) => To::File {
                file: BufWriter::with_capacity(1 << 16, super::beside(name, read)?),
                name: name.to_owned(),
            },
        };
        let mut out = Self { to, form, records: 0 };
        if form == Form::Clks {
            out.write_text(b"{\"clks\": [")?;
        }
        Ok(out)
    }

    fn write(&mut self, clks: &Clks) -> Result<(), Stop> {
        let mut written = Ok(());
        clks.each_text(|filter| {
            let (before, after) = match self.form {
                Form::Lines => ("", "\n"),
                Form::Clks if self.records == 0 => ("\"", "\""),
                Form::Clks => (", \"", "\""),
            };
            for part in [before, filter, after] {
                if written.is_ok() {
                    written = self.to.write_all(part.as_bytes());
                }
            }
            self.records += 1;
        });
        written.map_err(|error| unwritten(&error))
    }

    fn write_text(&mut self, text: &[u8]) -> Result<(), Stop> {
        self.to.write_all(text).map_err(|error| unwritten(&error))
    }

    /// Ends the file and says how many records are in it.
    fn end(mut self) -> Result<u64, Stop> {
        if self.form == Form::Clks {
            self.write_text(b"]}\n")?;
        }
        match self.to {
            To::Standard(mut out) => {
                out.flush().map_err(|error| unwritten(&error))?;
            }
            To::File { file, name } => super::keep(file, &name)?,
        }
        Ok(self.records)
    }
}

impl To {
    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard(out) => out.write_all(text),
            Self::File { file, .. } => file.write_all(text),
        }
    }
}

fn unwritten(error: &io::Error) -> Stop {
    Stop::refused(format!("cannot write: {error}"))
}
