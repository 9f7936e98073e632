//! The two filters of a set that are likest to each of some others.

use std::num::NonZeroUsize;

use super::arranged::{Grouped, Quads};
use super::cuts::Cuts;
use super::kernel::{Kernel, Visit};
use super::{ThresholdError, dice};
use crate::encoded::clks::Clks;

/// How like a filter its likest is, and the one after that; 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Nearest {
    /// The likest.
    pub best: f64,
    /// The next.
    pub second: f64,
}

/// For filters of `a`, at most `most` of them spread evenly over the set, how like
/// the likest two of `b` are.
pub fn nearest(
    a: &Clks,
    b: &Clks,
    most: NonZeroUsize,
    kernel: Kernel,
) -> Result<Vec<Nearest>, ThresholdError> {
    if a.is_empty() || b.is_empty() {
        return Ok(Vec::new());
    }
    if a.bits() != b.bits() {
        return Err(ThresholdError::Lengths(a.bits(), b.bits()));
    }
    let step = a.len().div_ceil(most.get());
    let mut quads = Quads::of(a.iter().step_by(step)).ok_or(ThresholdError::TooMany)?;
    let mut grouped = Grouped::of(b).ok_or(ThresholdError::TooMany)?;
    // What is needed rises while the likest are found: no pairs say where to look.
    let cuts = Cuts::even(grouped.words());
    quads.cut(cuts);
    grouped.cut(cuts);
    let found = vec![Nearest::default(); a.len().div_ceil(step)];
    let mut likest = Likest { quads: &quads, grouped: &grouped, found };
    for block in grouped.blocks() {
        for quad in 0..quads.len() {
            kernel.scan(&quads, quad, &grouped, block.clone(), &mut likest);
        }
    }
    Ok(likest.found)
}

struct Likest<'a> {
    quads: &'a Quads,
    grouped: &'a Grouped,
    found: Vec<Nearest>,
}

impl Visit for Likest<'_> {
    const STEADY: bool = false;

    #[inline]
    fn need(&self, a: usize, fewest: u32) -> u32 {
        let second = self.found.get(a).map_or(1.0, |nearest| nearest.second);
        let together = f64::from(self.quads.ones_of(a) + fewest);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of bits"
        )]
        let common = (second * together / 2.0).floor() as u32;
        common.max(1)
    }

    #[inline]
    fn meet(&mut self, a: usize, b: usize, common: u32) {
        let Some((_, ones)) = self.grouped.original(b) else { return };
        let dice = dice(common, self.quads.ones_of(a) + ones);
        let Some(nearest) = self.found.get_mut(a) else { return };
        if dice > nearest.best {
            *nearest = Nearest { best: dice, second: nearest.best };
        } else if dice > nearest.second {
            nearest.second = dice;
        }
    }
}
