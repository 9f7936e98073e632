//! Numbers as Python reads them, since `clkhash` is written in it.

use super::field::Unfit;

/// A whole number: spaces around it, a sign, leading zeros and single underlines
/// between digits are allowed.
pub(super) fn whole(text: &str) -> Result<i128, Unfit> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let mut value = 0_i128;
    let mut after_digit = false;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                let more =
                    value.checked_mul(10).and_then(|v| v.checked_add(i128::from(byte - b'0')));
                value = more.ok_or(Unfit::TooLarge)?;
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => return Err(Unfit::NotWhole),
        }
    }
    if !after_digit {
        return Err(Unfit::NotWhole);
    }
    Ok(if negative { -value } else { value })
}

/// A number with a decimal point or exponent.
fn real(text: &str) -> Result<f64, Unfit> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let lone = bytes
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'_' && !(digit(at.checked_sub(1)) && digit(at.checked_add(1))));
    let value: f64 = if lone {
        return Err(Unfit::NotANumber);
    } else if text.contains('_') {
        text.replace('_', "").parse().map_err(|_| Unfit::NotANumber)?
    } else {
        text.parse().map_err(|_| Unfit::NotANumber)?
    };
    if value.is_finite() { Ok(value) } else { Err(Unfit::NotANumber) }
}

/// The number in `text` times ten to the power of `precision`, as a whole number.
/// What is left behind the point is rounded to even, or cut off where no digit
/// behind the point is asked for.
pub(super) fn scaled(text: &str, precision: u32) -> Result<i128, Unfit> {
    match whole(text) {
        Ok(value) => 10_i128
            .checked_pow(precision)
            .and_then(|by| value.checked_mul(by))
            .ok_or(Unfit::TooLarge),
        Err(Unfit::NotWhole) => {
            let value = real(text)?;
            let value = if precision == 0 {
                value.trunc()
            } else {
                (value * power_of_ten(precision)).round_ties_even()
            };
            to_whole(value).ok_or(Unfit::TooLarge)
        }
        Err(other) => Err(other),
    }
}

/// Ten to this power, as near as a double comes.
pub(super) fn power_of_ten(power: u32) -> f64 {
    // A text is read to the nearest double; `powi` may be one off.
    format!("1e{power}").parse().unwrap_or(f64::INFINITY)
}

/// The whole number that a double is, if it fits.
pub(super) fn to_whole(value: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
    (value.is_finite() && value.abs() < 1e36).then_some(value as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_as_python_reads_them() {
        assert_eq!(whole(" +0013 "), Ok(13));
        assert_eq!(whole("-0"), Ok(0));
        assert_eq!(whole("1_000"), Ok(1000));
        for none in ["", "+", "1__0", "_1", "1_", "1.0", "٣", "- 1"] {
            assert_eq!(whole(none), Err(Unfit::NotWhole), "{none}");
        }
        assert_eq!(whole(&"9".repeat(60)), Err(Unfit::TooLarge));
    }

    #[test]
    fn what_is_behind_the_point_is_rounded_to_even_or_cut() {
        assert_eq!(scaled("2.5", 0), Ok(2));
        assert_eq!(scaled("-2.5", 0), Ok(-2));
        assert_eq!(scaled("0.25", 1), Ok(2));
        assert_eq!(scaled("0.35", 1), Ok(4));
        assert_eq!(scaled("12", 2), Ok(1200));
        assert_eq!(scaled("1_0.5", 1), Ok(105));
        assert_eq!(scaled("inf", 1), Err(Unfit::NotANumber));
        assert_eq!(scaled("1_.5", 1), Err(Unfit::NotANumber));
    }
}
