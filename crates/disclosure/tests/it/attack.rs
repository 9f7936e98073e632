//! An attacker who shares no code with the crate: it reads the mended file as
//! anybody would, knows that people come in whole numbers and that margins are
//! sums, and tries every table that fits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use disclosure::{Context, File, Kind, Mended, NoMend, Rules, mend};
use proptest::prelude::*;

/// A full table with margins: index 0 in a dimension is its total.
#[derive(Debug, Clone)]
struct Cube {
    sizes: Vec<usize>,
    inner: BTreeMap<Vec<usize>, i64>,
}

/// Every combination of 0..=size (0 is the total), or 1..=size.
fn combinations(sizes: &[usize], first: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for size in sizes {
        all = all
            .into_iter()
            .flat_map(|key| (first..=*size).map(move |at| [key.clone(), vec![at]].concat()))
            .collect();
    }
    all
}

/// Whether an inner cell is part of a (margin or inner) cell.
fn within(inner: &[usize], cell: &[usize]) -> bool {
    inner.iter().zip(cell).all(|(i, c)| *c == 0 || i == c)
}

impl Cube {
    fn value(&self, cell: &[usize]) -> i64 {
        self.inner.iter().filter(|(key, _)| within(key, cell)).map(|(_, v)| v).sum()
    }

    fn csv(&self) -> String {
        let names: Vec<String> = (0..self.sizes.len()).map(|d| format!("dim{d}")).collect();
        let mut csv = format!("{},n\n", names.join(","));
        for cell in combinations(&self.sizes, 0) {
            let labels: Vec<String> = cell
                .iter()
                .map(|at| if *at == 0 { "Total".to_owned() } else { format!("level {at}") })
                .collect();
            writeln!(csv, "{},{}", labels.join(","), self.value(&cell)).unwrap();
        }
        csv
    }
}

/// What a reader sees: the cells shown, and which are not.
fn read(csv: &[u8], sizes: &[usize]) -> BTreeMap<Vec<usize>, Option<i64>> {
    let text = std::str::from_utf8(csv).unwrap();
    let mut cells = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), sizes.len() + 1, "{line}");
        let key = fields[..sizes.len()]
            .iter()
            .map(|l| l.strip_prefix("level ").map_or(0, |at| at.parse().unwrap()))
            .collect();
        cells.insert(key, fields[sizes.len()].parse().ok());
    }
    assert_eq!(cells.len(), combinations(sizes, 0).len());
    cells
}

/// Searches for tables that fit. Variables are the inner cells; every shown
/// cell is a sum of some of them.
struct Attacker {
    variables: Vec<Vec<usize>>,
    /// Variables of each sum, and what they add up to.
    sums: Vec<(Vec<usize>, i64)>,
    steps: u64,
}

const NO_END: i64 = 200;
const PATIENCE: u64 = 3_000_000;

impl Attacker {
    fn new(shown: &BTreeMap<Vec<usize>, Option<i64>>, sizes: &[usize]) -> Self {
        let variables = combinations(sizes, 1);
        let sums = shown
            .iter()
            .filter_map(|(cell, value)| {
                let parts = (0..variables.len()).filter(|v| within(&variables[*v], cell)).collect();
                Some((parts, (*value)?))
            })
            .collect();
        Self { variables, sums, steps: 0 }
    }

    /// Whether some table fits in which `cell` is between `low` and `high`.
    fn possible(&mut self, cell: &[usize], low: i64, high: i64) -> Option<bool> {
        self.steps = 0;
        let parts: Vec<usize> =
            (0..self.variables.len()).filter(|v| within(&self.variables[*v], cell)).collect();
        let mut left: Vec<i64> = self.sums.iter().map(|(_, sum)| *sum).collect();
        let mut unset: Vec<usize> = self.sums.iter().map(|(parts, _)| parts.len()).collect();
        let mut values = vec![None; self.variables.len()];
        self.search(&parts, low, high, &mut left, &mut unset, &mut values)
    }

    fn search(
        &mut self,
        parts: &[usize],
        low: i64,
        high: i64,
        left: &mut Vec<i64>,
        unset: &mut Vec<usize>,
        values: &mut Vec<Option<i64>>,
    ) -> Option<bool> {
        self.steps += 1;
        if self.steps > PATIENCE {
            return None;
        }
        let so_far: i64 = parts.iter().filter_map(|p| values[*p]).sum();
        let open = parts.iter().any(|p| values[*p].is_none());
        if so_far > high || !open && so_far < low {
            return Some(false);
        }
        // The variable with the least room next.
        let next = (0..values.len())
            .filter(|v| values[*v].is_none())
            .map(|v| {
                let (mut least, mut most) = (0, NO_END);
                for (at, (members, _)) in self.sums.iter().enumerate() {
                    if members.contains(&v) {
                        most = most.min(left[at]);
                        if unset[at] == 1 {
                            least = least.max(left[at]);
                        }
                    }
                }
                (most - least, v, least, most)
            })
            .min();
        let Some((room, v, least, most)) = next else {
            return Some(left.iter().all(|l| *l == 0));
        };
        if room < 0 {
            return Some(false);
        }
        let mut order: Vec<i64> = (least..=most).collect();
        // Large first when looking for a large one.
        if parts.contains(&v) == (low > 0) {
            order.reverse();
        }
        for value in order {
            let mut fits = true;
            for (at, (members, _)) in self.sums.iter().enumerate() {
                if members.contains(&v) {
                    left[at] -= value;
                    unset[at] -= 1;
                    fits &= left[at] >= 0 && (unset[at] > 0 || left[at] == 0);
                }
            }
            values[v] = Some(value);
            let found =
                if fits { self.search(parts, low, high, left, unset, values) } else { Some(false) };
            values[v] = None;
            for (at, (members, _)) in self.sums.iter().enumerate() {
                if members.contains(&v) {
                    left[at] += value;
                    unset[at] += 1;
                }
            }
            if found != Some(false) {
                return found;
            }
        }
        Some(false)
    }
}

