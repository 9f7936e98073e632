//! What the sources hold: datasets, variables, quality.
