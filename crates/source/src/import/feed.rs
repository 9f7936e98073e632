//! Separated values, read by two threads: whoever is free takes the next block
//! of whole records, checks it, and hands it on; results are taken in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::intake::Intake;
use super::progress::{Progress, Step};
use super::refusal::ImportRefusal;
use crate::contract::{Contract, Encoding};
use crate::delivery::FileFault;
use crate::delivery::block::{Block, Splitter};
use crate::delivery::file::Opened;
use crate::delivery::header::check_line;
use crate::delivery::unpack::Unpacked;
use crate::manifest::DeliveredFile;
use crate::row::{Parsed, Plan, RowReader, SeenSubjects};
use crate::sink::ContentSink;
use crate::subject::Pseudonymiser;

const READERS: usize = 2;

/// No block is read further ahead than this of the one that is waited for.
const AHEAD: u64 = 8;

/// Hands out the blocks of all files, in order.
pub(super) struct Feed<'a> {
    contract: &'a Contract,
    plan: &'a Plan,
    opened: &'a [Opened],
    /// Which file, and where in it.
    present: Option<(usize, Splitter<Unpacked>)>,
    next_file: usize,
    next_block: u64,
    read: Arc<AtomicU64>,
    delivered: Vec<DeliveredFile>,
    /// Nothing more is read once something went wrong.
    failed: bool,
}

/// A block and its place among all blocks.
pub(super) struct Ticket {
    number: u64,
    pub(super) file: usize,
    pub(super) block: Block,
}

impl<'a> Feed<'a> {
    pub(super) fn new(
        contract: &'a Contract,
        plan: &'a Plan,
        opened: &'a [Opened],
        read: Arc<AtomicU64>,
    ) -> Self {
        Self {
            contract,
            plan,
            opened,
            present: None,
            next_file: 0,
            next_block: 0,
            read,
            delivered: Vec::new(),
            failed: false,
        }
    }

    /// The next block; `None` when all files have been read to their end.
    pub(super) fn next(&mut self) -> Result<Option<Ticket>, ImportRefusal> {
        if self.failed {
            return Ok(None);
        }
        let next = self.read_on();
        self.failed = next.is_err();
        next
    }

    fn read_on(&mut self) -> Result<Option<Ticket>, ImportRefusal> {
        loop {
            let Some((file, splitter)) = &mut self.present else {
                let Some(opened) = self.opened.get(self.next_file) else { return Ok(None) };
                let splitter = begin(self.contract, self.plan, opened, &self.read)
                    .map_err(|fault| refused(opened, fault))?;
                self.present = Some((self.next_file, splitter));
                self.next_file += 1;
                continue;
            };
            let Some(opened) = self.opened.get(*file) else { return Ok(None) };
            if let Some(block) = splitter.next().map_err(|fault| refused(opened, fault))? {
                let number = self.next_block;
                self.next_block += 1;
                return Ok(Some(Ticket { number, file: *file, block }));
            }
            if let Some((_, splitter)) = self.present.take() {
                let done = splitter.into_plain().finish(opened);
                self.delivered.push(done.map_err(|fault| refused(opened, fault))?);
            }
        }
    }

    /// What has been read to its end.
    pub(super) fn into_delivered(self) -> Vec<DeliveredFile> {
        self.delivered
    }
}

pub(super) fn refused(opened: &Opened, fault: FileFault) -> ImportRefusal {
    ImportRefusal::File { file: opened.name.clone(), fault }
}

fn begin(
    contract: &Contract,
    plan: &Plan,
    opened: &Opened,
    read: &Arc<AtomicU64>,
) -> Result<Splitter<Unpacked>, FileFault> {
    let unpacked = Unpacked::open(opened, Arc::clone(read))?;
    let mut splitter = Splitter::new(unpacked, plan.dialect);
    let header = splitter.header()?;
    check_line(&header, contract, plan.encoding, plan.dialect)?;
    Ok(splitter)
}

