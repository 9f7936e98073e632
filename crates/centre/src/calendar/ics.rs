//! Dates as a file that calendars read (iCalendar, RFC 5545). It names no person and no
//! study: ids, dates, and what happens.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use model::Timestamp;

use super::Due;

/// The longest line, octets without its end (RFC 5545 section 3.1).
const LONGEST: usize = 75;

/// A week before, whoever keeps the calendar is reminded.
const REMINDER: &str = "-P7D";

/// The calendar of `dues` as it is at `now`; `says` puts each in words.
pub fn icalendar(dues: &[Due], now: Timestamp, says: impl Fn(&Due) -> String) -> String {
    let mut file = String::new();
    line(&mut file, "BEGIN:VCALENDAR");
    line(&mut file, "VERSION:2.0");
    line(&mut file, "PRODID:-//Helserom//Helserom//EN");
    line(&mut file, "CALSCALE:GREGORIAN");
    for due in dues {
        let words = text(&says(due));
        line(&mut file, "BEGIN:VEVENT");
        // The same date is the same event in the next file, so that it moves there.
        line(&mut file, &format!("UID:{}-{}@helserom.invalid", due.what.as_str(), due.id));
        line(&mut file, &format!("DTSTAMP:{}", instant(now)));
        if due.what.is_day() {
            line(&mut file, &format!("DTSTART;VALUE=DATE:{}", day(due.at)));
        } else {
            line(&mut file, &format!("DTSTART:{}", instant(due.at)));
        }
        line(&mut file, &format!("SUMMARY:{words}"));
        // It takes nobody's time.
        line(&mut file, "TRANSP:TRANSPARENT");
        line(&mut file, "BEGIN:VALARM");
        line(&mut file, "ACTION:DISPLAY");
        line(&mut file, &format!("DESCRIPTION:{words}"));
        line(&mut file, &format!("TRIGGER:{REMINDER}"));
        line(&mut file, "END:VALARM");
        line(&mut file, "END:VEVENT");
    }
    line(&mut file, "END:VCALENDAR");
    file
}

fn instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string()
}

/// A text as a value (section 3.3.11).
fn text(words: &str) -> String {
    let mut value = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '\\' | ';' | ',' => value.extend(['\\', character]),
            '\n' => value.push_str("\\n"),
            other if other.is_control() => {}
            other => value.push(other),
        }
    }
    value
}

/// One line, folded where it is too long: never within a character (section 3.1).
fn line(file: &mut String, content: &str) {
    let mut taken = 0;
    for character in content.chars() {
        if taken + character.len_utf8() > LONGEST {
            file.push_str("\r\n ");
            taken = 1;
        }
        taken += character.len_utf8();
        let _ = file.write_char(character);
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::What;

    fn due(what: What, at: &str, id: &str) -> Due {
        let permit = "permit-7k3m9q2x4d".parse().unwrap();
        Due { what, at: at.parse().unwrap(), id: id.into(), permit }
    }

    const NOW: &str = "2026-03-01T09:00:00Z";

    #[test]
    fn a_day_is_a_date_and_a_moment_is_in_utc() {
        let dues = [
            due(What::PermitEnds, "2027-02-28T00:00:00Z", "permit-7k3m9q2x4d"),
            due(What::RoomRemoved, "2027-03-15T12:30:00Z", "room-3p5r7t9v1x"),
        ];
        let file = icalendar(&dues, NOW.parse().unwrap(), |due| due.id.clone());
        assert!(file.contains("\r\nDTSTART;VALUE=DATE:20270228\r\n"), "{file}");
        assert!(file.contains("\r\nDTSTART:20270315T123000Z\r\n"), "{file}");
        assert!(file.contains("\r\nUID:permit-ends-permit-7k3m9q2x4d@helserom.invalid\r\n"));
        assert!(file.contains("\r\nDTSTAMP:20260301T090000Z\r\n"));
        assert_eq!(file.matches("BEGIN:VEVENT").count(), 2);
        assert!(file.starts_with("BEGIN:VCALENDAR\r\n") && file.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
    }

    #[test]
    fn a_long_line_is_folded_between_characters_and_unfolds_to_what_it_was() {
        let said = "å, b; c \\ d\ne ".repeat(20);
        let dues = [due(What::RoomShut, "2027-03-01T00:00:00Z", "room-3p5r7t9v1x")];
        let file = icalendar(&dues, NOW.parse().unwrap(), |_| said.clone());
        assert!(file.lines().all(|line| line.len() <= LONGEST), "{file}");
        let unfolded = file.replace("\r\n ", "");
        let value = unfolded.lines().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
        let read = value.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";");
        assert_eq!(read.replace("\\\\", "\\"), said);
    }
}
