//! What is looked for in any text: characters nobody sees, numbers that name a
//! person, strings that could carry anything.

use model::national_id::Country;
use model::{Date, NationalId};

/// Swedish numbers of ten digits are of the hundred years before a day, and no day is too
/// late for somebody's birth here.
const LATE: Date = Date::constant(2099, 12, 31);

/// Characters that take no room on the screen: controls, zero-width and
/// direction marks, tags, variation selectors (Unicode general categories Cc
/// and Cf, and those used to hide text).
pub(crate) fn unseen(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Whether something in the text is the identity number of somebody: eleven digits that
/// are a Norwegian one with its check digits right, `DDMMYY-NNNN` a Danish one, a Swedish
/// one with its check digit right, a Finnish one with its check character. About one in
/// 140 random eleven-digit numbers passes the Norwegian test, so even one is worth a look.
///
/// Digits behind a decimal point are left out here: see [`digits_name_person`].
pub(crate) fn names_person(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let fraction = behind_a_point(bytes.get(..start).unwrap_or_default());
        let run = text.get(start..at).unwrap_or_default();
        let behind = bytes.get(at..).unwrap_or_default();
        let is = |country, length: usize| {
            let text = bytes.get(start..start + length).and_then(|text| str::from_utf8(text).ok());
            text.is_some_and(|text| NationalId::read(country, text, LATE).is_ok())
        };
        // How many digits stand behind a sign.
        let next = behind.get(1..).unwrap_or_default();
        let next = next.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let names = match (run.len(), behind.first()) {
            (11, _) => !fraction && is(Country::Norway, 11),
            // A date and a time of day have that form too, and are a number one in ten times.
            (12, _) => !fraction && is(Country::Sweden, 12) && !is_time(run.get(8..)),
            (8, Some(b'-' | b'+')) if next == 4 => {
                is(Country::Sweden, 13) && !is_time(text.get(at + 1..at + 5))
            }
            (6, Some(sign)) => {
                let tail = text.get(at + 1..at + 1 + next).unwrap_or_default();
                match (sign, next) {
                    (b' ' | b'-' | b'.', 5) => NationalId::parse(&format!("{run}{tail}")).is_ok(),
                    (b'-', 4) => day_month(run) || is(Country::Sweden, 11),
                    (b'+', 4) => is(Country::Sweden, 11),
                    (_, 3 | 4) => is(Country::Finland, 11) && !goes_on(bytes.get(start + 11)),
                    _ => false,
                }
            }
            _ => false,
        };
        // The check character may be a digit too.
        if names || (run.len() == 6 && next == 4 && is(Country::Finland, 11)) {
            return true;
        }
    }
    false
}

/// Whether four digits are a time of day.
fn is_time(digits: Option<&str>) -> bool {
    let pair = |at: usize| digits.and_then(|text| text.get(at..at + 2)?.parse::<u8>().ok());
    matches!((pair(0), pair(2)), (Some(0..=23), Some(0..=59)))
}

/// Whether a word goes on with a character.
fn goes_on(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether what comes next are decimals: `12.` or, in the Nordic manner, `0,`.
fn behind_a_point(before: &[u8]) -> bool {
    match before {
        [.., digit, b'.'] => digit.is_ascii_digit(),
        [b'0', b','] => true,
        [.., other, b'0', b','] => !other.is_ascii_digit(),
        _ => false,
    }
}

/// Whether the text is a number whose digits, sign and point taken away and a
/// lost leading zero put back, are a valid Norwegian or Swedish identity number. By chance
/// one in 140 is: only many of them in one column mean anything.
pub(crate) fn digits_name_person(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(32).collect();
    let whole = digits.trim_start_matches('0');
    let is = |country, text: &str| NationalId::read(country, text, LATE).is_ok();
    match whole.len() {
        9 => is(Country::Sweden, &format!("0{whole}")),
        10 => is(Country::Norway, &format!("0{whole}")) || is(Country::Sweden, whole),
        11 => is(Country::Norway, whole),
        12 => is(Country::Sweden, whole),
        _ => false,
    }
}

/// Whether ten digits could be a Danish CPR number: `DDMMYY` and four more. No
/// check digit since 2007, so one in four of random numbers does.
pub(crate) fn like_cpr(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit()) && day_month(text)
}

fn day_month(digits: &str) -> bool {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|d| d.parse::<u8>().ok()).unwrap_or(0);
    // Replacement CPR numbers add 60 to the day.
    let day = pair(0);
    (1..=31).contains(&if day > 60 { day - 60 } else { day }) && (1..=12).contains(&pair(2))
}

/// Whether the text holds an e-mail address.
pub(crate) fn has_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + 1..).unwrap_or_default();
        let domain: String = after
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
            .take(80)
            .collect();
        before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
            && domain.split_once('.').is_some_and(|(host, top)| !host.is_empty() && top.len() >= 2)
    })
}

