//! From pairs to people: rows are merged along the heaviest edges first, and two
//! groups only become one when the evidence between them as a whole says so.
//! One weak bridge, or one strong one between rows that are themselves misplaced,
//! does not join two families.

use std::collections::HashMap;

use super::linker::Edge;

/// What is known of any two rows.
pub(super) struct Evidence<F> {
    pub(super) rows: usize,
    /// Where the second file's rows begin: only pairs across files are weighed.
    pub(super) second: Option<u32>,
    /// Bits before any evidence.
    pub(super) prior: f64,
    pub(super) weigh: F,
}

/// Pairs between two groups that are weighed at most.
const MOST_CROSSING: usize = 1024;

/// For each row the representative of its group.
pub(super) fn merged(
    mut evidence: Evidence<impl FnMut(u32, u32) -> f64>,
    edges: &[Edge],
    least: f64,
) -> Vec<u32> {
    let mut groups = Groups::new(evidence.rows);
    let mut refused: HashMap<(u32, u32), (usize, bool)> = HashMap::new();
    let doubt = evidence.prior.min(0.0);
    for edge in edges.iter().take_while(|edge| f64::from(edge.weight) >= least - NEARLY) {
        let (a, b) = (groups.of(edge.a), groups.of(edge.b));
        if a == b {
            continue;
        }
        let enough = f64::from(edge.weight) >= least;
        let size = groups.members(a).len() + groups.members(b).len();
        let pair = (a.min(b), a.max(b));
        if refused.get(&pair) == Some(&(size, enough)) {
            continue;
        }
        let left = if enough { DOUBT } else { DOUBT / 2.0 } * doubt
            - OWN * f64::from(edge.weight).clamp(0.0, FOR);
        let one = if size == 2 {
            enough
        } else {
            mean(&mut evidence, groups.members(a), groups.members(b)) >= left
        };
        if one {
            groups.merge(a, b);
        } else {
            refused.insert(pair, (size, enough));
        }
    }
    (0..evidence.rows as u32).map(|row| groups.of(row)).collect()
}

/// The mean weight between two groups.
fn mean(evidence: &mut Evidence<impl FnMut(u32, u32) -> f64>, one: &[u32], other: &[u32]) -> f64 {
    let crossing = one.len() * other.len();
    let every = crossing.div_ceil(MOST_CROSSING);
    let (mut sum, mut weighed) = (0.0, 0.0);
    for at in (0..crossing).step_by(every) {
        let (a, b) = (one[at / other.len()], other[at % other.len()]);
        let across = evidence.second.is_none_or(|second| (a < second) != (b < second));
        if across {
            sum += (evidence.weigh)(a.min(b), a.max(b)).clamp(-AGAINST, FOR);
            weighed += 1.0;
        }
    }
    if weighed == 0.0 { f64::NEG_INFINITY } else { sum / weighed }
}

/// Bits for one person beyond which more makes no difference, and bits against it: a
/// row that is wrong in one thing is often wrong in more, and then the model believes
/// too much that it is somebody else.
const FOR: f64 = 20.0;
const AGAINST: f64 = 10.0;
/// The share of its own weight by which an edge that is certain makes up for others.
const OWN: f64 = 0.1;
/// The share of the prior's doubt that groups may be left with on average. A single
/// pair has to overcome all of it. Of groups there are several looks at one person,
/// some of which hold too little to say anything: asking all of it of their mean
/// takes people apart, asking none joins families.
const DOUBT: f64 = 1.0 / 3.0;
/// An edge that falls short by no more bits than this still joins groups, when the
/// evidence between them leaves half of that doubt: several looks that are each
/// nearly enough are enough.
const NEARLY: f64 = 4.0;

/// Groups of rows that know their members.
struct Groups {
    of: Vec<u32>,
    members: Vec<Vec<u32>>,
}

impl Groups {
    fn new(rows: usize) -> Self {
        let of: Vec<u32> = (0..rows as u32).collect();
        Self { members: of.iter().map(|row| vec![*row]).collect(), of }
    }

    fn of(&self, row: u32) -> u32 {
        self.of[row as usize]
    }

    fn members(&self, group: u32) -> &[u32] {
        &self.members[group as usize]
    }

    /// The smaller group's rows go to the larger.
    fn merge(&mut self, a: u32, b: u32) {
        let larger = self.members(a).len() >= self.members(b).len();
        let (into, from) = if larger { (a, b) } else { (b, a) };
        let moved = std::mem::take(&mut self.members[from as usize]);
        for row in &moved {
            self.of[*row as usize] = into;
        }
        self.members[into as usize].extend(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clusters of rows whose weights are told; all other pairs weigh -10.
    fn clusters(rows: usize, told: &[(u32, u32, f32)]) -> Vec<u32> {
        let mut edges: Vec<Edge> =
            told.iter().map(|(a, b, weight)| Edge { a: *a, b: *b, weight: *weight }).collect();
        edges.sort_by(|x, y| y.weight.total_cmp(&x.weight));
        let weigh = |a, b| {
            let edge = told.iter().find(|edge| (edge.0, edge.1) == (a, b));
            edge.map_or(-10.0, |edge| f64::from(edge.2))
        };
        let evidence = Evidence { rows, second: None, prior: -10.0, weigh };
        merged(evidence, &edges, 0.0)
    }

    /// Two families of three, and a bridge between them.
    const FAMILIES: [(u32, u32, f32); 7] =
        [(0, 1, 9.0), (0, 2, 9.0), (1, 2, 9.0), (3, 4, 9.0), (3, 5, 9.0), (4, 5, 9.0), (2, 3, 6.0)];

    #[test]
    fn one_bridge_does_not_join_two_families() {
        let found = clusters(6, &FAMILIES);
        assert!(found[0] == found[1] && found[1] == found[2], "{found:?}");
        assert!(found[3] == found[4] && found[4] == found[5], "{found:?}");
        assert_ne!(found[0], found[3]);
    }

    #[test]
    fn a_family_whose_rows_say_little_of_each_other_stays_one() {
        let mut edges = FAMILIES.to_vec();
        for (a, b) in [(0, 3), (0, 4), (1, 4), (1, 5), (2, 5)] {
            edges.push((a, b, 1.0));
        }
        let found = clusters(6, &edges);
        assert!(found.iter().all(|cluster| *cluster == found[0]), "{found:?}");
    }

    #[test]
    fn merging_in_a_circle_ends() {
        let found = clusters(3, &[(0, 1, 3.0), (1, 2, 3.0), (0, 2, 3.0)]);
        assert!(found.iter().all(|cluster| *cluster == found[0]), "{found:?}");
        assert_eq!(clusters(2, &[(0, 1, -1.0)]).len(), 2);
        assert_ne!(clusters(2, &[(0, 1, -1.0)])[0], clusters(2, &[(0, 1, -1.0)])[1]);
    }
}
