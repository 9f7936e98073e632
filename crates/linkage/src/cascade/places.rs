//! Municipalities that were joined, parted or renumbered, told from people whose national
//! numbers are equal: where most of those whom one register has in 1601 are in 5001 by
//! another, the two are one place.

use std::collections::HashMap;

use super::people::{BESIDE, MUNICIPALITY, POSTCODE, People};

/// A place of fewer people than this tells nothing.
const FEWEST: u64 = 20;

/// A place takes in another only if at least every so manieth of its people is from there:
/// what a register writes where it knows nothing is no place.
const SHARE: u64 = 10;

/// Of the people whom one register has in a place, how many another has in each.
type Counts<'a> = HashMap<(u16, u16, &'a str), HashMap<&'a str, u64>>;

/// Gives the people a column in which such municipalities are one, where there are any
/// and municipalities are what is compared.
pub(super) fn join_renumbered(people: &mut People) {
    if people.has(POSTCODE) || !people.has(MUNICIPALITY) {
        return;
    }
    let same = same_places(people);
    if same.is_empty() {
        return;
    }
    let of = |place: &str| same.get(place).cloned().unwrap_or_else(|| place.to_owned());
    let joined = |text: &str| {
        let places: Vec<String> = text.split(BESIDE).map(of).collect();
        places.join(&BESIDE.to_string())
    };
    if let Some(column) = people.records.derive(MUNICIPALITY, joined) {
        people.municipality = column;
    }
}

/// For each place that is called otherwise too, what all of its names are replaced by.
fn same_places(people: &People) -> HashMap<String, String> {
    let counts = counted(people);
    let mut names = Names::default();
    for ((one, other, here), there) in &counts {
        let all: u64 = there.values().sum();
        let most = there.iter().max_by_key(|(place, people)| (**people, std::cmp::Reverse(*place)));
        let Some((place, most)) = most.filter(|(place, _)| all >= FEWEST && *place != here) else {
            continue;
        };
        let of_place = counts.get(&(*other, *one, *place));
        let in_place: u64 = of_place.map_or(0, |from| from.values().sum());
        if most * 2 >= all && most * SHARE >= in_place {
            names.join((*here).to_owned(), (*place).to_owned());
        }
    }
    names.all()
}

fn counted(people: &People) -> Counts<'_> {
    let mut counts = Counts::new();
    let place = |subject: u32| {
        let row = *people.row_of.get(subject as usize)?;
        let first = people.records.value(MUNICIPALITY, row)?.split(BESIDE).next()?;
        Some((u16::try_from(people.source_of(subject)).ok()?, first))
    };
    for same in people.indexes.chunk_by(|(one, _), (other, _)| one == other) {
        let places: Vec<(u16, &str)> =
            same.iter().filter_map(|(_, subject)| place(*subject)).collect();
        for (at, (source, here)) in places.iter().enumerate() {
            for (other, there) in places.iter().take(at).chain(places.iter().skip(at + 1)) {
                if source != other {
                    let counts = counts.entry((*source, *other, *here)).or_default();
                    *counts.entry(*there).or_default() += 1;
                }
            }
        }
    }
    counts
}

/// Which names are of one place.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn root(&self, name: &str) -> String {
        let mut name = name;
        while let Some(above) = self.0.get(name) {
            name = above;
        }
        name.to_owned()
    }

    /// The name that sorts first stands for all.
    fn join(&mut self, one: String, other: String) {
        let (a, b) = (self.root(&one), self.root(&other));
        let (above, below) = if a < b { (a, b) } else { (b, a) };
        if above != below {
            self.0.insert(below, above);
        }
    }

    fn all(&self) -> HashMap<String, String> {
        self.0.keys().map(|name| (name.clone(), self.root(name))).collect()
    }
}
