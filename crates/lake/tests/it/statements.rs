//! Statements over an extract: each is taken down before it is run, memory is
//! bounded, and one connection knows nothing of another.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{ArrayRef, Int32Array, StringArray};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use lake::sql::{Recorder, SqlOptions, StatementEnd, serve};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// What was taken down: statements, and what came of them.
#[derive(Default)]
struct Book {
    begun: Mutex<Vec<String>>,
    ended: Mutex<Vec<(u64, StatementEnd)>>,
    /// Statements with this in them are not taken down.
    refuses: Option<&'static str>,
}

#[async_trait]
impl Recorder for Book {
    async fn begin(&self, sql: &str) -> Result<u64, String> {
        if self.refuses.is_some_and(|word| sql.contains(word)) {
            return Err("the book is full".to_owned());
        }
        let mut begun = self.begun.lock().unwrap();
        begun.push(sql.to_owned());
        Ok(begun.len() as u64)
    }

    fn ended(&self, statement: u64, end: StatementEnd) {
        self.ended.lock().unwrap().push((statement, end));
    }
}

impl Book {
    fn begun(&self) -> Vec<String> {
        self.begun.lock().unwrap().clone()
    }

    /// What came of the statement of that number, when it has ended.
    async fn end(&self, statement: u64) -> StatementEnd {
        for _ in 0..500 {
            let of_it =
                |(known, end): &(u64, StatementEnd)| (*known == statement).then(|| end.clone());
            let end = self.ended.lock().unwrap().iter().find_map(of_it);
            if let Some(end) = end {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("statement {statement} does not end");
    }
}

/// A server over two tables, and who it tells.
struct Served {
    folder: TempDir,
    book: Arc<Book>,
}

const PEOPLE: i32 = 20_000;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

impl Served {
    fn new(memory: usize, book: Book) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir_all(folder.path().join("spill")).unwrap();
        std::fs::create_dir(&data).unwrap();
        let person: ArrayRef = Arc::new(Int32Array::from_iter_values(1..=PEOPLE));
        let word = |n: i32| format!("{:032}", i64::from(n) * 7_919 % 1_000_003);
        let words: ArrayRef = Arc::new(StringArray::from_iter_values((1..=PEOPLE).map(word)));
        let sex: ArrayRef = Arc::new(Int32Array::from_iter_values((1..=PEOPLE).map(|n| n % 2)));
        write(&data.join("population.parquet"), vec![("person", person), ("sex", sex)]);
        let many: ArrayRef =
            Arc::new(Int32Array::from_iter_values((0..PEOPLE * 20).map(|n| n % PEOPLE + 1)));
        let values = (0..PEOPLE * 20).map(|n| word(n % 65_537));
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(values));
        write(&data.join("laboratory.parquet"), vec![("person", many), ("value", values)]);
        write(&data.join("words.parquet"), vec![("word", words)]);
        std::fs::write(data.join("manifest.json"), "{}").unwrap();
        let options = SqlOptions {
            data,
            spill: folder.path().join("spill"),
            memory,
            most_spilled: 1 << 30,
            threads: 2,
        };
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let book = Arc::new(book);
        let recorder = Arc::clone(&book) as Arc<dyn Recorder>;
        tokio::spawn(async move { serve(listener, options, recorder).await.unwrap() });
        Self { folder, book }
    }

    async fn connect(&self) -> Client {
        let socket = UnixStream::connect(self.folder.path().join("socket")).await.unwrap();
        let mut client = Client(socket);
        let mut startup = vec![0, 3, 0, 0];
        startup.extend(b"user\0room\0database\0extract\0\0");
        let length = u32::try_from(startup.len() + 4).unwrap().to_be_bytes();
        client.0.write_all(&[&length, startup.as_slice()].concat()).await.unwrap();
        client.answer().await.unwrap();
        client
    }
}

/// As much of PostgreSQL's protocol (version 3, "message formats") as these tests
/// speak.
struct Client(UnixStream);

type Rows = Vec<Vec<Option<String>>>;

impl Client {
    async fn send(&mut self, kind: u8, body: &[u8]) {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        self.0.write_all(&[&[kind], &length[..], body].concat()).await.unwrap();
    }

