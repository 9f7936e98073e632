//! Long work of the command line ends with the program: it is undone, or finished where
//! its end is nearer.

use std::sync::Arc;

use super::serve::{StopSignal, stop_time};
use crate::answer::{Stop, say};
use crate::config::Config;
use crate::progress::Stoppable;

/// Waits for `work`, which tells `watched` how far it is. When the program is told to
/// stop, so is the work; it gets as long as a server gets to end, and a second signal
/// ends it at once. What is left of work that did not end is undone by the next start.
pub(super) async fn to_its_end<T>(
    config: &Config,
    what: &str,
    watched: &Arc<Stoppable>,
    work: impl Future<Output = T>,
) -> Result<T, Stop> {
    let mut signal = StopSignal::listen()?;
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return Ok(done),
        () = signal.told() => {}
    }
    watched.give_up();
    say(&format!("told to stop: {what} is undone, or finished if it is nearly done"));
    tokio::select! {
        done = &mut work => Ok(done),
        () = signal.told() => Err(left(what)),
        () = tokio::time::sleep(stop_time(config)) => Err(left(what)),
    }
}

fn left(what: &str) -> Stop {
    Stop::refused(format!(
        "{what} was given up before it was undone: what is left of it is removed by the next command or server that has the data folder to itself, or taken as done if the ledger has it already"
    ))
}
