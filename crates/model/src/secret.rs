//! Values that no log line, error or `Debug` may show.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Wraps a value that must not be printed. It has no `Display`, its `Debug`
/// says only that something is there, and its memory is wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Marks `value` as secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Every call is a place a reviewer looks at.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value, to be filled in. Every call is a place a reviewer looks at.
    pub const fn reveal_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        let secret = Secret::new(String::from("01810112345"));
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(format!("{:#?}", Some(secret)), "Some(\n    [redacted],\n)");
    }
}
