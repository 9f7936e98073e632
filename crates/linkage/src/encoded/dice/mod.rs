//! Which filters are alike: pairs by the Dice coefficient `2 |a ∧ b| / (|a| + |b|)`.
//!
//! Every filter of one set meets every one of the other, so what counts is the
//! inner loop ([`kernel`]). Around it: both sets are sorted by their number of
//! ones, since a pair can only reach a threshold when these are near each other;
//! the second set is walked through in blocks that stay in the cache; and a pair
//! is left when the rest of its words could not bring it there ([`cuts`]). All of these
//! are exact: no pair that reaches the threshold is lost.

mod arranged;
mod cuts;
mod kernel;
mod nearest;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use kernel::{Kernel, NoKernel};
pub use nearest::{Nearest, nearest};

use self::arranged::{Grouped, Quads};
use self::cuts::Open;
use self::kernel::Visit;
use super::clks::Clks;

/// More pairs than these are not kept: a threshold that lets so many through
/// tells nothing.
const MOST_CANDIDATES: usize = 100_000_000;

/// Two filters that are alike enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Which of the first set, from 0.
    pub a: u32,
    /// Which of the second set, from 0.
    pub b: u32,
    /// Their Dice coefficient.
    pub dice: f64,
}

/// From which Dice coefficient on a pair counts: above 0, at most 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Threshold(f64);

/// Why pairs cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// No coefficient that pairs can reach, or one that all reach.
    #[error("a threshold is above 0 and at most 1")]
    Range,
    /// Filters of two lengths.
    #[error("the filters of one set have {0} bits and those of the other {1}")]
    Lengths(usize, usize),
    /// More filters than can be numbered.
    #[error("there are too many filters in a set")]
    TooMany,
    /// More pairs than are kept.
    #[error("more than {MOST_CANDIDATES} pairs reach the threshold: choose a higher one")]
    TooLow,
}

impl Threshold {
    /// A threshold, if it is one.
    pub fn new(threshold: f64) -> Result<Self, ThresholdError> {
        if threshold > 0.0 && threshold <= 1.0 {
            Ok(Self(threshold))
        } else {
            Err(ThresholdError::Range)
        }
    }

    /// As a number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// For each number of ones that two filters have together, how many they must
    /// have in common. The comparison is the one of doubles that is meant, rounding
    /// and all.
    fn least_in_common(self, most: usize) -> Vec<u32> {
        let least = |together: u32| {
            if together == 0 {
                return u32::MAX;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and the number of bits"
            )]
            let near = (self.0 * f64::from(together) / 2.0).floor() as u32;
            let first = near.saturating_sub(2);
            (first..=together).find(|common| dice(*common, together) >= self.0).unwrap_or(u32::MAX)
        };
        (0..).take(most + 1).map(least).collect()
    }
}

/// Of two filters with so many ones in common and together.
fn dice(common: u32, together: u32) -> f64 {
    f64::from(2 * common) / f64::from(together)
}

/// All pairs of a filter of `a` and one of `b` that reach the threshold: the
/// likest first, then in the order of the sets.
pub fn candidates(
    a: &Clks,
    b: &Clks,
    threshold: Threshold,
    kernel: Kernel,
    threads: NonZeroUsize,
) -> Result<Vec<Candidate>, ThresholdError> {
    if a.is_empty() || b.is_empty() {
        return Ok(Vec::new());
    }
    if a.bits() != b.bits() {
        return Err(ThresholdError::Lengths(a.bits(), b.bits()));
    }
    let mut quads = Quads::of(a.iter()).ok_or(ThresholdError::TooMany)?;
    let mut grouped = Grouped::of(b).ok_or(ThresholdError::TooMany)?;
    let least = threshold.least_in_common(2 * a.bits());
    let sample = Reach { quads: &quads, grouped: &grouped, least: &least, found: Vec::new() };
    let cuts = Open::sampled(&quads, &grouped, threshold.0, kernel, &sample).cheapest();
    quads.cut(cuts);
    grouped.cut(cuts);
    let kept = AtomicUsize::new(0);
    let work = |part: usize| {
        let mut reach =
            Reach { quads: &quads, grouped: &grouped, least: &least, found: Vec::new() };
        for block in grouped.blocks() {
            for quad in (part..quads.len()).step_by(threads.get()) {
                let range = grouped.between(&block, quads.ones(quad), threshold.0);
                let before = reach.found.len();
                kernel.scan(&quads, quad, &grouped, range, &mut reach);
                let new = reach.found.len() - before;
                if kept.fetch_add(new, Ordering::Relaxed) + new > MOST_CANDIDATES {
                    return Err(ThresholdError::TooLow);
                }
            }
        }
        Ok(reach.found)
    };
    let mut found = Vec::new();
    if threads.get() == 1 {
        found = work(0)?;
    } else {
        let parts = std::thread::scope(|scope| {
            let work = &work;
            let running: Vec<_> =
                (0..threads.get()).map(|part| scope.spawn(move || work(part))).collect();
            running.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        for part in parts {
            // A thread that panicked has said so; its pairs must not be left out.
            let part = part.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            found.append(&mut part?);
        }
    }
    found.sort_unstable_by(|one, other| {
        other.dice.total_cmp(&one.dice).then((one.a, one.b).cmp(&(other.a, other.b)))
    });
    Ok(found)
}

/// Takes the pairs that reach a threshold.
struct Reach<'a> {
    quads: &'a Quads,
    grouped: &'a Grouped,
    /// [`Threshold::least_in_common`]
    least: &'a [u32],
    found: Vec<Candidate>,
}

impl Visit for Reach<'_> {
    const STEADY: bool = true;

    #[inline]
    fn need(&self, a: usize, fewest: u32) -> u32 {
        let together = self.quads.ones_of(a) + fewest;
        self.least.get(together as usize).copied().unwrap_or(u32::MAX)
    }

    #[inline]
    fn meet(&mut self, a: usize, b: usize, common: u32) {
        let Some((to, ones)) = self.grouped.original(b) else { return };
        let together = self.quads.ones_of(a) + ones;
        if self.least.get(together as usize).is_some_and(|least| common >= *least) {
            let dice = dice(common, together);
            self.found.push(Candidate { a: self.quads.original(a), b: to, dice });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_filters_must_have_in_common_is_exact() {
        for threshold in [0.1, 1.0 / 3.0, 0.6, 0.7, 0.8, 0.85, 1.0] {
            let least = Threshold::new(threshold).unwrap().least_in_common(200);
            for (together, least) in (0_u32..).zip(&least).skip(1) {
                assert!(dice(*least, together) >= threshold);
                assert!(*least == 0 || dice(least - 1, together) < threshold);
            }
        }
    }

    #[test]
    fn a_threshold_is_above_0_and_at_most_1() {
        for none in [0.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(Threshold::new(none), Err(ThresholdError::Range));
        }
    }
}
