//! The check and the mend from outside.

mod attack;
mod hostile;
mod pictures;
mod specification;
mod story;
