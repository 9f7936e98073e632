//! The notebooks and desktops of rooms in the browser: a second address, beside the portal's,
//! so that nothing which a room sends shares an origin with the portal.
//!
//! What passes is decided by [`room::notebook`]; here is how: who is let in
//! ([`door`]), what the answers tell browsers ([`headers`]), files of the rooms'
//! software ([`image`]), requests ([`forward`]), sockets
//! ([`sockets`]), and desktops ([`desktop`]).

pub(crate) mod desktop;
pub(crate) mod door;
mod forward;
mod headers;
mod image;
mod page;
mod serve;
mod sockets;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header;
use model::{AccountId, PermitId, RoomId, RunId, Timestamp};
use room::notebook::Shown;

pub(crate) use serve::{router, watch_idle};

/// How notebooks are served.
#[derive(Debug, Clone)]
pub struct Notebooks {
    /// Their address as people see it, such as `https://rooms.example.no`. Not
    /// said: the host that the portal was asked by, at [`Notebooks::port`].
    pub url: Option<String>,
    /// The port they are served at.
    pub port: u16,
    /// The portal's address as people see it, in the same way.
    pub portal_url: Option<String>,
    /// The portal's port.
    pub portal_port: u16,
    /// The rooms' Python environment, of which the page's own files are served.
    pub image: PathBuf,
    /// How much may be shown at once, bytes.
    pub at_once: u64,
    /// How much more with every minute, bytes.
    pub per_minute: u64,
    /// How much of a desktop may be shown at once, bytes: pixels say less than text.
    pub desktop_at_once: u64,
    /// How much more with every minute, bytes.
    pub desktop_per_minute: u64,
    /// A notebook or a desktop in which nothing is done for so long is closed.
    pub idle: Duration,
}

impl Notebooks {
    /// The notebooks' origin as whoever sent these headers reaches it.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Option<String> {
        origin(self.url.as_deref(), self.port, headers)
    }

    /// The portal's.
    pub(crate) fn portal_origin(&self, headers: &HeaderMap) -> Option<String> {
        origin(self.portal_url.as_deref(), self.portal_port, headers)
    }
}

/// The origin (RFC 6454) of `url`, or that of `port` on the host which was asked.
fn origin(url: Option<&str>, port: u16, headers: &HeaderMap) -> Option<String> {
    if let Some(url) = url {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split('/').next()?;
        return is_host(host).then(|| format!("{scheme}://{host}"));
    }
    let asked = headers.get(header::HOST)?.to_str().ok()?;
    let host = match asked.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => asked,
    };
    is_host(host).then(|| format!("http://{host}:{port}"))
}

/// Whether it can stand in a header that tells browsers where to go.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known of notebooks that are used, until the program ends.
#[derive(Debug, Default)]
pub(crate) struct Used {
    /// Who may come in, and has.
    pub(crate) door: door::Door,
    /// How many sockets somebody has open to a room.
    sockets: Mutex<HashMap<(RoomId, AccountId), usize>>,
    /// How many pages of somebody say that they are in the notebook of a room.
    stays: Mutex<HashMap<(RoomId, AccountId), usize>>,
    /// Who was shown something of a room without being in its notebook, a moment ago.
    looks: Mutex<HashSet<(RoomId, AccountId)>>,
    /// How much somebody was shown: who is in several rooms of a permit is shown no more
    /// than who is in one.
    shown: Mutex<HashMap<(PermitId, AccountId), Showing>>,
    open: Mutex<HashMap<RunId, Work>>,
}

/// What is done in one notebook or on one desktop.
#[derive(Debug)]
struct Work {
    room: RoomId,
    last: Instant,
    /// Cells that a kernel has not answered yet.
    busy: usize,
}

/// How much somebody was shown in a room.
#[derive(Debug)]
struct Showing {
    all: Shown,
    /// For what keeps a page in step with its kernel: short, and a little of it
    /// still passes when nothing else does.
    signs: Shown,
    /// When it was last written down that something was withheld.
    told: Option<Timestamp>,
    /// How much was shown since that was last written down, bytes.
    sum: u64,
}

/// Sockets of one person to a room at the most: a page has one to each kernel, and one
/// more.
const MOST_SOCKETS: usize = 64;

/// An answer counts as no less than this, however short: that it came, and how,
/// says something too.
const LEAST: u64 = 512;

/// Whether something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    /// It is.
    Yes,
    /// It is not. `first`: the first time in a minute, which is written down.
    No {
        /// Whether it is.
        first: bool,
    },
}

/// What is not longer than this keeps a page in step with its kernel.
const SIGN: u64 = 2048;

