//! Sorting with little memory gives what sorting with much gives.

use proptest::prelude::*;
use source::{ContentBatch, ContentSink, SinkError, SortedObserver};

use crate::support::{Row, batch, import, laboratory, lake, read, sorted, source, subject};

/// Sees that rows are sorted and that nobody's rows are in two chunks; drops
/// every third row it sees.
struct Watch {
    whole: bool,
    last: Option<([u8; 16], Option<i32>, u64)>,
    seen: u64,
    chunks: usize,
}

impl SortedObserver for Watch {
    fn wants_whole_persons(&self) -> bool {
        self.whole
    }

    fn observe(&mut self, chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        use arrow::array::{Array, AsArray};
        let dates = chunk.content.column(0).as_primitive::<arrow::datatypes::Date32Type>();
        self.chunks += 1;
        let mut flags = Vec::new();
        for (at, subject) in chunk.subjects.iter().enumerate() {
            let date = dates.is_valid(at).then(|| dates.value(at));
            let now = (subject.0, date, chunk.rows[at]);
            if let Some(last) = self.last {
                assert!(last < now, "rows are not sorted");
                assert!(!self.whole || at > 0 || last.0 != now.0, "a person is in two chunks");
            }
            self.last = Some(now);
            flags.push(!self.seen.is_multiple_of(3));
            self.seen += 1;
        }
        Ok(Some(flags))
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Few first halves, so that subjects share them; few dates, so that rows tie.
    let row = (0_u64..12, 0_u64..3, proptest::option::of(-20_i32..20), 0_u32..900);
    proptest::collection::vec(row, 0..1500).prop_map(|rows| {
        let row = |(row, (high, low, date, test)): (usize, (u64, u64, Option<i32>, u32))| Row {
            subject: subject(high << 60, low),
            date,
            number: row as u64 * 2,
            test: (test % 9 > 0).then(|| format!("t{test}")),
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_sort_that_spills_equals_one_in_memory(
        rows in rows(),
        batch_rows in 1_usize..400,
        memory in prop_oneof![Just(0_usize), 1_000_usize..60_000, Just(64 << 20)],
        whole in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let lake = lake(folder.path()).with_sort_memory(memory);
        let lock = lake.lock(&source()).unwrap();
        let mut intake = lake.intake(&lock, &import("a"), &laboratory()).unwrap();
        for rows in rows.chunks(batch_rows) {
            intake.put(batch(rows)).unwrap();
        }
        let mut watch = Watch { whole, last: None, seen: 0, chunks: 0 };
        let staged = intake.finish(&mut watch).unwrap();
        prop_assert_eq!(watch.seen, rows.len() as u64);
        let version = lake.commit(&lock, staged, None).unwrap();
        let kept: Vec<Row> = sorted(&rows)
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !at.is_multiple_of(3))
            .map(|(_, row)| row)
            .collect();
        prop_assert_eq!(read(&lake, version), kept);
    }
}

#[test]
fn more_runs_than_can_be_merged_at_once_are_merged_in_two_rounds() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).with_sort_memory(0);
    let rows = crate::support::some_rows(70, 6, 3);
    // No memory at all: every batch of two rows is a run, 210 of them.
    let (lock, staged) = crate::support::stage(&lake, "a", &rows, 2);
    let version = lake.commit(&lock, staged, None).unwrap();
    assert_eq!(read(&lake, version), sorted(&rows));
}

#[test]
fn text_of_very_many_values_is_sorted_too() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).with_sort_memory(4 << 20);
    // The first rows are kept as numbers, the later ones as text.
    let mut rows = crate::support::some_rows(1000, 150, 5);
    for row in &mut rows {
        row.test = Some(format!("free text {}", row.number));
    }
    let (lock, staged) = crate::support::stage(&lake, "a", &rows, 7_000);
    let version = lake.commit(&lock, staged, None).unwrap();
    assert_eq!(read(&lake, version), sorted(&rows));
}
