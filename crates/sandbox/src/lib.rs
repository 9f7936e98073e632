//! The sealed runtime: bubblewrap, control groups, a system call filter.
//!
//! Implements [`room::Runtime`]. A command in a room sees the machine's programs,
//! its extract at `/data` and what was brought in at `/in`, all read-only, its
//! work folder at `/work`, a small `/tmp`, and nothing else: no network, no other
//! process, no other file.
//!
//! What is guaranteed in which circumstances: decisions 0040 to 0044.

mod apart;
mod brought;
mod bubblewrap;
mod cgroup;
mod config;
mod desktop;
mod disk;
mod doors;
mod extract;
mod identity;
mod kept;
mod launch;
mod line;
mod looks;
mod mason;
mod notebook;
mod opens;
mod output;
mod packages;
mod parts;
mod place;
mod probe;
mod process;
mod recover;
mod run;
mod seccomp;
mod session;
mod socket;
mod spawn;
mod sql;
mod state;
mod syscalls;
mod unusable;
mod versions;
mod wait;
mod walls;
mod warden;
mod watch;
mod work;

pub use apart::Apart;
pub use bubblewrap::Bubblewrap;
pub use config::{CgroupPlace, Config, DiskHold};
pub use kept::bring_back;
pub use line::machine_memory;
pub use packages::Mirror;
pub use place::let_go;
pub use seccomp::FilterError;
pub use sql::SqlProgram;
pub use unusable::SandboxError;
pub use warden::WardenProgram;
pub use warden::keep::keep as keep_command;
