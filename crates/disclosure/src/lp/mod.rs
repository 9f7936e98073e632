//! Linear programs in whole numbers, without rounding.
//!
//! An audit that says "this cannot be worked out" must not rest on a tolerance.
//! Tables are sums: every coefficient is 1 or -1 and every right-hand side a
//! whole number, so the tableau can be kept in integers with one common
//! denominator (Edmonds 1967; Azulay and Pique 2001, "A revised simplex method
//! with integer Q-matrices"), and a result is a proof. Numbers that would not
//! fit are an error, never an approximation. Decision 0051.

mod simplex;
mod whole;

pub(crate) use simplex::Simplex;
pub(crate) use whole::{Found, Reach, reach};

/// What may be solved: `rows` of sums that hold, and bounds for each variable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    /// Smallest and largest value of each variable; `None` is no largest.
    pub(crate) bounds: Vec<(i128, Option<i128>)>,
    /// Each row: its terms (variable, coefficient) and what they add up to.
    pub(crate) rows: Vec<(Vec<(usize, i128)>, i128)>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// No values satisfy the rows.
    Infeasible,
    /// The objective has no end.
    Unbounded,
    /// Numbers too large, or more steps than are allowed.
    Beyond,
}

/// A fraction `numerator / denominator`, the denominator positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction {
    pub(crate) numerator: i128,
    pub(crate) denominator: i128,
}

impl Fraction {
    pub(crate) fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    pub(crate) fn ceil(self) -> i128 {
        -(-self.numerator).div_euclid(self.denominator)
    }

    pub(crate) fn whole(self) -> Option<i128> {
        (self.numerator % self.denominator == 0).then(|| self.numerator / self.denominator)
    }
}
