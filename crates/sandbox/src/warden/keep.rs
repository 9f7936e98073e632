//! The warden's side: it minds one command and says what comes of it to whichever
//! server listens. It waits for the next when there is none, and goes when a server
//! has written down how the command ended, or the room is gone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{RunId, StatementId};
use room::packages::{Allowed, Fetched};
use room::statement::line;
use room::{LogLine, LogSink, Packages, Running, StartError, StatementEnd, Statements};
use rustix::fs::FlockOperation;

use super::wire::{Answer, Ask, Order, Tells, Told, next_line};
use crate::bubblewrap::Bubblewrap;
use crate::run::Handle;
use crate::socket;
use crate::sql::SqlProgram;
use crate::state::{Lock, RoomDir, lock, make};

/// How often the memory is told, and the room is seen to be there still.
const OFTEN: Duration = Duration::from_millis(500);

/// So many ends of statements are kept for the next server.
const MOST_OWED: usize = 10_000;

/// Minds the command that the order on standard input asks for, to its end and until
/// that end is written down. The words of [`super::WardenProgram`] lead here.
pub fn keep() -> io::Result<()> {
    // A terminal that is closed is the server's.
    let _ = rustix::process::setsid();
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut said = BufReader::new(stream.try_clone()?);
    let mut order = Vec::new();
    said.read_until(b'\n', &mut order)?;
    let order: Order = serde_json::from_slice(&order)?;
    let (post, dir, run) = (Arc::new(Post::default()), order.dir(), order.run.clone());
    match begin(order, &post, &dir) {
        Ok((handle, listener, _alive)) => {
            let turn = post.take(stream)?;
            listen(&post, &handle, said, turn);
            stand(&post, &handle, listener)?;
            tell_of(&post, &handle, &dir, &run);
            let _ = std::fs::remove_file(dir.warden(&run, "sock"));
            let _ = std::fs::remove_file(dir.warden(&run, "lock"));
            Ok(())
        }
        Err(error) => {
            let mut stream = stream;
            stream.write_all(&line(&Told::NotStarted(error.into()))?)
        }
    }
}

fn begin(
    order: Order,
    post: &Arc<Post>,
    dir: &RoomDir,
) -> Result<(Arc<Handle>, UnixListener, Lock), StartError> {
    let room = order.room.clone();
    let failed = |what| {
        let room = room.clone();
        move |error: io::Error| StartError::Machine { room, what, why: error.to_string() }
    };
    if !dir.0.exists() {
        return Err(StartError::NoRoom(room));
    }
    let mut config = order.config();
    if let Some(words) = &order.sql {
        let program = File::open("/proc/self/exe").map_err(failed("this program was opened"))?;
        config.sql = Some(SqlProgram { program: Arc::new(program), words: words.clone() });
    }
    let runtime = Bubblewrap::unproved(config)
        .map_err(|error| failed("the machine was looked at")(io::Error::other(error)))?;
    let (alive, listener) = be_found(dir, &order.run).map_err(failed("its socket was made"))?;
    if order.has_statements {
        let statements: Arc<dyn Statements> = Arc::<Post>::clone(post);
        room::Runtime::hear_statements(&runtime, &order.run, statements);
    }
    if order.has_packages {
        let packages: Arc<dyn Packages> = Arc::<Post>::clone(post);
        room::Runtime::hear_packages(&runtime, &order.run, packages);
    }
    let (words, setting) = order.errand.setting(&order.room, order.person);
    let log: Arc<dyn LogSink> = Arc::<Post>::clone(post);
    let handle = runtime
        .launch(&order.room, &order.run, (&words, setting), order.wall, log)
        .inspect_err(|_| {
            let _ = std::fs::remove_file(dir.warden(&order.run, "sock"));
            let _ = std::fs::remove_file(dir.warden(&order.run, "lock"));
        })?;
    Ok((handle, listener, alive))
}

