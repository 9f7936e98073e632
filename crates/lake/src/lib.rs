//! Snapshots in Delta tables: the only crate that names the table format.
