//! Encrypted identifiers, blind indexes and per-permit person numbers.
