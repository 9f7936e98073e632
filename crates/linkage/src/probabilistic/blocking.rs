//! Which pairs are compared: the pairs of every rule, each once.
//!
//! A row has a key for each rule, and rows of one key are a block. A pair is left
//! to the first rule that finds it, which is seen from the keys alone. A block of
//! too many pairs is narrowed: its rows keep no key for that rule, and get one for
//! the rule and one more column, for every column that is compared. A rule whose blocks
//! are many gives way to narrower ones, where its maker named some.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::date;
use super::hashing::NumberMap;
use super::records::{Column, MISSING, Records};
use super::several;
use super::spec::{DateOrder, Kind, Part, Rule, Spec, Term};
use super::words::{fold, sound, spelled};

/// All rules, ready.
#[derive(Debug)]
pub(super) struct Blocking {
    pub(super) rules: Vec<Ready>,
    pub(super) narrowed: Vec<Narrowed>,
    /// For each row the keys of all rules.
    keys: Vec<u32>,
    /// The rules that make the other side's key otherwise, and for each row its keys there
    /// under these.
    uneven: Vec<usize>,
    other: Vec<u32>,
}

/// A rule with its blocks.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) name: String,
    /// The columns it asks to agree.
    pub(super) columns: Vec<usize>,
    /// Whether one side's key is made as the other's is.
    even: bool,
    /// Rows by key, of one side and of the other where that differs.
    rows: [Vec<u32>; 2],
    pub(super) blocks: Vec<Block>,
}

/// Rows to be compared with rows: among themselves when both are the same.
#[derive(Debug, Clone)]
pub(super) struct Block {
    left: Range<u32>,
    right: Range<u32>,
    within: bool,
}

impl Block {
    pub(super) fn pairs(&self) -> u64 {
        let (left, right) = (
            u64::from(self.left.end - self.left.start),
            u64::from(self.right.end - self.right.start),
        );
        if self.within { left * left.saturating_sub(1) / 2 } else { left * right }
    }
}

/// A block that was too large, or a whole rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Narrowed {
    /// The rule.
    pub rule: String,
    /// How many rows have one key; of a whole rule, any key.
    pub rows: u64,
    /// How many pairs they make.
    pub pairs: u64,
    /// Whether its pairs are compared where they agree on more; else they are not
    /// compared by this rule.
    pub narrowed: bool,
    /// Whether it is the whole rule.
    pub whole: bool,
}

/// Each row's key under one rule: as one side of a pair, and as the other where
/// that differs.
#[derive(Debug, Clone)]
struct Keys {
    one: Vec<u32>,
    other: Option<Vec<u32>>,
}

impl Keys {
    fn other(&self) -> &[u32] {
        self.other.as_ref().unwrap_or(&self.one)
    }

    fn none(rows: usize) -> Self {
        Self { one: vec![MISSING; rows], other: None }
    }

    /// Takes these keys away, and gives them alone.
    fn split(&mut self, gone: &[Large]) -> Self {
        let gone: HashSet<u32> = gone.iter().map(|large| large.key).collect();
        let take = |keys: &mut Vec<u32>| -> Vec<u32> {
            keys.iter_mut()
                .map(
                    |key| {
                        if gone.contains(key) { std::mem::replace(key, MISSING) } else { MISSING }
                    },
                )
                .collect()
        };
        Self { one: take(&mut self.one), other: self.other.as_mut().map(take) }
    }

    /// Keys for two things that must both agree.
    fn and(&self, also: &Self) -> Self {
        let mut numbers: NumberMap<u32> = NumberMap::default();
        let mut of = |one: &[u32], also: &[u32]| -> Vec<u32> {
            let mut next = |a: u32, b: u32| {
                if a == MISSING || b == MISSING {
                    return MISSING;
                }
                let next = numbers.len() as u32;
                *numbers.entry(u64::from(a) << 32 | u64::from(b)).or_insert(next)
            };
            one.iter().zip(also).map(|(a, b)| next(*a, *b)).collect()
        };
        let even = self.other.is_none() && also.other.is_none();
        Self {
            one: of(&self.one, &also.one),
            other: if even { None } else { Some(of(self.other(), also.other())) },
        }
    }
}