/// Makes the socket, and the lock that says that somebody is behind it.
fn be_found(dir: &RoomDir, run: &RunId) -> io::Result<(Lock, UnixListener)> {
    make(&dir.wardens())?;
    let alive = lock(&dir.warden(run, "lock"), FlockOperation::NonBlockingLockExclusive)?
        .ok_or_else(|| io::Error::other("another minds it"))?;
    let folder = socket::In::open(&dir.wardens())?;
    Ok((alive, UnixListener::bind(folder.path(&format!("{run}.sock")))?))
}

/// Takes servers in, one at a time, on a thread of its own.
fn stand(post: &Arc<Post>, handle: &Arc<Handle>, listener: UnixListener) -> io::Result<()> {
    let (post, handle) = (Arc::clone(post), Arc::clone(handle));
    std::thread::Builder::new().name("warden-door".to_owned()).spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let Ok(said) = stream.try_clone() else { continue };
            // Hung up on, when another listens.
            match post.take(stream) {
                Ok(turn) => listen(&post, &handle, BufReader::new(said), turn),
                // It may have come to say that the end is written down.
                Err(_) => listen_for_leave(&post, &said),
            }
        }
    })?;
    Ok(())
}

/// Does what a server says, on a thread of its own, until it goes.
fn listen(post: &Arc<Post>, handle: &Arc<Handle>, mut said: BufReader<UnixStream>, turn: u64) {
    let (heard, handle) = (Arc::clone(post), Arc::clone(handle));
    let spawned = std::thread::Builder::new().name("warden-ear".to_owned()).spawn(move || {
        loop {
            match next_line::<Tells>(&mut said) {
                Ok(Some(Tells::Stop)) => handle.stop(),
                Ok(Some(Tells::Answer { number, answer })) => heard.answer(number, answer),
                Ok(Some(Tells::Noted)) => heard.note(),
                Ok(None) | Err(_) => break,
            }
        }
        heard.hang_up(turn);
    });
    if spawned.is_err() {
        // Deaf to it: the server sees that and comes again.
        post.hang_up(turn);
    }
}

fn listen_for_leave(post: &Post, said: &UnixStream) {
    let _ = said.set_read_timeout(Some(Duration::from_secs(1)));
    if matches!(next_line::<Tells>(&mut BufReader::new(said)), Ok(Some(Tells::Noted))) {
        post.note();
    }
    let _ = said.shutdown(Shutdown::Both);
}

/// Says how much memory the command holds, then how it ended, until that is written
/// down or the room is gone.
fn tell_of(post: &Post, handle: &Handle, dir: &RoomDir, run: &RunId) {
    let mut told = 0;
    let ended = loop {
        if let Some(ended) = handle.wait_at_most(OFTEN) {
            break ended;
        }
        if !dir.warden(run, "sock").exists() {
            // Its room was taken away, and nobody can reach it any more.
            handle.stop();
        }
        let memory = handle.memory();
        if memory != told {
            post.tell_now(Told::Memory(memory));
            told = memory;
        }
    };
    post.tell_all(Told::Ended(ended));
    while !post.is_noted_within(OFTEN) && dir.warden(run, "sock").exists() {}
}

/// How whoever asked something hears the answer.
type Waits = Sender<Result<Answer, String>>;

/// What is said, and to whom.
#[derive(Default)]
struct Post {
    inner: Mutex<Inner>,
    noted: Mutex<bool>,
    change: Condvar,
    /// Who waits for an answer.
    waiting: Mutex<HashMap<u64, Waits>>,
    next: AtomicU64,
}

#[derive(Default)]
struct Inner {
    server: Option<UnixStream>,
    /// How many servers have listened: the one that goes may have been followed.
    turn: u64,
    /// Everything that every server is told: what was printed, and the end. The
    /// runtime bounds the log of a command.
    all: Vec<Told>,
    /// Ends of statements that no server was there to hear.
    owed: Vec<Told>,
}

impl Inner {
    /// Tells the server that listens. Says whether it was told.
    fn tell(&mut self, told: &Told) -> bool {
        let Some(server) = &mut self.server else { return false };
        let sent = line(told).and_then(|line| server.write_all(&line)).is_ok();
        if !sent {
            let _ = server.shutdown(Shutdown::Both);
            self.server = None;
        }
        sent
    }
}

