//! National identity numbers in whatever is brought in.
//!
//! Norwegian numbers have two check digits: of numbers of eleven digits drawn by
//! chance one in a hundred is right, of a column of identity numbers
//! every one is. Danish ones have none that can be relied on (since 2007), so
//! only those written with their hyphen are looked at, and only by their date.

use model::{Date, NationalId};

/// Numbers that are as long as an identity number, and those among them that are
/// one. Fed in pieces.
#[derive(Debug, Default)]
pub(crate) struct IdentityNumbers {
    /// Six digits and a space or hyphen came before `run`.
    head: Option<[u8; 6]>,
    run: [u8; 11],
    /// May be longer than what `run` keeps.
    length: usize,
    norwegian: Tally,
    danish: Tally,
    separator: u8,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    candidates: u64,
    found: u64,
}

impl Tally {
    fn count(&mut self, found: bool) {
        self.candidates += 1;
        self.found += u64::from(found);
    }
}

/// One of so many candidates must be right before chance is ruled out.
const NORWEGIAN_SHARE: u64 = 20;
/// A date is right by chance for one number in thirty.
const DANISH_SHARE: u64 = 2;

impl IdentityNumbers {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'0'..=b'9' => {
                    if let Some(place) = self.run.get_mut(self.length) {
                        *place = *byte;
                    }
                    self.length += 1;
                }
                // Every other byte of a text in UTF-16.
                0 => {}
                b' ' | b'-' if self.length == 6 => {
                    self.head = self.run.first_chunk::<6>().copied();
                    self.separator = *byte;
                    self.length = 0;
                }
                _ => self.end(),
            }
        }
    }

    fn end(&mut self) {
        let length = std::mem::take(&mut self.length);
        let head = self.head.take();
        match (head, length) {
            (_, 11) => {
                let run = self.run;
                self.norwegian.count(is_norwegian(&run));
            }
            (Some(head), 5) => {
                let mut whole = [0_u8; 11];
                for (to, from) in whole.iter_mut().zip(head.iter().chain(&self.run)) {
                    *to = *from;
                }
                self.norwegian.count(is_norwegian(&whole));
            }
            (Some(head), 4) if self.separator == b'-' => self.danish.count(is_danish_date(head)),
            _ => {}
        }
    }

    /// How many there are; nothing when chance alone would have made them.
    pub(crate) fn found(mut self) -> Option<u64> {
        self.end();
        let beyond = |tally: Tally, share: u64| {
            if tally.found > 0 && tally.found * share >= tally.candidates { tally.found } else { 0 }
        };
        let found = beyond(self.norwegian, NORWEGIAN_SHARE) + beyond(self.danish, DANISH_SHARE);
        (found > 0).then_some(found)
    }
}

/// Whether a name has an identity number in it.
pub fn names_a_person(name: &str) -> bool {
    let mut numbers = IdentityNumbers::default();
    numbers.feed(name.as_bytes());
    numbers.found().is_some()
}

fn is_norwegian(digits: &[u8; 11]) -> bool {
    std::str::from_utf8(digits).is_ok_and(|text| NationalId::parse(text).is_ok())
}

/// Whether the six digits are a day, month and year of two digits.
fn is_danish_date(digits: [u8; 6]) -> bool {
    let two = |at: usize| -> i8 {
        let digit = |at: usize| digits.get(at).map_or(0, |digit| digit.wrapping_sub(b'0'));
        i8::try_from(digit(at) * 10 + digit(at + 1)).unwrap_or_default()
    };
    // A leap year: which century it is, nobody says here.
    Date::new(2000, two(2), two(0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<u64> {
        let mut numbers = IdentityNumbers::default();
        // In pieces, as a file comes.
        for piece in text.as_bytes().chunks(3) {
            numbers.feed(piece);
        }
        numbers.found()
    }

    fn id(individual: u16) -> String {
        let id = (individual..).find_map(|n| NationalId::synthetic(Date::constant(1957, 3, 14), n));
        String::from_utf8(id.unwrap().reveal().to_vec()).unwrap()
    }

    #[test]
    fn identity_numbers_are_found_however_they_are_written() {
        let (one, other) = (id(100), id(300));
        assert_eq!(found(&format!("id,x\n{one},1\n{other},2")), Some(2));
        assert_eq!(found(&format!("{} {}", &one[..6], &one[6..])), Some(1));
        assert_eq!(found(&format!("{}-{}", &one[..6], &one[6..])), Some(1));
        assert_eq!(found(&format!("patient {one}.")), Some(1));
        // Six digits before it are not part of it.
        assert_eq!(found(&format!("123456 {one}\n")), Some(1));
    }

    #[test]
    fn two_bytes_a_letter_hide_nothing() {
        let wide: Vec<u8> = id(100).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut numbers = IdentityNumbers::default();
        numbers.feed(&wide);
        assert_eq!(numbers.found(), Some(1));
    }

    #[test]
    fn danish_numbers_are_found_by_their_date() {
        assert_eq!(found("cpr\n010250-1234\n311250-4321\n"), Some(2));
        assert_eq!(found("994050-1234"), None);
        assert_eq!(found("page 123456 7890"), None);
    }

    #[test]
    fn numbers_that_are_right_by_chance_are_not() {
        let long: Vec<String> = (0..400_u64).map(|n| (99_000_000_000 + n).to_string()).collect();
        let long = long.join("\n");
        assert_eq!(found(&format!("{long}\n{}\n", id(100))), None);
        assert_eq!(found("410158001241 1234567890123"), None);
        assert_eq!(found(""), None);
    }
}
