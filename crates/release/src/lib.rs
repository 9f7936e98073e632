//! Output review, the signed release package and its verifier.
