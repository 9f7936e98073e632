//! What a sealed analysis room is: spec, lifecycle, runtime.
