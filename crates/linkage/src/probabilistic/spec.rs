//! What is compared, and which pairs are compared at all.

/// How two files or one are to be linked.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What is compared: 1 to [`MOST_COMPARISONS`].
    pub comparisons: Vec<Comparison>,
    /// Which pairs are compared: those of any rule.
    pub rules: Vec<Rule>,
    /// Whether each file holds a person once.
    pub one_to_one: bool,
    /// A block of more pairs than this is narrowed.
    pub most_pairs_in_a_block: u64,
    /// A rule of more pairs than this gives way to the narrower ones that it names.
    pub most_pairs_of_a_rule: u64,
}

/// A pair's levels are kept in four bits for each comparison.
pub const MOST_COMPARISONS: usize = 16;

/// One piece of evidence.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What reports call it.
    pub name: String,
    /// How values are compared.
    pub kind: Kind,
    /// Which columns of [`Records`](super::Records): two for a
    /// [`Kind::PersonName`], else one.
    pub columns: Vec<usize>,
    /// Whether agreeing on a rare value says more than on a frequent one.
    pub term_frequency: bool,
}

/// How the values of a comparison are compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Equal or not.
    Exact,
    /// A name: spellings, double names, patronymics, Jaro–Winkler of at least each
    /// of these (falling).
    Name(Vec<f64>),
    /// Given name and surname together, with the same measure for each.
    PersonName(Vec<f64>),
    /// A text: Damerau–Levenshtein of at most each of these (rising).
    Text(Vec<usize>),
    /// A date.
    Date(DateOrder),
    /// A postcode, of which the beginning says more than the end.
    Postcode,
    /// A number that differs by at most each of these (rising).
    Number(Vec<f64>),
    /// The same by at most each of these percentages of the larger (rising).
    Percent(Vec<f64>),
    /// Equal, or sounding alike.
    Sound,
    /// The words of a free text, in any order.
    Words,
    /// Several values in one, parted by this: the one that is true now, then earlier ones
    /// in any order. What is true now is compared as the kind says, unless they have one
    /// in common.
    Several(Box<Self>, char),
    /// A filter that stands for something nobody here may read, in base64
    /// ([`encoded`](crate::encoded)): Dice coefficients of at least each of these
    /// (falling).
    Encoded(Vec<f64>),
}

impl Kind {
    /// The thresholds of names: those of Winkler's own work, and one for what is
    /// alike at all.
    pub const NAMES: [f64; 3] = [0.92, 0.88, 0.7];
    /// The thresholds of filters.
    pub const FILTERS: [f64; 3] = [0.9, 0.8, 0.7];
    /// The thresholds of texts.
    pub const TEXTS: [usize; 2] = [1, 2];

    /// Whether somebody may have several, now and earlier.
    pub const fn may_be_several(&self) -> bool {
        !matches!(self, Self::PersonName(_) | Self::Encoded(_) | Self::Several(..))
    }
}

/// In which order a date's parts stand where the values do not say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// Told from the column: a part above twelve is a day.
    #[default]
    Found,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

/// Pairs that agree on all of this are compared.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What reports call it.
    pub name: String,
    /// What must agree.
    pub terms: Vec<Term>,
    /// What takes its place where it would compare too many pairs; nothing: it stays.
    pub narrower: Vec<Self>,
}

/// One thing that must agree.
#[derive(Debug, Clone)]
pub struct Term {
    /// The column of one record.
    pub column: usize,
    /// The column of the other: the same, unless columns are swapped.
    pub other: usize,
    /// Which part of the value.
    pub part: Part,
}

/// The part of a value that must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// So many letters from the beginning.
    Prefix(usize),
    /// So many letters from the end.
    Suffix(usize),
    /// A date's year.
    Year,
    /// A date's month.
    Month,
    /// A date's day of the month.
    Day,
    /// How the value sounds.
    Sound,
}
