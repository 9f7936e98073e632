//! Every table that fits, one after another: exact bounds of what is withheld,
//! by an attacker who shares no code with the crate, and who may know more than
//! the file: subtotals, tables that left before, and the rules themselves.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{Context, Earlier, File, Kind, NoMend, Rules, mend};
use proptest::prelude::*;

/// A cell by its labels, and the inner cells it is the sum of.
type Labelled = (String, BTreeSet<usize>);

/// What an attacker can see: the numbers of some sums of the inner cells.
struct Seen {
    inner: usize,
    sums: Vec<(BTreeSet<usize>, i64)>,
}

const PATIENCE: usize = 400_000;

impl Seen {
    /// Every table that fits, over the inner cells that some sum speaks of;
    /// `None` if there are more than one has patience for.
    fn tables(&self) -> Option<Vec<Vec<i64>>> {
        let mut left: Vec<i64> = self.sums.iter().map(|(_, sum)| *sum).collect();
        let mut found = Vec::new();
        let mut steps = 0;
        self.search(&mut vec![0; self.inner], 0, &mut left, &mut found, &mut steps)?;
        Some(found)
    }

    fn search(
        &self,
        values: &mut Vec<i64>,
        at: usize,
        left: &mut Vec<i64>,
        found: &mut Vec<Vec<i64>>,
        steps: &mut usize,
    ) -> Option<()> {
        *steps += 1;
        if *steps > PATIENCE {
            return None;
        }
        if at == self.inner {
            if left.iter().all(|rest| *rest == 0) {
                found.push(values.clone());
            }
            return Some(());
        }
        let of: Vec<usize> =
            (0..self.sums.len()).filter(|sum| self.sums[*sum].0.contains(&at)).collect();
        let most = of.iter().map(|sum| left[*sum]).min().unwrap_or(0);
        // The last unknown of a sum is what is left of it.
        let least = of
            .iter()
            .filter(|sum| self.sums[**sum].0.iter().all(|cell| *cell <= at))
            .map(|sum| left[*sum])
            .max()
            .unwrap_or(0);
        for value in least..=most {
            for sum in &of {
                left[*sum] -= value;
            }
            values[at] = value;
            let going = self.search(values, at + 1, left, found, steps);
            for sum in &of {
                left[*sum] += value;
            }
            going?;
        }
        values[at] = 0;
        Some(())
    }

    fn bounded(&self, cell: &BTreeSet<usize>) -> bool {
        cell.iter().all(|inner| self.sums.iter().any(|(sum, _)| sum.contains(inner)))
    }
}

/// A table with the cells it writes, and what else a reader has.
#[derive(Debug, Clone)]
struct Case {
    values: Vec<i64>,
    written: Vec<Labelled>,
    header: String,
    kind: Kind,
    /// Files that left before: cell by cell.
    earlier: Vec<(String, Vec<Labelled>)>,
}

impl Case {
    fn sum(&self, cell: &BTreeSet<usize>) -> i64 {
        cell.iter().map(|at| self.values[*at]).sum()
    }

    fn text(&self, header: &str, cells: &[Labelled]) -> String {
        let rows = cells.iter().map(|(label, cell)| format!("{label},{}\n", self.sum(cell)));
        format!("{header},n\n{}", rows.collect::<String>())
    }

    fn context(&self) -> Context {
        let earlier = self.earlier.iter().enumerate().map(|(at, (header, cells))| Earlier {
            output: format!("output-000000000{at}").parse().unwrap(),
            name: format!("{at}.csv"),
            kind: Kind::Unknown,
            bytes: self.text(header, cells).into_bytes(),
        });
        Context { earlier: earlier.collect(), ..Context::default() }
    }

