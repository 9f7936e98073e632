//! National identity numbers in whatever is brought in.
//!
//! Norwegian numbers have two check digits: of numbers of eleven digits drawn by
//! chance one in a hundred is right, of a column of identity numbers
//! every one is. Danish ones have none that can be relied on (since 2007), so
//! only those written with their hyphen are looked at, and only by their date. Swedish and
//! Finnish ones are looked at as words, with their signs and check.

use model::national_id::Country;
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
    word: Word,
    swedish: Tally,
    finnish: Tally,
}

/// Letters, digits and signs that stand side by side; of a long word its end.
#[derive(Debug, Default)]
struct Word(Vec<u8>);

impl Word {
    /// What is kept of a word until it is looked through.
    const MOST: usize = 256;
    /// A Swedish number with its century and sign, and what stands before and behind.
    const LONGEST: usize = 15;

    /// Tells `swedish` and `finnish` of everything in the word that has the form of such a
    /// number. In a word that goes on, what stands near its end is looked at later.
    fn look_through(&mut self, goes_on: bool, swedish: &mut Tally, finnish: &mut Tally) {
        let text = &self.0;
        let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        let until = if goes_on { text.len().saturating_sub(Self::LONGEST) } else { text.len() };
        for from in (0..until).filter(|from| is_digit(*from)) {
            if from > 0 && is_digit(from - 1) {
                continue;
            }
            let run = (from..text.len()).take_while(|at| is_digit(*at)).count();
            let next = from + run + 1..text.len();
            let behind = next.take_while(|at| is_digit(*at)).count();
            let number = |country, length: usize| {
                let text = text.get(from..from + length).and_then(|t| std::str::from_utf8(t).ok());
                text.is_some_and(|text| NationalId::read(country, text, LATE).is_ok())
            };
            let sign = text.get(from + run);
            match (run, sign, behind) {
                (12, ..) => swedish.count(number(Country::Sweden, 12)),
                (8, Some(b'-' | b'+'), 4) => swedish.count(number(Country::Sweden, 13)),
                (6, Some(b'-' | b'+'), 4) => {
                    let finnish = number(Country::Finland, 11);
                    swedish.count(finnish || number(Country::Sweden, 11));
                }
                (6, Some(_), 3)
                    if text.get(from + 10).is_some_and(u8::is_ascii_alphabetic)
                        && !text.get(from + 11).is_some_and(u8::is_ascii_alphanumeric) =>
                {
                    finnish.count(number(Country::Finland, 11));
                }
                _ => {}
            }
        }
        let keep = if goes_on { text.len() - until } else { 0 };
        self.0.drain(..text.len() - keep);
    }
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

/// Swedish numbers of ten digits are of the hundred years before a day, and no day is too
/// late for somebody's birth here.
const LATE: Date = Date::constant(2099, 12, 31);
/// One of so many candidates must be right before chance is ruled out.
const NORWEGIAN_SHARE: u64 = 20;
/// A time of day behind a date has the form of a Swedish number, and is one in ten times.
const SWEDISH_SHARE: u64 = 4;
/// Of words in the form of a Finnish number one in a hundred is right by chance.
const FINNISH_SHARE: u64 = 20;
/// A date is right by chance for one number in thirty.
const DANISH_SHARE: u64 = 2;

impl IdentityNumbers {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.spell(*byte);
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

    fn spell(&mut self, byte: u8) {
        match byte {
            0 => {}
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'+' => {
                self.word.0.push(byte);
                if self.word.0.len() >= Word::MOST {
                    self.word.look_through(true, &mut self.swedish, &mut self.finnish);
                }
            }
            _ if self.word.0.is_empty() => {}
            _ => self.word.look_through(false, &mut self.swedish, &mut self.finnish),
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

    fn finish(&mut self) {
        self.end();
        self.word.look_through(false, &mut self.swedish, &mut self.finnish);
    }

    /// How many there are; nothing when chance alone would have made them.
    pub(crate) fn found(mut self) -> Option<u64> {
        self.finish();
        let beyond = |tally: Tally, share: u64| {
            if tally.found > 0 && tally.found * share >= tally.candidates { tally.found } else { 0 }
        };
        let found = beyond(self.norwegian, NORWEGIAN_SHARE)
            + beyond(self.danish, DANISH_SHARE).max(beyond(self.swedish, SWEDISH_SHARE))
            + beyond(self.finnish, FINNISH_SHARE);
        (found > 0).then_some(found)
    }
}

/// Whether a name has an identity number in it. One alone is looked at more strictly: a
/// date and a time of day are no number.
pub fn names_a_person(name: &str) -> bool {
    let mut numbers = IdentityNumbers::default();
    numbers.feed(name.as_bytes());
    numbers.finish();
    let swedish = numbers.swedish.found;
    let others = [numbers.norwegian, numbers.danish, numbers.finnish].map(|tally| tally.found);
    let is_timed = swedish == 1 && others == [0; 3] && is_time_of_day(name);
    numbers.found().is_some() && !is_timed
}

/// Whether the last four digits are a time of day.
fn is_time_of_day(name: &str) -> bool {
    let mut digits = name.bytes().rev().filter(u8::is_ascii_digit).map(|digit| digit - b'0');
    let mut two = || Some(digits.next()? + 10 * digits.next()?);
    matches!((two(), two()), (Some(0..=59), Some(0..=23)))
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

    #[test]
    fn numbers_of_sweden_and_finland_are_found_as_words() {
        // Of people who died before numbers were given, and one that Finland gives nobody.
        let swedish = "18250314-0010";
        let short = "250314+0010";
        let joined = swedish.replace('-', "");
        for number in [swedish, short, &joined, "131052-952K"] {
            assert_eq!(found(&format!("id;x\n{number};1\n")), Some(1), "{number}");
            let utf16: String = number.chars().flat_map(|letter| [letter, '\0']).collect();
            assert_eq!(found(&utf16), Some(1), "{number}");
        }
        for none in ["18250314-0011", "131052-952L", "131052-952K2", "182503140010000"] {
            assert_eq!(found(none), None, "{none}");
        }
        for (text, number) in [("scan-", "18250314-0010"), ("pat", "131052-952K")] {
            assert_eq!(found(&format!("{text}{number}.dcm")), Some(1), "{number}");
            assert_eq!(found(&format!("{}{number}", "x".repeat(700))), Some(1), "{number}");
        }
        // Days with times of day: one in ten is a number by chance.
        let time = |at| format!("202403{:02}{:02}{:02}", at % 28 + 1, at % 24, at * 7 % 60);
        let times = (0..2_000).map(time).collect::<Vec<_>>().join("\n");
        let read = |text: &str| NationalId::read(Country::Sweden, text, LATE).is_ok();
        assert!(times.lines().any(read), "some are numbers");
        assert_eq!(found(&times), None);
        assert_eq!(found(&format!("{times}\n")), None);
        let stamp = times.lines().find(|text| read(text)).unwrap();
        assert!(!names_a_person(&format!("{stamp}.csv")));
        assert!(names_a_person("scan-18250314-9912.dcm") && names_a_person("131052-952K"));
        assert!(names_a_person("010250-1234.R"), "a Danish one, whatever time it could be");
    }
}
