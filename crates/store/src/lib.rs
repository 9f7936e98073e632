//! The metadata database: the only crate with SQL.
