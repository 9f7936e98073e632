//! The metadata database: the only crate with SQL.
//!
//! SQLite for one machine, PostgreSQL 15 for a centre that has it: the same
//! migrations, the same statements, the same tests on both. Entries are the
//! truth; every other table can be made from them, but for what signs people in.

mod append;
mod backup;
mod by_hand;
mod checkpoints;
mod credentials;
mod database;
mod entries;
mod export;
mod readers;
mod records;
mod replay;
mod schema;
mod sessions;
mod store;
mod verify;

pub use backup::{BackupError, Contents, RestoreError};
pub use checkpoints::{ProveError, Proved, SignError, StoredCheckpoint};
pub use credentials::CredentialChange;
pub use export::ExportError;
pub use replay::{Difference, Differing, Replay, Unfit};
pub use sessions::{SignIn, TokenHash};
pub use store::{OpenError, Store};
