//! A stand-in for an extract: the same tables, columns, types and codes, about
//! people who do not exist. Made from what the catalogue publishes and nothing
//! else, so it holds no more about anybody than the catalogue does, and code that
//! is written against it finds people when it joins and filters.
//!
//! Each column is drawn by itself: shares, percentiles, years and commonest values
//! are those of the catalogue, how columns go together is not. Rows meet the
//! permit's conditions, as the extract's do.

use catalogue::Dataset;
use model::{Date, Entropy, SignedDuration, SourceId, ValueType};
use source::{TopValue, ValueRange, VariableProfile};

use crate::plan::{ExtractPlan, PlannedColumn, SourcePlan, Test, TypedCondition, likelihood};

/// How many people a stand-in is about.
pub const PEOPLE: i32 = 1_000;
/// The most rows of one of them in one table.
const MOST_ROWS: u64 = 200;
/// How often a value that breaks a condition is drawn anew.
const TRIES: usize = 50;

/// Tables about people who do not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct StandIn {
    /// The tables, in the order of the plan.
    pub tables: Vec<StandInTable>,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct StandInTable {
    /// Its name: the source's id.
    pub source: SourceId,
    /// Whose the rows are, from 1 on, in order.
    pub person: Vec<i32>,
    /// The columns after it.
    pub columns: Vec<(PlannedColumn, Values)>,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Texts and codes.
    Texts(Vec<Option<String>>),
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Numbers.
    Decimals(Vec<Option<f64>>),
    /// Days.
    Dates(Vec<Option<Date>>),
    /// Yes or no.
    Booleans(Vec<Option<bool>>),
}

/// The stand-in for what `plan` would make, from what `datasets` say.
pub fn stand_in(plan: &ExtractPlan, datasets: &[Dataset], entropy: &dyn Entropy) -> StandIn {
    let of = |id: &SourceId| datasets.iter().find(|dataset| dataset.source == *id);
    let most = plan.sources.iter().filter_map(|source| of(&source.source)?.persons).max();
    let draw = Draw(entropy);
    let tables = plan.sources.iter().map(|source| {
        let cohort = plan.cohort.as_ref().filter(|cohort| cohort.source == source.source);
        let cohort = cohort.map(|cohort| cohort.conditions.as_slice()).unwrap_or_default();
        let mut made = table(source, cohort, of(&source.source), most, &draw);
        if let Some(how) = plan.linkage.filter(|how| how.probability) {
            // Most rows are certain in an extract too.
            let likely = |_: &i32| Some(if draw.chance(0.9) { 1.0 } else { how.threshold });
            let values = Values::Decimals(made.person.iter().map(likely).collect());
            made.columns.push((likelihood(), values));
        }
        made
    });
    StandIn { tables: tables.collect() }
}

fn table(
    source: &SourcePlan,
    cohort: &[TypedCondition],
    dataset: Option<&Dataset>,
    most: Option<u64>,
    draw: &Draw<'_>,
) -> StandInTable {
    let figures = dataset.and_then(|dataset| Some((dataset.rows?, dataset.persons?)));
    let (each, share) = match (figures, most) {
        (Some((rows, persons)), Some(most)) if persons > 0 && most > 0 => {
            (ratio(rows, persons).max(1.0), ratio(persons, most).clamp(0.05, 1.0))
        }
        _ => (1.0, 1.0),
    };
    let mut person = Vec::new();
    for number in 1..=PEOPLE {
        if draw.chance(share) {
            for _ in 0..draw.rows(each) {
                person.push(number);
            }
        }
    }
    let columns = source.columns.iter().map(|column| {
        let mut tests: Vec<Test> = source
            .conditions
            .iter()
            .chain(cohort)
            .filter(|condition| condition.column == column.name)
            .map(|condition| condition.test.clone())
            .collect();
        if let Some((_, period)) = source.period.as_ref().filter(|(time, _)| *time == column.name) {
            let (from, until) =
                (period.from.unwrap_or(Date::MIN), period.until.unwrap_or(Date::MAX));
            tests.push(Test::DateRange(from, until));
        }
        let variable = dataset.into_iter().flat_map(|dataset| &dataset.variables);
        let mut profile = variable.filter(|variable| variable.id.name == column.name);
        let profile = profile.next().and_then(|variable| variable.profile.as_ref());
        let values = Column { planned: column, profile, tests: &tests, draw }.values(person.len());
        (column.clone(), values)
    });
    let columns = columns.collect();
    let mut made = StandInTable { source: source.source.clone(), person, columns };
    if let Some(time) = &source.time {
        made.sort_by_time(time);
    }
    made
}

