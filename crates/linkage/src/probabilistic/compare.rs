//! Comparisons made ready: every value read once, and the level on which two rows
//! agree found from their codes.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::date::{self, Date};
use super::labels::{EQUAL, ONE_IN_COMMON, POSTCODES, name_labels, owned, person_labels};
use super::names::{Likeness, Names};
use super::records::{Column, MISSING, Records};
use super::seen::Seen;
use super::several::Several;
use super::spec::{Comparison, Kind};
use super::texts::{Texts, postcode_parts};
use super::words::{fold, sound, spelled};

/// The level of a pair of which one value is missing: no evidence.
pub(super) const UNKNOWN: usize = 0;
/// The level of two values that are the same.
pub(super) const AGREED: usize = 1;

/// A comparison made ready. Level 0 is [`UNKNOWN`], 1 the strongest agreement, the
/// last none.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) name: String,
    /// What the levels from 1 on are called.
    pub(super) labels: Vec<String>,
    /// Where its codes stand in a row.
    pub(super) cells: Range<usize>,
    /// For each level the cells of which the frequency of the value counts.
    pub(super) frequencies: Vec<&'static [usize]>,
    /// For each cell how many rows have each value.
    pub(super) counts: Vec<Vec<u32>>,
    /// The levels from this one on are seldom seen of one person, whatever else is:
    /// a date of birth is written wrongly, and does not change.
    pub(super) seldom: Option<usize>,
    /// Where values are several: what they are put together of. The second cell says it.
    several: Option<Several>,
    how: How,
}

#[derive(Debug)]
enum How {
    Exact,
    Name(Names),
    PersonName(Names),
    Text(Texts, Vec<usize>),
    Date(Texts, Vec<Option<Date>>),
    /// What equal sectors, districts and areas have in common is a number.
    Postcode(Texts, Vec<[u32; 3]>),
    Number(Vec<f64>, Vec<f64>, bool),
    Sound(Vec<u32>),
    Words(Names),
    Encoded(Filters),
}

/// The bits of each value, how many are set, and the coefficients that matter.
#[derive(Debug)]
struct Filters {
    values: Vec<(Box<[u8]>, u32)>,
    least: Vec<f64>,
}

impl Filters {
    /// The bits that a text in base64 stands for.
    fn read(text: &str) -> Option<Box<[u8]>> {
        STANDARD.decode(text).ok().map(Vec::into_boxed_slice)
    }

    fn new(values: &[Box<str>], least: &[f64]) -> Self {
        let of = |text: &str| {
            let bits = Self::read(text).unwrap_or_default();
            let ones = bits.iter().map(|byte| byte.count_ones()).sum();
            (bits, ones)
        };
        Self { values: values.iter().map(|text| of(text)).collect(), least: least.to_vec() }
    }

    /// Which coefficient two filters reach; those of different lengths reach none.
    fn reach(&self, a: u32, b: u32) -> Option<usize> {
        let ((a, of_a), (b, of_b)) = (&self.values[a as usize], &self.values[b as usize]);
        if a.len() != b.len() {
            return None;
        }
        let common: u32 = a.iter().zip(b.iter()).map(|(a, b)| (a & b).count_ones()).sum();
        let dice = 2.0 * f64::from(common) / f64::from((of_a + of_b).max(1));
        self.least.iter().position(|least| dice >= *least)
    }
}

/// The frequency of the value counts where it is the same on both sides.
const NO_CELL: &[usize] = &[];
const THE_CELL: &[usize] = &[0];
const GIVEN: &[usize] = &[0];
const SURNAME: &[usize] = &[1];
const BOTH: &[usize] = &[0, 1];

