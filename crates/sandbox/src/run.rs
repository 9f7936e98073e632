//! One command, from its start until nothing of it is left.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::RunId;
use room::{Ended, LogSink, Opens as _, Outcome, Running, Stream};
use rustix::process::{WaitId, WaitIdOptions};

use crate::cgroup::Group;
use crate::disk::DiskWatch;
use crate::opens::Watching;
use crate::output::Log;
use crate::packages::Counter;
use crate::process;
use crate::session;
use crate::spawn::{Before, spawn};
use crate::sql::Door;
use crate::state::{Lock, RoomDir, RoomState, RunState};
use crate::warden::Line;
use crate::watch::{Others, Watch};

/// How long the kernel gets to clear away what was killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// After so long, what was killed from inside is killed from outside too.
const SOON: Duration = Duration::from_millis(500);

/// How long the end of what was printed is waited for when nothing that we know
/// of can print any more.
const LAST_LINES: Duration = Duration::from_secs(5);

/// A command that is about to be started.
pub(crate) struct Job {
    pub dir: RoomDir,
    pub state: RoomState,
    pub run: RunState,
    pub command: Command,
    pub before: Before,
    /// Where bubblewrap says what it did.
    pub status: OwnedFd,
    pub group: Option<Group>,
    /// Where its statements come in.
    pub door: Option<Door>,
    /// Where it asks for packages.
    pub counter: Option<Counter>,
    pub wall: Duration,
    pub log: Arc<dyn LogSink>,
    /// Which tables are opened while it runs.
    pub opens: Option<Watching>,
    /// That it is minded, and that the room is not shut meanwhile: held until nothing
    /// is left; never looked at.
    pub _locks: [Lock; 2],
}

/// What happens to a command that runs.
pub(crate) enum News {
    /// Process 1 of the room has this id outside.
    Inside(i32),
    /// The command returned this.
    Returned(i32),
    /// bubblewrap is gone.
    Gone,
    /// Somebody wants it to end.
    Stop,
}

/// How whoever minds a command is told something.
enum Minder {
    /// A thread of this program.
    Here(Sender<News>),
    /// A process of its own.
    Warden(Arc<Line>),
}

/// The handle of a command.
pub(crate) struct Handle {
    run: RunId,
    minder: Minder,
    memory: AtomicU64,
    ended: Mutex<Option<Ended>>,
    change: Condvar,
}

impl Handle {
    pub(crate) fn new(run: RunId, news: Sender<News>) -> Self {
        Self::told(run, Minder::Here(news))
    }

    /// Of a command that a warden minds.
    pub(crate) fn afar(run: RunId, warden: Arc<Line>) -> Self {
        Self::told(run, Minder::Warden(warden))
    }

    fn told(run: RunId, minder: Minder) -> Self {
        let (memory, ended, change) = (AtomicU64::new(0), Mutex::new(None), Condvar::new());
        Self { run, minder, memory, ended, change }
    }

