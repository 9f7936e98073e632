//! What the lake promises: see the modules.

mod delta_log;
mod disk_full;
mod killed;
mod locks;
mod shapes;
mod sorting;
mod support;
mod types;
mod versions;