impl Blocking {
    /// Makes the rules ready for rows in this order.
    pub(super) fn new(records: &Records, spec: &Spec, order: &[u32]) -> Self {
        let first = order.iter().filter(|row| (**row as usize) < records.first).count();
        let split =
            records.two.then_some(Split { second: first as u32, within: records.within_first });
        let maker = Maker { records, spec, order, split };
        let mut narrowed = Vec::new();
        let mut rules: Vec<(Ready, Keys)> = Vec::new();
        for rule in &spec.rules {
            let (ready, keys) = maker.wide(rule);
            let pairs = ready.pairs();
            if pairs <= spec.most_pairs_of_a_rule || rule.narrower.is_empty() {
                rules.extend(maker.bounded((ready, keys), rule, &mut narrowed));
                continue;
            }
            let (name, rows) = (rule.name.clone(), ready.rows[0].len() as u64);
            narrowed.push(Narrowed { rule: name, rows, pairs, narrowed: true, whole: true });
            drop((ready, keys));
            for narrower in &rule.narrower {
                rules.extend(maker.bounded(maker.wide(narrower), narrower, &mut narrowed));
            }
        }
        let width = rules.len();
        let uneven: Vec<usize> = (0..width).filter(|at| rules[*at].1.other.is_some()).collect();
        let mut blocking = Self {
            rules: Vec::with_capacity(width),
            narrowed,
            keys: vec![MISSING; order.len() * width],
            other: vec![MISSING; order.len() * uneven.len()],
            uneven,
        };
        let side_by_side = |all: &mut [u32], width: usize, at: usize, keys: Vec<u32>| {
            let places = all.iter_mut().skip(at).step_by(width);
            places.zip(keys).for_each(|(place, key)| *place = key);
        };
        for (at, (ready, Keys { one, other })) in rules.into_iter().enumerate() {
            side_by_side(&mut blocking.keys, width, at, one);
            if let (Some(other), Ok(among)) = (other, blocking.uneven.binary_search(&at)) {
                side_by_side(&mut blocking.other, blocking.uneven.len(), among, other);
            }
            blocking.rules.push(ready);
        }
        blocking
    }

    /// Whether an earlier rule finds this pair.
    #[inline]
    pub(super) fn found_before(&self, rule: usize, a: u32, b: u32) -> bool {
        let agree = |one: &[u32], other: &[u32]| {
            one.iter().zip(other).any(|(a, b)| a == b && *a != MISSING)
        };
        let (of_a, of_b) = (self.keys_of(a, rule), self.keys_of(b, rule));
        let mut from = 0;
        for (among, at) in self.uneven.iter().enumerate().take_while(|(_, at)| **at < rule) {
            let (key_a, key_b) = (of_a[*at], of_b[*at]);
            let swapped = |one: u32, other: u32| one == other && one != MISSING;
            if agree(&of_a[from..*at], &of_b[from..*at])
                || swapped(key_a, self.other_key(b, among))
                || swapped(key_b, self.other_key(a, among))
            {
                return true;
            }
            from = at + 1;
        }
        agree(&of_a[from..], &of_b[from..])
    }

    /// The keys of a row for the first so many rules.
    fn keys_of(&self, row: u32, rules: usize) -> &[u32] {
        let from = row as usize * self.rules.len();
        &self.keys[from..from + rules]
    }

    /// The key of a row on the other side of an uneven rule.
    fn other_key(&self, row: u32, among: usize) -> u32 {
        self.other[row as usize * self.uneven.len() + among]
    }

