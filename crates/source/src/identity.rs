//! Who a person is, on the way from a delivered row to the vault.

use std::fmt;

use model::{Date, NationalId, Secret};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::clues::Clues;
use crate::sink::SinkError;
use crate::subject::SubjectKey;

/// A date of birth. Its `Debug` prints nothing of it and its memory is wiped
/// when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BirthDate {
    year: i16,
    month: i8,
    day: i8,
}

impl BirthDate {
    /// Marks `date` as somebody's date of birth.
    pub fn new(date: Date) -> Self {
        Self { year: date.year(), month: date.month(), day: date.day() }
    }

    /// The date. Every call is a place a reviewer looks at.
    pub fn reveal(&self) -> Date {
        Date::new(self.year, self.month, self.day).unwrap_or_default()
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate([redacted])")
    }
}

/// So many bytes of text may say who somebody is, name and contact of one row
/// together; a row with more is unfit. The vault keeps what two rows say.
pub const MOST_IDENTITY_BYTES: usize = 64 << 10;

/// What one row says of who its person is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The checked national identity number; `None` where the row has none that
    /// holds and the contract lets it in all the same.
    pub national_id: Option<NationalId>,
    /// The full name.
    pub name: Option<Secret<String>>,
    /// The date of birth.
    pub birth_date: Option<BirthDate>,
    /// Address, telephone number, e-mail; several columns are joined by a newline.
    pub contact: Option<Secret<String>>,
    /// What else it says.
    pub clues: Clues,
}

impl Identity {
    /// Somebody of whom nothing is known but the number.
    pub fn numbered(national_id: NationalId) -> Self {
        Self {
            national_id: Some(national_id),
            name: None,
            birth_date: None,
            contact: None,
            clues: Clues::default(),
        }
    }
}

/// Where identities go. The vault has the only one: a segment writer.
pub trait IdentitySink: Send {
    /// Takes what one row says of `subject`. The same subject may come many
    /// times; the sink keeps one identity per subject: a later row adds what
    /// an earlier one lacked, and the first stated name, date and contact stay.
    fn put(&mut self, subject: SubjectKey, identity: Identity) -> Result<(), SinkError>;

    /// Every row of `subject` was kept aside after all: its identity is not kept.
    fn withdraw(&mut self, subject: SubjectKey) -> Result<(), SinkError>;
}