fn mended(csv: &str) -> Result<Mended, NoMend> {
    let file = File { name: "table.csv", bytes: csv.as_bytes(), kind: &Kind::Unknown, table: None };
    mend(&file, &Rules::default(), &Context::default())
}

fn attack(cube: &Cube) -> Result<bool, TestCaseError> {
    let unsafe_cells: Vec<Vec<usize>> = combinations(&cube.sizes, 0)
        .into_iter()
        .filter(|cell| (1..5).contains(&cube.value(cell)))
        .collect();
    let answer = match mended(&cube.csv()) {
        Ok(answer) => answer,
        Err(NoMend::Nothing) => {
            prop_assert!(unsafe_cells.is_empty(), "nothing to mend in\n{}", cube.csv());
            return Ok(false);
        }
        // No way out is an answer, not a leak; a test below sees that it is rare.
        Err(_) => return Ok(false),
    };
    let shown = read(&answer.bytes, &cube.sizes);
    for (cell, value) in &shown {
        if let Some(value) = value {
            prop_assert_eq!(*value, cube.value(cell), "a number was changed");
        }
    }
    let mut attacker = Attacker::new(&shown, &cube.sizes);
    for cell in &unsafe_cells {
        prop_assert_eq!(shown[cell], None, "an unsafe cell is shown: {:?}", cell);
        let value = cube.value(cell);
        let mut may_be = |low, high| attacker.possible(cell, low, high);
        let (Some(below), Some(above)) = (may_be(0, value - 1), may_be(5, i64::MAX)) else {
            continue;
        };
        let leak = format!("cell {cell:?} in\n{}", String::from_utf8_lossy(&answer.bytes));
        prop_assert!(below, "surely at least {value}: {leak}");
        prop_assert!(above, "surely below five: {leak}");
        let low = (0..value).find(|v| may_be(0, *v) == Some(true)).unwrap_or(0);
        let wide = may_be(low + 5, i64::MAX);
        prop_assert!(wide != Some(false), "known to within five: {leak}");
    }
    Ok(true)
}

