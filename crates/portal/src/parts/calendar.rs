//! What ends when, drawn and as a list, with the file for calendars.

use askama::Template;
use centre::calendar::{Due, What};
use model::Timestamp;

use crate::chart::{Chart, Ranked, Room, ranked};
use crate::words::{Shown, Words};

/// So many dates are drawn; the list and the file have them all.
const MOST_DRAWN: usize = 12;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// The calendar on a page.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/calendar.html")]
pub struct Calendar {
    words: Words,
    picture: Chart,
    lines: Vec<CalendarLine>,
    /// Where the file is.
    file: String,
}

#[derive(Debug, Clone)]
struct CalendarLine {
    what: String,
    id: String,
    href: String,
    at: Shown,
}

impl askama::filters::HtmlSafe for Calendar {}

/// The word for what happens at a date.
const fn what_key(what: What) -> &'static str {
    match what {
        What::PermitBegins => "due-permit-begins",
        What::PermitEnds => "due-permit-ends",
        What::RoomShut => "due-room-shut",
        What::RoomRemoved => "due-room-removed",
        What::VersionsEnd => "due-versions-end",
    }
}

/// A date in words, for the file.
pub(crate) fn says(words: &Words, due: &Due) -> String {
    format!("{}: {}", words.say(what_key(due.what)), due.id)
}

fn line(words: &Words, due: &Due) -> CalendarLine {
    let kind = if due.id == due.permit.as_str() { "permits" } else { "rooms" };
    let day = due.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    CalendarLine {
        what: words.say(what_key(due.what)).into_owned(),
        id: due.id.clone(),
        href: format!("/{kind}/{}", due.id),
        at: if due.what.is_day() { words.date(day) } else { words.moment(due.at) },
    }
}

#[expect(clippy::cast_precision_loss, reason = "days of a permit")]
fn bar(words: &Words, now: Timestamp, due: &Due) -> (String, f64, String) {
    let left = (due.at.as_second() - now.as_second()).max(0) / SECONDS_OF_A_DAY;
    let shown = words.say_count("due-in", u64::try_from(left).unwrap_or(0));
    (words.say(what_key(due.what)).into_owned(), left as f64, shown)
}

impl Calendar {
    /// The calendar of `dues`, the nearest first. `file`: where it is had as a file.
    pub fn of(words: &Words, now: Timestamp, dues: &[Due], file: String) -> Self {
        let bars: Vec<_> = dues.iter().take(MOST_DRAWN).map(|due| bar(words, now, due)).collect();
        let picture = ranked(Ranked {
            id: "calendar-picture",
            title: &words.say("calendar"),
            description: &words.say("calendar-what"),
            bars: &bars,
            room: Room::Panel,
        });
        let lines = dues.iter().map(|due| line(words, due)).collect();
        Self { words: words.clone(), picture, lines, file }
    }

    /// A sample.
    pub(crate) fn sample(words: &Words) -> Self {
        use crate::sample::literal;
        let due = |what, at: &str, id: &str| Due {
            what,
            at: literal(at),
            id: id.to_owned(),
            permit: literal("permit-7k3m9q2x4d"),
        };
        let dues = [
            due(What::VersionsEnd, "2026-03-31T09:40:02Z", "room-3p5r7t9v1x"),
            due(What::PermitEnds, "2027-02-28T00:00:00Z", "permit-7k3m9q2x4d"),
            due(What::RoomShut, "2027-03-01T00:00:00Z", "room-3p5r7t9v1x"),
            due(What::RoomRemoved, "2027-03-15T00:00:00Z", "room-3p5r7t9v1x"),
        ];
        Self::of(words, literal("2026-03-01T09:00:00Z"), &dues, "/calendar.ics".to_owned())
    }
}
