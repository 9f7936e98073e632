//! The values of a column of names, made ready to be compared two by two.

use std::collections::HashMap;

use super::likeness::{jaro_winkler, letter_set, letters, may_be_alike};
use super::words::{sound, spelled, stem};

/// For each value of a column: its letters, its words, how it sounds.
#[derive(Debug)]
pub(super) struct Names {
    alike: Vec<f64>,
    letters: Vec<u16>,
    ends: Vec<u32>,
    sets: Vec<u64>,
    /// Equal for values that are one name in several spellings or orders.
    same: Vec<u32>,
    sounds: Vec<u32>,
    /// The words of each value, sorted; stems, so that patronymics are kin.
    words: Vec<Vec<u32>>,
}

/// How alike two different names are. What comes first is the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// One name in another spelling, or its words in another order.
    Same,
    /// Jaro–Winkler reaches this threshold, the how-manieth.
    Alike(usize),
    /// All words of one are words of the other, or they are patronymics of one
    /// father.
    Part,
    /// Nothing in common.
    Different,
}

/// Numbers for texts, in the order in which they are met.
#[derive(Default)]
struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn of(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

/// Shorter words are no evidence that one name is part of another.
const SHORTEST_WORD: usize = 3;

impl Names {
    /// Makes folded names ready.
    pub(super) fn new(folded: &[Box<str>], alike: &[f64]) -> Self {
        let (mut same, mut sounds, mut stems) =
            (Numbers::default(), Numbers::default(), Numbers::default());
        let mut names = Self {
            alike: alike.to_vec(),
            letters: Vec::new(),
            ends: Vec::with_capacity(folded.len()),
            sets: Vec::with_capacity(folded.len()),
            same: Vec::with_capacity(folded.len()),
            sounds: Vec::with_capacity(folded.len()),
            words: Vec::with_capacity(folded.len()),
        };
        for value in folded {
            let spelled = spelled(value);
            let letters = letters(&spelled);
            names.sets.push(letter_set(&letters));
            names.letters.extend_from_slice(&letters);
            names.ends.push(names.letters.len() as u32);
            names.sounds.push(sounds.of(&sound(&spelled)));
            let mut words: Vec<&str> = spelled.split(' ').collect();
            words.sort_unstable();
            names.same.push(same.of(&words.join(" ")));
            let mut words: Vec<u32> = words
                .into_iter()
                .filter(|word| word.len() >= SHORTEST_WORD)
                .map(|word| stems.of(stem(word)))
                .collect();
            words.sort_unstable();
            words.dedup();
            names.words.push(words);
        }
        names
    }

    fn text(&self, at: usize) -> (&[u16], u64) {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        (&self.letters[from as usize..self.ends[at] as usize], self.sets[at])
    }

    /// Two different values.
    pub(super) fn likeness(&self, a: u32, b: u32) -> Likeness {
        let (a, b) = (a as usize, b as usize);
        if self.same[a] == self.same[b] {
            return Likeness::Same;
        }
        let least = self.alike.last().copied().unwrap_or(2.0);
        let (x, y) = (self.text(a), self.text(b));
        let found = if may_be_alike(x, y, least) {
            let similarity = jaro_winkler(x.0, y.0);
            self.alike.iter().position(|threshold| similarity >= *threshold)
        } else {
            None
        };
        let heard = self
            .alike
            .len()
            .checked_sub(1)
            .filter(|at| *at > 0 && self.sounds[a] == self.sounds[b]);
        match found.or(heard) {
            Some(0) => Likeness::Alike(0),
            _ if self.is_part(a, b) => Likeness::Part,
            Some(level) => Likeness::Alike(level),
            None => Likeness::Different,
        }
    }

    fn is_part(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.words[a], &self.words[b]);
        let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        !few.is_empty() && few.iter().all(|word| many.binary_search(word).is_ok())
    }

    /// The share of their words that two values have in common.
    pub(super) fn common_words(&self, a: u32, b: u32) -> f64 {
        let (a, b) = (&self.words[a as usize], &self.words[b as usize]);
        let common = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
        let all = a.len() + b.len() - common;
        if all == 0 { 0.0 } else { common as f64 / all as f64 }
    }

    /// Whether two values are one in another spelling or order.
    pub(super) fn are_same(&self, a: u32, b: u32) -> bool {
        self.same[a as usize] == self.same[b as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::Kind;
    use super::super::words::fold;
    use super::*;

    fn of(a: &str, b: &str) -> Likeness {
        let names = Names::new(&[fold(a).into(), fold(b).into()], &Kind::NAMES);
        assert_eq!(names.likeness(0, 1), names.likeness(1, 0), "{a} {b}");
        names.likeness(0, 1)
    }

    #[test]
    fn each_likeness_is_reached() {
        for (a, b, expected) in [
            ("Bjørn", "Bjoern", Likeness::Same),
            ("Anne Marie", "Marie-Anne", Likeness::Same),
            ("Catherine", "Katherine", Likeness::Alike(0)),
            ("Margrethe", "Margareth", Likeness::Alike(0)),
            ("Hansen Berg", "Berg", Likeness::Part),
            ("Hansdatter", "Hansson", Likeness::Part),
            ("Karen", "Carina", Likeness::Alike(2)),
            ("Anna", "Berit", Likeness::Different),
        ] {
            assert_eq!(of(a, b), expected, "{a} {b}");
        }
    }
}