impl Judge {
    /// Makes a comparison ready; gives it with the codes of its cells, row by row.
    pub(super) fn new(
        records: &Records,
        comparison: &Comparison,
        cells: usize,
    ) -> (Self, Vec<Vec<u32>>) {
        let columns: Vec<&Column> =
            comparison.columns.iter().map(|c| &records.columns[*c]).collect();
        let plain = |column: &Column, map: fn(&str) -> Option<String>| column.mapped(map);
        let folded = |text: &str| Some(fold(text)).filter(|text| !text.is_empty());
        let mut several = None;
        let (columns, how, labels, spelt) = match (&comparison.kind, columns.as_slice()) {
            (Kind::PersonName(alike), [given, surname]) => {
                let (given, surname) =
                    Column::joined(&plain(given, folded), &plain(surname, folded));
                let names = Names::new(&given.values, alike);
                (vec![given, surname], How::PersonName(names), person_labels(), 0)
            }
            (Kind::Several(kind, separator), [column]) => {
                let (apart, now, (how, mut labels, spelt)) =
                    Several::new(column, *separator, |single_values| {
                        let (column, how, labels, spelt) = single(kind, single_values);
                        (column, (how, labels, spelt))
                    });
                several = Some(apart);
                labels.insert(1, ONE_IN_COMMON.to_owned());
                (vec![now, (*column).clone()], how, labels, spelt)
            }
            (kind, columns) => {
                let first = columns.first().copied();
                let empty = Column { codes: vec![MISSING; records.rows()], values: Vec::new() };
                let column = first.unwrap_or(&empty);
                let (column, how, labels, spelt) = single(kind, column);
                (vec![column], how, labels, spelt)
            }
        };
        let mut frequencies = vec![NO_CELL; labels.len() + 1];
        if comparison.term_frequency {
            if let How::PersonName(_) = how {
                for (level, cells) in
                    [(1, BOTH), (2, BOTH), (5, SURNAME), (6, GIVEN), (9, GIVEN), (12, SURNAME)]
                {
                    frequencies[level] = cells;
                }
            } else {
                frequencies[1..=1 + spelt].fill(THE_CELL);
                if several.is_some() {
                    frequencies[2] = NO_CELL;
                    frequencies[3..3 + spelt].fill(THE_CELL);
                }
            }
        }
        let judge = Self {
            name: comparison.name.clone(),
            labels,
            cells: cells..cells + columns.len(),
            frequencies,
            counts: columns.iter().map(counts).collect(),
            seldom: matches!(how, How::Date(..))
                .then_some(date::FAR + usize::from(several.is_some())),
            several,
            how,
        };
        (judge, columns.into_iter().map(|column| column.codes).collect())
    }

    /// How many levels there are, with [`UNKNOWN`].
    pub(super) fn levels(&self) -> usize {
        self.labels.len() + 1
    }

    /// The level on which two rows agree, from their cells of this comparison.
    #[inline]
    pub(super) fn level(&self, a: &[u32], b: &[u32], seen: &mut Seen) -> usize {
        if let How::PersonName(names) = &self.how {
            return person_level(names, a, b, seen);
        }
        let (now, other) = (a[0], b[0]);
        if now == MISSING || other == MISSING {
            return UNKNOWN;
        }
        if now == other {
            return AGREED;
        }
        if let Some(several) = &self.several {
            if several.share(a[1], b[1]) {
                return 2;
            }
            let last = self.labels.len() - 1;
            return 1 + seen.level(now, other, |a, b| self.unequal(a, b, last));
        }
        if self.is_quick() {
            self.unequal(now, other, self.labels.len())
        } else {
            seen.level(now, other, |a, b| self.unequal(a, b, self.labels.len()))
        }
    }

    /// Whether comparing two values takes less than looking for when they were compared.
    const fn is_quick(&self) -> bool {
        use How::{Date, Exact, Number, Postcode, Sound};
        matches!(self.how, Exact | Date(..) | Postcode(..) | Number(..) | Sound(_))
    }