    /// Attacks the mended table; whether there was one.
    fn attack(&self) -> Result<bool, TestCaseError> {
        let csv = self.text(&self.header, &self.written);
        let file = File { name: "a.csv", bytes: csv.as_bytes(), kind: &self.kind, table: None };
        let answer = match mend(&file, &Rules::default(), &self.context()) {
            Ok(answer) => String::from_utf8(answer.bytes).unwrap(),
            Err(NoMend::Nothing) => {
                let small = self.written.iter().any(|(_, c)| (1..5).contains(&self.sum(c)));
                prop_assert!(!small, "nothing to mend in\n{csv}");
                return Ok(false);
            }
            Err(_) => return Ok(false),
        };
        let shown: BTreeMap<&str, Option<i64>> = answer
            .lines()
            .skip(1)
            .map(|line| line.rsplit_once(',').unwrap())
            .map(|(label, number)| (label, number.parse().ok()))
            .collect();
        prop_assert_eq!(shown.len(), self.written.len());
        let mut sums = Vec::new();
        let mut withheld: Vec<&BTreeSet<usize>> = Vec::new();
        for (label, cell) in &self.written {
            match shown[label.as_str()] {
                Some(number) => {
                    prop_assert_eq!(number, self.sum(cell), "a number was changed");
                    sums.push((cell.clone(), number));
                }
                None => withheld.push(cell),
            }
        }
        for (_, cells) in &self.earlier {
            sums.extend(cells.iter().map(|(_, cell)| (cell.clone(), self.sum(cell))));
        }
        let seen = Seen { inner: self.values.len(), sums };
        let Some(tables) = seen.tables() else { return Ok(true) };
        prop_assert!(!tables.is_empty(), "the true table fits");
        for (label, cell) in &self.written {
            let value = self.sum(cell);
            if !(1..5).contains(&value) {
                continue;
            }
            prop_assert_eq!(shown[label.as_str()], None, "{} is shown", label);
            if !seen.bounded(cell) {
                continue;
            }
            let of = |table: &Vec<i64>| cell.iter().map(|at| table[*at]).sum::<i64>();
            let (low, high) =
                (tables.iter().map(of).min().unwrap(), tables.iter().map(of).max().unwrap());
            prop_assert!(
                low < value && high >= 5 && high - low >= 5,
                "{label} is {value}, surely from {low} to {high} in\n{answer}"
            );
            // Who knows the rules knows that nothing is withheld unless some
            // withheld cell is small: that alone must not tell which.
            let small = |table: &Vec<i64>| {
                withheld
                    .iter()
                    .any(|c| (1..5).contains(&c.iter().map(|at| table[*at]).sum::<i64>()))
            };
            let left: BTreeSet<i64> = tables.iter().filter(|t| small(t)).map(of).collect();
            prop_assert!(left.len() >= 2, "{label} is {value} by the rules in\n{answer}");
        }
        Ok(true)
    }
}

fn count() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 0_i64..8, 2 => 5_i64..16]
}

/// A cross of rows and columns; `margins` says which totals are written: of
/// each row, of each column, of all.
fn cross(values: &[i64], columns: usize, margins: [bool; 3]) -> Case {
    let rows = values.len() / columns;
    let cells = |of: &dyn Fn(usize, usize) -> bool| -> BTreeSet<usize> {
        (0..rows * columns).filter(|at| of(at / columns, at % columns)).collect()
    };
    let mut written = Vec::new();
    for r in 0..rows {
        for c in 0..columns {
            written.push((format!("r{r},c{c}"), cells(&|a, b| a == r && b == c)));
        }
        if margins[0] {
            written.push((format!("r{r},total"), cells(&|a, _| a == r)));
        }
    }
    if margins[1] {
        written.extend((0..columns).map(|c| (format!("total,c{c}"), cells(&|_, b| b == c))));
    }
    if margins[2] {
        written.push(("total,total".to_owned(), cells(&|_, _| true)));
    }
    let header = "region,illness".to_owned();
    Case { values: values.to_vec(), written, header, kind: Kind::Unknown, earlier: Vec::new() }
}

/// The margins of a cross as tables of their own.
fn margins(case: &Case, columns: usize) -> Vec<(String, Vec<Labelled>)> {
    let many = case.values.len();
    let line = |of: &dyn Fn(usize) -> bool| (0..many).filter(|at| of(*at)).collect();
    let by_row =
        (0..many / columns).map(|r| (format!("r{r}"), line(&|at| at / columns == r))).collect();
    let by_column =
        (0..columns).map(|c| (format!("c{c}"), line(&|at| at % columns == c))).collect();
    vec![("region".to_owned(), by_row), ("illness".to_owned(), by_column)]
}