impl Used {
    fn open(&self) -> MutexGuard<'_, HashMap<RunId, Work>> {
        held(&self.open)
    }

    /// Changes what is known of a run. One that is not known is told of soon.
    fn at_work(&self, run: Option<&RunId>, change: impl FnOnce(&mut Work)) {
        let mut open = self.open();
        if let Some(work) = run.and_then(|run| open.get_mut(run)) {
            change(work);
        }
    }

    /// Somebody did something.
    pub(crate) fn touch(&self, run: Option<&RunId>) {
        self.at_work(run, |work| work.last = Instant::now());
    }

    /// Something is open in a room: it is idle from now on, unless it is used.
    pub(crate) fn know(&self, room: &RoomId, run: &RunId) {
        let new = || Work { room: room.clone(), last: Instant::now(), busy: 0 };
        self.open().entry(run.clone()).or_insert_with(new);
    }

    /// A cell was given to a kernel.
    pub(crate) fn begin(&self, run: Option<&RunId>) {
        self.at_work(run, |work| {
            work.busy += 1;
            work.last = Instant::now();
        });
    }

    /// Takes one of the sockets that somebody may have to a room, if there is one left.
    pub(crate) fn take_socket(&self, room: &RoomId, account: &AccountId) -> bool {
        let mut sockets = held(&self.sockets);
        let open = sockets.entry((room.clone(), account.clone())).or_default();
        let is_free = *open < MOST_SOCKETS;
        *open += usize::from(is_free);
        is_free
    }

    /// Gives a socket back.
    pub(crate) fn give_socket(&self, room: &RoomId, account: &AccountId) {
        let (mut sockets, whose) = (held(&self.sockets), (room.clone(), account.clone()));
        match sockets.get_mut(&whose) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(sockets.remove(&whose)),
        }
    }

    /// Somebody is in the notebook of a room, as its page says by a socket of its own.
    pub(crate) fn come(&self, room: &RoomId, account: &AccountId) {
        *held(&self.stays).entry((room.clone(), account.clone())).or_default() += 1;
    }

    /// They are no longer.
    pub(crate) fn go(&self, room: &RoomId, account: &AccountId) {
        let (mut stays, whose) = (held(&self.stays), (room.clone(), account.clone()));
        match stays.get_mut(&whose) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(stays.remove(&whose)),
        }
    }

    /// Whether somebody was shown something without being in the notebook, and nobody yet
    /// sees to it that it is written down.
    pub(crate) fn looks_in(&self, room: &RoomId, account: &AccountId) -> bool {
        let whose = (room.clone(), account.clone());
        !held(&self.stays).contains_key(&whose) && held(&self.looks).insert(whose)
    }

    /// What they were shown, bytes, if they are still not in it.
    pub(crate) fn looked_in(&self, admitted: &centre::notebooks::Admitted) -> Option<u64> {
        let whose = (admitted.room.clone(), admitted.account.clone());
        held(&self.looks).remove(&whose);
        // Who has come in meanwhile is told all of it when they go.
        (!held(&self.stays).contains_key(&whose))
            .then(|| self.sum(&admitted.permit, &admitted.account))
    }

    /// How much somebody was shown since this was last asked, bytes.
    pub(crate) fn sum(&self, permit: &PermitId, account: &AccountId) -> u64 {
        let mut shown = held(&self.shown);
        let showing = shown.get_mut(&(permit.clone(), account.clone()));
        showing.map_or(0, |showing| std::mem::take(&mut showing.sum))
    }

    /// So many cells are no longer waited for.
    pub(crate) fn end(&self, run: Option<&RunId>, cells: usize) {
        self.at_work(run, |work| {
            work.busy = work.busy.saturating_sub(cells);
            work.last = Instant::now();
        });
    }

    /// What nothing was done in for that long.
    pub(crate) fn idle(&self, long: Duration) -> Vec<(RoomId, RunId)> {
        let open = self.open();
        let idle = open.iter().filter(|(_, work)| work.busy == 0 && work.last.elapsed() >= long);
        idle.map(|(run, work)| (work.room.clone(), run.clone())).collect()
    }

    /// Forgets what was closed.
    pub(crate) fn forget(&self, run: &RunId) {
        self.open().remove(run);
    }

    /// Whether so many bytes may be shown to somebody; if so they are.
    pub(crate) fn shows(
        &self,
        notebooks: &Notebooks,
        (permit, account): (&PermitId, &AccountId),
        bytes: u64,
        now: Timestamp,
    ) -> Passes {
        let (at_once, per_minute) = (notebooks.at_once, notebooks.per_minute);
        let mut shown = held(&self.shown);
        let showing = shown
            .entry((permit.clone(), account.clone()))
            .or_insert_with(|| Showing::new(at_once, per_minute, now));
        let bytes = bytes.max(LEAST);
        if showing.all.take(bytes, now) || (bytes <= SIGN && showing.signs.take(bytes, now)) {
            showing.sum = showing.sum.saturating_add(bytes);
            return Passes::Yes;
        }
        showing.withheld(now)
    }
}

