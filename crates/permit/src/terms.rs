//! What a permit allows. The same terms are first asked for in an application.

use model::{AccountId, Date, Purpose, SourceId};
use serde::{Deserialize, Serialize};

/// What is asked for, and then allowed: who, why, which columns, which rows,
/// until when, what may leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
pub struct Terms {
    /// What the work is called.
    pub title: String,
    /// What is to be found out, in words for everyone: printed in the register of uses.
    pub summary: String,
    /// Why the data may be used (EHDS article 53(1)).
    pub purpose: Option<Purpose>,
    /// The legal basis under the GDPR and national law, in the applicant's words.
    pub legal_basis: String,
    /// Who may enter the room.
    pub people: Vec<AccountId>,
    /// Which tables and columns, with the reason for each.
    pub sources: Vec<SourceTerms>,
    /// Whom the data are about.
    pub cohort: Cohort,
    /// Which time the rows are from. Rows of sources without a time all count.
    pub period: Period,
    /// How long the permit is good for, both days included (UTC).
    pub valid: Period,
    /// What may leave.
    pub outputs: OutputTerms,
    /// How large a room.
    pub room: RoomTerms,
    /// How people are found in several sources. Permits that do not say it have equal
    /// identity numbers count alone.
    #[serde(skip_serializing_if = "LinkageTerms::is_default")]
    pub linkage: LinkageTerms,
}

/// The part of one source that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceTerms {
    /// Which source.
    pub source: SourceId,
    /// Which columns, and why each is needed (data minimisation, EHDS article 66).
    pub columns: Vec<ColumnTerms>,
    /// Only rows that meet every one of these.
    #[serde(default)]
    pub rows: Vec<Condition>,
}

/// One column and why it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ColumnTerms {
    /// The column's name in the catalogue.
    pub name: String,
    /// Why the work cannot do without it.
    pub reason: String,
}

/// Whom the data are about: the people of one source who meet every condition
/// in at least one row. Without a source: everyone in any of the permit's sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
pub struct Cohort {
    /// The source that decides.
    pub source: Option<SourceId>,
    /// What its row must meet.
    pub conditions: Vec<Condition>,
}

/// Something a row must meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Condition {
    /// Which column.
    pub column: String,
    /// How the value compares. A missing value meets no condition.
    pub is: Comparison,
    /// With what: numbers and ISO dates as text; more than one only for `one-of`.
    pub values: Vec<String>,
}

/// How a value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Equal to one of the values.
    OneOf,
    /// The value or more, or that day or later.
    AtLeast,
    /// The value or less, or that day or earlier.
    AtMost,
}

/// From one day to another, both included; open where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Period {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Period {
    /// Whether the day is in the period.
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// What may leave a room, and under which rules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct OutputTerms {
    /// No cell on fewer people than this.
    pub smallest_count: u32,
    /// No dominance: the `n` largest contributors hold less than `k` of a total.
    pub dominance_n: u32,
    /// See `dominance_n`: a share from 0 to 1.
    pub dominance_k: f64,
    /// p-percent: nobody can work out a contribution to within this share of it.
    pub p_percent: f64,
    /// Fitted models leave only with at least so many residual degrees of freedom.
    pub smallest_residual_df: u32,
}

impl Default for OutputTerms {
    fn default() -> Self {
        Self {
            smallest_count: 5,
            dominance_n: 2,
            dominance_k: 0.85,
            p_percent: 0.10,
            smallest_residual_df: 10,
        }
    }
}

/// How large a room may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct RoomTerms {
    /// Memory, MiB.
    pub memory_mib: u32,
    /// Processors, in hundredths of one.
    pub cpu_percent: u32,
    /// Processes and threads at once.
    pub processes: u32,
    /// The work folder, MiB.
    pub disk_mib: u32,
    /// How long one command may run, seconds.
    pub wall_seconds: u32,
    /// How long the room may be used altogether, hours: as long as something runs in it.
    /// Permits that do not say it leave it to their last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// How people work in it. Permits that do not say it are for scripts.
    #[serde(skip_serializing_if = "Way::is_scripts")]
    pub way: Way,
    /// By whose word files are brought in. Permits that do not say it leave it to
    /// a person.
    #[serde(skip_serializing_if = "Bring::is_person")]
    pub bring: Bring,
}

