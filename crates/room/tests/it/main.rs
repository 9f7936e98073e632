//! What a room is, seen from outside.

mod life;
mod work;
