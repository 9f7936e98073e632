//! How long statements take through the room's socket, and on the same files
//! without it.
//!
//! ```text
//! sql_speed prepare FOLDER [PERSONS ROWS]
//! sql_speed run FOLDER
//! ```
//!
//! `prepare` writes a population and its laboratory values as extracts are. `run`
//! asks everything once each way and prints a line of JSON: seconds by statement.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use lake::sql::{Recorder, SqlOptions, StatementEnd, serve};
use model::{Entropy as _, SeededEntropy};
use parquet::arrow::ArrowWriter;

type Outcome<T> = Result<T, Box<dyn Error>>;

const THREADS: usize = 2;
const TESTS: [&str; 8] = ["hdl", "chol", "sbp", "dbp", "fib4", "bmi", "plt", "ast"];

/// What researchers ask: counts, a join, a window, a top list, and many rows.
const ASKED: [(&str, &str); 5] = [
    ("group", "SELECT test, count(*) AS n, avg(value) AS mean FROM laboratory GROUP BY test"),
    (
        "join",
        "SELECT p.sex, p.age / 10 AS decade, count(DISTINCT l.person) AS people, avg(l.value) AS m \
         FROM laboratory l JOIN population p USING (person) WHERE l.test = 'hdl' \
         GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    (
        "last",
        "SELECT count(*) AS n, avg(value) AS m FROM (SELECT value, row_number() OVER \
         (PARTITION BY person ORDER BY date DESC) AS place FROM laboratory WHERE test = 'bmi') \
         WHERE place = 1",
    ),
    ("top", "SELECT person, date, value FROM laboratory ORDER BY value DESC, person LIMIT 100"),
    ("rows", "SELECT person, date, test, value FROM laboratory WHERE person <= 10000"),
];

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["prepare", folder] => prepare(folder.as_ref(), 1_000_000, 30_000_000),
        ["prepare", folder, persons, rows] => {
            prepare(folder.as_ref(), persons.parse()?, rows.parse()?)
        }
        ["run", folder] => run(folder.as_ref()),
        _ => Err("sql_speed prepare FOLDER [PERSONS ROWS] | sql_speed run FOLDER".into()),
    }
}

fn prepare(folder: &Path, persons: i32, rows: u64) -> Outcome<()> {
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    let entropy = SeededEntropy::new(3);
    let below = |n: u64| entropy.below(n);
    let small = |n: u64| i32::try_from(below(n)).unwrap_or_default();
    let people = 1..=persons;
    let sex: ArrayRef =
        Arc::new(people.clone().map(|_| i64::from(small(2))).collect::<Int64Array>());
    let age: ArrayRef =
        Arc::new(people.clone().map(|_| i64::from(small(100))).collect::<Int64Array>());
    let person: ArrayRef = Arc::new(people.collect::<Int32Array>());
    let batch = RecordBatch::try_from_iter([("person", person), ("sex", sex), ("age", age)])?;
    let mut writer =
        ArrowWriter::try_new(File::create(data.join("population.parquet"))?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    let each = rows / u64::try_from(persons)?;
    let mut writer = None;
    for from in (1..=persons).step_by(10_000) {
        let people = from..=persons.min(from + 9_999);
        let people = || people.clone().flat_map(|person| (0..each).map(move |_| person));
        let person: ArrayRef = Arc::new(people().collect::<Int32Array>());
        let date: ArrayRef =
            Arc::new(people().map(|_| Some(10_957 + small(7_300))).collect::<Date32Array>());
        let test = |_| TESTS.get(usize::try_from(below(8)).unwrap_or_default()).copied();
        let test: ArrayRef = Arc::new(people().map(test).collect::<StringArray>());
        let value: ArrayRef =
            Arc::new(people().map(|_| f64::from(small(3_000)) / 10.0).collect::<Float64Array>());
        let columns = [("person", person), ("date", date), ("test", test), ("value", value)];
        let batch = RecordBatch::try_from_iter(columns)?;
        if writer.is_none() {
            let file = File::create(data.join("laboratory.parquet"))?;
            writer = Some(ArrowWriter::try_new(file, batch.schema(), None)?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}

/// Takes nothing down: what is measured is the way there and back.
struct Unheard;

#[async_trait]
impl Recorder for Unheard {
    async fn begin(&self, _: &str) -> Result<u64, String> {
        Ok(0)
    }

    fn ended(&self, _: u64, _: StatementEnd) {}
}

fn run(folder: &Path) -> Outcome<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let data = folder.join("data");
    let options = SqlOptions {
        data: data.clone(),
        spill: folder.join("spill"),
        memory: 2 << 30,
        most_spilled: 8 << 30,
        threads: THREADS,
    };
    std::fs::create_dir_all(&options.spill)?;
    let socket = folder.join("socket");
    let _ = std::fs::remove_file(&socket);
    let listener = {
        let _context = runtime.enter();
        tokio::net::UnixListener::bind(&socket)?
    };
    runtime.spawn(serve(listener, options, Arc::new(Unheard)));
    let config = SessionConfig::new().with_target_partitions(THREADS);
    let plain = SessionContext::new_with_config(config);
    for table in ["population", "laboratory"] {
        let path = data.join(format!("{table}.parquet"));
        let path = path.to_str().ok_or("a path that is no text")?;
        runtime.block_on(plain.register_parquet(table, path, ParquetReadOptions::default()))?;
    }
    let mut client = connect(&socket)?;
    let mut seconds = serde_json::Map::new();
    for (name, sql) in ASKED {
        let begun = Instant::now();
        let sent = ask(&mut client, sql)?;
        let ours = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let batches = runtime.block_on(async { plain.sql(sql).await?.collect().await })?;
        let text = as_text(&batches)?;
        let theirs = begun.elapsed().as_secs_f64();
        drop(text);
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows != sent {
            return Err(format!("{sent} rows came through the socket and {rows} without").into());
        }
        seconds.insert(name.to_owned(), serde_json::json!({ "ours": ours, "theirs": theirs }));
    }
    writeln!(std::io::stdout(), "{}", serde_json::Value::Object(seconds))?;
    Ok(())
}

/// What a person who asks the engine itself reads in the end: a line for each row.
fn as_text(batches: &[RecordBatch]) -> Outcome<String> {
    let mut text = String::new();
    for batch in batches {
        let options = FormatOptions::default();
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                write!(text, "{}\t", column.value(row))?;
            }
            text.push('\n');
        }
    }
    Ok(text)
}

fn connect(socket: &Path) -> Outcome<UnixStream> {
    let mut client = UnixStream::connect(socket)?;
    let startup = b"\0\x03\0\0user\0room\0database\0extract\0\0";
    let length = u32::try_from(startup.len() + 4)?.to_be_bytes();
    client.write_all(&[&length[..], startup].concat())?;
    answer(&mut client)?;
    Ok(client)
}

fn ask(client: &mut UnixStream, sql: &str) -> Outcome<usize> {
    let length = u32::try_from(sql.len() + 5)?.to_be_bytes();
    client.write_all(&[b"Q", &length[..], sql.as_bytes(), b"\0"].concat())?;
    answer(client)
}

/// How many rows come until the server is ready for the next.
fn answer(client: &mut UnixStream) -> Outcome<usize> {
    let mut stream = std::io::BufReader::with_capacity(1 << 16, client);
    let (mut rows, mut body) = (0, Vec::new());
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length))?.saturating_sub(4);
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
        match kind {
            b'D' => rows += 1,
            b'E' => return Err(String::from_utf8_lossy(&body).into_owned().into()),
            b'Z' => return Ok(rows),
            _ => {}
        }
    }
}
