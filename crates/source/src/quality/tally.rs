//! Counting one variable over rows sorted by person. See [`crate::profile`] for
//! what may be said in the end.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type};
use model::ValueType;

use crate::profile::{Quantile, TopValue, ValueRange, VariableProfile, YearCount};
use crate::value::date::{date_of, year_of};

/// No more distinct values are counted apart; a variable with more has no top values.
const MOST_VALUES: usize = 1 << 16;

/// Nor more bytes of text.
const MOST_TEXT: usize = 4 << 20;

/// So many of the commonest values are told.
const TOP: usize = 20;

/// So many rows are enough for quantiles: the standard error of a median's
/// share is then below 0.2 %.
const SAMPLE: usize = 1 << 16;

/// Rows and people. Rows come sorted by person, so a person who comes again
/// comes at once.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    rows: u64,
    persons: u64,
    first: Option<u32>,
    last: Option<u32>,
}

impl Count {
    fn add(&mut self, person: u32) {
        self.rows += 1;
        if self.last != Some(person) {
            self.first = self.first.or(Some(person));
            self.last = Some(person);
            self.persons += 1;
        }
    }
}

/// What is known of one variable so far.
pub(super) struct Tally {
    name: String,
    value_type: ValueType,
    filled: Count,
    missing: Count,
    extremes: Extremes,
    sample: Sample,
    whole: Option<BTreeMap<i64, Count>>,
    texts: Texts,
    years: BTreeMap<i32, Count>,
    truths: [Count; 2],
}

impl Tally {
    pub(super) fn new(name: &str, value_type: ValueType, smallest_count: u32) -> Self {
        Self {
            name: name.to_owned(),
            value_type,
            filled: Count::default(),
            missing: Count::default(),
            extremes: Extremes::new(smallest_count as usize),
            sample: Sample::default(),
            whole: Some(BTreeMap::new()),
            texts: Texts::default(),
            years: BTreeMap::new(),
            truths: [Count::default(); 2],
        }
    }

