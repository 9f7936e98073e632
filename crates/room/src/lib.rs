//! What a sealed analysis room is (a secure processing environment, EHDS
//! article 73): its spec, its life, the runtime that keeps it shut, the
//! safe way to look into its work folder, and what may pass between a browser
//! and its notebooks.
//!
//! This crate knows no bubblewrap, no cgroup and no system call filter: those
//! are the runtime's, see `sandbox`.

pub mod clock;
mod copied;
pub mod desktop;
pub mod event;
pub mod limits;
pub mod notebook;
pub mod packages;
pub mod queue;
pub mod record;
pub mod runtime;
pub mod script;
pub mod scrub;
pub mod spec;
pub mod statement;
pub mod versions;
pub mod work;

pub use clock::Clock;
pub use copied::Copied;
pub use event::{CellOutcome, Closing, GivenUp, Outcome, Removed, RoomEvent};
pub use limits::{Hold, Holds, Limits, LimitsError};
pub use packages::{Fetched, PackageRequest, Packages};
pub use queue::{Budget, Counted};
pub use record::{LIFECYCLE, Room, Run, RunEnd, State, Waiting};
pub use runtime::{
    BringError, CloseError, Command, Ended, LogLine, LogSink, NotRestored, OpenError, Opens,
    RecoverError, Recovered, Running, Runtime, Standing, StartError, Stay, Stream, Stuck, Waits,
};
pub use script::{Script, ScriptError};
pub use spec::Spec;
pub use statement::{StatementEnd, Statements, TableRead};
pub use versions::{Version, VersionNumber};
pub use work::{
    BENEATH, Listing, NameError, PRIVATE, READ, Refusal, Refused, Stamp, TakeError, Taken, Usage,
    WorkError, WorkFile, WorkFolder, WorkName,
};
