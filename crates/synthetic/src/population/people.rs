//! People and their families, from birth on.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::Draws;
use super::places::Home;
use super::words::{BOKMAL, TONGUES, Tongue};

/// The last day of which anything is known.
pub(super) const NOW: Date = date(2025, 12, 31);

/// Somebody, with all that changed in the course of a life.
#[derive(Debug)]
pub(super) struct Person {
    /// From 0 on, through the whole population.
    pub(super) number: u64,
    pub(super) male: bool,
    pub(super) born: Date,
    pub(super) country: &'static str,
    /// One given name or two.
    pub(super) given: String,
    /// Each surname from the day on which it was taken; the first from birth.
    pub(super) surnames: Vec<(Date, String)>,
    /// The same of homes.
    pub(super) homes: Vec<(Date, Home)>,
    /// When somebody came with a D-number, and when it became a birth number.
    pub(super) came: Option<(Date, Option<Date>)>,
    pub(super) died: Option<Date>,
    /// Identity numbers, of which the last one holds; filled in by `Numbers`.
    pub(super) numbers: Vec<(Date, [u8; 11])>,
}

/// What was so on a day: the last that had begun by then, or the first of all.
pub(super) fn on<T>(all: &[(Date, T)], day: Date) -> Option<&T> {
    let last = all.iter().rev().find(|(from, _)| *from <= day);
    last.or(all.first()).map(|(_, what)| what)
}

/// The next `count` people of the population, in families.
pub(super) fn lot(draws: &mut Draws, first: u64, count: u64) -> Vec<Person> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut people = Vec::with_capacity(count + 8);
    while people.len() < count {
        family(draws, &mut people);
    }
    // The last family may be cut.
    people.truncate(count);
    for (number, person) in (first..).zip(&mut people) {
        person.number = number;
    }
    people
}

fn family(draws: &mut Draws, people: &mut Vec<Person>) {
    let tongue = tongue(draws);
    let born = day_in(draws, 1925, 2004);
    let male = draws.happens(500);
    let mut one = person(draws, tongue, male, born);
    if draws.happens(450) {
        moves(draws, &mut one, born);
        people.push(one);
        return;
    }
    // Most people live with somebody of their own tongue and about their own age.
    let other_tongue = if draws.happens(850) { tongue } else { self::tongue(draws) };
    let other_born = years(born, draws.between(-6, 6)).min(date(2005, 12, 31));
    let other_male = if draws.happens(970) { !male } else { male };
    let mut other = person(draws, other_tongue, other_male, other_born);
    let together = years(born.max(other_born), draws.between(20, 36));
    marry(draws, &mut one, &mut other, together);
    let mut homes = vec![(together, Home::draw(draws))];
    for _ in 0..draws.below(4) {
        homes.push((day_between(draws, together, NOW), Home::draw(draws)));
    }
    homes.sort_by_key(|(day, _)| *day);
    for adult in [&mut one, &mut other] {
        adult.homes.push((adult.born, Home::draw(draws)));
        adult.homes.extend(homes.iter().filter(|(from, _)| *from <= NOW));
        adult.homes.sort_by_key(|(day, _)| *day);
    }
    let surname = on(&one.surnames, NOW).cloned().unwrap_or_default();
    let mut when = together;
    for _ in 0..draws.below(4) {
        when = when.saturating_add(draws.between(300, 1500).days());
        if when > NOW || when > years(born.max(other_born), 44) {
            break;
        }
        let twins = if draws.happens(15) { 2 } else { 1 };
        for _ in 0..twins {
            let male = draws.happens(510);
            let mut child = person(draws, tongue, male, when);
            child.country = "NO";
            child.came = None;
            child.surnames = vec![(when, surname.clone())];
            let there = on(&homes, when).copied();
            child.homes = there.map(|home| (when, home)).into_iter().collect();
            let grown = years(when, 20);
            child.homes.extend(homes.iter().filter(|(from, _)| *from > when && *from < grown));
            if grown < NOW {
                child.homes.push((day_between(draws, grown, NOW), Home::draw(draws)));
            }
            people.push(child);
        }
    }
    people.push(one);
    people.push(other);
}

