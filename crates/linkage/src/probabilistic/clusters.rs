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
    let mut refused: HashMap<(u32, u32), usize> = HashMap::new();
    for edge in edges.iter().take_while(|edge| f64::from(edge.weight) >= least) {
        let (a, b) = (groups.of(edge.a), groups.of(edge.b));
        if a == b {
            continue;
        }
        let pair = (a.min(b), a.max(b));
        let size = groups.members(a).len() + groups.members(b).len();
        if refused.get(&pair) == Some(&size) {
            continue;
        }
        if size == 2 || agree(&mut evidence, groups.members(a), groups.members(b)) {
            groups.merge(a, b);
        } else {
            refused.insert(pair, size);
        }
    }
    (0..evidence.rows as u32).map(|row| groups.of(row)).collect()
}

/// Whether two groups are one person by all that is known between them.
fn agree(
    evidence: &mut Evidence<impl FnMut(u32, u32) -> f64>,
    one: &[u32],
    other: &[u32],
) -> bool {
    let crossing = one.len() * other.len();
    let every = crossing.div_ceil(MOST_CROSSING);
    let (mut sum, mut weighed) = (0.0, 0.0);
    for at in (0..crossing).step_by(every) {
        let (a, b) = (one[at / other.len()], other[at % other.len()]);
        let across = evidence.second.is_none_or(|second| (a < second) != (b < second));
        if across {
            sum += (evidence.weigh)(a.min(b), a.max(b)).clamp(-CERTAIN, CERTAIN);
            weighed += 1.0;
        }
    }
    sum >= evidence.prior.min(0.0) * DOUBT * weighed
}

/// Bits beyond which more makes no difference: one in a million.
const CERTAIN: f64 = 20.0;
/// The share of the prior's doubt that groups may be left with on average. A single
/// pair has to overcome all of it. Of groups there are several looks at one person,
/// some of which hold too little to say anything: asking all of it of their mean
/// takes people apart, asking none joins families.
const DOUBT: f64 = 1.0 / 3.0;

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