    /// Every pair of a block, once: all of them, or those that no earlier rule
    /// finds. The smaller row comes first.
    #[inline]
    pub(super) fn each(
        &self,
        rule: usize,
        block: &Block,
        only_new: bool,
        mut take: impl FnMut(u32, u32),
    ) {
        let ready = &self.rules[rule];
        let rows = |side: usize, range: &Range<u32>| {
            &ready.rows[side][range.start as usize..range.end as usize]
        };
        let mut offer = |a: u32, b: u32| {
            if !only_new || !self.found_before(rule, a, b) {
                take(a, b);
            }
        };
        if block.within {
            let rows = rows(0, &block.left);
            for (at, a) in rows.iter().enumerate() {
                for b in &rows[at + 1..] {
                    offer(*a, *b);
                }
            }
            return;
        }
        let other_side = usize::from(!ready.even);
        let among = self.uneven.iter().position(|at| *at == rule).unwrap_or(0);
        for a in rows(0, &block.left) {
            for b in rows(other_side, &block.right) {
                if ready.even || a < b {
                    offer(*a.min(b), *a.max(b));
                } else if a > b {
                    // The same pair the other way round may be met as well.
                    let one = self.keys_of(*b, rule + 1)[rule];
                    if one == MISSING || one != self.other_key(*a, among) {
                        offer(*b, *a);
                    }
                }
            }
        }
    }
}

/// Makes rules ready for rows in some order.
struct Maker<'a> {
    records: &'a Records,
    spec: &'a Spec,
    order: &'a [u32],
    split: Option<Split>,
}

impl Maker<'_> {
    /// A rule with all its blocks.
    fn wide(&self, rule: &Rule) -> (Ready, Keys) {
        let keys = keys(self.records, self.spec, rule, self.order);
        (Ready::new(rule.name.clone(), columns(rule), &keys, self.split), keys)
    }

    /// The rule with the blocks that are not too large, and the rules in which the rows
    /// of these agree on one more column.
    fn bounded(
        &self,
        (mut ready, mut keys): (Ready, Keys),
        rule: &Rule,
        narrowed: &mut Vec<Narrowed>,
    ) -> Vec<(Ready, Keys)> {
        let (spec, most) = (self.spec, self.spec.most_pairs_in_a_block);
        let large = ready.large(most, u64::MAX, &keys);
        if large.is_empty() {
            return vec![(ready, keys)];
        }
        let of_rule = columns(rule);
        let further = compared(spec, &of_rule);
        tell(narrowed, &rule.name, &large, !further.is_empty());
        let inside = keys.split(&large);
        ready.fill(&keys, self.split);
        let mut rules = vec![(ready, keys)];
        for column in further {
            let term = Term { column, other: column, part: Part::Whole };
            let narrow = Rule { name: String::new(), terms: vec![term], narrower: Vec::new() };
            let mut keys = inside.and(&self::keys(self.records, spec, &narrow, self.order));
            let name = format!("{} + {}", rule.name, column_name(spec, column));
            let mut columns = of_rule.clone();
            columns.push(column);
            let mut ready = Ready::new(name, columns, &keys, self.split);
            let large = ready.large(most, most, &keys);
            if !large.is_empty() {
                tell(narrowed, &ready.name, &large, false);
                keys.split(&large);
                ready.fill(&keys, self.split);
            }
            rules.push((ready, keys));
        }
        rules
    }
}

/// Where the second file's rows begin, and whether the first file's are compared
/// with each other too.
#[derive(Clone, Copy)]
struct Split {
    second: u32,
    within: bool,
}

/// A block too large for its rule.
struct Large {
    key: u32,
    rows: u64,
    pairs: u64,
}

impl Ready {
    fn new(name: String, columns: Vec<usize>, keys: &Keys, split: Option<Split>) -> Self {
        let even = keys.other.is_none();
        let rows = [Vec::new(), Vec::new()];
        let mut ready = Self { name, columns, even, rows, blocks: Vec::new() };
        ready.fill(keys, split);
        ready
    }

    pub(super) fn pairs(&self) -> u64 {
        self.blocks.iter().map(Block::pairs).sum()
    }

