//! Which rows a permit allows.

use std::collections::BTreeSet;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use linkage::{Test, TypedCondition};
use model::Date;
use permit::Period;

/// What a row must meet, made ready for whole batches.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection(Vec<(String, Wanted)>);

#[derive(Debug, Clone)]
enum Wanted {
    Texts(BTreeSet<String>),
    Integers(BTreeSet<i64>),
    Decimals(Vec<f64>),
    Days(BTreeSet<i32>),
    Booleans { yes: bool, no: bool },
    IntegerRange(i64, i64),
    DecimalRange(f64, f64),
    DayRange(i32, i32),
}

/// A column does not hold what its contract says: the snapshot is not the one
/// the plan was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrongType(pub(super) String);

/// Days since 1 January 1970, as Arrow and Parquet count them.
fn day_number(date: Date) -> i32 {
    let hours = date.duration_since(Date::constant(1970, 1, 1)).as_hours();
    // Dates lie within ±10,000 years: some four million days.
    i32::try_from(hours / 24).unwrap_or(i32::MAX)
}

impl Selection {
    pub(super) fn new(conditions: &[TypedCondition], period: Option<&(String, Period)>) -> Self {
        let mut wanted: Vec<(String, Wanted)> = conditions
            .iter()
            .map(|condition| (condition.column.clone(), Wanted::of(&condition.test)))
            .collect();
        if let Some((time, period)) = period {
            let from = period.from.unwrap_or(Date::MIN);
            let until = period.until.unwrap_or(Date::MAX);
            wanted.push((time.clone(), Wanted::DayRange(day_number(from), day_number(until))));
        }
        Self(wanted)
    }

    /// The columns it looks at.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(column, _)| column.as_str())
    }

    /// Clears the flag of every row that does not meet all conditions. A missing
    /// value meets none.
    pub(super) fn keep(&self, batch: &RecordBatch, keep: &mut [bool]) -> Result<(), WrongType> {
        for (column, wanted) in &self.0 {
            let wrong = || WrongType(column.clone());
            let array = batch.column_by_name(column).ok_or_else(wrong)?;
            wanted.keep(array, keep).ok_or_else(wrong)?;
        }
        Ok(())
    }
}

impl Wanted {
    fn of(test: &Test) -> Self {
        match test {
            Test::Texts(values) => Self::Texts(values.iter().cloned().collect()),
            Test::Integers(values) => Self::Integers(values.iter().copied().collect()),
            Test::Decimals(values) => Self::Decimals(values.clone()),
            Test::Dates(values) => Self::Days(values.iter().copied().map(day_number).collect()),
            Test::Booleans(values) => {
                Self::Booleans { yes: values.contains(&true), no: values.contains(&false) }
            }
            Test::IntegerRange(from, to) => Self::IntegerRange(*from, *to),
            Test::DecimalRange(from, to) => Self::DecimalRange(*from, *to),
            Test::DateRange(from, to) => Self::DayRange(day_number(*from), day_number(*to)),
        }
    }

    /// `None`: the column is of another type.
    fn keep(&self, array: &ArrayRef, keep: &mut [bool]) -> Option<()> {
        let integers = || array.as_primitive_opt::<Int64Type>();
        let decimals = || array.as_primitive_opt::<Float64Type>();
        let days = || array.as_primitive_opt::<Date32Type>();
        match self {
            Self::Texts(values) => {
                let texts = array.as_string_opt::<i32>()?;
                clear(keep, texts.iter(), |text| values.contains(text));
            }
            Self::Integers(values) => clear(keep, integers()?.iter(), |n| values.contains(&n)),
            Self::IntegerRange(from, to) => {
                clear(keep, integers()?.iter(), |n| (*from..=*to).contains(&n));
            }
            Self::Decimals(values) => clear(keep, decimals()?.iter(), |n| values.contains(&n)),
            Self::DecimalRange(from, to) => {
                clear(keep, decimals()?.iter(), |n| (*from..=*to).contains(&n));
            }
            Self::Days(values) => clear(keep, days()?.iter(), |day| values.contains(&day)),
            Self::DayRange(from, to) => {
                clear(keep, days()?.iter(), |day| (*from..=*to).contains(&day));
            }
            Self::Booleans { yes, no } => {
                let flags = array.as_boolean_opt()?;
                clear(keep, flags.iter(), |flag| if flag { *yes } else { *no });
            }
        }
        Some(())
    }
}

