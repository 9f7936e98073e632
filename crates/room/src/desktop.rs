//! What may pass between a browser and the desktop of a room: the Remote
//! Framebuffer protocol (RFC 6143), read on both sides and written anew.
//!
//! The room is hostile here, as it is behind a notebook: code in it can take the
//! place of its display. So the greeting is held with each side by itself
//! ([`greeting`]), what the room sends is followed byte by byte ([`Told`]), and
//! what does more than draw is dropped or ends the connection. The clipboard
//! goes in, bounded, and never comes out. The browser's side ([`Said`]) may be
//! another program: it draws nothing, so all it can say is keys, pointer and text
//! to paste.
//!
//! Nothing here reads a socket.

pub mod greeting;
mod said;
mod told;

pub use greeting::Screen;
pub use said::{Said, Say};
pub use told::Told;

/// A side of a screen is no longer, pixels.
pub const LONGEST_SIDE: u16 = 4096;

/// A text that is pasted in is no longer, bytes.
pub const LONGEST_PASTE: usize = 256 << 10;

/// The one pixel format that is spoken (RFC 6143 section 7.4): 32 bits, of them 24
/// for the colour, little end first. What an update is long can only be said of a
/// known one.
pub const PIXELS: [u8; 16] = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0];

/// Encodings whose length is told before they come (RFC 6143 section 7.7), and of
/// what is not drawn the two that a browser needs: the pointer's shape, and that
/// the screen has another size.
mod encoding {
    pub(super) const RAW: i32 = 0;
    pub(super) const COPY: i32 = 1;
    pub(super) const ZRLE: i32 = 16;
    pub(super) const CURSOR: i32 = -239;
    pub(super) const SIZE: i32 = -223;
}

/// Why a connection to a desktop ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The room does not answer as a display does.
    #[error("the desktop does not answer as one does: {0}")]
    Room(&'static str),
    /// The browser says something that is not passed.
    #[error("the viewer said what is not passed to a desktop: {0}")]
    Viewer(&'static str),
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let mut read = [0; 2];
    if let Some(found) = bytes.get(at..at + 2) {
        read.copy_from_slice(found);
    }
    u16::from_be_bytes(read)
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    let mut read = [0; 4];
    if let Some(found) = bytes.get(at..at + 4) {
        read.copy_from_slice(found);
    }
    i32::from_be_bytes(read)
}