    /// Adds a column of rows: `persons` says whose each is, `rows` which.
    pub(super) fn add(&mut self, column: &ArrayRef, persons: &[u32], rows: &[u64]) {
        match column.data_type() {
            DataType::Int64 => {
                let values = column.as_primitive::<Int64Type>();
                for (at, (person, row)) in persons.iter().zip(rows).enumerate() {
                    if self.has(values, at, *person) {
                        let value = values.value(at);
                        #[expect(
                            clippy::cast_precision_loss,
                            reason = "ranges are told as binary64"
                        )]
                        self.number(value as f64, *person, *row);
                        if let Some(whole) = &mut self.whole {
                            whole.entry(value).or_default().add(*person);
                            if whole.len() > MOST_VALUES {
                                self.whole = None;
                            }
                        }
                    }
                }
            }
            DataType::Float64 => {
                let values = column.as_primitive::<Float64Type>();
                for (at, (person, row)) in persons.iter().zip(rows).enumerate() {
                    if self.has(values, at, *person) {
                        self.number(values.value(at), *person, *row);
                    }
                }
            }
            DataType::Date32 => {
                let values = column.as_primitive::<Date32Type>();
                let mut last = (0, i32::MAX);
                for (at, person) in persons.iter().enumerate() {
                    if self.has(values, at, *person) {
                        let day = values.value(at);
                        if day != last.0 || last.1 == i32::MAX {
                            last = (day, year_of(day));
                        }
                        self.years.entry(last.1).or_default().add(*person);
                        self.extremes.add(f64::from(day), *person);
                    }
                }
            }
            DataType::Boolean => {
                let values = column.as_boolean();
                for (at, person) in persons.iter().enumerate() {
                    if self.has(values, at, *person)
                        && let Some(count) = self.truths.get_mut(usize::from(values.value(at)))
                    {
                        count.add(*person);
                    }
                }
            }
            DataType::Dictionary(_, _) => {
                let Some(codes) = column.as_dictionary_opt::<Int32Type>() else { return };
                let Some(texts) = codes.values().as_string_opt::<i32>() else { return };
                self.texts.learn(texts);
                let keys = codes.keys();
                for (at, person) in persons.iter().enumerate() {
                    if self.has(keys, at, *person) {
                        self.texts.add_code(keys.value(at), *person);
                    }
                }
            }
            _ => {
                let Some(values) = column.as_string_opt::<i32>() else { return };
                for (at, person) in persons.iter().enumerate() {
                    if self.has(values, at, *person) {
                        self.texts.add(values.value(at), *person);
                    }
                }
            }
        }
    }

    /// Whether there is a value, counted either way.
    fn has(&mut self, values: &dyn Array, at: usize, person: u32) -> bool {
        let has = values.is_valid(at);
        let count = if has { &mut self.filled } else { &mut self.missing };
        count.add(person);
        has
    }

    fn number(&mut self, value: f64, person: u32, row: u64) {
        self.extremes.add(value, person);
        self.sample.add(value, row);
    }

    /// What may be said, with `k` the smallest count.
    pub(super) fn finish(mut self, k: u64) -> VariableProfile {
        let enough = self.filled.persons >= k;
        let (low, high) = self.extremes.finish();
        let ends = low.zip(high).filter(|(low, high)| enough && low <= high);
        let numbers = matches!(self.value_type, ValueType::Integer | ValueType::Decimal);
        let range = ends.and_then(|(low, high)| match self.value_type {
            ValueType::Date => Some(ValueRange::Dates { low: day(low)?, high: day(high)? }),
            _ if numbers => Some(ValueRange::Numbers { low, high }),
            _ => None,
        });
        let values: Vec<(String, Count)> = match self.value_type {
            ValueType::Integer => self
                .whole
                .take()
                .unwrap_or_default()
                .into_iter()
                .map(|(value, count)| (value.to_string(), count))
                .collect(),
            ValueType::Boolean => {
                ["false", "true"].map(str::to_owned).into_iter().zip(self.truths).collect()
            }
            _ => self.texts.finish(),
        };
        VariableProfile {
            filled: share_filled(self.filled, self.missing, k),
            persons: enough.then(|| rounded(self.filled.persons, k)),
            range,
            quantiles: self.sample.finish(self.filled.persons, k),
            top: top(values, k),
            years: years(self.years, k),
            name: self.name,
            value_type: self.value_type,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it was a whole number of days")]
fn day(value: f64) -> Option<model::Date> {
    date_of(value as i32)
}

/// To the nearest multiple of `k`.
fn rounded(count: u64, k: u64) -> u64 {
    let k = k.max(1);
    (count + k / 2) / k * k
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no 53 bits")]
fn share_filled(filled: Count, missing: Count, k: u64) -> Option<f64> {
    if filled.persons < k {
        return None;
    }
    if missing.persons < k {
        return Some(1.0);
    }
    let share = filled.rows as f64 / (filled.rows + missing.rows) as f64;
    Some((share * 1000.0).round() / 1000.0)
}

/// Those that rest on `k` people or more, the most rows first. When what is
/// left out rests on fewer than `k` people altogether it could be worked out as
/// the difference to the whole, so the smallest of the others is left out too.
///
/// One person may have several rare values. Of the people of each value the
/// first and the last are known: they are people of what is left out, and if
/// they are `k` different ones it is enough. If not it may be, but is not known.
fn publishable<T>(counts: impl IntoIterator<Item = (T, Count)>, k: u64) -> Vec<(T, Count)> {
    let mut hidden = BTreeSet::new();
    let mut shown: Vec<(T, Count)> = counts
        .into_iter()
        .filter(|(_, count)| {
            let small = count.persons < k;
            if small {
                hidden.extend(count.first.into_iter().chain(count.last));
            }
            !small
        })
        .collect();
    shown.sort_by_key(|(_, count)| std::cmp::Reverse(count.rows));
    if (1..k).contains(&(hidden.len() as u64)) {
        shown.pop();
    }
    shown
}

fn top(values: Vec<(String, Count)>, k: u64) -> Vec<TopValue> {
    publishable(values, k)
        .into_iter()
        .take(TOP)
        .map(|(value, count)| TopValue {
            value,
            rows: rounded(count.rows, k),
            persons: rounded(count.persons, k),
        })
        .collect()
}

fn years(counts: BTreeMap<i32, Count>, k: u64) -> Vec<YearCount> {
    let mut years: Vec<YearCount> = publishable(counts, k)
        .into_iter()
        .filter_map(|(year, count)| {
            Some(YearCount {
                year: i16::try_from(year).ok()?,
                rows: rounded(count.rows, k),
                persons: rounded(count.persons, k),
            })
        })
        .collect();
    years.sort_by_key(|count| count.year);
    years
}

/// A binary64 in the order of IEEE 754 section 5.10.
#[derive(Clone, Copy, PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The values beyond which `k` people lie: of the smallest values of each
/// person the `k`th smallest, and the other way round.
struct Extremes {
    k: usize,
    present: Option<(u32, f64, f64)>,
    /// The `k` smallest smallest values, the largest of them on top.
    low: BinaryHeap<Ordered>,
    /// The `k` largest largest values, negated, the smallest of them on top.
    high: BinaryHeap<Ordered>,
}

impl Extremes {
    const fn new(k: usize) -> Self {
        Self { k, present: None, low: BinaryHeap::new(), high: BinaryHeap::new() }
    }

    fn add(&mut self, value: f64, person: u32) {
        match &mut self.present {
            Some((present, low, high)) if *present == person => {
                *low = low.min(value);
                *high = high.max(value);
            }
            _ => {
                self.flush();
                self.present = Some((person, value, value));
            }
        }
    }

    fn flush(&mut self) {
        let Some((_, low, high)) = self.present.take() else { return };
        for (heap, value) in [(&mut self.low, low), (&mut self.high, -high)] {
            if heap.len() < self.k {
                heap.push(Ordered(value));
            } else if let Some(mut top) = heap.peek_mut()
                && Ordered(value) < *top
            {
                *top = Ordered(value);
            }
        }
    }

    fn finish(&mut self) -> (Option<f64>, Option<f64>) {
        self.flush();
        let end = |heap: &BinaryHeap<Ordered>| {
            (heap.len() >= self.k).then(|| heap.peek().map(|top| top.0)).flatten()
        };
        (end(&self.low), end(&self.high).map(|value| -value))
    }
}

/// The rows whose number has the smallest hashes: a sample that does not depend
/// on the order of reading.
#[derive(Default)]
struct Sample {
    rows: Vec<(u64, f64)>,
    /// No larger hash can be among the smallest any more.
    threshold: Option<u64>,
}

impl Sample {
    fn add(&mut self, value: f64, row: u64) {
        let hash = mixed(row);
        if self.threshold.is_some_and(|threshold| hash >= threshold) {
            return;
        }
        self.rows.push((hash, value));
        if self.rows.len() >= 2 * SAMPLE {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.rows.len() > SAMPLE {
            let (_, nth, _) = self.rows.select_nth_unstable_by_key(SAMPLE, |(hash, _)| *hash);
            self.threshold = Some(nth.0);
            self.rows.truncate(SAMPLE);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of people and of a sample")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the sample"
    )]
    fn finish(&mut self, persons: u64, k: u64) -> Vec<Quantile> {
        self.shrink();
        let mut values: Vec<f64> = self.rows.iter().map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        [0.05, 0.25, 0.5, 0.75, 0.95]
            .into_iter()
            .filter(|share: &f64| share.min(1.0 - share) * persons as f64 >= k as f64)
            .filter_map(|share| {
                let at = ((values.len() as f64 * share).ceil() as usize).saturating_sub(1);
                Some(Quantile { share, value: three_digits(*values.get(at)?) })
            })
            .collect()
    }
}

/// Steele, Lea and Flood's `SplitMix64` finaliser: spreads row numbers evenly.
const fn mixed(row: u64) -> u64 {
    let z = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// Texts counted apart, until there are too many.
#[derive(Default)]
struct Texts {
    places: HashMap<String, usize>,
    counts: Vec<Count>,
    bytes: usize,
    too_many: bool,
    /// The places of the codes of the dictionary that was seen last.
    codes: Vec<usize>,
    dictionary: Option<StringArray>,
}

impl Texts {
    /// The place of `text`; `None` when there are too many already.
    fn place(&mut self, text: &str) -> Option<usize> {
        if let Some(place) = self.places.get(text) {
            return Some(*place);
        }
        if self.too_many || self.places.len() >= MOST_VALUES || self.bytes + text.len() > MOST_TEXT
        {
            *self = Self { too_many: true, ..Self::default() };
            return None;
        }
        let place = self.counts.len();
        self.places.insert(text.to_owned(), place);
        self.counts.push(Count::default());
        self.bytes += text.len();
        Some(place)
    }

    fn learn(&mut self, texts: &StringArray) {
        let known = self.dictionary.as_ref().is_some_and(|known| {
            known.values().ptr_eq(texts.values()) && known.offsets().ptr_eq(texts.offsets())
        });
        if known || self.too_many {
            return;
        }
        let mut codes = Vec::with_capacity(texts.len());
        for text in texts.iter().flatten() {
            let Some(place) = self.place(text) else { return };
            codes.push(place);
        }
        self.codes = codes;
        self.dictionary = Some(texts.clone());
    }

    fn add_code(&mut self, code: i32, person: u32) {
        let place = usize::try_from(code).ok().and_then(|code| self.codes.get(code));
        if let Some(count) = place.and_then(|place| self.counts.get_mut(*place)) {
            count.add(person);
        }
    }

    fn add(&mut self, text: &str, person: u32) {
        if let Some(count) = self.place(text).and_then(|place| self.counts.get_mut(place)) {
            count.add(person);
        }
    }

    fn finish(&mut self) -> Vec<(String, Count)> {
        let mut values: Vec<(String, Count)> = std::mem::take(&mut self.places)
            .into_iter()
            .filter_map(|(text, place)| Some((text, *self.counts.get(place)?)))
            .filter(|(_, count)| count.rows > 0)
            .collect();
        values.sort_by(|a, b| a.0.cmp(&b.0));
        values
    }
}
