//! How a connection begins (RFC 6143 sections 7.1 to 7.3): with the room, as the
//! centre asks it; and what a screen is.
//!
//! Nothing of a room's greeting reaches the browser but the size of its screen: its
//! name, its ways of signing in and its errors are words.

use super::{Broken, LONGEST_SIDE, PIXELS, u16_at};

/// The version that both sides speak.
pub const VERSION: &[u8; 12] = b"RFB 003.008\n";

/// Signing in that is none (RFC 6143 section 7.2.1): behind the portal's door, on a
/// socket that only the centre reaches, a password would protect nothing more.
pub const NONE: u8 = 1;

/// `ClientInit`: others stay connected.
pub const SHARED: u8 = 1;

/// The length of what a display says of itself before its name.
pub const INIT: usize = 24;

/// A display's name is no longer, bytes. It is read and dropped.
pub const LONGEST_NAME: u32 = 4096;

/// The name that browsers are told of every desktop.
const NAME: &[u8] = b"Helserom";

/// The size of a screen, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub(super) width: u16,
    pub(super) height: u16,
}

impl Screen {
    /// Of what a display says of itself, with the length of its name.
    pub fn read(init: &[u8; INIT]) -> Result<(Self, u32), Broken> {
        let name = u32::from(u16_at(init, 20)) << 16 | u32::from(u16_at(init, 22));
        if name > LONGEST_NAME {
            return Err(Broken::Room("its name is too long"));
        }
        Ok((Self::of(u16_at(init, 0), u16_at(init, 2))?, name))
    }

    pub(super) fn of(width: u16, height: u16) -> Result<Self, Broken> {
        let fits = |side| (1..=LONGEST_SIDE).contains(&side);
        if !fits(width) || !fits(height) {
            return Err(Broken::Room("its screen has a size that is not shown"));
        }
        Ok(Self { width, height })
    }

    /// What browsers are told of it (`ServerInit`).
    pub(super) fn told(self) -> Vec<u8> {
        let mut init = Vec::with_capacity(INIT + NAME.len());
        init.extend(self.width.to_be_bytes());
        init.extend(self.height.to_be_bytes());
        init.extend(PIXELS);
        init.extend([0, 0, 0, 8]);
        init.extend(NAME);
        init
    }

    /// Whether an area lies on it.
    pub(super) fn holds(self, (x, y): (u16, u16), (width, height): (u16, u16)) -> bool {
        u32::from(x) + u32::from(width) <= u32::from(self.width)
            && u32::from(y) + u32::from(height) <= u32::from(self.height)
    }
}

/// The first thing said to a display: the pixel format, before anything is asked of
/// it (`SetPixelFormat`).
pub fn pixels() -> [u8; 20] {
    let mut said = [0; 20];
    if let Some(format) = said.last_chunk_mut::<16>() {
        *format = PIXELS;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn init(width: u16, height: u16, name: u32) -> [u8; INIT] {
        let mut init = [7; INIT];
        init[..2].copy_from_slice(&width.to_be_bytes());
        init[2..4].copy_from_slice(&height.to_be_bytes());
        init[20..].copy_from_slice(&name.to_be_bytes());
        init
    }

    #[test]
    fn of_a_displays_greeting_its_size_is_told_and_nothing_else() {
        let (screen, name) = Screen::read(&init(1280, 800, 12)).unwrap();
        assert_eq!(name, 12);
        let told = screen.told();
        assert_eq!(told[..4], [5, 0, 3, 32]);
        assert_eq!(told[4..20], PIXELS);
        assert!(told.ends_with(b"\0\0\0\x08Helserom"));
    }

    #[test]
    fn a_screen_that_cannot_be_one_is_none() {
        for (width, height, name) in
            [(0, 800, 0), (1280, 0, 0), (4097, 800, 0), (1280, u16::MAX, 0), (1280, 800, 4097)]
        {
            assert!(Screen::read(&init(width, height, name)).is_err(), "{width} {height} {name}");
        }
    }
}
