//! Contracts, validation, quality, and splitting identifiers from content.

pub mod contract;

pub use contract::{
    Column, ContentColumn, Contract, Derivation, Derived, Encoding, FileFormat, Identifies, Rhythm,
};