    /// Puts rows of one key together and makes blocks of them.
    fn fill(&mut self, keys: &Keys, split: Option<Split>) {
        self.rows = [sorted(&keys.one), keys.other.as_deref().map(sorted).unwrap_or_default()];
        let at = split.map_or(0, |split| split.second);
        let blocks: Vec<Block> = match (self.even, split) {
            (true, None) => runs(&self.rows[0], &keys.one, at)
                .map(|run| Block { left: run.rows.clone(), right: run.rows, within: true })
                .collect(),
            (true, Some(Split { within, .. })) => runs(&self.rows[0], &keys.one, at)
                .flat_map(|run| {
                    let first = run.rows.start..run.second;
                    let right = run.second..run.rows.end;
                    let among = Block { left: first.clone(), right: first.clone(), within: true };
                    let across = Block { left: first, right, within: false };
                    within.then_some(among).into_iter().chain([across])
                })
                .collect(),
            (false, _) => {
                let others: HashMap<u32, Run> =
                    runs(&self.rows[1], keys.other(), at).map(|run| (run.key, run)).collect();
                let mut blocks = Vec::new();
                for run in runs(&self.rows[0], &keys.one, at) {
                    let Some(other) = others.get(&run.key) else { continue };
                    let mut add = |left, right| blocks.push(Block { left, right, within: false });
                    if let Some(Split { within, .. }) = split {
                        if within {
                            add(run.rows.start..run.second, other.rows.start..other.second);
                        }
                        add(run.rows.start..run.second, other.second..other.rows.end);
                        add(run.second..run.rows.end, other.rows.start..other.second);
                    } else {
                        add(run.rows, other.rows.clone());
                    }
                }
                blocks
            }
        };
        self.blocks = blocks.into_iter().filter(|block| block.pairs() > 0).collect();
    }

    /// The keys whose blocks have more than `most` pairs, and then the largest until
    /// the others together have no more than `in_all`.
    fn large(&self, most: u64, in_all: u64, keys: &Keys) -> Vec<Large> {
        let mut sizes: Vec<Large> = Vec::new();
        let mut among = false;
        for block in &self.blocks {
            let Some(row) = self.rows[0].get(block.left.start as usize) else { continue };
            let key = keys.one[*row as usize];
            let rows = |range: &Range<u32>| u64::from(range.end - range.start);
            let others = if block.within { 0 } else { rows(&block.right) };
            let (rows, pairs) = (rows(&block.left) + others, block.pairs());
            // Two blocks of one key follow each other.
            let same_rows = std::mem::replace(&mut among, block.within);
            match sizes.last_mut().filter(|last| last.key == key) {
                Some(last) => {
                    // Rows that were compared with each other are compared with others.
                    last.rows = if same_rows { rows } else { last.rows + rows };
                    last.pairs += pairs;
                }
                None => sizes.push(Large { key, rows, pairs }),
            }
        }
        sizes.sort_by_key(|size| (size.pairs, size.key));
        let mut sum = 0_u64;
        let fit = sizes
            .iter()
            .take_while(|size| {
                sum = sum.saturating_add(size.pairs);
                size.pairs <= most && sum <= in_all
            })
            .count();
        sizes.split_off(fit)
    }
}

/// The rows that have a key, by key and then by place.
fn sorted(keys: &[u32]) -> Vec<u32> {
    let mut rows: Vec<u32> =
        (0..keys.len() as u32).filter(|row| keys[*row as usize] != MISSING).collect();
    rows.sort_unstable_by_key(|row| (keys[*row as usize], *row));
    rows
}

fn tell(narrowed: &mut Vec<Narrowed>, rule: &str, large: &[Large], further: bool) {
    narrowed.extend(large.iter().map(|large| Narrowed {
        rule: rule.to_owned(),
        rows: large.rows,
        pairs: large.pairs,
        narrowed: further,
        whole: false,
    }));
}

struct Run {
    key: u32,
    rows: Range<u32>,
    /// Where the second file's rows begin.
    second: u32,
}

/// Rows of one key, in rows sorted by key and then by place.
fn runs<'a>(rows: &'a [u32], keys: &'a [u32], second: u32) -> impl Iterator<Item = Run> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        let key = keys[*rows.get(at)? as usize];
        let from = at;
        while rows.get(at).is_some_and(|row| keys[*row as usize] == key) {
            at += 1;
        }
        let second = from + rows[from..at].partition_point(|row| *row < second);
        Some(Run { key, rows: from as u32..at as u32, second: second as u32 })
    })
}

