//! From pairs to people, where each source holds a person once.

use super::dice::Candidate;

/// Takes the pairs in their order, the likest first, and leaves out each of which
/// one side has a partner already.
pub fn one_to_one(candidates: &[Candidate]) -> Vec<Candidate> {
    let side = |of: fn(&Candidate) -> u32| {
        let last = candidates.iter().map(of).max().map_or(0, |last| last as usize + 1);
        vec![false; last]
    };
    let (mut taken_a, mut taken_b) = (side(|pair| pair.a), side(|pair| pair.b));
    let mut matched = Vec::new();
    for pair in candidates {
        let a = taken_a.get_mut(pair.a as usize);
        let b = taken_b.get_mut(pair.b as usize);
        if let (Some(a @ false), Some(b @ false)) = (a, b) {
            (*a, *b) = (true, true);
            matched.push(*pair);
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likest_pair_takes_both_of_its_sides() {
        let pair = |a, b, dice| Candidate { a, b, dice };
        let all = [pair(0, 0, 0.9), pair(0, 1, 0.8), pair(1, 0, 0.7), pair(2, 1, 0.6)];
        assert_eq!(one_to_one(&all), [all[0], all[3]]);
        assert_eq!(one_to_one(&[]), []);
    }
}