/// Lets readers run ahead of the one who takes their results, but not far.
struct Gate {
    /// How many blocks have been taken; `None`: stop.
    taken: Mutex<Option<u64>>,
    moved: Condvar,
}

/// Opens the gate for good when its holder ends, be it by a panic: nobody is
/// left waiting for a block that will never be taken.
struct OpensAtEnd<'a>(&'a Gate);

impl Drop for OpensAtEnd<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

/// Opens the gate when a reader panics; one that is done leaves it as it is.
struct OpensAtPanic<'a>(&'a Gate);

impl Drop for OpensAtPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set(None);
        }
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, taken: Option<u64>) {
        *self.lock() = taken;
        self.moved.notify_all();
    }

    /// Waits until block `number` may be worked on; false: stop.
    fn enter(&self, number: u64) -> bool {
        let far = |taken: &mut Option<u64>| taken.is_some_and(|taken| number > taken + AHEAD);
        self.moved.wait_while(self.lock(), far).unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

type Refusable<T> = Result<T, ImportRefusal>;

/// Reads all files into `intake`.
pub(super) fn read_all<S: ContentSink>(
    contract: &Contract,
    plan: &Plan,
    opened: &[Opened],
    keys: &dyn Pseudonymiser,
    seen: &SeenSubjects,
    intake: &mut Intake<'_, S>,
    progress: &dyn Progress,
) -> Refusable<Vec<DeliveredFile>> {
    let read = Arc::new(AtomicU64::new(0));
    let of = opened.iter().map(Opened::bytes).sum();
    let feed = Mutex::new(Feed::new(contract, plan, opened, Arc::clone(&read)));
    let gate = Gate { taken: Mutex::new(Some(0)), moved: Condvar::new() };
    let taken = std::thread::scope(|scope| {
        let _opens = OpensAtEnd(&gate);
        let (to, from) = sync_channel(READERS);
        for _ in 0..READERS {
            let to = to.clone();
            let (feed, gate) = (&feed, &gate);
            scope.spawn(move || work(feed, gate, RowReader::new(plan, keys, seen), &to));
        }
        drop(to);
        take_in_order(&from, &gate, |file, parsed| {
            intake.take(file, parsed, plan.encoding)?;
            let rows = intake.rows();
            progress.at(Step::Reading { read: read.load(Ordering::Relaxed), of, rows });
            Ok(())
        })
    });
    taken?;
    let feed = feed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(feed.into_delivered())
}

type Done = (u64, Refusable<(usize, Parsed)>);

fn work(feed: &Mutex<Feed<'_>>, gate: &Gate, mut reader: RowReader<'_>, to: &SyncSender<Done>) {
    let _opens = OpensAtPanic(gate);
    loop {
        let next = {
            let mut feed = feed.lock().unwrap_or_else(PoisonError::into_inner);
            let number = feed.next_block;
            feed.next().map_err(|refusal| (number, refusal))
        };
        let done = match next {
            Ok(None) => return,
            Ok(Some(Ticket { number, file, block })) => {
                if !gate.enter(number) {
                    return;
                }
                let parsed = reader.read(&block).map_err(ImportRefusal::from);
                (number, parsed.map(|parsed| (file, parsed)))
            }
            Err((number, refusal)) => (number, Err(refusal)),
        };
        let last = done.1.is_err();
        if to.send(done).is_err() || last {
            return;
        }
    }
}

fn take_in_order(
    from: &Receiver<Done>,
    gate: &Gate,
    mut take: impl FnMut(usize, Parsed) -> Refusable<()>,
) -> Refusable<()> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, done) in from {
        waiting.insert(number, done);
        while let Some(done) = waiting.remove(&next) {
            let (file, parsed) = done?;
            take(file, parsed)?;
            next += 1;
            gate.set(Some(next));
        }
    }
    Ok(())
}

/// What the contract says of the characters, for formats that have any.
pub(super) const fn is_latin_1(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Latin1)
}