fn tongue(draws: &mut Draws) -> Tongue {
    let mut rest = draws.below(1000);
    for (share, tongue) in TONGUES {
        if rest < *share {
            return *tongue;
        }
        rest -= share;
    }
    BOKMAL
}

fn person(draws: &mut Draws, tongue: Tongue, male: bool, born: Date) -> Person {
    let names = if male { tongue.men } else { tongue.women };
    let mut given = draws.common(names).to_owned();
    if draws.happens(280) {
        let second = draws.common(names);
        if !given.contains(second) {
            given.push(if draws.happens(150) { '-' } else { ' ' });
            given.push_str(second);
        }
    }
    let country = draws.one(tongue.from).unwrap_or("NO");
    // Nobody comes before the registers begin to give D-numbers.
    let came = (country != "NO").then(|| {
        let day = day_between(draws, born.max(date(1990, 1, 1)), NOW);
        let stays = draws.happens(800);
        (day, stays.then(|| day.saturating_add(draws.between(20, 1500).days())))
    });
    let old = NOW.year() - born.year();
    let died = (old > 55 && draws.happens(u32::try_from((old - 55) * 12).unwrap_or_default()))
        .then(|| day_between(draws, years(born, 50), NOW));
    Person {
        number: 0,
        male,
        born,
        country,
        given,
        surnames: vec![(born, surname(draws, tongue))],
        homes: Vec::new(),
        came: came.map(|(day, stays)| (day, stays.filter(|day| *day <= NOW))),
        died,
        numbers: Vec::new(),
    }
}

fn surname(draws: &mut Draws, tongue: Tongue) -> String {
    if !tongue.first.is_empty() && draws.happens(450) {
        let (first, second) = (draws.one(tongue.first), draws.one(tongue.second));
        return format!("{}{}", first.unwrap_or_default(), second.unwrap_or_default());
    }
    draws.common(tongue.surnames).to_owned()
}

/// What marriage does to surnames: one takes the other's, or puts it behind the own,
/// or nobody changes anything.
fn marry(draws: &mut Draws, one: &mut Person, other: &mut Person, day: Date) {
    if day > NOW || draws.happens(300) {
        return;
    }
    let (takes, from) = if one.male || draws.happens(100) { (other, one) } else { (one, other) };
    let (Some((_, own)), Some((_, theirs))) = (takes.surnames.last(), from.surnames.last()) else {
        return;
    };
    let new = match draws.below(100) {
        0..62 => theirs.clone(),
        62..72 => format!("{own} {theirs}"),
        72..77 => format!("{own}-{theirs}"),
        _ => return,
    };
    let own = own.clone();
    takes.surnames.push((day, new));
    // Some part again, and take the old name back.
    if draws.happens(120) {
        takes.surnames.push((day_between(draws, day, NOW), own));
    }
}

/// Where somebody who lives alone has lived.
fn moves(draws: &mut Draws, person: &mut Person, born: Date) {
    person.homes.push((born, Home::draw(draws)));
    for _ in 0..draws.below(5) {
        person.homes.push((day_between(draws, years(born, 18), NOW), Home::draw(draws)));
    }
    person.homes.sort_by_key(|(day, _)| *day);
}

fn years(day: Date, count: i32) -> Date {
    day.saturating_add(count.years())
}

/// A day of these years. Every day is as probable.
fn day_in(draws: &mut Draws, first: i16, last: i16) -> Date {
    day_between(draws, date(first, 1, 1), date(last, 12, 31))
}

/// A day from `first` to `last`; `first` when `last` lies before it.
pub(super) fn day_between(draws: &mut Draws, first: Date, last: Date) -> Date {
    let days = first.until(last).map_or(0, |span| span.get_days());
    first.saturating_add(draws.between(0, days.max(0)).days())
}
