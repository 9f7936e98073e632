//! Long work shows how far it has come: a bar on a terminal, plain lines otherwise.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use centre::ports::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::answer::say;

/// A bar on a terminal.
pub(crate) struct Bar {
    bar: ProgressBar,
}

/// Plain lines: one when a phase begins, then one every few seconds.
pub(crate) struct Lines {
    what: String,
    last: Mutex<(String, Instant)>,
}

/// How often a plain line is written at the most.
const EVERY: Duration = Duration::from_secs(5);

/// Progress as standard error can show it.
pub(crate) fn shown(what: &str, quiet: bool) -> std::sync::Arc<dyn Progress> {
    if quiet {
        std::sync::Arc::new(centre::ports::Unwatched)
    } else if std::io::stderr().is_terminal() {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} %  {msg}  {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(what.to_owned());
        std::sync::Arc::new(Bar { bar })
    } else {
        let last = Mutex::new((String::new(), Instant::now()));
        std::sync::Arc::new(Lines { what: what.to_owned(), last })
    }
}

/// Long work that can be given up: what it shows of itself, and whether somebody still
/// waits for it.
pub(crate) struct Stoppable {
    shown: std::sync::Arc<dyn Progress>,
    given_up: AtomicBool,
}

impl Stoppable {
    /// Work that shows its progress in this way.
    pub(crate) fn new(shown: std::sync::Arc<dyn Progress>) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self { shown, given_up: AtomicBool::new(false) })
    }

    /// Nobody waits for it any more.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

impl Progress for Stoppable {
    fn at(&self, phase: &str, done: u64, total: u64) {
        self.shown.at(phase, done, total);
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }
}

impl Progress for Bar {
    fn at(&self, phase: &str, done: u64, total: u64) {
        self.bar.set_length(total.max(done));
        self.bar.set_position(done);
        self.bar.set_message(phase.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Lines {
    fn at(&self, phase: &str, done: u64, total: u64) {
        let Ok(mut last) = self.last.lock() else { return };
        if last.0 == phase && last.1.elapsed() < EVERY {
            return;
        }
        let share = (done * 100).checked_div(total);
        let share = share.map(|share| format!(" {share} %")).unwrap_or_default();
        say(&format!("{}: {phase}{share}", self.what));
        *last = (phase.to_owned(), Instant::now());
    }
}