impl Post {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, Waits>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a server in and tells it everything so far. Not when there is one.
    /// Says which it is.
    fn take(&self, server: UnixStream) -> io::Result<u64> {
        let mut inner = self.inner();
        if inner.server.is_some() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        inner.server = Some(server);
        inner.turn += 1;
        inner.tell(&Told::Started);
        // Before the rest: the end is the last thing that a server hears.
        let owed = std::mem::take(&mut inner.owed);
        let untold = owed.into_iter().filter(|told| !inner.tell(told)).collect();
        inner.owed = untold;
        let all = std::mem::take(&mut inner.all);
        for told in &all {
            inner.tell(told);
        }
        inner.all = all;
        Ok(inner.turn)
    }

    /// Tells it now or never.
    fn tell_now(&self, told: Told) {
        self.inner().tell(&told);
    }

    /// Tells it now, and every server that comes.
    fn tell_all(&self, told: Told) {
        let mut inner = self.inner();
        inner.tell(&told);
        inner.all.push(told);
    }

    fn hang_up(&self, turn: u64) {
        let mut inner = self.inner();
        if inner.turn == turn {
            inner.server = None;
        }
        drop(inner);
        // Who waits for an answer gets none: its sender is gone.
        self.waiting().clear();
    }

    /// Asks the server that listens, and waits for what it says.
    fn ask(&self, ask: Ask) -> Result<Answer, String> {
        const NOBODY: &str = "the centre is not there at this moment, and nothing is done that \
                              is not written down: try again";
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, answer) = channel();
        self.waiting().insert(number, tell);
        if !self.inner().tell(&Told::Asks { number, ask }) {
            self.waiting().remove(&number);
            return Err(NOBODY.to_owned());
        }
        answer.recv().unwrap_or_else(|_| Err(NOBODY.to_owned()))
    }

    fn answer(&self, number: u64, answer: Result<Answer, String>) {
        if let Some(waits) = self.waiting().remove(&number) {
            let _ = waits.send(answer);
        }
    }

    fn note(&self) {
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.change.notify_all();
    }

    fn is_noted_within(&self, patience: Duration) -> bool {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.change.wait_timeout_while(noted, patience, |noted| !*noted);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl LogSink for Post {
    fn line(&self, line: LogLine<'_>) {
        self.tell_all(Told::Line { stream: line.stream, text: line.text.to_owned() });
    }
}

impl Statements for Post {
    fn begin(&self, sql: String) -> Result<StatementId, String> {
        match self.ask(Ask::Statement(sql))? {
            Answer::Statement(statement) => Ok(statement),
            other => Err(misheard(&other)),
        }
    }

    fn ended(&self, statement: StatementId, end: StatementEnd) {
        let mut inner = self.inner();
        let told = Told::StatementEnded { statement, end };
        if !inner.tell(&told) && inner.owed.len() < MOST_OWED {
            inner.owed.push(told);
        }
    }
}

impl Packages for Post {
    fn allowed(&self) -> Result<Vec<Allowed>, String> {
        match self.ask(Ask::Allowed)? {
            Answer::Allowed(allowed) => Ok(allowed),
            other => Err(misheard(&other)),
        }
    }

    fn fetched(&self, fetched: Fetched) -> Result<(), String> {
        match self.ask(Ask::Fetched(fetched))? {
            Answer::Noted => Ok(()),
            other => Err(misheard(&other)),
        }
    }
}

fn misheard(answer: &Answer) -> String {
    format!("the centre answered what was not asked: {answer:?}")
}

#[cfg(test)]
mod tests {
    use room::Stream;

    use super::*;

    fn server(post: &Post) -> io::Result<(BufReader<UnixStream>, u64)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(Duration::from_secs(5)))?;
        let turn = post.take(theirs)?;
        Ok((BufReader::new(ours), turn))
    }

    fn hears(server: &mut BufReader<UnixStream>) -> Told {
        next_line(server).unwrap().unwrap()
    }

    fn prints(post: &Post, text: &str) -> Told {
        post.line(LogLine { stream: Stream::Output, text });
        Told::Line { stream: Stream::Output, text: text.to_owned() }
    }

    fn end() -> StatementEnd {
        StatementEnd { rows: 7, ..StatementEnd::UNSEEN }
    }

    #[test]
    fn every_server_hears_everything_and_one_listens_at_a_time() {
        let post = Post::default();
        let first = prints(&post, "before anybody");
        let (mut one, turn) = server(&post).unwrap();
        let second = prints(&post, "while one listens");
        for told in [Told::Started, first.clone(), second.clone()] {
            assert_eq!(hears(&mut one), told);
        }
        assert!(server(&post).is_err(), "two would write down the same");
        post.hang_up(turn);
        let (mut two, _) = server(&post).unwrap();
        for told in [Told::Started, first, second] {
            assert_eq!(hears(&mut two), told);
        }
        // The one before it is only now seen to have gone.
        post.hang_up(turn);
        let third = prints(&post, "to the second");
        assert_eq!(hears(&mut two), third);
    }

    #[test]
    fn the_end_of_a_statement_waits_for_the_next_server_and_is_told_once() {
        let post = Post::default();
        let statement: StatementId = "statement-2b4d6f8h0k".parse().unwrap();
        Statements::ended(&post, statement.clone(), end());
        post.tell_all(Told::Memory(1));
        let (mut one, turn) = server(&post).unwrap();
        assert_eq!(hears(&mut one), Told::Started);
        assert_eq!(hears(&mut one), Told::StatementEnded { statement, end: end() });
        assert_eq!(hears(&mut one), Told::Memory(1));
        post.hang_up(turn);
        let (mut two, _) = server(&post).unwrap();
        assert_eq!(hears(&mut two), Told::Started);
        assert_eq!(hears(&mut two), Told::Memory(1));
    }

    #[test]
    fn what_is_asked_while_nobody_listens_is_refused() {
        let post = Arc::new(Post::default());
        assert!(post.begin("SELECT 1".to_owned()).unwrap_err().contains("not there"));
        assert!(post.allowed().is_err());
        // And while one goes away that was asked.
        let (mut one, turn) = server(&post).unwrap();
        let asks = Arc::clone(&post);
        let asked = std::thread::spawn(move || asks.begin("SELECT 2".to_owned()));
        assert_eq!(hears(&mut one), Told::Started);
        let sql = "SELECT 2".to_owned();
        assert_eq!(hears(&mut one), Told::Asks { number: 2, ask: Ask::Statement(sql) });
        post.hang_up(turn);
        assert!(asked.join().unwrap().unwrap_err().contains("not there"));
    }

    #[test]
    fn an_answer_reaches_who_asked_and_nobody_takes_another_for_it() {
        let post = Arc::new(Post::default());
        let (mut one, _) = server(&post).unwrap();
        assert_eq!(hears(&mut one), Told::Started);
        let statement: StatementId = "statement-2b4d6f8h0k".parse().unwrap();
        for (answer, fits) in [(Answer::Statement(statement.clone()), true), (Answer::Noted, false)]
        {
            let asks = Arc::clone(&post);
            let asked = std::thread::spawn(move || asks.begin("SELECT 1".to_owned()));
            let Told::Asks { number, .. } = hears(&mut one) else { panic!("nothing was asked") };
            post.answer(number + 1, Err("of somebody else".to_owned()));
            post.answer(number, Ok(answer));
            let heard = asked.join().unwrap();
            assert_eq!(heard.ok(), fits.then(|| statement.clone()));
        }
    }

    #[test]
    fn it_stays_until_the_end_is_written_down() {
        let post = Post::default();
        assert!(!post.is_noted_within(Duration::from_millis(10)));
        post.note();
        assert!(post.is_noted_within(Duration::from_mins(1)));
    }
}
