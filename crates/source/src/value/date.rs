//! Calendar dates as days since 1 January 1970, proleptic Gregorian.

use model::Date;

/// `YYYY-MM-DD` (ISO 8601 extended) as days since 1970-01-01.
pub(crate) fn iso_date(field: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = field else { return None };
    let digit = |byte: u8| byte.wrapping_sub(b'0');
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2].map(digit);
    if digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let [y1, y2, y3, y4, m1, m2, d1, d2] = digits.map(i32::from);
    let (year, month, day) = (y1 * 1000 + y2 * 100 + y3 * 10 + y4, m1 * 10 + m2, d1 * 10 + d2);
    let long = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    };
    (1..=long).contains(&day).then(|| days_from_civil(year, month, day))
}

/// Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`,
/// for years 0 to 9999.
const fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Hinnant's `civil_from_days`: year, month, day.
const fn civil_from_days(days: i32) -> (i32, i32, i32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The year that the day is in.
pub(crate) const fn year_of(days: i32) -> i32 {
    civil_from_days(days).0
}

/// `date` as days since 1970-01-01.
pub fn days_of(date: Date) -> i32 {
    days_from_civil(i32::from(date.year()), i32::from(date.month()), i32::from(date.day()))
}

/// Days since 1970-01-01 as a date; `None` outside the years −9999 to 9999.
pub fn date_of(days: i32) -> Option<Date> {
    if !(-4_371_587..=2_932_896).contains(&days) {
        return None;
    }
    let (year, month, day) = civil_from_days(days);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Whole years from one day to another, as birthdays are counted: somebody born
/// on 29 February turns a year older on 1 March. `None` when `to` is earlier.
pub(crate) fn years_between(from: i32, to: i32) -> Option<i64> {
    if to < from {
        return None;
    }
    let (from_year, from_month, from_day) = civil_from_days(from);
    let (to_year, to_month, to_day) = civil_from_days(to);
    let before_birthday = (to_month, to_day) < (from_month, from_day);
    Some(i64::from(to_year - from_year) - i64::from(before_birthday))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "2023-02-29",
            "1900-02-29",
            "2023-13-01",
            "2023-00-10",
            "2023-04-31",
            "2023-01-00",
            "20230101",
            "2023-1-1",
            "01-02-2023",
            "2023/01/01",
            "2023-01-01T00:00",
            "12.5",
            "",
            "2023-01-0x",
            "٢٠٢٣",
        ] {
            assert_eq!(iso_date(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(iso_date(b"1970-01-01"), Some(0));
        assert_eq!(iso_date(b"2000-02-29"), Some(11_016));
    }

    #[test]
    fn birthdays_count_years() {
        let years = |from: &str, to: &str| {
            years_between(iso_date(from.as_bytes()).unwrap(), iso_date(to.as_bytes()).unwrap())
        };
        assert_eq!(years("1950-06-15", "2000-06-14"), Some(49));
        assert_eq!(years("1950-06-15", "2000-06-15"), Some(50));
        assert_eq!(years("1952-02-29", "2001-02-28"), Some(48));
        assert_eq!(years("1952-02-29", "2001-03-01"), Some(49));
        assert_eq!(years("2000-01-02", "2000-01-01"), None);
    }

    proptest::proptest! {
        #[test]
        fn days_agree_with_jiff(days in -719_528_i32..2_932_896) {
            let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            proptest::prop_assert_eq!(days_of(date), days);
            proptest::prop_assert_eq!(date_of(days), Some(date));
            proptest::prop_assert_eq!(iso_date(date.to_string().as_bytes()), Some(days));
            proptest::prop_assert_eq!(year_of(days), i32::from(date.year()));
        }

        #[test]
        fn no_number_of_days_panics(days in proptest::prelude::any::<i32>()) {
            let _ = date_of(days);
        }
    }
}
