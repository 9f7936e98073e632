//! What people do in this repository.
fn main() {}