/// How people are found in several sources.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct LinkageTerms {
    /// By what.
    pub how: LinkageWay,
    /// From which probability on two are one person, where that is weighed.
    pub threshold: f64,
    /// Whether every row tells how likely it is its person's: a strict and a generous
    /// analysis are then made of one extract, which the work may cut where it likes.
    pub probability: bool,
    /// From which lower probability on two are one person in a second extract, beside the
    /// one at `threshold`. Permits that do not say it have one extract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generous: Option<f64>,
}

impl LinkageTerms {
    /// The least and the most that a threshold may be.
    pub const THRESHOLDS: (f64, f64) = (0.5, 0.999);

    /// The threshold of an extract; `None`: the permit has no such extract.
    pub fn threshold_of(&self, strictness: Strictness) -> Option<f64> {
        match strictness {
            Strictness::Strict => Some(self.threshold),
            Strictness::Generous => self.generous.filter(|_| self.how == LinkageWay::Likely),
        }
    }

    /// Which extracts the permit has: the strict one first.
    pub fn extracts(&self) -> impl Iterator<Item = Strictness> + use<> {
        let terms = *self;
        Strictness::ALL.into_iter().filter(move |which| terms.threshold_of(*which).is_some())
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for LinkageTerms {
    fn default() -> Self {
        Self { how: LinkageWay::Exact, threshold: 0.95, probability: false, generous: None }
    }
}

/// Which of a permit's extracts: where linkage decides who is one person, errors of both
/// kinds cannot be small at once, and an analysis that holds in both extracts hangs on
/// neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// Few links are wrong and more are missed. A permit of one extract has this.
    #[default]
    Strict,
    /// Few links are missed and more are wrong.
    Generous,
}

impl Strictness {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Strict, Self::Generous];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Generous => "generous",
        }
    }

    /// Whether this is the one that most permits have: documents do not say it.
    pub const fn is_strict(&self) -> bool {
        matches!(self, Self::Strict)
    }
}

/// By what people are found in several sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkageWay {
    /// By identity numbers that hold and are equal.
    #[default]
    Exact,
    /// By these first, then by the register's own number, by a number with one slip,
    /// and by names, birth, sex and place together.
    Likely,
}

impl LinkageWay {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Exact, Self::Likely];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Likely => "likely",
        }
    }
}

/// By whose word people bring files into their room, from the strictest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bring {
    /// Nothing is brought in.
    Nothing,
    /// A checker decides on each file.
    #[default]
    Person,
    /// Code in which nothing is found comes in at once; on all else a checker
    /// decides.
    Rule,
}

impl Bring {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Person, Self::Rule];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Person => "person",
            Self::Rule => "rule",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    const fn is_person(&self) -> bool {
        matches!(self, Self::Person)
    }
}

/// How people work in a room, from the strictest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The data are not seen: code is written against a stand-in, handed in and
    /// run, and what it prints is told scrubbed.
    Blind,
    /// A desktop is seen in the browser, as pixels: text goes in and does not come
    /// out, and what scripts print is told scrubbed.
    Desktop,
    /// Scripts are handed in and run; their log and files are looked at.
    #[default]
    Scripts,
    /// Notebooks in the browser too: results are seen as the work goes on.
    Notebook,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Blind, Self::Desktop, Self::Scripts, Self::Notebook];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Scripts => "scripts",
            Self::Desktop => "desktop",
            Self::Notebook => "notebook",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    const fn is_scripts(&self) -> bool {
        matches!(self, Self::Scripts)
    }
}

impl Default for RoomTerms {
    fn default() -> Self {
        Self {
            memory_mib: 4096,
            cpu_percent: 200,
            processes: 256,
            disk_mib: 1024,
            wall_seconds: 600,
            hours: None,
            way: Way::Scripts,
            bring: Bring::Person,
        }
    }
}

impl Condition {
    /// Such as `age is at least 18`.
    pub fn in_words(&self) -> String {
        let values = self.values.join(", ");
        match self.is {
            Comparison::OneOf if self.values.len() == 1 => format!("{} is {values}", self.column),
            Comparison::OneOf => format!("{} is one of {values}", self.column),
            Comparison::AtLeast => format!("{} is at least {values}", self.column),
            Comparison::AtMost => format!("{} is at most {values}", self.column),
        }
    }
}
