//! Where people live: postcodes, and municipalities whose numbers changed.

use jiff::civil::{Date, date};

/// A municipality and its postcodes.
pub(super) struct Place {
    /// The first postcode, and how many there are.
    postcode: (u16, u16),
    /// Its numbers: the first, and each that came later with the day on which.
    first: u16,
    later: &'static [(Reform, u16)],
    /// How many of ten thousand live there.
    share: u32,
}

/// When municipalities got new numbers.
#[derive(Clone, Copy)]
enum Reform {
    Of2018,
    Of2020,
    Of2024,
}

impl Reform {
    const fn day(self) -> Date {
        match self {
            Self::Of2018 => date(2018, 1, 1),
            Self::Of2020 => date(2020, 1, 1),
            Self::Of2024 => date(2024, 1, 1),
        }
    }
}

use Reform::{Of2018, Of2020, Of2024};

const fn place(
    postcode: (u16, u16),
    first: u16,
    later: &'static [(Reform, u16)],
    share: u32,
) -> Place {
    Place { postcode, first, later, share }
}

const PLACES: &[Place] = &[
    place((150, 1100), 301, &[], 2300),
    place((5003, 170), 1201, &[(Of2020, 4601)], 1000),
    place((7010, 90), 1601, &[(Of2018, 5001)], 780),
    place((4005, 45), 1103, &[], 600),
    place((1300, 60), 219, &[(Of2020, 3024), (Of2024, 3201)], 500),
    place((4604, 60), 1001, &[(Of2020, 4204)], 450),
    place((3015, 50), 602, &[(Of2020, 3005), (Of2024, 3301)], 420),
    place((1383, 30), 220, &[(Of2020, 3025), (Of2024, 3203)], 380),
    place((2000, 40), 231, &[(Of2020, 3030), (Of2024, 3205)], 360),
    place((1601, 30), 106, &[(Of2020, 3004), (Of2024, 3107)], 340),
    place((4306, 25), 1102, &[(Of2020, 1108)], 320),
    place((9008, 35), 1902, &[(Of2020, 5401), (Of2024, 5501)], 310),
    place((3205, 30), 710, &[(Of2020, 3804), (Of2024, 3907)], 260),
    place((6002, 25), 1504, &[(Of2020, 1507), (Of2024, 1508)], 240),
    place((3110, 25), 704, &[(Of2020, 3803), (Of2024, 3905)], 230),
    place((3702, 35), 806, &[(Of2020, 3807), (Of2024, 4003)], 220),
    place((8001, 30), 1804, &[], 210),
    place((4808, 30), 906, &[(Of2020, 4203)], 190),
    place((5501, 30), 1106, &[], 150),
    place((2317, 20), 403, &[(Of2020, 3403)], 130),
    place((6407, 20), 1502, &[(Of2020, 1506)], 130),
    place((2609, 20), 501, &[(Of2020, 3405)], 120),
    place((2815, 20), 502, &[(Of2020, 3407)], 120),
    place((9402, 15), 1903, &[(Of2020, 5402), (Of2024, 5503)], 100),
    place((8514, 15), 1805, &[(Of2020, 1806)], 90),
    place((9509, 10), 2012, &[(Of2020, 5403), (Of2024, 5601)], 80),
    place((9600, 8), 2004, &[(Of2020, 5406), (Of2024, 5603)], 50),
    place((9520, 3), 2011, &[(Of2020, 5430), (Of2024, 5612)], 25),
    place((9730, 2), 2021, &[(Of2020, 5437), (Of2024, 5610)], 20),
];

/// Somewhere to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    place: usize,
    /// Four digits.
    pub(super) postcode: u16,
    pub(super) street: u8,
    pub(super) house: u8,
}

impl Home {
    pub(super) fn draw(draws: &mut super::Draws) -> Self {
        let mut rest = draws.below(PLACES.iter().map(|place| place.share).sum());
        let place = PLACES.iter().position(|place| {
            let here = rest < place.share;
            rest = rest.saturating_sub(place.share);
            here
        });
        let place = place.unwrap_or_default();
        let (first, count) = PLACES.get(place).map_or((0, 1), |place| place.postcode);
        let street = draws.below(u32::try_from(super::words::STREETS.len()).unwrap_or_default());
        Self {
            place,
            postcode: first + u16::try_from(draws.below(count.into())).unwrap_or_default(),
            street: u8::try_from(street).unwrap_or_default(),
            house: u8::try_from(1 + draws.below(99)).unwrap_or_default(),
        }
    }

    /// The number that the municipality had on a day.
    pub(super) fn municipality(&self, on: Date) -> u16 {
        let Some(place) = PLACES.get(self.place) else { return 0 };
        let later = place.later.iter().rev().find(|(reform, _)| reform.day() <= on);
        later.map_or(place.first, |(_, number)| *number)
    }

    pub(super) fn street(&self) -> &'static str {
        super::words::STREETS.get(usize::from(self.street)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_municipality_has_the_number_of_its_day() {
        let bergen = Home { place: 1, postcode: 5003, street: 0, house: 1 };
        assert_eq!(bergen.municipality(date(2019, 12, 31)), 1201);
        assert_eq!(bergen.municipality(date(2020, 1, 1)), 4601);
        let tromso = Home { place: 11, postcode: 9008, street: 0, house: 1 };
        assert_eq!(tromso.municipality(date(2023, 12, 31)), 5401);
        assert_eq!(tromso.municipality(date(2024, 1, 1)), 5501);
    }
}
