//! `helserom link match`: two files of filters in, pairs out.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use linkage::encoded::{
    Candidate, Clks, Kernel, Mixture, Threshold, candidates, nearest, one_to_one, threshold_from,
};
use serde_json::json;

use crate::answer::{Answer, Stop, say};

/// Records by which a threshold is found; more move it no further.
const SAMPLE: NonZeroUsize = match NonZeroUsize::new(20_000) {
    Some(sample) => sample,
    None => NonZeroUsize::MIN,
};

#[derive(Debug, clap::Args)]
pub(crate) struct MatchArgs {
    /// Encoded records of one side
    pub(super) a: PathBuf,
    /// Encoded records of the other
    pub(super) b: PathBuf,
    /// From which Dice coefficient on a pair is one person, above 0 and at most 1; or
    /// `auto` to find it from the data
    #[arg(long, value_name = "T")]
    threshold: Wanted,
    /// Where to write the pairs, as CSV; standard output when not given. Records are
    /// counted from 0
    #[arg(long = "to", value_name = "FILE")]
    to: Option<PathBuf>,
    /// All pairs that reach the threshold, and not each record once
    #[arg(long)]
    all: bool,
    /// By which instructions: avx512, avx2 or scalar; the quickest that this machine has
    /// when not given
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// How many threads compare; as many as there are processors when not given;
    /// 64 at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: Option<u8>,
}

/// A threshold, or that it is to be found.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Given(Threshold),
    Auto,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let number = text.parse().map_err(|_| "neither a number nor `auto`".to_owned())?;
        Threshold::new(number).map(Self::Given).map_err(|error| error.to_string())
    }
}

pub(super) fn run(args: &MatchArgs) -> Result<Answer, Stop> {
    let kernel = args.kernel.as_deref().map_or_else(|| Ok(Kernel::best()), Kernel::named);
    let kernel = kernel.map_err(Stop::usage)?;
    let begun = Instant::now();
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let seconds_read = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let (threshold, mixture) = match args.threshold {
        Wanted::Given(threshold) => (threshold, None),
        Wanted::Auto => {
            let nearest = nearest(&a, &b, SAMPLE, kernel).map_err(Stop::refused)?;
            let mixture = threshold_from(&nearest).map_err(Stop::refused)?;
            (mixture.threshold, Some(mixture))
        }
    };
    let seconds_threshold = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let found = candidates(&a, &b, threshold, kernel, super::threads(args.threads))
        .map_err(Stop::refused)?;
    let reached = found.len();
    let seconds_compare = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let mut pairs = if args.all { found } else { one_to_one(&found) };
    // In the order in which they were found the likest come first.
    pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    let seconds_solve = begun.elapsed().as_secs_f64();

    let mut told = json!({
        "a": a.len(), "b": b.len(), "bits": a.bits(), "threshold": threshold.get(),
        "candidates": reached, "matched": pairs.len(), "kernel": kernel.name(),
        "seconds": {
            "read": seconds_read, "threshold": seconds_threshold,
            "compare": seconds_compare, "solve": seconds_solve,
        },
    });
    if let Some(Mixture { share, same, strangers, .. }) = mixture {
        let mixture = json!({ "share": share, "same": same, "strangers": strangers });
        tell(&mut told, "mixture", mixture);
    }
    let words = format!(
        "{} of {} and {} records are pairs from {:.3} on; {reached} pairs reached it",
        pairs.len(),
        a.len(),
        b.len(),
        threshold.get(),
    );
    if let Some(to) = &args.to {
        write(&pairs, to, &[&args.a, &args.b])?;
        tell(&mut told, "to", json!(to));
        return Ok(Answer::new(format!("{words}: {}", to.display()), told));
    }
    tell(&mut told, "pairs", pairs.iter().map(|pair| json!([pair.a, pair.b])).collect());
    say(&words);
    let mut csv = String::from("a,b");
    for pair in &pairs {
        let _ = write!(csv, "\n{},{}", pair.a, pair.b);
    }
    Ok(Answer::new(csv, told))
}

fn read(path: &Path) -> Result<Clks, Stop> {
    let named = path.display();
    let text = std::fs::read(path)
        .map_err(|error| Stop::usage(format!("`{named}` cannot be read: {error}")))?;
    Clks::parse(&text).map_err(|error| Stop::refused(format!("`{named}`: {error}")))
}

/// The pairs alone: how like they are would let whoever reads the file work out
/// names, and is needed by nobody.
fn write(pairs: &[Candidate], to: &Path, read: &[&Path]) -> Result<(), Stop> {
    let mut file = BufWriter::new(super::beside(to, read)?);
    let mut lines = || {
        writeln!(file, "a,b")?;
        pairs.iter().try_for_each(|pair| writeln!(file, "{},{}", pair.a, pair.b))
    };
    lines().map_err(|error: std::io::Error| {
        Stop::refused(format!("`{}` cannot be written: {error}", to.display()))
    })?;
    super::keep(file, to)
}

/// Adds a member to what is told as JSON.
fn tell(told: &mut serde_json::Value, name: &str, value: serde_json::Value) {
    if let Some(members) = told.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
