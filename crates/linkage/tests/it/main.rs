//! From a permit to numbered people.

mod linking;
mod plans;
mod support;