    async fn receive(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 5];
        self.0.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        (head[0], body)
    }

    /// The rows until the server is ready for the next, or the error it told.
    async fn answer(&mut self) -> Result<Rows, String> {
        let (mut rows, mut fault) = (Vec::new(), None);
        loop {
            match self.receive().await {
                (b'D', body) => rows.push(cells(&body)),
                (b'E', body) => {
                    let mut fields = body.split(|byte| *byte == 0);
                    let said = fields.find_map(|field| field.strip_prefix(b"M")).unwrap();
                    fault = Some(String::from_utf8(said.to_vec()).unwrap());
                }
                (b'Z', _) => return fault.map_or(Ok(rows), Err),
                _ => {}
            }
        }
    }

    async fn ask(&mut self, sql: &str) -> Result<Rows, String> {
        self.send(b'Q', &[sql.as_bytes(), b"\0"].concat()).await;
        self.answer().await
    }

    /// The same with something bound to `$1`, as drivers do it.
    async fn ask_with(&mut self, sql: &str, bound: &str) -> Result<Rows, String> {
        self.bind(sql, bound, b"\0\0").await;
        self.answer().await
    }

    /// Asks with something bound to `$1`; `formats` says how the answer is to look.
    async fn bind(&mut self, sql: &str, bound: &str, formats: &[u8]) {
        self.send(b'P', &[b"\0", sql.as_bytes(), b"\0\0\0"].concat()).await;
        let length = u32::try_from(bound.len()).unwrap().to_be_bytes();
        let bind = [b"\0\0\0\0\0\x01", &length[..], bound.as_bytes(), formats].concat();
        self.send(b'B', &bind).await;
        self.send(b'E', b"\0\0\0\0\0").await;
        self.send(b'S', b"").await;
    }
}

fn cells(body: &[u8]) -> Vec<Option<String>> {
    raw(body).into_iter().map(|cell| cell.map(|cell| String::from_utf8(cell).unwrap())).collect()
}

fn raw(mut body: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut take = |n: usize| {
        let (head, rest) = body.split_at(n);
        body = rest;
        head
    };
    let count = u16::from_be_bytes(take(2).try_into().unwrap());
    (0..count)
        .map(|_| {
            let length = i32::from_be_bytes(take(4).try_into().unwrap());
            let length = usize::try_from(length).ok()?;
            Some(take(length).to_vec())
        })
        .collect()
}

