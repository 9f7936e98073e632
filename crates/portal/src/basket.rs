//! The basket: the variables somebody has picked from the catalogue, kept in a
//! cookie of their own browser until they become an application.

use std::collections::{BTreeMap, BTreeSet};

use model::SourceId;
use permit::{ColumnTerms, SourceTerms};

/// What a cookie may hold (RFC 6265 section 6.1 asks browsers for 4,096 bytes,
/// name and attributes included).
const LARGEST: usize = 3_500;

/// Variables, by source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basket {
    picked: BTreeMap<SourceId, BTreeSet<String>>,
}

/// A name that fits in the cookie as it is, and that a contract would accept.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

impl Basket {
    /// The basket in a cookie: `laboratory:test+value/population:height`. What
    /// cannot be read is left out.
    pub fn read(cookie: &str) -> Self {
        let mut basket = Self::default();
        for part in cookie.split('/') {
            let Some((source, names)) = part.split_once(':') else { continue };
            let Ok(source) = source.parse::<SourceId>() else { continue };
            for name in names.split('+') {
                basket.add(source.clone(), name);
            }
        }
        basket
    }

    /// The basket as a cookie.
    pub fn write(&self) -> String {
        let parts: Vec<_> = self
            .picked
            .iter()
            .map(|(source, names)| {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                format!("{source}:{}", names.join("+"))
            })
            .collect();
        parts.join("/")
    }

    /// Puts a variable in. Says whether there was room for it.
    pub fn add(&mut self, source: SourceId, name: &str) -> bool {
        if !is_plain(name) || self.write().len() + source.as_str().len() + name.len() + 2 > LARGEST
        {
            return false;
        }
        self.picked.entry(source).or_default().insert(name.to_owned());
        true
    }

    /// Takes a variable out.
    pub fn remove(&mut self, source: &SourceId, name: &str) {
        if let Some(names) = self.picked.get_mut(source) {
            names.remove(name);
            if names.is_empty() {
                self.picked.remove(source);
            }
        }
    }

    /// Whether the variable is in it.
    pub fn holds(&self, source: &SourceId, name: &str) -> bool {
        self.picked.get(source).is_some_and(|names| names.contains(name))
    }

    /// How many variables are in it.
    pub fn len(&self) -> usize {
        self.picked.values().map(BTreeSet::len).sum()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.picked.is_empty()
    }

    /// Every variable in it.
    pub fn variables(&self) -> impl Iterator<Item = (&SourceId, &str)> {
        self.picked
            .iter()
            .flat_map(|(source, names)| names.iter().map(move |name| (source, name.as_str())))
    }

    /// What an application asks for that begins with it: every reason is still
    /// to be written.
    pub fn terms(&self) -> Vec<SourceTerms> {
        self.picked
            .iter()
            .map(|(source, names)| SourceTerms {
                source: source.clone(),
                columns: names
                    .iter()
                    .map(|name| ColumnTerms { name: name.clone(), reason: String::new() })
                    .collect(),
                rows: Vec::new(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_comes_out_of_the_cookie_again() {
        let mut basket = Basket::default();
        basket.add("laboratory".parse().unwrap(), "value");
        basket.add("laboratory".parse().unwrap(), "test");
        basket.add("population".parse().unwrap(), "height");
        assert_eq!(basket.write(), "laboratory:test+value/population:height");
        assert_eq!(Basket::read(&basket.write()), basket);
        basket.remove(&"population".parse().unwrap(), "height");
        assert_eq!(basket.len(), 2);
    }

    #[test]
    fn a_cookie_that_somebody_forged_gives_nothing_that_is_no_name() {
        let basket = Basket::read("Lab:x/lab:a;b+<script>+ok/:z/lab2");
        assert_eq!(basket.write(), "lab:ok");
    }

    #[test]
    fn a_basket_stays_small_enough_for_a_cookie() {
        let mut basket = Basket::default();
        let source: SourceId = "laboratory".parse().unwrap();
        let mut full = false;
        for i in 0..1_000 {
            full |= !basket.add(source.clone(), &format!("variable_{i}"));
        }
        assert!(full && basket.write().len() <= LARGEST);
    }
}
