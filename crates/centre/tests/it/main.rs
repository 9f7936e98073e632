//! What people do, each through the operations of a centre, with the entries
//! that it leaves.

mod applications;
mod decisions;
mod explain;
mod fakes;
mod house;
mod outputs;
mod permits;
mod releases;