fn row(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| Some((*cell).to_owned())).collect()
}

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_answered_and_taken_down_with_what_it_read() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let sql = "SELECT sex, count(*) AS n FROM population JOIN laboratory USING (person) \
               GROUP BY sex ORDER BY sex";
    let rows = client.ask(sql).await.unwrap();
    assert_eq!(rows, [row(&["0", "200000"]), row(&["1", "200000"])]);
    assert_eq!(served.book.begun(), [sql]);
    let end = served.book.end(1).await;
    assert!(end.answered);
    assert_eq!(end.rows, 2);
    assert_eq!(end.read, [("laboratory".to_owned(), 400_000), ("population".to_owned(), 20_000)]);
    // Two in one, and what one has read is not the other's.
    let rows = client.ask("SELECT 1; SELECT word FROM words LIMIT 3").await.unwrap();
    assert_eq!(rows.len(), 4);
    let end = served.book.end(2).await;
    assert_eq!((end.answered, end.rows), (true, 4));
    assert_eq!(end.read.len(), 1, "{:?}", end.read);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_statement_makes_a_table_of_is_read_on_the_record_too() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let at = |name: &str| served.folder.path().join(name).display().to_string();
    let external = |name: &str, at: String| {
        format!("CREATE EXTERNAL TABLE {name} STORED AS PARQUET LOCATION '{at}'")
    };
    // By its name, and by others that lead there.
    let away = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(at("data/population.parquet"), away.path().join("own.parquet"))
        .unwrap();
    let others = [
        at("data/population.parquet"),
        format!("file://{}", at("data/popul%61tion.parquet")),
        at("data/pop*.parquet"),
        at("data/../data/population.parquet"),
        away.path().join("own.parquet").display().to_string(),
        format!("{}/", away.path().display()),
    ];
    let mut asked = 0;
    for (n, location) in others.into_iter().enumerate() {
        client.ask(&external(&format!("mine{n}"), location.clone())).await.unwrap();
        let counted = client.ask(&format!("SELECT count(sex) FROM mine{n} WHERE person > 0")).await;
        assert_eq!(counted.unwrap(), [row(&["20000"])], "{location}");
        asked += 2;
        let read = served.book.end(asked).await.read;
        assert_eq!(read, [("population".to_owned(), 20_000)], "{location}");
    }
    // One's own file is told as a file, and takes rows; a table of the extract takes none.
    let own = at("population.parquet");
    client.ask(&format!("COPY (SELECT 1 AS n) TO '{own}'")).await.unwrap();
    client.ask(&external("own", own.clone())).await.unwrap();
    assert_eq!(client.ask("SELECT n FROM own").await.unwrap(), [row(&["1"])]);
    assert_eq!(served.book.end(asked + 3).await.read, [("file".to_owned(), 1)]);
    let why = client.ask("INSERT INTO population VALUES (0, 0)").await.unwrap_err();
    assert!(why.contains("takes no rows"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bound_is_taken_down_too() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let sql = "SELECT count(*) FROM words WHERE word < $1";
    let rows = client.ask_with(sql, "5").await.unwrap();
    assert_eq!(rows, [row(&["20000"])]);
    assert_eq!(served.book.begun(), [format!("{sql}\n-- $1: 5")]);
    assert_eq!(served.book.end(1).await.rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_as_postgresql_sends_them_and_as_the_client_asks() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let sql = "SELECT true, false, CAST(-7 AS SMALLINT), CAST(7 AS INT), 9007199254740993, \
               CAST(0.5 AS DOUBLE), CAST(3 AS DOUBLE), 'æ', DATE '1999-12-31', CAST(NULL AS INT)";
    let plain = ["t", "f", "-7", "7", "9007199254740993", "0.5", "3", "æ", "1999-12-31"];
    let mut expected = row(&plain);
    expected.push(None);
    assert_eq!(client.ask(sql).await.unwrap(), std::slice::from_ref(&expected));
    let with = format!("{sql} WHERE 'x' = $1");
    assert_eq!(client.ask_with(&with, "x").await.unwrap(), std::slice::from_ref(&expected));
    // In network byte order, days from the first of 2000 on.
    client.bind(&with, "x", b"\0\x01\0\x01").await;
    let mut sent = Vec::new();
    loop {
        match client.receive().await {
            (b'D', body) => sent.push(raw(&body)),
            (b'E', body) => panic!("{}", String::from_utf8_lossy(&body)),
            (b'Z', _) => break,
            _ => {}
        }
    }
    let binary: [&[u8]; 9] = [
        &[1],
        &[0],
        &(-7_i16).to_be_bytes(),
        &7_i32.to_be_bytes(),
        &9_007_199_254_740_993_i64.to_be_bytes(),
        &0.5_f64.to_be_bytes(),
        &3_f64.to_be_bytes(),
        "æ".as_bytes(),
        &(-1_i32).to_be_bytes(),
    ];
    let mut expected: Vec<_> = binary.iter().map(|cell| Some(cell.to_vec())).collect();
    expected.push(None);
    assert_eq!(sent, [expected]);
    // Types that tables of an extract do not have, and how else a client wants them.
    let odd = "SELECT [1, 2], CAST(1.50 AS DECIMAL(5, 2)), DATE '1999-12-31'";
    assert_eq!(client.ask(odd).await.unwrap(), [row(&["{1,2}", "1.50", "1999-12-31"])]);
    client.ask("SET datestyle = 'German'").await.unwrap();
    assert_eq!(client.ask("SELECT DATE '1999-12-31'").await.unwrap(), [row(&["31.12.1999"])]);
    client.ask("SET statement_timeout = 60000").await.unwrap();
    // The library's way to write it: the statement is the library's, and so is its time.
    assert_eq!(client.ask("SELECT CAST(3 AS DOUBLE)").await.unwrap(), [row(&["3.0"])]);
    // Every row of a large answer, once and in order.
    let mut other = served.connect().await;
    let all = other.ask("SELECT person FROM population ORDER BY person").await.unwrap();
    let expected = (1..=PEOPLE).map(|person| row(&[&person.to_string()]));
    assert!(all.into_iter().eq(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_down_is_not_run() {
    let book = Book { refuses: Some("words"), ..Book::default() };
    let served = Served::new(64 * MIB, book);
    let mut client = served.connect().await;
    for asked in ["SELECT count(*) FROM words", "COPY (SELECT * FROM words) TO '/tmp/x.parquet'"] {
        assert_eq!(client.ask(asked).await, Err("the book is full".to_owned()));
    }
    let bound = client.ask_with("SELECT count(*) FROM words WHERE word < $1", "5").await;
    assert_eq!(bound, Err("the book is full".to_owned()));
    let longest = format!("SELECT '{}'", "x".repeat(256 << 10));
    assert!(client.ask(&longest).await.unwrap_err().contains("256 KiB"));
    assert_eq!(served.book.begun(), [""; 0]);
    // The connection goes on.
    assert_eq!(client.ask("SELECT 1 AS one").await.unwrap(), [row(&["1"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_and_not_answered() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let why = client.ask("SELECT nope FROM population").await.unwrap_err();
    assert!(why.contains("nope") && why.contains("population.sex"), "{why}");
    let end = served.book.end(1).await;
    assert_eq!((end.answered, end.rows, end.read), (false, 0, vec![]));
    assert!(client.ask("SELEC 1").await.is_err());
    assert_eq!(client.ask("SELECT 1 AS one").await.unwrap(), [row(&["1"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_has_not_been_answered() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    client.send(b'Q', b"SELECT * FROM laboratory\0").await;
    client.receive().await;
    drop(client);
    let end = served.book.end(1).await;
    assert!(!end.answered);
    assert!(end.rows < 400_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_knows_nothing_of_another() {
    let served = Served::new(64 * MIB, Book::default());
    let (mut one, mut other) = (served.connect().await, served.connect().await);
    one.ask("CREATE VIEW women AS SELECT * FROM population WHERE sex = 0").await.unwrap();
    assert_eq!(one.ask("SELECT count(*) FROM women").await.unwrap(), [row(&["10000"])]);
    assert!(other.ask("SELECT count(*) FROM women").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sort_that_does_not_fit_goes_to_the_disk_and_is_the_same() {
    let served = Served::new(48 * MIB, Book::default());
    let mut client = served.connect().await;
    let sorted = "SELECT count(*), min(value), max(value) FROM \
                  (SELECT value, row_number() OVER (ORDER BY value, person) AS place \
                   FROM laboratory) WHERE place > 0";
    let rows = client.ask(sorted).await.unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("400000"));
    let plan = client.ask(&format!("EXPLAIN ANALYZE {sorted}")).await.unwrap();
    let plan: String = plan.into_iter().flatten().flatten().collect();
    let spilled = plan.split("spill_count=").skip(1).any(|rest| !rest.starts_with('0'));
    assert!(spilled, "nothing was spilled: {plan}");
    // What was spilled is gone again.
    let left: Vec<_> = walk(&served.folder.path().join("spill"));
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_room_has_of_the_machine_is_not_set_from_inside() {
    let served = Served::new(48 * MIB, Book::default());
    let mut client = served.connect().await;
    for set in [
        "SET datafusion.runtime.memory_limit = '100G'",
        "SET DATAFUSION.Runtime.Memory_Limit TO '100G'",
        "set session \"datafusion\".\"runtime\".\"memory_limit\" = '100G'",
        "SET datafusion.runtime.temp_directory = '/tmp'",
        "SET datafusion.runtime.max_temp_directory_size = '1T'",
        "RESET datafusion.runtime.memory_limit",
    ] {
        let why = client.ask(set).await.err().unwrap_or_else(|| panic!("`{set}` was done"));
        assert!(why.contains("is not set from inside"), "{set}: {why}");
        let bound = client.ask_with(set, "").await.err();
        assert!(bound.is_some(), "`{set}` was done when it was bound");
    }
    // What is the connection's own is.
    client.ask("SET datafusion.execution.batch_size = 1024").await.unwrap();
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_whose_rows_nobody_could_describe_is_refused() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let why = client.ask_with("DECLARE c CURSOR FOR SELECT * FROM words", "").await.unwrap_err();
    assert!(why.contains("COPY"), "{why}");
    client.ask("DECLARE c CURSOR FOR SELECT word FROM words").await.unwrap();
    assert_eq!(client.ask("FETCH 7 FROM c").await.unwrap().len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_find_the_tables() {
    let served = Served::new(64 * MIB, Book::default());
    let mut client = served.connect().await;
    let listed = client
        .ask("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1")
        .await
        .unwrap();
    assert_eq!(listed, [row(&["laboratory"]), row(&["population"]), row(&["words"])]);
    let columns = client
        .ask("SELECT column_name FROM information_schema.columns WHERE table_name = 'population'")
        .await
        .unwrap();
    assert_eq!(columns, [row(&["person"]), row(&["sex"])]);
}
