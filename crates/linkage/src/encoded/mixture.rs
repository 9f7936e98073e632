//! A threshold from the data: where a filter's likest is as probably the same
//! person as another.
//!
//! The likest of the other set is the same person for some records and a stranger
//! for the rest, so the coefficients of the likest are a mixture of two kinds. What
//! strangers look like is known without labels: the second likest of a record is
//! one, where each set holds a person once. So the strangers' part is fitted to the
//! second likest and stands still, and only its share and the shape of the other
//! part are found by expectation and maximisation.

use super::dice::{Nearest, Threshold};

/// Fewer records than these say nothing of their distribution.
const FEWEST: usize = 50;
/// Steps of the coefficient in which the threshold is looked for.
const STEPS: u32 = 1000;
/// Coefficients are kept off 0 and 1, where a Beta distribution may be infinite.
const EDGE: f64 = 0.0005;

/// What the mixture was found to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// From where on a pair is more probably one person than two.
    pub threshold: Threshold,
    /// The share of records whose likest is the same person.
    pub share: f64,
    /// How like the same people are, in the middle.
    pub same: f64,
    /// How like the likest strangers are, in the middle.
    pub strangers: f64,
}

/// Why no threshold can be read from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoMixture {
    /// Too little to go by.
    #[error(
        "a threshold is found from {FEWEST} records or more in each set; give one with \
         `--threshold`"
    )]
    Few,
    /// The two kinds cannot be told apart, or there is only one.
    #[error(
        "the likest pairs are no liker than those of strangers: no threshold can be found from \
         these data; give one with `--threshold`"
    )]
    One,
}

/// Where to set the threshold, from the likest two of each record.
pub fn threshold_from(nearest: &[Nearest]) -> Result<Mixture, NoMixture> {
    let best: Vec<f64> = nearest.iter().map(|n| n.best.clamp(EDGE, 1.0 - EDGE)).collect();
    let mut second: Vec<f64> = nearest.iter().map(|n| n.second).filter(|s| *s > 0.0).collect();
    if best.len() < FEWEST || second.len() < FEWEST {
        return Err(NoMixture::Few);
    }
    second.sort_by(f64::total_cmp);
    let strangers = Gumbel::of(&second);
    let middle = quantile(&second, 0.5);
    let (mut share, mut same) = begin(&best, &second);
    for _ in 0..200 {
        let posterior: Vec<f64> =
            best.iter().map(|x| posterior(*x, share, &same, &strangers)).collect();
        let total: f64 = posterior.iter().sum();
        let before = share;
        #[expect(clippy::cast_precision_loss, reason = "a count of records")]
        let count = best.len() as f64;
        // Neither part may vanish: then the other would take everything.
        share = (total / count).clamp(0.001, 0.98);
        same = Beta::of(&best, &posterior).ok_or(NoMixture::One)?;
        if (share - before).abs() < 1e-7 {
            break;
        }
    }
    if same.mean() < quantile(&second, 0.9) || share <= 0.001 {
        return Err(NoMixture::One);
    }
    let at = |step: u32| f64::from(step) / f64::from(STEPS);
    let down = (0..STEPS).rev().map(at).filter(|x| *x < same.mean());
    let threshold = down
        .take_while(|x| *x > middle && posterior(*x, share, &same, &strangers) >= 0.5)
        .last()
        .and_then(|x| Threshold::new(x).ok())
        .ok_or(NoMixture::One)?;
    Ok(Mixture { threshold, share, same: same.mean(), strangers: middle })
}

/// Where to begin: what lies above nearly all strangers is the same.
fn begin(best: &[f64], second: &[f64]) -> (f64, Beta) {
    let high = quantile(second, 0.99);
    let above: Vec<f64> = best.iter().map(|x| f64::from(u8::from(*x > high))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of records")]
    let share = above.iter().sum::<f64>() / best.len() as f64;
    let same = Beta::of(best, &above).unwrap_or(Beta { a: 8.0, b: 2.0 });
    (share.clamp(0.01, 0.98), same)
}

fn posterior(x: f64, share: f64, same: &Beta, strangers: &Gumbel) -> f64 {
    let (same, strangers) = (share * same.density(x), (1.0 - share) * strangers.density(x));
    if same + strangers > 0.0 { same / (same + strangers) } else { f64::from(u8::from(x > 0.5)) }
}

/// The value below which `share` of the sorted values lie.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among the values"
    )]
    let rank = (share * (sorted.len() - 1) as f64).round() as usize;
    sorted.get(rank).copied().unwrap_or_default()
}

