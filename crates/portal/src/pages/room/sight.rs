//! What the people of a room see of its data from outside of it.

use centre::rooms::RoomStanding;

/// What people see of a room's data on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// Logs and files.
    #[default]
    Text,
    /// Nothing: they are seen as pixels, on the room's desktop.
    Pixels,
    /// Nothing.
    Nothing,
}

impl Sight {
    /// In a room of which that is told.
    pub(in crate::pages) fn of(standing: &RoomStanding) -> Self {
        match (standing.blind, standing.pixels) {
            (true, _) => Self::Nothing,
            (false, true) => Self::Pixels,
            (false, false) => Self::Text,
        }
    }

    pub(super) fn is_text(self) -> bool {
        self == Self::Text
    }

    pub(super) fn is_pixels(self) -> bool {
        self == Self::Pixels
    }

    pub(in crate::pages) fn is_nothing(self) -> bool {
        self == Self::Nothing
    }
}