/// Whether the text is a calendar day, and which: `YYYY-MM-DD` (a time may
/// follow), `DD.MM.YYYY`, `DD/MM/YYYY`. Days are counted in a year of 372.
pub(crate) fn day(text: &str) -> Option<i32> {
    let text = text.trim();
    let text = text.split(['T', ' ']).next().unwrap_or(text);
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    if year.len() != 4 || month.is_empty() || month.len() > 2 || day.is_empty() || day.len() > 2 {
        return None;
    }
    let number = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok()).flatten()
    };
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    // 03/14/1957 is a day as well.
    let (month, day) = if month > 12 && day <= 12 { (day, month) } else { (month, day) };
    ((1800..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then_some((year * 12 + month - 1) * 31 + day - 1)
}

/// Whether a word could carry something: a long run of digits, hex or base64,
/// or simply no word that anybody would write.
pub(crate) fn carries(word: &str) -> bool {
    let length = word.chars().count();
    if length < 20 {
        return false;
    }
    let count = |test: fn(&u8) -> bool| word.bytes().filter(&test).count();
    let digits = count(u8::is_ascii_digit);
    if digits == length || length >= 64 {
        return true;
    }
    let coded = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b));
    if !coded {
        return length >= 48;
    }
    // English and Norwegian compounds have few digits and one case inside.
    let upper = count(u8::is_ascii_uppercase);
    let lower = count(u8::is_ascii_lowercase);
    let turns = word
        .as_bytes()
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b)))
        .count();
    let mixed = usize::from(upper > 1) + usize::from(lower > 0) + usize::from(digits > 0);
    mixed >= 2 && turns * 4 >= length
}

fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    }
}

/// How many runs of digits stand in a text.
pub(crate) fn runs_of_digits(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norwegian() -> String {
        let id =
            (0..1000).find_map(|i| NationalId::synthetic(Date::constant(1957, 3, 14), i)).unwrap();
        String::from_utf8(id.reveal().to_vec()).unwrap()
    }

    #[test]
    fn national_numbers_are_seen_wherever_they_stand() {
        let id = norwegian();
        let spaced = format!("{} {}", &id[..6], &id[6..]);
        for text in [id.clone(), format!("x{id}y"), format!("[1,{id},2]"), spaced] {
            assert!(names_person(&text), "`{text}`");
        }
        assert!(names_person("010203-1234"));
        assert!(!names_person("410203-1234"));
        assert!(!names_person(&format!("0.{id}")), "a fraction alone proves nothing");
        assert!(!names_person(&format!("1{id}")));
        assert!(!names_person("12345678901"));
        assert!(digits_name_person(&format!("0.{id}")));
        assert!(digits_name_person(&format!("{id}.0").replace(".0", "")));
    }

    #[test]
    fn numbers_of_all_four_countries_are_seen() {
        // Of people who died before numbers were given, and one that Finland gives nobody.
        let swedish = (0..10)
            .map(|last| format!("18250314-991{last}"))
            .find(|text| NationalId::read(Country::Sweden, text, LATE).is_ok())
            .unwrap();
        let short = (0..10)
            .map(|last| format!("250314+001{last}"))
            .find(|text| NationalId::read(Country::Sweden, text, LATE).is_ok())
            .unwrap();
        let finnish = "131052-952K";
        let joined = swedish.replace('-', "");
        for id in [&swedish, &short, &joined, finnish, "140358-5012"] {
            for text in [id.to_owned(), format!("id={id};"), format!("[1,{id},2]")] {
                assert!(names_person(&text), "`{text}`");
            }
        }
        let times: Vec<String> = (0..60).map(|minute| format!("20240315-12{minute:02}")).collect();
        assert!(times.iter().any(|text| NationalId::read(Country::Sweden, text, LATE).is_ok()));
        assert!(
            !times.iter().any(|text| names_person(text) || names_person(&text.replace('-', "")))
        );
        for text in ["131052-953K", "131052-952KX", "18250314-00", "250314+0000", "2026-11-30"] {
            assert!(!names_person(text), "`{text}`");
        }
        assert!(digits_name_person(&format!("{joined}.0").replace(".0", "")));
        assert!(digits_name_person(&swedish[2..]));
    }

    #[test]
    fn days_are_read_in_the_ways_people_write_them() {
        assert_eq!(day("1957-03-14"), day("14.03.1957"));
        assert_eq!(day("1957-03-14T00:00:00"), day("03/14/1957"));
        for text in ["1957", "1957-03", "1.2.3", "1957-13-41", "10-20-30", "a-b-c", "1957-03-1x"] {
            assert_eq!(day(text), None, "`{text}`");
        }
    }

    #[test]
    fn words_that_nobody_writes_are_seen_and_long_words_are_not() {
        for word in [
            "SGVsbG8sIHRoaXMgaXMgYmFzZTY0",
            "9f86d081884c7d659a2feaa0c55ad015",
            "12345678901234567890",
            &"a".repeat(70),
        ] {
            assert!(carries(word), "`{word}`");
        }
        for word in [
            "helseforvaltningsloven",
            "menneskerettighetsorganisasjonene",
            "no_diabetes_on_index_date",
            "0.991672050853874",
            "factor(agegroup)18-39",
        ] {
            assert!(!carries(word), "`{word}`");
        }
    }

    #[test]
    fn addresses_and_unseen_characters() {
        assert!(has_address("write to kari@example.org now"));
        assert!(!has_address("@risk"));
        assert!(!has_address("n@5"));
        assert!(unseen('\u{200b}') && unseen('\u{e0041}') && !unseen('ø') && !unseen('\n'));
    }
}