fn clear<T>(
    keep: &mut [bool],
    values: impl Iterator<Item = Option<T>>,
    is_wanted: impl Fn(T) -> bool,
) {
    for (keep, value) in keep.iter_mut().zip(values) {
        *keep = *keep && value.is_some_and(&is_wanted);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};

    use super::*;

    fn kept(array: ArrayRef, test: Test) -> Vec<bool> {
        let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
        let condition = TypedCondition { column: "x".into(), test };
        let mut keep = vec![true; batch.num_rows()];
        Selection::new(&[condition], None).keep(&batch, &mut keep).unwrap();
        keep
    }

    #[test]
    fn both_ends_of_a_range_count_and_a_missing_value_meets_nothing() {
        let whole: ArrayRef = Arc::new(Int64Array::from(vec![Some(17), Some(18), Some(19), None]));
        assert_eq!(
            kept(whole.clone(), Test::IntegerRange(18, i64::MAX)),
            [false, true, true, false]
        );
        assert_eq!(
            kept(whole.clone(), Test::IntegerRange(i64::MIN, 18)),
            [true, true, false, false]
        );
        assert_eq!(kept(whole, Test::Integers(vec![17, 19])), [true, false, true, false]);
        let numbers: ArrayRef =
            Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::NAN), Some(2.5), None]));
        assert_eq!(
            kept(numbers.clone(), Test::DecimalRange(f64::NEG_INFINITY, f64::INFINITY)),
            [true, false, true, false]
        );
        assert_eq!(kept(numbers, Test::Decimals(vec![2.5])), [false, false, true, false]);
    }

    #[test]
    fn words_and_flags_are_compared_as_a_whole() {
        let words: ArrayRef = Arc::new(StringArray::from(vec![Some("E11"), Some("E1"), None]));
        assert_eq!(kept(words, Test::Texts(vec!["E11".into()])), [true, false, false]);
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]));
        assert_eq!(kept(flags.clone(), Test::Booleans(vec![false])), [false, true, false]);
        assert_eq!(kept(flags, Test::Booleans(vec![true, false])), [true, true, false]);
    }

    #[test]
    fn the_first_and_the_last_day_of_a_period_count() {
        let day = |date: &str| Some(day_number(date.parse().unwrap()));
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(day("1969-12-31"), Some(-1));
        assert_eq!(day("2000-03-01"), Some(11_017));
        let days: ArrayRef = Arc::new(Date32Array::from(vec![
            day("2014-12-31"),
            day("2015-01-01"),
            day("2015-12-31"),
            day("2016-01-01"),
            None,
        ]));
        let batch = RecordBatch::try_from_iter_with_nullable([("day", days, true)]).unwrap();
        let period = Period {
            from: Some(Date::constant(2015, 1, 1)),
            until: Some(Date::constant(2015, 12, 31)),
        };
        let mut keep = vec![true; 5];
        let selection = Selection::new(&[], Some(&("day".to_owned(), period)));
        selection.keep(&batch, &mut keep).unwrap();
        assert_eq!(keep, [false, true, true, false, false]);
        let open = Period { from: period.from, until: None };
        keep.fill(true);
        Selection::new(&[], Some(&("day".to_owned(), open))).keep(&batch, &mut keep).unwrap();
        assert_eq!(keep, [false, true, true, true, false]);
    }

    #[test]
    fn a_column_of_another_type_is_an_error_not_an_empty_table() {
        let batch = RecordBatch::try_from_iter([(
            "x",
            Arc::new(StringArray::from(vec!["18"])) as ArrayRef,
        )])
        .unwrap();
        let test = Test::IntegerRange(18, i64::MAX);
        let selection = Selection::new(&[TypedCondition { column: "x".into(), test }], None);
        assert_eq!(selection.keep(&batch, &mut [true]), Err(WrongType("x".into())));
    }
}