impl Used {
    /// Whether it is to be written down that something was held back that is too long by
    /// itself.
    pub(crate) fn holds_back(
        &self,
        notebooks: &Notebooks,
        (permit, account): (&PermitId, &AccountId),
        now: Timestamp,
    ) -> bool {
        let mut shown = held(&self.shown);
        let showing = shown
            .entry((permit.clone(), account.clone()))
            .or_insert_with(|| Showing::new(notebooks.at_once, notebooks.per_minute, now));
        matches!(showing.withheld(now), Passes::No { first: true })
    }

    /// Whether so many bytes of a desktop may be shown to somebody; if so they are.
    pub(crate) fn shows_pixels(
        &self,
        notebooks: &Notebooks,
        (permit, account): (&PermitId, &AccountId),
        bytes: u64,
        now: Timestamp,
    ) -> Passes {
        let (at_once, per_minute) = (notebooks.desktop_at_once, notebooks.desktop_per_minute);
        let mut shown = held(&self.shown);
        let showing = shown
            .entry((permit.clone(), account.clone()))
            .or_insert_with(|| Showing::new(at_once, per_minute, now));
        if showing.all.take(bytes, now) {
            showing.sum = showing.sum.saturating_add(bytes);
            return Passes::Yes;
        }
        showing.withheld(now)
    }
}

impl Showing {
    const fn new(at_once: u64, per_minute: u64, now: Timestamp) -> Self {
        Self {
            all: Shown::new(at_once, per_minute, now),
            signs: Shown::new(at_once / 8, per_minute / 8, now),
            told: None,
            sum: 0,
        }
    }

    /// Something is not shown.
    fn withheld(&mut self, now: Timestamp) -> Passes {
        let first = self
            .told
            .is_none_or(|told| now.duration_since(told) >= jiff::SignedDuration::from_mins(1));
        if first {
            self.told = Some(now);
        }
        Passes::No { first }
    }
}

#[cfg(test)]
mod tests {
    use model::Clock as _;

    use super::*;

    fn notebooks() -> Notebooks {
        Notebooks {
            url: None,
            port: 8421,
            portal_url: None,
            portal_port: 8420,
            image: PathBuf::new(),
            at_once: 80_000,
            per_minute: 8_000,
            desktop_at_once: 160_000,
            desktop_per_minute: 16_000,
            idle: Duration::from_mins(30),
        }
    }

    fn asked(host: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, header::HeaderValue::from_static(host))])
    }

    #[test]
    fn the_notebooks_are_at_the_host_that_was_asked_or_as_the_config_says() {
        let here = notebooks();
        assert_eq!(here.origin(&asked("localhost:8420")).unwrap(), "http://localhost:8421");
        assert_eq!(here.origin(&asked("[::1]:8420")).unwrap(), "http://[::1]:8421");
        assert_eq!(here.portal_origin(&asked("a.no:8421")).unwrap(), "http://a.no:8420");
        assert_eq!(here.origin(&asked("a.no; script-src *")), None);
        assert_eq!(here.origin(&HeaderMap::new()), None);
        let there = Notebooks { url: Some("https://rooms.a.no/".into()), ..notebooks() };
        assert_eq!(there.origin(&asked("x")).unwrap(), "https://rooms.a.no");
    }

    #[test]
    fn more_than_may_be_shown_is_withheld_from_one_person_on_one_permit() {
        let (used, notebooks) = (Used::default(), notebooks());
        let clock = model::ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap());
        let (a, b): (PermitId, PermitId) =
            ("permit-a".parse().unwrap(), "permit-b".parse().unwrap());
        let (one, two): (AccountId, AccountId) = ("one".parse().unwrap(), "two".parse().unwrap());
        let shows = |permit, who, bytes| used.shows(&notebooks, (permit, who), bytes, clock.now());
        assert_eq!(shows(&a, &one, 80_000), Passes::Yes);
        assert_eq!(shows(&a, &one, 8_000), Passes::No { first: true });
        assert_eq!(shows(&a, &one, 8_000), Passes::No { first: false });
        assert_eq!(shows(&a, &two, 80_000), Passes::Yes);
        assert_eq!(shows(&b, &one, 80_000), Passes::Yes);
        // Signs of life pass a while, and not for ever.
        let signs = (0..100).filter(|_| shows(&a, &one, SIGN) == Passes::Yes).count();
        assert_eq!(signs, 4);
    }

    #[test]
    fn a_notebook_in_which_a_cell_runs_is_not_idle_and_its_neighbour_is() {
        let used = Used::default();
        let room: RoomId = "room-a".parse().unwrap();
        let (busy, quiet): (RunId, RunId) = ("run-a".parse().unwrap(), "run-b".parse().unwrap());
        for run in [&busy, &quiet] {
            used.know(&room, run);
        }
        used.begin(Some(&busy));
        assert_eq!(used.idle(Duration::ZERO), [(room.clone(), quiet.clone())]);
        used.forget(&quiet);
        used.end(Some(&busy), 1);
        assert_eq!(used.idle(Duration::from_mins(1)), []);
        assert_eq!(used.idle(Duration::ZERO), [(room, busy)]);
    }
}
