//! Municipalities that were joined, parted or renumbered, told from people whose national
//! numbers are equal: where most of those whom one register has in 1601 are in 5001 by
//! another, the two are one place.

use std::collections::HashMap;

use super::people::{BESIDE, MUNICIPALITY, POSTCODE, People};

/// A place of fewer people than this tells nothing.
const FEWEST: u64 = 20;

/// Of the people whom one register has in a place, how many another has in each.
type Counts = HashMap<(u16, u16, u32), HashMap<u32, u64>>;

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
    let first = |code: &u32| {
        let text = people.records.text(MUNICIPALITY, *code)?;
        text.split(BESIDE).next().map(ToOwned::to_owned)
    };
    let mut names = Names::default();
    for ((.., here), there) in counted(people) {
        let all: u64 = there.values().sum();
        let most = there.iter().max_by_key(|(code, people)| (**people, u32::MAX - **code));
        let Some((other, most)) = most.filter(|_| all >= FEWEST) else { continue };
        if most * 2 >= all
            && let (Some(one), Some(other)) = (first(&here), first(other))
            && one != other
        {
            names.join(one, other);
        }
    }
    names.all()
}

fn counted(people: &People) -> Counts {
    let mut counts = Counts::new();
    let place = |subject: u32| {
        let row = *people.row_of.get(subject as usize)?;
        let code = people.records.code(MUNICIPALITY, row)?;
        Some((u16::try_from(people.source_of(subject)).ok()?, code))
    };
    for same in people.indexes.chunk_by(|(one, _), (other, _)| one == other) {
        let places: Vec<(u16, u32)> =
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