/// Regions in two halves of a country, with a subtotal for each.
fn country(values: &[i64]) -> Case {
    let half = values.len() / 2;
    let north: BTreeSet<usize> = (0..half).collect();
    let south: BTreeSet<usize> = (half..values.len()).collect();
    let mut written: Vec<Labelled> =
        (0..values.len()).map(|at| (format!("r{at}"), BTreeSet::from([at]))).collect();
    let names = |cells: &BTreeSet<usize>| cells.iter().map(|at| format!("r{at}")).collect();
    let families = BTreeMap::from([
        ("north".to_owned(), names(&north)),
        ("south".to_owned(), names(&south)),
        ("total".to_owned(), vec!["north".to_owned(), "south".to_owned()]),
    ]);
    let all = north.union(&south).copied().collect();
    written.extend([("north".into(), north), ("south".into(), south), ("total".into(), all)]);
    let kind = Kind::FrequencyTable {
        dimensions: vec!["region".into()],
        counts: vec!["n".into()],
        hierarchies: BTreeMap::from([("region".to_owned(), families)]),
    };
    Case { values: values.to_vec(), written, header: "region".into(), kind, earlier: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn exact_bounds_of_crosses_with_some_of_their_totals(
        values in prop::collection::vec(count(), 6),
        columns in 2_usize..=3,
        rows_too in any::<bool>(), columns_too in any::<bool>(), all in any::<bool>(),
    ) {
        cross(&values, columns, [rows_too, columns_too, all]).attack()?;
    }

    #[test]
    fn exact_bounds_of_subtotals(values in prop::collection::vec(count(), 6)) {
        country(&values).attack()?;
    }

    #[test]
    fn exact_bounds_with_totals_that_left_before_in_tables_of_their_own(
        values in prop::collection::vec(count(), 6),
        columns in 2_usize..=3,
        both in any::<bool>(),
    ) {
        let mut case = cross(&values, columns, [false; 3]);
        case.earlier = margins(&case, columns);
        case.earlier.truncate(if both { 2 } else { 1 });
        case.attack()?;
    }
}

/// Three values by two by two, every total written but those of all three.
#[test]
fn three_ways_with_totals_in_pairs() {
    let sizes = [3, 2, 2];
    let mut mended = 0;
    for seed in 0..12_i64 {
        let at = |a: usize, b: usize, c: usize| (a * sizes[1] + b) * sizes[2] + c;
        let values: Vec<i64> = (0..12_i64).map(|i| (i * 7 + seed * 5 + i * seed) % 11).collect();
        let mut written = Vec::new();
        let label = |name: &str, index: usize, size: usize| {
            if index == size { "total".to_owned() } else { format!("{name}{index}") }
        };
        for a in 0..=sizes[0] {
            for b in 0..=sizes[1] {
                for c in 0..=sizes[2] {
                    let within = |index: usize, size: usize| {
                        if index == size { 0..size } else { index..index + 1 }
                    };
                    let mut cell = BTreeSet::new();
                    for x in within(a, sizes[0]) {
                        for y in within(b, sizes[1]) {
                            cell.extend(within(c, sizes[2]).map(|z| at(x, y, z)));
                        }
                    }
                    let labels =
                        [label("a", a, sizes[0]), label("b", b, sizes[1]), label("c", c, sizes[2])];
                    written.push((labels.join(","), cell));
                }
            }
        }
        let header = "one,two,three".to_owned();
        let case = Case { values, written, header, kind: Kind::Unknown, earlier: Vec::new() };
        mended += usize::from(case.attack().unwrap());
    }
    assert!(mended >= 1, "none of the twelve was mended");
}

/// The attacker is no straw man.
#[test]
fn the_exact_attacker_finds_what_is_badly_hidden() {
    let seen =
        Seen { inner: 3, sums: vec![(BTreeSet::from([0]), 50), (BTreeSet::from([0, 1, 2]), 57)] };
    let tables = seen.tables().unwrap();
    assert_eq!(tables.len(), 8);
    assert!(tables.iter().all(|table| table[0] == 50 && table[1] + table[2] == 7));
}