fn columns(rule: &Rule) -> Vec<usize> {
    let mut columns: Vec<usize> =
        rule.terms.iter().flat_map(|term| [term.column, term.other]).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The columns that are compared and no part of a rule.
fn compared(spec: &Spec, of_rule: &[usize]) -> Vec<usize> {
    let mut columns: Vec<usize> = spec
        .comparisons
        .iter()
        .flat_map(|comparison| comparison.columns.iter().copied())
        .filter(|column| !of_rule.contains(column))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn column_name(spec: &Spec, column: usize) -> String {
    spec.comparisons
        .iter()
        .find(|comparison| comparison.columns.contains(&column))
        .map_or_else(String::new, |comparison| comparison.name.clone())
}

/// Each row's keys: equal where everything that the rule names is equal.
fn keys(records: &Records, spec: &Spec, rule: &Rule, order: &[u32]) -> Keys {
    let mut keys: Option<Keys> = None;
    for term in &rule.terms {
        let (one, other) = sides(records, spec, term);
        let in_order =
            |column: Column| order.iter().map(|row| column.codes[*row as usize]).collect();
        let these = Keys { one: in_order(one), other: other.map(in_order) };
        keys = Some(keys.map_or_else(|| these.clone(), |so_far| so_far.and(&these)));
    }
    keys.unwrap_or_else(|| Keys::none(order.len()))
}

/// What a term looks at on one side and on the other.
fn sides(records: &Records, spec: &Spec, term: &Term) -> (Column, Option<Column>) {
    let part = |column: usize| {
        let kind = spec.comparisons.iter().find_map(|comparison| {
            comparison.columns.contains(&column).then_some(&comparison.kind)
        });
        let kind = match kind {
            Some(Kind::Several(of, _)) => Some(&**of),
            other => other,
        };
        let is_date = matches!(kind, Some(Kind::Date(_)));
        let day_first = {
            let order = spec.comparisons.iter().find_map(|comparison| match comparison.kind {
                Kind::Date(order) if comparison.columns.contains(&column) => Some(order),
                _ => None,
            });
            let values = records.columns[column].values.iter().map(AsRef::as_ref);
            (is_date || matches!(term.part, Part::Year | Part::Month | Part::Day))
                && date::day_first(values, order.unwrap_or(DateOrder::Found))
        };
        let separator = spec.comparisons.iter().find_map(|comparison| match comparison.kind {
            Kind::Several(_, separator) if comparison.columns.contains(&column) => Some(separator),
            _ => None,
        });
        records.columns[column].mapped(|text| {
            // Of several values the one that is true now.
            let now = separator.and_then(|by| several::now(text, by));
            let text = now.unwrap_or(text);
            let whole = term.part == Part::Whole;
            match kind {
                // As they are compared, however they are written.
                Some(Kind::Date(_)) if whole => {
                    let read = date::read(text, day_first);
                    Some(read.map_or_else(|| text.to_lowercase(), date::Date::digits))
                }
                // A beginning is one as it is written: `TQ9` of `TQ9 9HU`.
                Some(Kind::Postcode) if whole => {
                    let kept: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
                    part_of(&kept, term.part, day_first).filter(|text| !text.is_empty())
                }
                Some(Kind::Number(_) | Kind::Percent(_)) if whole => {
                    let read = text.trim().replace(',', ".").parse::<f64>().ok();
                    let plain = || text.to_lowercase();
                    Some(read.map_or_else(plain, |number| number.to_string()))
                }
                _ => part_of(text, term.part, day_first),
            }
        })
    };
    if term.column == term.other {
        (part(term.column), None)
    } else {
        let (one, other) = Column::joined(&part(term.column), &part(term.other));
        (one, Some(other))
    }
}

fn part_of(text: &str, part: Part, day_first: bool) -> Option<String> {
    let text = text.to_lowercase();
    let date =
        |of: fn(date::Date) -> u16| date::read(&text, day_first).map(|date| of(date).to_string());
    match part {
        Part::Whole => Some(text),
        Part::Prefix(letters) => Some(text.chars().take(letters).collect()),
        Part::Suffix(letters) => {
            let all = text.chars().count();
            Some(text.chars().skip(all.saturating_sub(letters)).collect())
        }
        Part::Year => date(|date| date.year),
        Part::Month => date(|date| date.month),
        Part::Day => date(|date| date.day),
        Part::Sound => Some(sound(&spelled(&fold(&text)))).filter(|sound| !sound.is_empty()),
    }
}
