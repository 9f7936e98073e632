//! The values of a column of names, made ready to be compared two by two.

use std::collections::HashMap;

use super::likeness::{jaro_winkler, letter_set, letters, may_be_alike};
use super::words::{fold, sound, spelled, stem};

/// For each value of a column: its letters, its words, how it sounds.
#[derive(Debug)]
pub(super) struct Names {
    alike: Vec<f64>,
    letters: Vec<u16>,
    /// The words of all values, those of each sorted; stems, so that patronymics are
    /// kin.
    words: Vec<u32>,
    values: Vec<Value>,
}

/// What is looked at first of a value, close together.
#[derive(Debug, Clone, Copy)]
struct Value {
    /// Which letters it holds.
    letter_set: u64,
    /// Which words, in 64 classes.
    word_set: u64,
    /// Where its letters and words begin, and how many there are.
    letters: (u32, u16),
    words: (u32, u16),
    /// Equal for values that are one name in several spellings or orders.
    same: u32,
    sound: u32,
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
/// More letters of a name are not looked at, nor more words: who is called so is told by the
/// first, and comparing takes the square of them.
const MOST_LETTERS: usize = 128;

impl Names {
    /// Makes folded names ready.
    pub(super) fn new(folded: &[Box<str>], alike: &[f64]) -> Self {
        let (mut same, mut sounds, mut stems) =
            (Numbers::default(), Numbers::default(), Numbers::default());
        let mut names = Self {
            alike: alike.to_vec(),
            letters: Vec::new(),
            words: Vec::new(),
            values: Vec::with_capacity(folded.len()),
        };
        for value in folded {
            let spelled = spelled(value);
            let mut letters = letters(&spelled);
            letters.truncate(MOST_LETTERS);
            let mut sorted: Vec<&str> = spelled.split(' ').collect();
            sorted.sort_unstable();
            let mut words: Vec<u32> = sorted
                .iter()
                .filter(|word| word.len() >= SHORTEST_WORD)
                .map(|word| stems.of(stem(word)))
                .take(MOST_LETTERS)
                .collect();
            words.sort_unstable();
            words.dedup();
            names.values.push(Value {
                letter_set: letter_set(&letters),
                word_set: words.iter().fold(0, |set, word| set | 1 << (word % 64)),
                letters: (names.letters.len() as u32, letters.len() as u16),
                words: (names.words.len() as u32, words.len() as u16),
                same: same.of(&sorted.join(" ")),
                sound: sounds.of(&sound(&spelled)),
            });
            names.letters.extend(letters);
            names.words.extend(words);
        }
        names
    }

    fn text(&self, of: &Value) -> (&[u16], u64) {
        let (from, count) = of.letters;
        (&self.letters[from as usize..from as usize + usize::from(count)], of.letter_set)
    }

    fn words(&self, of: &Value) -> &[u32] {
        let (from, count) = of.words;
        &self.words[from as usize..from as usize + usize::from(count)]
    }

    /// Two different values.
    pub(super) fn likeness(&self, a: u32, b: u32) -> Likeness {
        let (a, b) = (&self.values[a as usize], &self.values[b as usize]);
        if a.same == b.same {
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
        let heard = self.alike.len().checked_sub(1).filter(|at| *at > 0 && a.sound == b.sound);
        match found.or(heard) {
            Some(0) => Likeness::Alike(0),
            _ if self.is_part(a, b) => Likeness::Part,
            Some(level) => Likeness::Alike(level),
            None => Likeness::Different,
        }
    }

    fn is_part(&self, a: &Value, b: &Value) -> bool {
        let (few, many) = if a.words.1 <= b.words.1 { (a, b) } else { (b, a) };
        if few.words.1 == 0 || few.word_set & !many.word_set != 0 {
            return false;
        }
        let many = self.words(many);
        self.words(few).iter().all(|word| many.binary_search(word).is_ok())
    }

    /// The share of their words that two values have in common.
    pub(super) fn common_words(&self, a: u32, b: u32) -> f64 {
        let (a, b) = (&self.values[a as usize], &self.values[b as usize]);
        if a.word_set & b.word_set == 0 {
            return 0.0;
        }
        let (a, b) = (self.words(a), self.words(b));
        let common = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
        common as f64 / (a.len() + b.len() - common) as f64
    }

    /// Whether two values are one in another spelling or order.
    pub(super) fn are_same(&self, a: u32, b: u32) -> bool {
        self.values[a as usize].same == self.values[b as usize].same
    }
}

/// Whether two names are one in another spelling or order, alike but for a slip, or
/// part of each other.
pub(crate) fn are_alike_names(one: &str, other: &str) -> bool {
    let (one, other) = (fold(one), fold(other));
    if one.is_empty() || other.is_empty() {
        return false;
    }
    if one == other {
        return true;
    }
    let names = Names::new(&[one.into(), other.into()], &super::spec::Kind::NAMES);
    matches!(names.likeness(0, 1), Likeness::Same | Likeness::Alike(0) | Likeness::Part)
}

#[cfg(test)]
mod tests {
    use super::super::spec::Kind;
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
