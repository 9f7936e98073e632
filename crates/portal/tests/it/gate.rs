//! Holding something up until a test lets it go on.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::sync::watch;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Something that can be held up until a test lets it go on.
pub(crate) struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
    /// How many stand before it.
    waiting: watch::Sender<usize>,
}

impl Gate {
    pub(crate) fn open_at_first() -> Arc<Self> {
        let (waiting, _) = watch::channel(0);
        Arc::new(Self { shut: Mutex::new(false), opened: Condvar::new(), waiting })
    }

    pub(crate) fn shut(&self) {
        *self.shut.lock().unwrap() = true;
    }

    pub(crate) fn open(&self) {
        *self.shut.lock().unwrap() = false;
        self.opened.notify_all();
    }

    /// Waits until somebody stands before it.
    pub(crate) async fn reached(&self) {
        let reached = async { self.waiting.subscribe().wait_for(|n| *n > 0).await.map(drop) };
        tokio::time::timeout(PATIENCE, reached).await.expect("nobody came").unwrap();
    }

    /// Goes through when it is open.
    pub(crate) fn pass(&self) {
        self.waiting.send_modify(|n| *n += 1);
        let shut = self.shut.lock().unwrap();
        drop(self.opened.wait_timeout_while(shut, PATIENCE, |shut| *shut).unwrap());
        self.waiting.send_modify(|n| *n -= 1);
    }

    pub(crate) fn is_open(&self) -> bool {
        !*self.shut.lock().unwrap()
    }
}