/// How the largest of many is distributed (Gumbel 1935), by its quartiles, which
/// some records that stand twice in a set do not move.
struct Gumbel {
    mode: f64,
    scale: f64,
}

impl Gumbel {
    fn of(sorted: &[f64]) -> Self {
        let level = |share: f64| -(-share.ln()).ln();
        let spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
        let scale = (spread / (level(0.75) - level(0.25))).max(1e-4);
        Self { mode: quantile(sorted, 0.5) - scale * level(0.5), scale }
    }

    fn density(&self, x: f64) -> f64 {
        let z = (x - self.mode) / self.scale;
        (-z - (-z).exp()).exp() / self.scale
    }
}

/// A Beta distribution, by its moments.
struct Beta {
    a: f64,
    b: f64,
}

impl Beta {
    fn of(values: &[f64], weights: &[f64]) -> Option<Self> {
        let total: f64 = weights.iter().sum();
        let weighted = || values.iter().zip(weights);
        let mean = weighted().map(|(x, w)| x * w).sum::<f64>() / total;
        let variance = weighted().map(|(x, w)| w * (x - mean).powi(2)).sum::<f64>() / total;
        let common = mean * (1.0 - mean) / variance.max(1e-6) - 1.0;
        // Below one the density would rise at both ends.
        (total > 0.0 && common > 0.0)
            .then(|| Self { a: (mean * common).max(1.0), b: ((1.0 - mean) * common).max(0.2) })
    }

    fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    fn density(&self, x: f64) -> f64 {
        let beta = ln_gamma(self.a) + ln_gamma(self.b) - ln_gamma(self.a + self.b);
        ((self.a - 1.0) * x.ln() + (self.b - 1.0) * (1.0 - x).ln() - beta).exp()
    }
}

/// The logarithm of the gamma function for positive numbers: Stirling's series,
/// after moving the argument to where it is exact to ten digits.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut moved) = (x, 0.0);
    while x < 12.0 {
        moved -= x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    moved + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at the middles of equal parts of a distribution that rises from
    /// `from` and is flat to `to`.
    fn spread(count: u32, from: f64, to: f64) -> impl Iterator<Item = f64> {
        (0..count).map(move |at| from + (to - from) * (f64::from(at) + 0.5) / f64::from(count))
    }

    #[test]
    fn the_threshold_lies_between_the_same_and_strangers() {
        for same in [100_u32, 1000, 1900] {
            let nearest: Vec<Nearest> = spread(2000, 0.40, 0.55)
                .zip(spread(same, 0.75, 0.99).chain(spread(2000 - same, 0.41, 0.56)))
                .map(|(second, best)| Nearest { best, second: second.min(best) })
                .collect();
            let found = threshold_from(&nearest).unwrap();
            let threshold = found.threshold.get();
            assert!((0.55..0.76).contains(&threshold), "{found:?}");
            assert!((found.share - f64::from(same) / 2000.0).abs() < 0.03, "{found:?}");
        }
    }

    #[test]
    fn without_the_same_people_there_is_no_threshold() {
        let nearest: Vec<Nearest> = spread(2000, 0.40, 0.55)
            .map(|second| Nearest { best: second + 0.005, second })
            .collect();
        assert_eq!(threshold_from(&nearest), Err(NoMixture::One));
        assert_eq!(threshold_from(&nearest[..10]), Err(NoMixture::Few));
    }

    #[test]
    fn the_gamma_function_of_known_arguments() {
        assert!((ln_gamma(5.0) - 24_f64.ln()).abs() < 1e-9);
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-9);
    }
}
