//! What a column of the extract looks like, so that a copy of it is recognised
//! when rows are shuffled, values scaled and names changed.
//!
//! Three things survive disguise:
//!
//! * how often values repeat: any recoding of values that keeps different
//!   values different keeps the multiset of repetitions, whatever the order;
//! * the shape of the distribution: scaling and shifting move every quantile
//!   alike, so the Kolmogorov-Smirnov distance after matching two quantiles
//!   stays small, for a part of the rows as well;
//! * the values themselves, where they were left as they are: a sample of them
//!   (bottom-k by hash; Cohen and Kaspi 2007) shows whether a column is taken
//!   from the extract even if only some rows were.
//!
//! A sketch is about people: it stays beside the extract and is never shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

/// Quantiles kept: 0, 1/64, …, 1.
const QUANTILES: usize = 64;
/// Values kept for their quantiles; past this a sample by hash of the row.
const MOST_VALUES: usize = 1 << 18;
/// Different values whose repetitions are counted.
const MOST_DISTINCT: usize = 1 << 17;
/// Decimals past which a column counts as continuous.
const MOST_DECIMALS: i32 = 9;
/// Hashes of different values kept.
const HASHES: usize = 1024;

/// A column of the extract, in outline.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sketch {
    column: String,
    rows: u64,
    distinct: u64,
    decimals: i32,
    quantiles: Vec<f64>,
    repetitions: Option<u64>,
    hashes: Vec<u64>,
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sketch({})", self.column)
    }
}

/// How an output resembles a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// As many values, repeated as often: the column itself, perhaps recoded.
    Whole,
    /// Its values, or some of them, as they are.
    Values,
    /// The same distribution, scaled.
    Shape,
}

impl Sketch {
    /// The name the column was sketched under, such as `laboratory.value`.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Whether `values` are this column in disguise.
    pub(crate) fn likeness(&self, values: &[f64]) -> Option<Likeness> {
        let other = Sketcher::of(values);
        if other.rows < 50 || other.distinct < 15 {
            return None;
        }
        let whole = other.rows == self.rows
            && other.distinct == self.distinct
            && other.repetitions.is_some()
            // A column without any repetition has nothing to be known by.
            && other.distinct * 10 < other.rows * 9
            && other.repetitions == self.repetitions;
        if whole {
            return Some(Likeness::Whole);
        }
        // A scale, such as the days of a curve, is no measurement of anybody.
        if even(values) {
            return None;
        }
        if self.holds(values) {
            return Some(Likeness::Values);
        }
        (other.rows >= 100 && other.distinct >= 30 && self.same_shape(values))
            .then_some(Likeness::Shape)
    }

    /// Whether nearly all of these values are among this column's.
    fn holds(&self, values: &[f64]) -> bool {
        if self.distinct < 300 {
            return false;
        }
        let complete = self.hashes.len() < HASHES;
        let last = self.hashes.last().copied().unwrap_or(0);
        let share = |shift: f64| {
            let tested: Vec<u64> = values
                .iter()
                .map(|value| hash_of(value + shift))
                .filter(|hash| complete || *hash <= last)
                .collect();
            let found =
                tested.iter().filter(|hash| self.hashes.binary_search(hash).is_ok()).count();
            (found, tested.len())
        };
        let (found, tested) = share(0.0);
        // Where a column takes nearly every value, so does chance: the values
        // next to these must be found less often.
        let step = 10_f64.powi(-self.decimals);
        let (beside, of) = share(step);
        tested >= 12 && found * 10 >= tested * 9 && beside * 2 <= of
    }

