//! `helserom link`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use linkage::review::Answer;
use model::PairId;

use crate::commands::link::{EncodeArgs, MatchArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    /// Find the rows of one person in a file or between two, by names, dates and
    /// places, and say how good that is
    Evaluate(EvaluateArgs),
    /// Encode records, so that another centre can compare them without reading names
    Encode(EncodeArgs),
    /// Find the pairs of two files of encoded records that are one person
    Match(MatchArgs),
    /// Say of pairs of records that extracts leave in doubt whether they are one person
    #[command(subcommand)]
    Review(ReviewCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReviewCommand {
    /// List the pairs that wait for you, and those that you answered
    List,
    /// Show what was compared of a pair, as little as tells. That you look is written in
    /// the ledger first
    Show {
        /// Which pair
        id: PairId,
        /// Show what differs whole
        #[arg(long)]
        whole: bool,
    },
    /// Answer: once, after you looked. Two linkage clerks who answer alike settle a pair
    Answer {
        /// Which pair
        id: PairId,
        /// `same`, `different` or `cannot-tell`
        answer: Answer,
    },
}

/// How `--out` writes its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Parquet
    Parquet,
    /// Separated values, with commas
    Csv,
}

#[derive(Debug, Clone, Args)]
#[command(after_long_help = SPEC_HELP)]
pub(crate) struct EvaluateArgs {
    /// What is compared, in TOML; described below and in docs/linkage-spec.md
    #[arg(long, value_name = "SPEC.toml")]
    pub(crate) spec: PathBuf,
    /// The rows: CSV with a header line, or Parquet
    #[arg(value_name = "FILE")]
    pub(crate) first: PathBuf,
    /// A second file: pairs between the two are looked for, none within one
    #[arg(value_name = "FILE2")]
    pub(crate) second: Option<PathBuf>,
    /// The column that says who each row truly is, in both files: precision, recall
    /// and F1 are held against it. It takes no part in training
    #[arg(long, value_name = "COLUMN")]
    pub(crate) truth: Option<String>,
    /// A folder for what was found: edges, clusters, model.json, weights.svg
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How edges and clusters are written
    #[arg(long, value_enum, default_value_t = TableFormat::Parquet)]
    pub(crate) format: TableFormat,
    /// Edges are written from this probability on
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    pub(crate) least: f64,
    /// Each of two files holds a person once: every row gets at most one partner.
    /// The same as `one-to-one = true` in the spec
    #[arg(long, requires = "second")]
    pub(crate) one_to_one: bool,
    /// Say why two rows weigh what they weigh; of two files, the first id is the
    /// first file's
    #[arg(long, num_args = 2, value_names = ["ID", "ID"])]
    pub(crate) explain: Option<Vec<String>>,
    /// How many threads weigh pairs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) threads: u8,
}

/// What `--help` says of a spec.
const SPEC_HELP: &str = r#"The spec:
  id = "unique_id"                    the column that names each row (required)
  one-to-one = false                  two files, each of which holds a person once
  missing = ["NA", "unknown"]         values that mean none, besides the empty one
  delimiter = ";"                     of CSV; found from the header when not given
  encoding = "utf-8"                  or "latin-1" (Windows-1252), or "mixed": what is not
                                      UTF-8 is read as Windows-1252
  most-pairs-in-a-block = 10000000    a block with more pairs is narrowed, and told

  [second]                            columns that the second file calls otherwise:
  given_name = "fornavn"              name in the first file = "name in the second"

  [[comparison]]                      one to 16, each a piece of evidence
  column = "surname"                  or columns = ["given_name", "surname"]
  kind = "name"                       see below
  levels = [0.92, 0.88, 0.7]          thresholds, the strictest first (optional)
  term-frequency = true               whether a rare value says more (default: true for
                                      all kinds but number and percent)

  [[block]]                           one or more: pairs of any rule are compared, once
  on = ["surname", "dob"]             all must be equal (letters' case aside)
  [[block]]
  on = [{ column = "first_name", prefix = 3 }, { column = "dob", part = "year" }]
  [[block]]
  swapped = ["given_name", "surname"] the given name of one is the surname of the other,
                                      and the other way round

  A term of `on` is a column, or a table with `column` and one of: `prefix = N` or
  `suffix = N` (letters), `part = "year"`, `"month"` or `"day"` of a date,
  `part = "sound"`, `equals = "OTHER"` (equal to another column of the other row).

Kinds, with the levels of agreement they know (a missing value is no evidence):
  exact        equal; different
  name         a given name, a surname or a whole name: equal; another spelling (æ/ae,
               ø/oe/o, å/aa, accents) or order of its words; Jaro–Winkler of at least each
               of `levels` (default 0.92, 0.88, 0.7; the last also when it sounds alike);
               part of a double name or patronymics of one father; different
  person-name  columns = [GIVEN, SURNAME] as one piece of evidence: both equal, swapped,
               alike, one of them, one of them missing; `levels` as for name
  text         Damerau–Levenshtein of at most each of `levels` (default 1, 2); for numbers
               of all sorts written by hand, addresses, e-mail
  date         equal; one digit wrong or two swapped; day and month swapped; two of three
               parts equal; within a year; within ten; 1990-12-31, 19901231, 31.12.1990,
               31/12/1990 and 31.12.90 are read; order = "month-first" for 12/31/1990
               where the column does not tell
  postcode     equal; one letter wrong; the same sector, district or area
  number       differs by at most each of `levels` (default 1, 5)
  percent      differs by at most each of `levels` per cent (default 1, 10)
  sound        equal; sounds alike; different
  words        free text: equal; the same words; half of them; one; none
  encoded      filters in base64 of `helserom link encode --form lines`, beside columns that
               both sides may read: Dice of at least each of `levels` (default 0.9, 0.8, 0.7)

  separator = ";" with any kind but person-name and encoded: a value is several, the one
  that is true now first, then earlier ones (7030;0171;5003).

Example:
  id = "unique_id"
  comparison = [
    { columns = ["first_name", "surname"], kind = "person-name" },
    { column = "dob", kind = "date" },
    { column = "postcode", kind = "postcode" },
    { column = "birth_place", kind = "words" },
  ]
  block = [
    ["surname", "dob"],
    ["postcode", { column = "first_name", prefix = 2 }],
  ]

With --out DIR: edges.parquet (id_1, id_2, weight, probability), clusters.parquet (id, file,
cluster, cluster_95: clusters at p ≥ 0.5 and at p ≥ 0.95), model.json (m, u and weight of
every level), weights.svg (the same drawn)."#;