    /// The levels of at most [`AT_ONCE`](super::seen::AT_ONCE) pairs of rows, whose cells
    /// `row` tells; `put` gets each.
    #[inline]
    pub(super) fn levels_of<'r>(
        &self,
        pairs: &[(u32, u32)],
        row: impl Fn(u32) -> &'r [u32],
        seen: &mut Seen,
        mut put: impl FnMut(usize, usize),
    ) {
        if self.several.is_some() || self.is_quick() || matches!(self.how, How::PersonName(_)) {
            for (pair, (a, b)) in pairs.iter().enumerate() {
                let cells = self.cells.clone();
                put(pair, self.level(&row(*a)[cells.clone()], &row(*b)[cells], seen));
            }
            return;
        }
        let cell = self.cells.start;
        let values = pairs.iter().map(|(a, b)| (row(*a)[cell], row(*b)[cell]));
        seen.levels(values, |a, b| self.unequal(a, b, self.labels.len()), put);
    }

    /// The level of two values that are not one, of which `last` is none at all.
    fn unequal(&self, a: u32, b: u32, last: usize) -> usize {
        match &self.how {
            How::Name(names) | How::PersonName(names) => match names.likeness(a, b) {
                Likeness::Same => 2,
                Likeness::Alike(0) => 3,
                Likeness::Part => 4,
                Likeness::Alike(at) => 4 + at,
                Likeness::Different => last,
            },
            How::Text(texts, most) => {
                let distance = most.last().and_then(|most| texts.distance(a, b, *most));
                let level = distance.and_then(|d| most.iter().position(|most| d <= *most));
                level.map_or(last, |level| 2 + level)
            }
            How::Date(texts, dates) => {
                let near = texts.are_near(a, b);
                2 + date::level(dates[a as usize], dates[b as usize], near)
            }
            How::Postcode(texts, parts) => {
                let (x, y) = (parts[a as usize], parts[b as usize]);
                let same = || (0..3).position(|part| x[part] == y[part] && x[part] != MISSING);
                if texts.are_near(a, b) { 2 } else { same().map_or(6, |part| 3 + part) }
            }
            How::Number(numbers, within, percent) => {
                let (x, y) = (numbers[a as usize], numbers[b as usize]);
                let apart = (x - y).abs();
                let apart = if *percent { 100.0 * apart / x.abs().max(y.abs()) } else { apart };
                within.iter().position(|most| apart <= *most).map_or(last, |level| 2 + level)
            }
            How::Sound(sounds) => {
                if sounds[a as usize] == sounds[b as usize] {
                    2
                } else {
                    3
                }
            }
            How::Words(names) => {
                let common = names.common_words(a, b);
                if names.are_same(a, b) {
                    2
                } else if common >= 0.5 {
                    3
                } else if common > 0.0 {
                    4
                } else {
                    5
                }
            }
            How::Encoded(filters) => filters.reach(a, b).map_or(last, |level| 2 + level),
            How::Exact => last,
        }
    }
}

fn counts(column: &Column) -> Vec<u32> {
    let mut counts = vec![0; column.values.len()];
    for code in column.codes.iter().filter(|code| **code != MISSING) {
        counts[*code as usize] += 1;
    }
    counts
}

/// A comparison of one column: its values as they are compared, how, what its
/// levels are called, and how many levels after the first are the same value too.
fn single(kind: &Kind, column: &Column) -> (Column, How, Vec<String>, usize) {
    let folded =
        |column: &Column| column.mapped(|text| Some(fold(text)).filter(|text| !text.is_empty()));
    match kind {
        Kind::Exact => {
            let column = column.mapped(|text| Some(text.to_lowercase()));
            (column, How::Exact, owned(&[EQUAL, "different"]), 0)
        }
        Kind::Name(alike) | Kind::PersonName(alike) => {
            let column = folded(column);
            let names = Names::new(&column.values, alike);
            (column, How::Name(names), name_labels(alike), 1)
        }
        Kind::Text(most) => {
            let column = folded(column);
            let texts = Texts::new(&column.values);
            let mut labels = owned(&[EQUAL]);
            labels.extend(most.iter().map(|most| format!("at most {most} letters differ")));
            labels.push("different".to_owned());
            (column, How::Text(texts, most.clone()), labels, 0)
        }
        Kind::Date(order) => {
            let day_first = date::day_first(column.values.iter().map(AsRef::as_ref), *order);
            let column = column.mapped(|text| {
                let read = date::read(text, day_first);
                Some(read.map_or_else(|| text.to_lowercase(), Date::digits))
            });
            let dates = column.values.iter().map(|text| date::read(text, day_first)).collect();
            let mut labels = owned(&[EQUAL]);
            labels.extend(owned(&date::LEVELS));
            let texts = Texts::new(&column.values);
            (column, How::Date(texts, dates), labels, 0)
        }
        Kind::Postcode => {
            let column = column.mapped(|text| {
                let kept: String =
                    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
                Some(kept).filter(|text| !text.is_empty())
            });
            let texts = Texts::new(&column.values);
            let parts = postcode_parts(&texts);
            (column, How::Postcode(texts, parts), owned(&POSTCODES), 0)
        }
        Kind::Number(within) | Kind::Percent(within) => {
            let percent = matches!(kind, Kind::Percent(_));
            let read =
                |text: &str| text.replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite());
            let column = column.mapped(|text| read(text).map(|number| number.to_string()));
            let numbers = column.values.iter().map(|text| read(text).unwrap_or(f64::NAN)).collect();
            let unit = if percent { " %" } else { "" };
            let mut labels = owned(&[EQUAL]);
            labels.extend(within.iter().map(|most| format!("within {most}{unit}")));
            labels.push("different".to_owned());
            (column, How::Number(numbers, within.clone(), percent), labels, 0)
        }
        Kind::Encoded(least) => {
            let column = column.mapped(|text| Filters::read(text).map(|_| text.to_owned()));
            let filters = Filters::new(&column.values, least);
            let mut labels = owned(&[EQUAL]);
            labels.extend(least.iter().map(|least| format!("Dice ≥ {least}")));
            labels.push("different".to_owned());
            (column, How::Encoded(filters), labels, 0)
        }
        Kind::Sound => {
            let column = folded(column);
            let mut sounds: Vec<String> =
                column.values.iter().map(|value| sound(&spelled(value))).collect();
            let each = sounds.clone();
            sounds.sort_unstable();
            sounds.dedup();
            let each = each
                .iter()
                .map(|sound| sounds.binary_search(sound).unwrap_or_default() as u32)
                .collect();
            (column, How::Sound(each), owned(&[EQUAL, "sounds alike", "different"]), 0)
        }
        // The values were taken apart before.
        Kind::Several(kind, _) => single(kind, column),
        Kind::Words => {
            let column = folded(column);
            let names = Names::new(&column.values, &[]);
            let labels = owned(&[
                EQUAL,
                "the same words",
                "half of the words or more",
                "a word in common",
                "no word in common",
            ]);
            (column, How::Words(names), labels, 1)
        }
    }
}

