//! Numbers as they are written: how many digits stand there matters as much as
//! the value, since digits carry what is known of a person.

/// `units / 10^decimals`, with the number of significant digits written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    units: i128,
    decimals: u8,
    significant: u8,
    percent: bool,
}

/// More digits than this are no measurement.
const MOST_DIGITS: usize = 30;

impl Number {
    /// Reads `12`, `-0.5`, `1.2e-3`, `12 345`, `45 %`; with `comma` also `0,5`.
    /// Whatever else it is, it is no number.
    pub(crate) fn parse(text: &str, comma: bool) -> Option<Self> {
        let text = text.trim();
        let (text, percent) = match text.strip_suffix('%') {
            Some(rest) => (rest.trim_end(), true),
            None => (text, false),
        };
        if text.is_empty() || text.len() > 80 {
            return None;
        }
        let (negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = split(mantissa, comma)?;
        let digits: String = whole.chars().chain(fraction.chars()).collect();
        if digits.is_empty() || digits.len() > MOST_DIGITS {
            return None;
        }
        let mut units: i128 = digits.parse().ok()?;
        if negative {
            units = -units;
        }
        let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
        let mut decimals = i16::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        while decimals < 0 {
            units = units.checked_mul(10)?;
            decimals += 1;
        }
        let decimals = u8::try_from(decimals).ok().filter(|d| usize::from(*d) <= MOST_DIGITS)?;
        Some(Self { units, decimals, significant: u8::try_from(significant).ok()?, percent })
    }

    /// The nearest binary fraction.
    #[expect(clippy::cast_precision_loss, reason = "the value is compared, never computed back")]
    pub(crate) fn value(self) -> f64 {
        self.units as f64 / 10_f64.powi(i32::from(self.decimals))
    }

    /// The value, if it has no fraction: `12` and `12.0`.
    pub(crate) fn whole(self) -> Option<i128> {
        let unit = 10_i128.checked_pow(u32::from(self.decimals))?;
        (self.units % unit == 0).then(|| self.units / unit)
    }

    /// The value times `10^decimals`, if it has no more decimals than that.
    pub(crate) fn scaled(self, decimals: u8) -> Option<i128> {
        let more = decimals.checked_sub(self.decimals)?;
        self.units.checked_mul(10_i128.checked_pow(u32::from(more))?)
    }

    /// How many decimals are written.
    pub(crate) const fn decimals(self) -> u8 {
        self.decimals
    }

    /// How far the value may be from the one it was rounded from.
    pub(crate) fn half_unit(self) -> f64 {
        0.5 * 10_f64.powi(-i32::from(self.decimals))
    }

    /// Significant digits as written, without leading and trailing zeros.
    pub(crate) const fn significant(self) -> u8 {
        self.significant
    }

    /// Whether a `%` was written.
    pub(crate) const fn percent(self) -> bool {
        self.percent
    }
}

/// The digits before and after the decimal sign. Digits may be grouped by
/// threes with a space, an apostrophe or, where it is no decimal sign, a comma.
fn split(mantissa: &str, comma: bool) -> Option<(String, String)> {
    let point = if comma && !mantissa.contains('.') { ',' } else { '.' };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut groups = whole.split([' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'', ',']);
    let first = groups.next()?;
    if !first.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut digits = first.to_owned();
    for group in groups {
        if first.is_empty() || first.len() > 3 || group.len() != 3 {
            return None;
        }
        if !group.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.push_str(group);
    }
    Some((digits, fraction.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, comma: bool) -> Option<f64> {
        Number::parse(text, comma).map(Number::value)
    }

    #[test]
    fn numbers_are_read_as_people_and_programs_write_them() {
        for (text, comma, expected) in [
            ("12", false, 12.0),
            ("-0.50", false, -0.5),
            ("1.25e-2", false, 0.0125),
            ("1e3", false, 1000.0),
            ("12 345", false, 12345.0),
            ("12\u{202f}345,5", true, 12345.5),
            ("1,234", false, 1234.0),
            ("1,234", true, 1.234),
            ("45 %", false, 45.0),
            ("\u{2212}3", false, -3.0),
            (".5", false, 0.5),
        ] {
            assert_eq!(value(text, comma), Some(expected), "`{text}`");
        }
        for text in ["", "-", ".", "1-2", "12a", "1,23", "1 2", "<5", "0x10", "1e", "NaN", "inf"] {
            assert_eq!(value(text, false), None, "`{text}`");
        }
    }

    #[test]
    fn the_digits_that_carry_something_are_counted() {
        let digits = |text| Number::parse(text, false).unwrap().significant();
        assert_eq!(digits("0.0012"), 2);
        assert_eq!(digits("1200"), 2);
        assert_eq!(digits("0.991672050853874"), 15);
        assert_eq!(Number::parse("12.0", false).unwrap().whole(), Some(12));
        assert_eq!(Number::parse("12.5", false).unwrap().whole(), None);
    }

    #[test]
    fn no_length_of_digits_overflows() {
        assert_eq!(value(&"9".repeat(79), false), None);
        assert_eq!(value("1e32767", false), None);
        assert_eq!(value("1e-32767", false), None);
    }
}