    /// Takes down how much memory it holds, bytes.
    pub(crate) fn hold(&self, memory: u64) {
        self.memory.store(memory, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn end(&self, ended: Ended) {
        *self.lock() = Some(ended);
        self.change.notify_all();
    }

    /// Waits until nothing of it is left, and no longer than that.
    pub(crate) fn wait_at_most(&self, patience: Duration) -> Option<Ended> {
        let waited = self.change.wait_timeout_while(self.lock(), patience, |ended| ended.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl Running for Handle {
    fn run(&self) -> &RunId {
        &self.run
    }

    fn stop(&self) {
        match &self.minder {
            // Nobody listens any more: it has ended.
            Minder::Here(news) => drop(news.send(News::Stop)),
            Minder::Warden(line) => line.stop(),
        }
    }

    fn ended(&self) -> Option<Ended> {
        self.lock().clone()
    }

    fn wait(&self) -> Ended {
        let mut ended = self.lock();
        loop {
            if let Some(ended) = &*ended {
                return ended.clone();
            }
            ended = self.change.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    fn noted(&self) {
        match &self.minder {
            Minder::Here(_) => {}
            Minder::Warden(line) => line.noted(),
        }
    }
}

/// Minds a command to its end. Runs on a thread of its own, which lives as long
/// as the command: the kernel ends the command when the thread ends. `started`
/// hears whether it began.
fn mind(
    mut job: Job,
    handle: &Handle,
    news: (Sender<News>, Receiver<News>),
    started: &Sender<io::Result<()>>,
) {
    let began = Instant::now();
    let mut command = std::mem::replace(&mut job.command, Command::new("/bin/false"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let before = std::mem::take(&mut job.before);
    let child = match spawn(command, before) {
        Ok(child) => child,
        Err(error) => {
            drop((job.door.take(), job.counter.take()));
            job.clear();
            let _ = started.send(Err(error));
            return;
        }
    };
    let _ = started.send(Ok(()));
    let ended = follow(&mut job, child, handle, news, began);
    drop((job.door.take(), job.counter.take()));
    job.clear();
    let log = Arc::clone(&job.log);
    // Free for the next command before anybody hears that this one ended.
    drop(job);
    log.ended(&ended);
    handle.end(ended);
}

impl Job {
    /// Removes what the command leaves outside its work folder.
    fn clear(&self) {
        if let Some(group) = &self.group
            && let Err(error) = group.end(PATIENCE)
        {
            tracing::error!(room = %self.state.room, %error, "a control group could not be removed");
            // The record stays, and recovery tries again.
            return;
        }
        self.dir.forget_run(&self.run.run);
        session::shut(&self.dir, &self.run.run);
    }
}

fn follow(
    job: &mut Job,
    mut child: Child,
    handle: &Handle,
    (tell, news): (Sender<News>, Receiver<News>),
    began: Instant,
) -> Ended {
    let root = i32::try_from(child.id()).unwrap_or_default();
    job.run.pid = Some(root);
    job.run.began = process::began(root);
    if let Err(error) = job.dir.put_run(&job.run) {
        tracing::warn!(room = %job.state.room, %error, "what runs could not be noted");
    }
    let streams = (child.stdout.take(), child.stderr.take());
    let status = job.status.try_clone();
    let log = Arc::new(Log::new(Arc::clone(&job.log), job.state.limits.log));
    let disk = DiskWatch::new(job.dir.disk(), job.state.image, &job.state.limits);
    let others = Others::new(job.dir.clone(), job.run.run.clone());
    let mut watch = Watch::new(job.group.as_ref(), &job.state, disk, (root, others));
    let mut minded = Minded { root, opens: job.opens.take(), ..Minded::default() };
    let (reads, readers) = channel();
    if attend(&log, streams, status, child, (&tell, reads)).is_err() {
        minded.verdict = Some(Outcome::Stopped);
        minded.end_now();
    }
    minded.follow(&mut watch, &news, handle, job.wall, began);
    // Said before it was gone, heard after.
    for late in news.try_iter() {
        minded.hear(&late);
    }
    minded.wait_until_gone();
    if !readers_end(&readers, job.group.as_ref()) {
        tracing::error!(room = %job.state.room, "something outlived a command and holds its output open");
    }
    log.shut();
    for late in news.try_iter() {
        minded.hear(&late);
    }
    minded.wait_until_gone();
    watch.count();
    let verdict = minded.verdict.or_else(|| watch.passed_by_kernel());
    let outcome = verdict.unwrap_or_else(|| match minded.returned {
        Some(0) => Outcome::Finished,
        _ if watch.is_disk_full() => Outcome::KilledDisk,
        _ => Outcome::Failed,
    });
    let (log_kept, log_dropped) = log.totals();
    Ended {
        outcome,
        exit: minded.returned.filter(|_| verdict.is_none()),
        wall: began.elapsed(),
        cpu: watch.counted.cpu,
        peak_memory: watch.counted.peak_memory,
        log_kept,
        log_dropped,
        opened: minded.opened(),
    }
}

/// Starts the thread that minds the command, and waits until the command runs.
pub(crate) fn start_minding(job: Job, run: &RunId) -> io::Result<Arc<Handle>> {
    let (tell, news) = channel();
    let (started, began) = channel();
    let handle = Arc::new(Handle::new(run.clone(), tell.clone()));
    let minded = Arc::clone(&handle);
    std::thread::Builder::new()
        .name(format!("room-{run}"))
        .spawn(move || mind(job, &minded, (tell, news), &started))?;
    began.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that minds it ended")))?;
    Ok(handle)
}

/// Starts the threads that read what the command prints, what bubblewrap says,
/// and when it is gone. They end by themselves when nothing of it is left;
/// `reads` is let go by each when it has read to the end.
fn attend(
    log: &Arc<Log>,
    (output, errors): (Option<std::process::ChildStdout>, Option<std::process::ChildStderr>),
    status: io::Result<OwnedFd>,
    mut child: Child,
    (tell, reads): (&Sender<News>, Sender<()>),
) -> io::Result<()> {
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
    let gone = tell.clone();
    thread("room-wait").spawn(move || {
        let _ = child.wait();
        let _ = gone.send(News::Gone);
    })?;
    if let Some(output) = output {
        let (log, reads) = (Arc::clone(log), reads.clone());
        thread("room-out").spawn(move || {
            log.drain(output, Stream::Output);
            drop(reads);
        })?;
    }
    if let Some(errors) = errors {
        let (log, reads) = (Arc::clone(log), reads.clone());
        thread("room-err").spawn(move || {
            log.drain(errors, Stream::Error);
            drop(reads);
        })?;
    }
    let (status, tell) = (status?, tell.clone());
    thread("room-status").spawn(move || {
        read_status(status, &tell);
        drop(reads);
    })?;
    Ok(())
}

/// Waits until everything is read, and ends what of the control group still
/// keeps it from being so. Says whether it came to that: a process that slipped
/// out of all we know of could hold a pipe open for ever, and must not hold up
/// the closing of the room as well.
fn readers_end(readers: &Receiver<()>, group: Option<&Group>) -> bool {
    let deadline = Instant::now() + LAST_LINES;
    while Instant::now() < deadline {
        if let Some(group) = group {
            group.kill();
        }
        if readers.recv_timeout(Watch::OFTEN) == Err(RecvTimeoutError::Disconnected) {
            return true;
        }
    }
    false
}

/// Reads what bubblewrap says: one JSON object a line (bwrap(1)).
fn read_status(status: OwnedFd, tell: &Sender<News>) {
    for line in BufReader::new(File::from(status)).lines().map_while(Result::ok) {
        let Ok(said) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        let number = |key: &str| {
            said.get(key).and_then(serde_json::Value::as_i64).and_then(|n| i32::try_from(n).ok())
        };
        if let Some(pid) = number("child-pid") {
            let _ = tell.send(News::Inside(pid));
        }
        if let Some(code) = number("exit-code") {
            let _ = tell.send(News::Returned(code));
        }
    }
}

/// What is known of a command while it is minded.
#[derive(Default)]
struct Minded {
    /// bubblewrap, outside.
    root: i32,
    root_fd: Option<OwnedFd>,
    /// Process 1 of the room: its end is the end of everything in the room.
    inside: Option<(i32, Option<OwnedFd>)>,
    returned: Option<i32>,
    verdict: Option<Outcome>,
    killed_at: Option<Instant>,
    opens: Option<Watching>,
    /// The tables that were opened so far.
    opened: BTreeSet<String>,
}

impl Minded {
    fn follow(
        &mut self,
        watch: &mut Watch<'_>,
        news: &Receiver<News>,
        handle: &Handle,
        wall: Duration,
        began: Instant,
    ) {
        self.root_fd = process::held(self.root);
        loop {
            match news.recv_timeout(Watch::OFTEN) {
                Ok(News::Gone) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(heard) => self.hear(&heard),
                Err(RecvTimeoutError::Timeout) => {
                    self.see_opens();
                    let passed = watch.look();
                    handle.hold(watch.counted.memory);
                    self.verdict = self.verdict.or(passed);
                }
            }
            if began.elapsed() >= wall {
                self.verdict = self.verdict.or(Some(Outcome::KilledTime));
            }
            if self.verdict.is_some() {
                self.end_now();
                // Where no thread could be started that says so.
                if !process::is_alive(self.root) {
                    break;
                }
            }
        }
    }

    fn see_opens(&mut self) {
        if let Some(opens) = &mut self.opens {
            self.opened.extend(opens.take());
        }
    }

    /// Every table that was opened; nothing, where nobody could hear of it.
    fn opened(&mut self) -> Option<Vec<String>> {
        self.see_opens();
        self.opens.take()?;
        Some(std::mem::take(&mut self.opened).into_iter().collect())
    }

    fn hear(&mut self, news: &News) {
        match news {
            // Said once, before anything runs in the room.
            News::Inside(pid) if self.inside.is_none() => {
                self.inside = Some((*pid, process::held(*pid)));
            }
            News::Inside(_) => {}
            News::Returned(code) => self.returned = Some(*code),
            // Too late once it has returned.
            News::Stop if self.returned.is_none() => {
                self.verdict = self.verdict.or(Some(Outcome::Stopped));
            }
            News::Stop | News::Gone => {}
        }
    }

    /// Kills process 1 of the room, which takes everything in it along, so that
    /// bubblewrap sees it and goes; bubblewrap itself when that is not enough.
    /// Not before it had a moment to say which process that is: it dies alone
    /// until its child has asked to die with it.
    fn end_now(&mut self) {
        let since = *self.killed_at.get_or_insert_with(Instant::now);
        if let Some((_, Some(inside))) = &self.inside {
            process::kill(inside);
        }
        if since.elapsed() > SOON {
            if self.root_fd.is_none() {
                self.root_fd = process::held(self.root);
            }
            if let Some(root) = &self.root_fd {
                process::kill_tree(self.root, root);
            }
        }
    }

    /// Waits until process 1 of the room is gone: bubblewrap returns a moment
    /// before it.
    fn wait_until_gone(&self) {
        let Some((pid, fd)) = &self.inside else { return };
        let deadline = Instant::now() + PATIENCE;
        while process::is_alive(*pid) && Instant::now() < deadline {
            if let Some(fd) = fd {
                process::kill(fd);
                reap(fd);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(fd) = fd {
            reap(fd);
        }
    }
}

/// Where the server is the first process of a container, orphans are its to
/// wait for; elsewhere this process is not ours and nothing happens.
fn reap(fd: &OwnedFd) {
    use std::os::fd::AsFd as _;
    let _ = rustix::process::waitid(
        WaitId::PidFd(fd.as_fd()),
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_waited_for_no_longer_than_was_said() {
        let (tell, _news) = channel();
        let handle = Handle::new("run-endless".parse().unwrap(), tell);
        let began = Instant::now();
        assert_eq!(handle.wait_at_most(Duration::from_millis(50)), None);
        assert!(began.elapsed() >= Duration::from_millis(50));
        handle.end(Ended::LOST);
        assert_eq!(handle.wait_at_most(Duration::from_mins(1)), Some(Ended::LOST));
    }
}