/// How alike one part of a person's name is: 0 not at all to 3 the same.
fn grade(names: &Names, a: u32, b: u32, seen: &mut Seen) -> usize {
    if a == b {
        return 3;
    }
    seen.level(a, b, |a, b| match names.likeness(a, b) {
        Likeness::Same => 3,
        Likeness::Alike(0) | Likeness::Part => 2,
        Likeness::Alike(_) => 1,
        Likeness::Different => 0,
    })
}

fn person_level(names: &Names, a: &[u32], b: &[u32], seen: &mut Seen) -> usize {
    let known = |x: u32, y: u32| x != MISSING && y != MISSING;
    match (known(a[0], b[0]), known(a[1], b[1])) {
        (false, false) => UNKNOWN,
        (true, false) => match grade(names, a[0], b[0], seen) {
            3 => 9,
            0 => 11,
            _ => 10,
        },
        (false, true) => match grade(names, a[1], b[1], seen) {
            3 => 12,
            0 => 14,
            _ => 13,
        },
        (true, true) => {
            if a[0] == b[0] && a[1] == b[1] {
                return 1;
            }
            let swapped = |least: usize, seen: &mut Seen| {
                grade(names, a[0], b[1], seen) >= least && grade(names, a[1], b[0], seen) >= least
            };
            let given = grade(names, a[0], b[0], seen);
            let surname = grade(names, a[1], b[1], seen);
            match (given.min(surname), given, surname) {
                (3, _, _) => 2,
                (2, _, _) => 3,
                _ if swapped(3, seen) => 2,
                _ if swapped(2, seen) => 3,
                (1, _, _) => 4,
                (_, _, 3) => 5,
                (_, 3, _) => 6,
                (_, 0, 0) => 8,
                _ => 7,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Intake;
    use super::super::spec::DateOrder;
    use super::*;

    /// The label on which two rows agree.
    fn agree(kind: Kind, a: &[&str], b: &[&str]) -> String {
        let mut intake = Intake::new(a.len());
        intake.push("1", a.iter().map(|v| Some(*v)));
        intake.push("2", b.iter().map(|v| Some(*v)));
        let records = intake.finish();
        let comparison = Comparison {
            name: "x".to_owned(),
            kind,
            columns: (0..a.len()).collect(),
            term_frequency: true,
        };
        let (judge, codes) = Judge::new(&records, &comparison, 0);
        let row = |at: usize| codes.iter().map(|cell| cell[at]).collect::<Vec<_>>();
        let level = judge.level(&row(0), &row(1), &mut Seen::new());
        assert_eq!(level, judge.level(&row(1), &row(0), &mut Seen::new()), "{a:?} {b:?}");
        level.checked_sub(1).map_or_else(|| "unknown".to_owned(), |at| judge.labels[at].clone())
    }

    #[test]
    fn a_missing_value_is_no_evidence() {
        assert_eq!(agree(Kind::Exact, &[""], &["x"]), "unknown");
        assert_eq!(agree(Kind::Number(vec![1.0]), &["seven"], &["7"]), "unknown");
        assert_eq!(
            agree(Kind::PersonName(Kind::NAMES.to_vec()), &["", "a"], &["b", ""]),
            "unknown"
        );
    }

    #[test]
    fn each_kind_knows_its_levels() {
        let names = || Kind::Name(Kind::NAMES.to_vec());
        for (kind, a, b, expected) in [
            (Kind::Exact, "Male", "male ", "equal"),
            (names(), "Åse", "Aase", "another spelling or order"),
            (names(), "Catherine", "Katherine", "Jaro–Winkler ≥ 0.92"),
            (names(), "Hansen-Berg", "Berg", "part of the other, or patronymics of one father"),
            (names(), "Anna", "Berit", "different"),
            (Kind::Text(vec![1, 2]), "12345", "12354", "at most 1 letters differ"),
            (Kind::Text(vec![1, 2]), "12345", "92354", "at most 2 letters differ"),
            (Kind::Date(DateOrder::Found), "1950-03-12", "1950-12-03", "day and month swapped"),
            (Kind::Date(DateOrder::Found), "12.3.1950", "1950-03-12", "equal"),
            (Kind::Postcode, "TQ13 8DF", "tq138df", "equal"),
            (Kind::Postcode, "tq13 8df", "tq13 8dg", "one letter wrong or two swapped"),
            (Kind::Postcode, "tq13 8df", "tq13 8hu", "same sector"),
            (Kind::Postcode, "tq13 8df", "tq13 9hu", "same district"),
            (Kind::Postcode, "tq13 8df", "tq9 9hu", "same area"),
            (Kind::Postcode, "0171", "0184", "same district"),
            (Kind::Postcode, "0171", "9484", "different"),
            (Kind::Number(vec![1.0, 5.0]), "10", "14,5", "within 5"),
            (Kind::Percent(vec![10.0]), "100", "109", "within 10 %"),
            (Kind::Sound, "Christine", "Kristin", "sounds alike"),
            (Kind::Words, "Bristol", "City of Bristol", "half of the words or more"),
            // 16 and 15 bits of which 15 are the same; 16 and 8; of another length.
            (Kind::Encoded(vec![0.9, 0.6]), "//8=", "//4=", "Dice ≥ 0.9"),
            (Kind::Encoded(vec![0.9, 0.6]), "//8=", "/wA=", "Dice ≥ 0.6"),
            (Kind::Encoded(vec![0.9, 0.7]), "//8=", "/wA=", "different"),
            (Kind::Encoded(vec![0.9, 0.6]), "//8=", "//8A", "different"),
            (Kind::Encoded(vec![0.9, 0.6]), "//8=", "//8=", "equal"),
            (Kind::Encoded(vec![0.9, 0.6]), "no base64", "//8=", "unknown"),
        ] {
            assert_eq!(agree(kind.clone(), &[a], &[b]), expected, "{kind:?} {a} {b}");
        }
    }

    #[test]
    fn a_persons_two_names_are_one_piece_of_evidence() {
        for (a, b, expected) in [
            (["kari", "berg"], ["kari", "berg"], "both equal"),
            (["kari", "berg"], ["berg", "kari"], "both equal in another order"),
            (["bjørn", "åsen"], ["bjoern", "aasen"], "both equal in another order"),
            (["catherine", "berg"], ["katherine", "berg"], "both alike"),
            (["kari", "berg"], ["ola", "berg"], "surname the same, given name different"),
            (["kari", "berg"], ["kari", "holm"], "given name the same, surname different"),
            (["kari", ""], ["kari", "holm"], "surname unknown, given name the same"),
            (["", "holm"], ["kari", "berg"], "given name unknown, surname different"),
            (["anna", "berg"], ["ola", "nygaard"], "both different"),
        ] {
            assert_eq!(
                agree(Kind::PersonName(Kind::NAMES.to_vec()), &a, &b),
                expected,
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn of_several_values_the_present_ones_are_compared_unless_one_is_in_common() {
        let postcodes = || Kind::Several(Box::new(Kind::Postcode), ';');
        let spelt = Kind::Several(Box::new(Kind::Name(Kind::NAMES.to_vec())), ';');
        for (kind, a, b, label) in [
            (postcodes(), "7030; 0171", "7030;5003", "equal"),
            (postcodes(), "7030;0171", "0171", "now or earlier the same"),
            (postcodes(), "7030;0171;5003", "9008;0171", "now or earlier the same"),
            (postcodes(), ";7030", "7031", "one letter wrong or two swapped"),
            (postcodes(), "7030;0171", "9008;5003", "different"),
            (postcodes(), " ; ", "9008;5003", "unknown"),
            (Kind::Several(Box::new(Kind::Exact), '|'), "1201|46", "301|47", "different"),
            (spelt, "Sæther;Lie", "Saether;Moen", "another spelling or order"),
        ] {
            assert_eq!(agree(kind, &[a], &[b]), label, "{a} and {b}");
        }
    }
}