    /// Kolmogorov-Smirnov distance after matching the 10 % and 90 % quantiles,
    /// against what a random part of the rows would show: 1.2/√n is passed by
    /// four in five of them.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn same_shape(&self, values: &[f64]) -> bool {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let allowed = (1.2 / (sorted.len() as f64).sqrt()).min(0.08);
        let mine = |share: f64| quantile_of(&self.quantiles, share);
        let theirs = |share: f64| quantile_of(&sorted, share);
        [false, true].into_iter().any(|mirrored| {
            let (low, high) = if mirrored { (0.9, 0.1) } else { (0.1, 0.9) };
            let scale = (theirs(high) - theirs(low)) / (mine(0.9) - mine(0.1));
            if !scale.is_finite() || scale == 0.0 {
                return false;
            }
            let shift = theirs(low) - mine(0.1) * scale;
            self.quantiles.iter().enumerate().all(|(at, value)| {
                let share = at as f64 / QUANTILES as f64;
                let expected = if mirrored { 1.0 - share } else { share };
                let moved = value * scale + shift;
                let slack = 1e-9 * moved.abs().max(1.0);
                let below = sorted.partition_point(|v| *v < moved - slack) as f64;
                let up_to = sorted.partition_point(|v| *v <= moved + slack) as f64;
                let n = sorted.len() as f64;
                // Tied values make the distribution jump: either side will do.
                expected >= below / n - allowed && expected <= up_to / n + allowed
            })
        })
    }
}

/// Whether the values are evenly spaced: a scale, not a measurement.
fn even(values: &[f64]) -> bool {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let gaps: Vec<f64> = sorted
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b - a),
            _ => None,
        })
        .collect();
    let largest = gaps.iter().copied().fold(0.0, f64::max);
    gaps.iter().all(|gap| *gap > largest * 0.99)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index between 0 and the length"
)]
fn quantile_of(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (share * last as f64).round() as usize;
    sorted.get(at.min(last)).copied().unwrap_or(f64::NAN)
}

/// Makes a [`Sketch`] while a column passes by, in bounded memory.
#[derive(Debug)]
pub struct Sketcher {
    column: String,
    rows: u64,
    kept: BTreeMap<u64, f64>,
    repeated: HashMap<u64, u64>,
    overflowed: bool,
    decimals: i32,
    hashes: BTreeSet<u64>,
}

impl Sketcher {
    /// Begins the sketch of a column.
    pub fn new(column: &str) -> Self {
        Self {
            column: column.to_owned(),
            rows: 0,
            kept: BTreeMap::new(),
            repeated: HashMap::new(),
            overflowed: false,
            decimals: 0,
            hashes: BTreeSet::new(),
        }
    }

    fn of(values: &[f64]) -> Sketch {
        let mut sketcher = Self::new("");
        for value in values {
            sketcher.add(*value);
        }
        sketcher.finish()
    }

    /// Adds one row's value. Missing values are left out.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count(hash_of(value));
        while self.decimals < MOST_DECIMALS {
            let scaled = value * 10_f64.powi(self.decimals);
            if (scaled - scaled.round()).abs() <= 1e-6 * scaled.abs().max(1.0) {
                break;
            }
            self.decimals += 1;
        }
        let place = mix(self.rows);
        if self.kept.len() < MOST_VALUES {
            self.kept.insert(place, value);
        } else if self.kept.last_key_value().is_some_and(|(last, _)| place < *last) {
            self.kept.insert(place, value);
            self.kept.pop_last();
        }
    }

    /// Adds one row's text or code, known by how often it repeats.
    pub fn add_text(&mut self, text: &str) {
        // FNV-1a: stable from one version to the next, unlike the standard hasher.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        self.count(mix(hash));
    }

    fn count(&mut self, hash: u64) {
        self.rows += 1;
        if !self.overflowed {
            *self.repeated.entry(hash).or_default() += 1;
            if self.repeated.len() > MOST_DISTINCT {
                self.overflowed = true;
            }
        }
        if self.hashes.len() < HASHES {
            self.hashes.insert(hash);
        } else if self.hashes.last().is_some_and(|last| hash < *last) && self.hashes.insert(hash) {
            self.hashes.pop_last();
        }
    }

    /// The sketch.
    #[expect(clippy::cast_precision_loss, reason = "an index of 64")]
    pub fn finish(self) -> Sketch {
        let mut values: Vec<f64> = self.kept.into_values().collect();
        values.sort_by(f64::total_cmp);
        let quantiles = if values.is_empty() {
            Vec::new()
        } else {
            (0..=QUANTILES).map(|at| quantile_of(&values, at as f64 / QUANTILES as f64)).collect()
        };
        let distinct = u64::try_from(self.repeated.len()).unwrap_or(u64::MAX);
        let mut counts: Vec<u64> = self.repeated.into_values().collect();
        counts.sort_unstable();
        let repetitions = counts.iter().fold(0_u64, |hash, count| mix(hash ^ mix(*count)));
        Sketch {
            column: self.column,
            rows: self.rows,
            distinct,
            decimals: self.decimals,
            quantiles,
            repetitions: (!self.overflowed).then_some(repetitions),
            hashes: self.hashes.into_iter().collect(),
        }
    }
}

