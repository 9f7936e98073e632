//! Why a pair weighs what it weighs.

use super::{Linker, Scale};
use crate::probabilistic::model::{Model, level_of};

impl Linker<'_> {
    /// Why two rows have the weight they have.
    pub fn explain(&self, model: &Model, one: u32, other: u32) -> Vec<Step> {
        let place = |row: u32| self.places.0.iter().position(|at| *at == row).unwrap_or(0) as u32;
        self.explain_at(model, place(one), place(other))
    }

    /// The same of two places.
    pub(crate) fn explain_at(&self, model: &Model, a: u32, b: u32) -> Vec<Step> {
        let scale = Scale::new(self, model);
        let mut desk = self.desk();
        let pattern = self.pattern(a, b, &mut desk);
        let prior = Step {
            name: "prior".to_owned(),
            label: String::new(),
            given: Vec::new(),
            weight: model.prior_weight(),
            frequency: 0.0,
        };
        let mut steps = vec![prior];
        for (at, judge) in self.judges.iter().enumerate() {
            let level = level_of(pattern, at);
            let weights = &scale.weights[at];
            let agreeing = weights.agreeing(|at| level_of(pattern, at));
            let weight = weights.of(level, agreeing);
            let cells = judge.cells.clone();
            let label = level.checked_sub(1).and_then(|at| judge.labels.get(at));
            steps.push(Step {
                name: judge.name.clone(),
                label: label.cloned().unwrap_or_else(|| "unknown".to_owned()),
                given: weights.named(agreeing).map(|at| self.judges[at].name.clone()).collect(),
                weight: weight.bits,
                frequency: weight.rarity
                    * scale.rarity(at, level, &self.cells(a)[cells.clone()], &self.cells(b)[cells]),
            });
        }
        steps
    }

    /// On which levels two places agree, as one number.
    pub(crate) fn levels(&self) -> impl FnMut(u32, u32) -> u64 {
        let mut desk = self.desk();
        move |a, b| self.pattern(a, b, &mut desk)
    }
}

/// One step from the prior to a pair's weight.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Step {
    /// The comparison, or the prior.
    pub name: String,
    /// On which level the two rows agree.
    pub label: String,
    /// Those that agree and say partly the same: the weight is what this one adds.
    pub given: Vec<String>,
    /// Bits for the level.
    pub weight: f64,
    /// Bits more for a rare value, less for a frequent one.
    pub frequency: f64,
}