fn cube(sizes: impl Strategy<Value = Vec<usize>>) -> impl Strategy<Value = Cube> {
    sizes.prop_flat_map(|sizes| {
        let cells = combinations(&sizes, 1);
        let count = prop_oneof![3 => 0_i64..8, 3 => 5_i64..30];
        prop::collection::vec(count, cells.len()).prop_map(move |values| Cube {
            sizes: sizes.clone(),
            inner: cells.iter().cloned().zip(values).collect(),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nobody_recovers_an_unsafe_cell_in_two_dimensions(
        cube in cube(prop::collection::vec(2_usize..=4, 2))
    ) {
        attack(&cube)?;
    }

    #[test]
    fn nobody_recovers_an_unsafe_cell_in_three_dimensions(
        cube in cube(prop::collection::vec(2_usize..=3, 3))
    ) {
        attack(&cube)?;
    }
}

/// The shuttle algorithm (Buzzigoli and Giusti 1999) on tables too large to try
/// everything: bounds are carried back and forth between cells and their sums.
/// It is never sharper than the truth, so a leak it finds is one.
fn shuttle(
    shown: &BTreeMap<Vec<usize>, Option<i64>>,
    sizes: &[usize],
) -> BTreeMap<Vec<usize>, (i64, i64)> {
    let mut bounds: BTreeMap<Vec<usize>, (i64, i64)> =
        shown.iter().map(|(cell, v)| (cell.clone(), v.map_or((0, 100_000), |v| (v, v)))).collect();
    for _ in 0..50 {
        let before = bounds.clone();
        for dimension in 0..sizes.len() {
            for total in combinations(sizes, 0).into_iter().filter(|cell| cell[dimension] == 0) {
                let part = |at: usize| {
                    let mut key = total.clone();
                    key[dimension] = at;
                    key
                };
                let parts: Vec<Vec<usize>> = (1..=sizes[dimension]).map(part).collect();
                let low: i64 = parts.iter().map(|p| bounds[p].0).sum();
                let high: i64 = parts.iter().map(|p| bounds[p].1).sum();
                let whole = bounds.get_mut(&total).unwrap();
                *whole = (whole.0.max(low), whole.1.min(high));
                let whole = *whole;
                for cell in &parts {
                    let own = bounds[cell];
                    let others = (low - own.0, high - own.1);
                    let sharper = (own.0.max(whole.0 - others.1), own.1.min(whole.1 - others.0));
                    bounds.insert(cell.clone(), sharper);
                }
            }
        }
        if bounds == before {
            break;
        }
    }
    bounds
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn bounds_carried_back_and_forth_do_not_close_in_on_an_unsafe_cell(
        cube in cube(prop_oneof![Just(vec![8, 10]), Just(vec![12, 5]), Just(vec![5, 4, 3])])
    ) {
        let Ok(answer) = mended(&cube.csv()) else { return Ok(()) };
        let shown = read(&answer.bytes, &cube.sizes);
        for (cell, (low, high)) in shuttle(&shown, &cube.sizes) {
            let value = cube.value(&cell);
            if (1..5).contains(&value) {
                prop_assert!(low < value && high >= 5 && high - low >= 5,
                    "{cell:?} is between {low} and {high}\n{}", String::from_utf8_lossy(&answer.bytes));
            }
        }
    }
}

/// The attacker is no straw man: it recovers what a careless hand left.
#[test]
fn the_attacker_finds_what_is_badly_hidden() {
    let cube = Cube {
        sizes: vec![2, 2],
        inner: BTreeMap::from([
            (vec![1, 1], 50),
            (vec![1, 2], 3),
            (vec![2, 1], 60),
            (vec![2, 2], 70),
        ]),
    };
    let mut shown: BTreeMap<Vec<usize>, Option<i64>> = combinations(&cube.sizes, 0)
        .into_iter()
        .map(|cell| (cell.clone(), Some(cube.value(&cell))))
        .collect();
    for hidden in [vec![1, 2], vec![1, 1], vec![2, 2]] {
        shown.insert(hidden, None);
    }
    let mut attacker = Attacker::new(&shown, &cube.sizes);
    assert_eq!(attacker.possible(&[1, 2], 4, i64::MAX), Some(false));
    assert_eq!(attacker.possible(&[1, 2], 0, 2), Some(false));
    assert_eq!(shuttle(&shown, &cube.sizes)[&vec![1, 2]], (3, 3));
    shown.insert(vec![2, 1], None);
    let mut attacker = Attacker::new(&shown, &cube.sizes);
    assert_eq!(attacker.possible(&[1, 2], 0, 0), Some(true));
    assert_eq!(attacker.possible(&[1, 2], 30, i64::MAX), Some(true));
}

/// Tables of a usual kind are mended, and most of them is left.
#[test]
fn an_ordinary_table_is_mended_with_little_loss() {
    let mut inner = BTreeMap::new();
    let values = [120, 3, 45, 80, 60, 2, 33, 41, 77, 90, 28, 65];
    for (at, key) in combinations(&[4, 3], 1).into_iter().enumerate() {
        inner.insert(key, values[at]);
    }
    let cube = Cube { sizes: vec![4, 3], inner };
    let answer = mended(&cube.csv()).expect("a mend");
    let withheld = read(&answer.bytes, &cube.sizes).values().filter(|v| v.is_none()).count();
    assert!(
        (4..=5).contains(&withheld),
        "{withheld} withheld\n{}",
        String::from_utf8_lossy(&answer.bytes)
    );
    assert_eq!(answer.changes.withheld.len(), withheld);
    assert!(attack(&cube).unwrap());
}

/// The same tables every time: a small generator, so that a share can be stated.
fn fixed(sizes: &[usize], seed: u64) -> Cube {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let inner = combinations(sizes, 1)
        .into_iter()
        .map(|cell| {
            let large = i64::try_from(next() % 200).unwrap();
            let small = i64::try_from(next() % 8).unwrap();
            (cell, if next() % 5 == 0 { small } else { 5 + large })
        })
        .collect();
    Cube { sizes: sizes.to_vec(), inner }
}

/// The mend is worth having: nearly every table gets one, and most of the
/// numbers of an ordinary table stay.
#[test]
fn nearly_every_table_is_mended_and_most_of_it_stays() {
    let (mut mendable, mut withheld, mut cells) = (0, 0, 0);
    for seed in 1..=40 {
        let sizes = if seed % 2 == 0 { vec![6, 5] } else { vec![4, 3, 2] };
        let cube = fixed(&sizes, seed);
        match mended(&cube.csv()) {
            Ok(answer) => {
                mendable += 1;
                withheld += answer.changes.withheld.len();
                cells += combinations(&sizes, 0).len();
            }
            Err(NoMend::Nothing) => mendable += 1,
            Err(_) => {}
        }
    }
    assert!(mendable >= 36, "{mendable} of 40");
    assert!(withheld * 100 <= cells * 30, "{withheld} of {cells} withheld");
}
