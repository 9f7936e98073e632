//! Delivered files, from the outside in: opened once and watched, unpacked,
//! cut into records.

pub(crate) mod block;
pub(crate) mod fault;
pub(crate) mod file;
pub(crate) mod header;
pub(crate) mod record;
pub(crate) mod unpack;

pub use fault::{FileFault, HeaderFault, Packing};