impl StandInTable {
    /// Puts each person's times in order: the rows are otherwise drawn alike.
    fn sort_by_time(&mut self, time: &str) {
        let column = self.columns.iter_mut().find(|(column, _)| column.name == time);
        let Some((_, Values::Dates(days))) = column else { return };
        let mut rest = days.as_mut_slice();
        for rows in self.person.chunk_by(|a, b| a == b) {
            let (own, others) = rest.split_at_mut(rows.len());
            own.sort_unstable_by_key(|day| (day.is_none(), *day));
            rest = others;
        }
    }
}

/// A column that is drawn.
struct Column<'a> {
    planned: &'a PlannedColumn,
    profile: Option<&'a VariableProfile>,
    tests: &'a [Test],
    draw: &'a Draw<'a>,
}

impl Column<'_> {
    fn values(&self, count: usize) -> Values {
        match self.planned.value_type {
            ValueType::Text | ValueType::Code => Values::Texts(self.each(
                count,
                || self.text(),
                |test, text| match test {
                    Test::Texts(allowed) => allowed.contains(text),
                    _ => true,
                },
            )),
            ValueType::Integer => Values::Integers(self.each(
                count,
                || self.whole(),
                |test, number| match test {
                    Test::Integers(allowed) => allowed.contains(number),
                    Test::IntegerRange(low, high) => (low..=high).contains(&number),
                    _ => true,
                },
            )),
            ValueType::Decimal => Values::Decimals(self.each(
                count,
                || self.number(),
                |test, number| match test {
                    Test::Decimals(allowed) => allowed.contains(number),
                    Test::DecimalRange(low, high) => (low..=high).contains(&number),
                    _ => true,
                },
            )),
            ValueType::Date => Values::Dates(self.each(
                count,
                || self.day(),
                |test, day| match test {
                    Test::Dates(allowed) => allowed.contains(day),
                    Test::DateRange(low, high) => (low..=high).contains(&day),
                    _ => true,
                },
            )),
            ValueType::Boolean => Values::Booleans(self.each(
                count,
                || self.answer(),
                |test, answer| match test {
                    Test::Booleans(allowed) => allowed.contains(answer),
                    _ => true,
                },
            )),
        }
    }

    /// A value for each row, or none as often as in the data. Where there are
    /// conditions there is always one, and it meets them.
    fn each<T: FromTest>(
        &self,
        count: usize,
        draw: impl Fn() -> T,
        meets: impl Fn(&Test, &T) -> bool,
    ) -> Vec<Option<T>> {
        let filled = self.profile.and_then(|profile| profile.filled).unwrap_or(1.0);
        let one = || {
            if self.tests.is_empty() {
                return self.draw.chance(filled).then(&draw);
            }
            let drawn = std::iter::repeat_with(&draw).take(TRIES);
            let met = |value: &T| self.tests.iter().all(|test| meets(test, value));
            let found = drawn.into_iter().find(met);
            let allowed = || self.tests.iter().filter_map(|test| T::from_test(test, self.draw));
            found.or_else(|| allowed().find(met)).or_else(|| allowed().next())
        };
        std::iter::repeat_with(one).take(count).collect()
    }

    fn top(&self) -> &[TopValue] {
        self.profile.map(|profile| profile.top.as_slice()).unwrap_or_default()
    }

    fn text(&self) -> String {
        if let Some(value) = self.draw.of(self.top(), |top| top.rows) {
            return value.value.clone();
        }
        let codes: Vec<&String> = self.planned.codes.keys().collect();
        match self.draw.of(&codes, |_| 1) {
            Some(code) => (*code).clone(),
            None => format!("text {}", self.draw.below(20) + 1),
        }
    }

    fn number(&self) -> f64 {
        // Few different values: they are the column.
        let parsed = |top: &TopValue| top.value.parse::<f64>().ok();
        if (1..=12).contains(&self.top().len())
            && let Some(number) = self.draw.of(self.top(), |top| top.rows).and_then(parsed)
        {
            return number;
        }
        let mut points = Vec::new();
        if let Some(profile) = self.profile {
            if let Some(ValueRange::Numbers { low, high }) = profile.range {
                points.extend([(0.0, low), (1.0, high)]);
            }
            points.extend(profile.quantiles.iter().map(|q| (q.share, q.value)));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if points.len() < 2 {
            points = vec![(0.0, 0.0), (1.0, 100.0)];
        }
        // Between two percentiles a straight line.
        let place = self.draw.unit();
        let between = points.windows(2).find_map(|pair| match pair {
            [(from, low), (to, high)] if place <= *to && to > from => {
                Some(low + (high - low) * ((place - from) / (to - from)).clamp(0.0, 1.0))
            }
            _ => None,
        });
        let number = between.or_else(|| points.last().map(|(_, high)| *high)).unwrap_or_default();
        (number * 100.0).round() / 100.0
    }

    fn whole(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a rounded figure of the catalogue")]
        let whole = self.number().round() as i64;
        whole
    }

    fn day(&self) -> Date {
        let years = self.profile.map(|profile| profile.years.as_slice()).unwrap_or_default();
        let year = match self.draw.of(years, |year| year.rows) {
            Some(year) => year.year,
            None => 2000 + i16::try_from(self.draw.below(20)).unwrap_or_default(),
        };
        let begin = Date::new(year, 1, 1).unwrap_or(Date::constant(2000, 1, 1));
        let day = later(begin, self.draw.below(365));
        match self.profile.and_then(|profile| profile.range) {
            Some(ValueRange::Dates { low, high }) => day.clamp(low, high.max(low)),
            _ => day,
        }
    }

    fn answer(&self) -> bool {
        match self.draw.of(self.top(), |top| top.rows) {
            Some(top) => {
                matches!(top.value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "t")
            }
            None => self.draw.chance(0.5),
        }
    }
}

