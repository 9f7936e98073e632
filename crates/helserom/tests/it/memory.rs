//! The program's memory: how much of it, and what is in it stays there.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow::datatypes::Int32Type;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::people;
use crate::place::{Place, Running, Said, signal, text, until};

/// Names of people are in memory while they are compared.
#[test]
fn a_program_that_is_killed_writes_no_core_dump() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_helserom");
    let data = place.data();
    // Started where core dumps are allowed, which it then forbids itself.
    let script = format!(
        "ulimit -c unlimited; exec {program} --data {} serve --listen 127.0.0.1:0",
        text(&data)
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let limits = format!("/proc/{}/limits", running.0.id());
    until("the vault", || data.join("vault/keyring.json").exists().then_some(()));
    let limits = fs::read_to_string(limits).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    // Nor would a dump hold anything that root takes of it all the same.
    let kept = format!("/proc/{}/coredump_filter", running.0.id());
    let kept = fs::read_to_string(kept).unwrap();
    assert_eq!(u64::from_str_radix(kept.trim(), 16), Ok(0), "{kept}");
    signal(&running.0, "-ABRT");
    let ended = running.0.wait().unwrap();
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped());
    let left = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().contains("core")));
}

/// The most memory that the import of a file ever had, in MiB, where 32 MiB of rows may
/// wait; and how it ended.
fn peak_of_import(place: &Place, file: &Path) -> (u64, Said) {
    let mut command = place.command(&["source", "import", "laboratory", text(file)]);
    command.env("HELSEROM_WORK_MEMORY_MIB", "32");
    let mut running = command.spawn().unwrap();
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    loop {
        let now = fs::read_to_string(&status).unwrap_or_default();
        let most = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = most.and_then(|most| most.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() >> 10);
        if running.try_wait().unwrap().is_some() {
            return (peak, running.wait_with_output().unwrap().into());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A laboratory's values of 5,000 people on so many days.
fn days(place: &Place, name: &str, days: i32) -> std::path::PathBuf {
    let people: Vec<String> = (0..5_000).map(people::id).collect();
    let mut rows = format!("{}\n", people::HEADER);
    for day in 0..days {
        let date = model::Date::constant(2000, 1, 1).saturating_add(jiff::Span::new().days(day));
        for (n, id) in people.iter().enumerate() {
            writeln!(rows, "{id},Kari Prøve {n},{date},hdl,{},a word on it", n % 100).unwrap();
        }
    }
    place.file(name, rows)
}

#[test]
fn the_import_of_a_larger_file_has_no_more_memory() {
    let place = Place::with_laboratory();
    let file = days(&place, "smaller.csv", 100);
    let (smaller, _) = peak_of_import(&place, &file);
    let file = days(&place, "larger.csv", 600);
    let size = fs::metadata(&file).unwrap().len() >> 20;
    let (larger, said) = peak_of_import(&place, &file);
    assert_eq!(said.code, Some(0), "{said:?}");
    // What varies is how much waits between the threads.
    assert!(larger < smaller + size * 3 / 4, "{smaller} MiB, then {larger} MiB, of {size} MiB");
}

/// A Parquet file of some thousand bytes in which so many rows have a text of 5 MB.
fn bomb(rows: i32) -> Vec<u8> {
    let text = |value: &str| -> ArrayRef {
        let rows = usize::try_from(rows).unwrap();
        Arc::new(StringArray::from(vec![value; rows]))
    };
    let ids: ArrayRef = Arc::new(
        (0..rows).map(|n| Some(people::id(usize::try_from(n).unwrap()))).collect::<StringArray>(),
    );
    let long = "a".repeat(5 << 20);
    let values = Arc::new(StringArray::from(vec![long.as_str()]));
    let keys = Int32Array::from_iter_values((0..rows).map(|_| 0));
    let comment: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, values));
    let batch = RecordBatch::try_from_iter([
        ("id", ids),
        ("name", text("Kari Prøve")),
        ("date", text("2020-01-02")),
        ("test", text("hdl")),
        ("value", Arc::new(Int32Array::from_iter_values(0..rows)) as ArrayRef),
        ("comment", comment),
    ])
    .unwrap();
    let packed = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    // Without the word that the texts are one: whoever reads them has each by itself.
    let options = ArrowWriterOptions::new().with_properties(packed).with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_parquet_file_that_unpacks_to_more_than_there_is_harms_nobody() {
    let place = Place::with_laboratory();
    let contract = people::LABORATORY.replace("format = \"csv\"", "format = \"parquet\"");
    let contract = place.file("parquet.toml", contract);
    place.does(&["source", "add", text(&contract)]);
    let bytes = bomb(300);
    assert!(bytes.len() < 1 << 20, "{} bytes", bytes.len());
    let file = place.file("bomb.parquet", bytes);
    let (entries, files) = (place.entries(), place.files());
    let (peak, said) = peak_of_import(&place, &file);
    let told = said.refusal(1);
    assert!(told.contains("`bomb.parquet` cannot be read as Parquet"), "{told}");
    assert!(told.contains("unpacks to more"), "{told}");
    assert!(peak < 600, "{peak} MiB");
    assert_eq!(place.files(), files);
    assert!(place.entries() <= entries + 1, "more than the refusal was written down");
    // One that has as much in all, and not at a time.
    let good = place.file("good.parquet", bomb(20));
    let (_, said) = peak_of_import(&place, &good);
    assert_eq!(said.code, Some(0), "{said:?}");
}