/// The hash of a value. Values that differ only in the last of fifteen digits,
/// as adding and printing leave them, are nearly always the same.
fn hash_of(value: f64) -> u64 {
    let value = if value == 0.0 { 0.0 } else { value };
    mix(value.to_bits().wrapping_add(8) & !15)
}

/// A mixing of 64 bits (the finaliser of `SplitMix64`, Steele, Lea, Flood 2014).
const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` numbers from 0 to 1, evenly spread.
    fn uniform(n: u64, seed: u64) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| {
            let bits = u32::try_from(mix(seed ^ i) >> 32).unwrap();
            f64::from(bits) / (f64::from(u32::MAX) + 1.0)
        })
    }

    /// A skewed column with ties, like a laboratory value: whole numbers.
    fn column(n: u64, seed: u64) -> Vec<f64> {
        uniform(n, seed).map(|u| (40.0 + 60.0 * u * u * u + 20.0 * u).round()).collect()
    }

    fn fine(n: u64, seed: u64) -> Vec<f64> {
        uniform(n, seed).map(|u| 1000.0 * (1.0 - u).ln().abs()).collect()
    }

    fn sketch(values: &[f64]) -> Sketch {
        Sketcher::of(values)
    }

    #[test]
    fn a_shuffled_and_recoded_column_is_the_column() {
        let values = column(2000, 1);
        let mut copy: Vec<f64> = values.iter().map(|v| 1.0 / (v + 3.0)).collect();
        copy.reverse();
        assert_eq!(sketch(&values).likeness(&copy), Some(Likeness::Whole));
    }

    #[test]
    fn some_rows_of_a_column_are_known_by_their_values() {
        let values = fine(5000, 2);
        let part: Vec<f64> = values.iter().step_by(7).copied().collect();
        assert_eq!(sketch(&values).likeness(&part), Some(Likeness::Values));
    }

    #[test]
    fn some_rows_scaled_are_known_by_their_shape() {
        let values = fine(5000, 3);
        for (scale, shift) in [(2.54, 10.0), (-0.3, 99.0)] {
            let part: Vec<f64> = values.iter().step_by(5).map(|v| v * scale + shift).collect();
            assert_eq!(sketch(&values).likeness(&part), Some(Likeness::Shape), "× {scale}");
        }
    }

    #[test]
    fn another_distribution_and_a_scale_are_not_taken_for_it() {
        let values = fine(5000, 4);
        let grid: Vec<f64> = (0..500).map(f64::from).collect();
        assert_eq!(sketch(&values).likeness(&grid), None);
        let uniform: Vec<f64> = (0..500).map(|i| f64::from(i * i % 491)).collect();
        assert_eq!(sketch(&values).likeness(&uniform), None);
        assert_eq!(sketch(&values).likeness(&column(500, 9)), None);
        let even: Vec<f64> = (0..5000).map(f64::from).collect();
        assert_eq!(sketch(&even).likeness(&grid), None, "a scale is no measurement");
    }

    #[test]
    fn counts_are_not_taken_for_days_of_follow_up() {
        let days: Vec<f64> = fine(9000, 6).iter().map(|v| v.round()).collect();
        let counts: Vec<f64> = (0..90_u32).map(|i| f64::from(i * i % 997)).collect();
        assert_eq!(sketch(&days).likeness(&counts), None);
    }

    #[test]
    fn a_sketch_prints_nothing_of_the_values() {
        let sketch = sketch(&column(100, 5));
        assert_eq!(format!("{sketch:?}"), "Sketch()");
        let read: Sketch = serde_json::from_str(&serde_json::to_string(&sketch).unwrap()).unwrap();
        assert_eq!(read, sketch);
    }
}