fn later(day: Date, days: u64) -> Date {
    let hours = i64::try_from(days).unwrap_or_default().saturating_mul(24);
    day.saturating_add(SignedDuration::from_hours(hours))
}

/// A value that a condition allows, where drawing found none.
trait FromTest: Sized {
    fn from_test(test: &Test, draw: &Draw<'_>) -> Option<Self>;
}

impl FromTest for String {
    fn from_test(test: &Test, draw: &Draw<'_>) -> Option<Self> {
        match test {
            Test::Texts(allowed) => draw.of(allowed, |_| 1).cloned(),
            _ => None,
        }
    }
}

impl FromTest for i64 {
    fn from_test(test: &Test, draw: &Draw<'_>) -> Option<Self> {
        match test {
            Test::Integers(allowed) => draw.of(allowed, |_| 1).copied(),
            Test::IntegerRange(Self::MIN, high) => Some(*high),
            Test::IntegerRange(low, high) => {
                let span = high.saturating_sub(*low).clamp(0, 100);
                let more = draw.below(u64::try_from(span).unwrap_or_default() + 1);
                Some(low.saturating_add(Self::try_from(more).unwrap_or_default()))
            }
            _ => None,
        }
    }
}

impl FromTest for f64 {
    fn from_test(test: &Test, draw: &Draw<'_>) -> Option<Self> {
        match test {
            Test::Decimals(allowed) => draw.of(allowed, |_| 1).copied(),
            Test::DecimalRange(low, high) => {
                let number = low + (high - low) * draw.unit();
                [number, *low, *high].into_iter().find(|number| number.is_finite())
            }
            _ => None,
        }
    }
}

impl FromTest for Date {
    fn from_test(test: &Test, draw: &Draw<'_>) -> Option<Self> {
        match test {
            Test::Dates(allowed) => draw.of(allowed, |_| 1).copied(),
            Test::DateRange(low, high) => {
                let near =
                    if *low == Self::MIN { later(*high, 0) } else { later(*low, draw.below(365)) };
                Some(near.clamp(*low, (*high).max(*low)))
            }
            _ => None,
        }
    }
}

impl FromTest for bool {
    fn from_test(test: &Test, draw: &Draw<'_>) -> Option<Self> {
        match test {
            Test::Booleans(allowed) => draw.of(allowed, |_| 1).copied(),
            _ => None,
        }
    }
}

/// Draws.
struct Draw<'a>(&'a dyn Entropy);

impl Draw<'_> {
    fn below(&self, most: u64) -> u64 {
        self.0.below(most.max(1))
    }

    /// From 0 to 1.
    fn unit(&self) -> f64 {
        ratio(self.below(1 << 53), 1 << 53)
    }

    fn chance(&self, share: f64) -> bool {
        self.unit() < share
    }

    /// How many rows somebody has who has `mean` on average: one and, as often as
    /// that takes, one more.
    fn rows(&self, mean: f64) -> u64 {
        let more = mean - 1.0;
        let mut rows = 1;
        while rows < MOST_ROWS && self.chance(more / (more + 1.0)) {
            rows += 1;
        }
        rows
    }

    /// One of them, each as often as its weight says.
    fn of<'t, T>(&self, all: &'t [T], weight: impl Fn(&T) -> u64) -> Option<&'t T> {
        let sum: u64 = all.iter().map(&weight).sum();
        let mut place = if sum == 0 { return None } else { self.below(sum) };
        all.iter().find(|one| {
            let weight = weight(one);
            let here = place < weight;
            place = place.saturating_sub(weight);
            here
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares and means of counts")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
