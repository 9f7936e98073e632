//! What this program does beside a command in a room: it answers the statements
//! that come in at the room's SQL socket (`lake::sql`), and has each taken down
//! outside before it is run. It is started there by itself (`sandbox::SqlProgram`),
//! with no configuration, no log and nothing to lose.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use lake::sql::{Recorder, SqlOptions, StatementEnd};
use room::TableRead;
use room::statement::{Heard, Said, line, next_line};
use tokio::sync::oneshot;

/// The word that starts this instead of the command line.
pub(crate) const WORD: &str = "answer-statements";

const DATA: &str = "/data";
/// Where what does not fit into memory goes: on the room's disk, in a folder that nothing
/// else sees.
const SPILL: &str = "/run/session";

/// Answers statements, if that is what the words say: bytes of memory, bytes to
/// spill, threads.
pub(crate) fn called(mut words: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if words.nth(1)? != WORD {
        return None;
    }
    let words: Vec<String> = words.filter_map(|word| word.into_string().ok()).collect();
    // Nobody reads what would be said: it could be of the room.
    Some(if answer(&words).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn answer(words: &[String]) -> Result<(), String> {
    let [memory, most_spilled, threads] = words else { return Err("three numbers".to_owned()) };
    let number = |word: &String| word.parse::<u64>().map_err(|error| error.to_string());
    let size = |word| number(word).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let options = SqlOptions {
        data: DATA.into(),
        spill: SPILL.into(),
        memory: size(memory)?,
        most_spilled: number(most_spilled)?,
        threads: size(threads)?.max(1),
    };
    answer_with(options).map_err(|error| error.to_string())
}

fn answer_with(options: SqlOptions) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads)
        .max_blocking_threads(4)
        .enable_all()
        .build()?;
    let listener = std::os::unix::net::UnixListener::from(held(std::io::stdin())?);
    listener.set_nonblocking(true)?;
    let recorder = Outside::new(UnixStream::from(held(std::io::stdout())?))?;
    runtime.block_on(async {
        let listener = tokio::net::UnixListener::from_std(listener)?;
        lake::sql::serve(listener, options, recorder).await.map_err(std::io::Error::other)
    })
}

fn held(stream: impl std::os::fd::AsFd) -> std::io::Result<OwnedFd> {
    stream.as_fd().try_clone_to_owned()
}

/// Who is outside of the room, and takes down.
struct Outside {
    socket: Mutex<UnixStream>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    /// Who waits to hear whether the statement may be run, until they have; from
    /// then on since when it runs.
    answers: HashMap<u64, oneshot::Sender<Option<String>>>,
    began: HashMap<u64, Instant>,
}

impl Outside {
    fn new(socket: UnixStream) -> std::io::Result<Arc<Self>> {
        let heard = BufReader::new(socket.try_clone()?);
        let (socket, waiting) = (Mutex::new(socket), Mutex::default());
        let outside = Arc::new(Self { socket, waiting });
        let tell = Arc::clone(&outside);
        std::thread::Builder::new().name("outside".to_owned()).spawn(move || tell.hear(heard))?;
        Ok(outside)
    }

    /// Passes on what is answered. Without anybody outside nothing is answered.
    fn hear(&self, mut heard: BufReader<UnixStream>) {
        while let Ok(Some(Heard { number, refused })) = next_line(&mut heard) {
            if let Some(answer) = self.waiting().answers.remove(&number) {
                let _ = answer.send(refused);
            }
        }
        std::process::exit(0);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, said: &Said) -> std::io::Result<()> {
        let line = line(said)?;
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}

#[async_trait]
impl Recorder for Outside {
    async fn begin(&self, sql: &str) -> Result<u64, String> {
        let nobody = || "nobody takes statements down: none is run".to_owned();
        let (tell, told) = oneshot::channel();
        let number = {
            let mut waiting = self.waiting();
            waiting.next += 1;
            let number = waiting.next;
            waiting.answers.insert(number, tell);
            number
        };
        let said = Said::Begin { number, sql: sql.to_owned() };
        self.say(&said).map_err(|_| nobody())?;
        match told.await {
            Ok(None) => {
                self.waiting().began.insert(number, Instant::now());
                Ok(number)
            }
            Ok(Some(why)) => Err(why),
            Err(_) => Err(nobody()),
        }
    }

    fn ended(&self, number: u64, end: StatementEnd) {
        let began = self.waiting().began.remove(&number);
        let wall = began.map(|began| began.elapsed()).unwrap_or_default();
        let end = room::StatementEnd {
            answered: end.answered,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            rows: end.rows,
            read: end.read.into_iter().map(|(table, rows)| TableRead { table, rows }).collect(),
        };
        // Who is not there any more ends this program.
        let _ = self.say(&Said::Ended { number, end });
    }
}
