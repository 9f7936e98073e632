//! What a command prints: line by line, so much and no more.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use room::{LogLine, LogSink, Stream};

/// A longer line is cut into lines of this many bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// The log of one command: two streams into one sink, one budget for both.
pub(crate) struct Log {
    sink: Arc<dyn LogSink>,
    most: u64,
    kept: AtomicU64,
    dropped: AtomicU64,
    /// One line at a time, whichever stream it is from. `false` when it is over.
    turn: Mutex<bool>,
}

impl Log {
    pub(crate) fn new(sink: Arc<dyn LogSink>, most: u64) -> Self {
        let (kept, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { sink, most, kept, dropped, turn: Mutex::new(true) }
    }

    /// Bytes passed on, and bytes only counted.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.kept.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed))
    }

    fn turn(&self) -> MutexGuard<'_, bool> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no further line: whoever still reads reads for nobody.
    pub(crate) fn shut(&self) {
        *self.turn() = false;
    }

    /// Reads `from` to its end. What is past the budget is read too, and
    /// forgotten: a full pipe would stop the command.
    pub(crate) fn drain(&self, mut from: impl Read, stream: Stream) {
        let mut buffer = vec![0_u8; 32 * 1024];
        let mut line = Vec::new();
        let mut returned = false;
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            for byte in buffer.iter().take(count) {
                match byte {
                    b'\n' => self.pass(&mut line, stream),
                    b'\r' => {}
                    other => {
                        // A progress bar that paints over itself is many lines.
                        if returned && !line.is_empty() {
                            self.pass(&mut line, stream);
                        }
                        line.push(*other);
                        if line.len() == LONGEST_LINE {
                            self.pass(&mut line, stream);
                        }
                    }
                }
                returned = *byte == b'\r';
            }
        }
        if !line.is_empty() {
            self.pass(&mut line, stream);
        }
    }

    fn pass(&self, line: &mut Vec<u8>, stream: Stream) {
        let bytes = line.len() as u64 + 1;
        let open = self.turn();
        if !*open {
            line.clear();
            return;
        }
        let kept = self.kept.load(Ordering::Relaxed);
        // Once full it stays full: no later short line makes the log look whole.
        if self.dropped.load(Ordering::Relaxed) > 0 || kept + bytes > self.most {
            self.dropped.fetch_add(bytes, Ordering::Relaxed);
        } else {
            self.kept.store(kept + bytes, Ordering::Relaxed);
            self.sink.line(LogLine { stream, text: &readable(line) });
        }
        line.clear();
    }
}

/// The line as text that a terminal takes for nothing else.
fn readable(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .chars()
        .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl LogSink for Lines {
        fn line(&self, line: LogLine<'_>) {
            self.0.lock().unwrap().push(line.text.to_owned());
        }
    }

    fn drained(input: &[u8], most: u64) -> (Vec<String>, (u64, u64)) {
        let lines = Arc::new(Lines::default());
        let sink: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
        let log = Log::new(sink, most);
        log.drain(input, Stream::Output);
        let totals = log.totals();
        (std::mem::take(&mut *lines.0.lock().unwrap()), totals)
    }

    #[test]
    fn a_log_that_is_shut_takes_no_line() {
        let lines = Arc::new(Lines::default());
        let sink: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
        let log = Log::new(sink, 1000);
        log.shut();
        log.drain(&b"late\n"[..], Stream::Output);
        assert!(lines.0.lock().unwrap().is_empty());
        assert_eq!(log.totals(), (0, 0));
    }

    #[test]
    fn lines_come_whole_and_without_escapes() {
        let (lines, _) = drained(b"one\r\n10%\r20%\n\x1b[2Jclear\nlast \xff", 1000);
        assert_eq!(lines, ["one", "10%", "20%", "\u{fffd}[2Jclear", "last \u{fffd}"]);
    }

    #[test]
    fn the_log_stops_at_its_budget_and_counts_the_rest() {
        let (lines, totals) = drained(b"1234\n1234567890\n12\n", 10);
        assert_eq!(lines, ["1234"]);
        assert_eq!(totals, (5, 14));
        let (lines, totals) = drained(&vec![b'x'; LONGEST_LINE * 3], 1 << 20);
        assert_eq!((lines.len(), totals.1), (3, 0));
    }
}
