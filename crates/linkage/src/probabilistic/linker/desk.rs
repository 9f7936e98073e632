//! Where pairs are judged, many at once: while one waits for what memory has of its
//! values, so do the others.

use super::Linker;
use crate::probabilistic::model::{Pattern, put};
use crate::probabilistic::seen::{AT_ONCE, Seen};

/// Pairs that wait, and what was seen before of the values of each comparison.
pub(super) struct Desk {
    seen: Vec<Seen>,
    pairs: Vec<(u32, u32)>,
}

impl Linker<'_> {
    pub(super) fn desk(&self) -> Desk {
        let seen = self.judges.iter().map(|_| Seen::new()).collect();
        Desk { seen, pairs: Vec::with_capacity(AT_ONCE) }
    }

    /// On which levels two places agree.
    #[inline]
    pub(super) fn pattern(&self, a: u32, b: u32, desk: &mut Desk) -> Pattern {
        let (a, b) = (self.cells(a), self.cells(b));
        let mut pattern = 0;
        for (at, (judge, seen)) in self.judges.iter().zip(&mut desk.seen).enumerate() {
            let cells = judge.cells.clone();
            pattern = put(pattern, at, judge.level(&a[cells.clone()], &b[cells], seen));
        }
        pattern
    }

    /// Hands on every pair that `pairs` offers, with the levels on which it agrees.
    pub(super) fn judge_all(
        &self,
        desk: &mut Desk,
        pairs: impl FnOnce(&mut dyn FnMut(u32, u32)),
        mut take: impl FnMut(u32, u32, Pattern),
    ) {
        let Desk { seen, pairs: waiting } = desk;
        let mut judge = |waiting: &mut Vec<(u32, u32)>| {
            let mut patterns = [0; AT_ONCE];
            for (at, (judge, seen)) in self.judges.iter().zip(&mut *seen).enumerate() {
                judge.levels_of(
                    waiting,
                    |place| self.cells(place),
                    seen,
                    |pair, level| {
                        patterns[pair] = put(patterns[pair], at, level);
                    },
                );
            }
            for ((a, b), pattern) in waiting.drain(..).zip(patterns) {
                take(a, b, pattern);
            }
        };
        pairs(&mut |a, b| {
            waiting.push((a, b));
            if waiting.len() == AT_ONCE {
                judge(waiting);
            }
        });
        judge(waiting);
    }
}
