//! Whole numbers and decimals.

use crate::contract::DecimalMark;

/// A whole number: an optional sign and digits, 64 bits.
pub(crate) fn integer(field: &[u8]) -> Option<i64> {
    let (negative, digits) = match field {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    // Summed downwards: the smallest number has no positive counterpart.
    let mut number = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative { Some(number) } else { number.checked_neg() }
}

/// Powers of ten that binary64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A number: sign, digits, fraction, exponent (`1.5e-3`). Rounded to the nearest
/// binary64, ties to even; one too large for it is none.
pub(crate) fn decimal(field: &[u8], mark: DecimalMark) -> Option<f64> {
    let mark = match mark {
        DecimalMark::Point => b'.',
        DecimalMark::Comma => b',',
    };
    let (negative, rest) = match field {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut mantissa = 0_u64;
    let mut digits = 0_u32;
    let mut fraction = 0_i32;
    let mut after_mark = false;
    let mut bytes = rest.iter();
    let mut exponent = 0_i32;
    while let Some(&byte) = bytes.next() {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                // Past 19 digits the sum is only a mark that the fast way is closed.
                mantissa = mantissa.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                fraction += i32::from(after_mark);
            }
            _ if byte == mark && !after_mark => after_mark = true,
            b'e' | b'E' if digits > 0 => {
                exponent = exponent_of(bytes.as_slice())?;
                break;
            }
            _ => return None,
        }
    }
    if digits == 0 {
        return None;
    }
    // Clinger, "How to read floating point numbers accurately" (1990): both
    // parts are exact, so one multiplication or division rounds once.
    let scale = exponent.saturating_sub(fraction);
    if digits <= 19 && mantissa <= 1 << 53 {
        #[expect(clippy::cast_precision_loss, reason = "at most 2^53, checked above")]
        let whole = mantissa as f64;
        let power = POWERS.get(usize::try_from(scale.unsigned_abs()).ok()?).copied();
        if let Some(power) = power {
            let value = if scale < 0 { whole / power } else { whole * power };
            return Some(if negative { -value } else { value });
        }
    }
    let text = std::str::from_utf8(field).ok()?;
    let value: f64 = match mark {
        b'.' => text.parse().ok()?,
        _ => text.replace(',', ".").parse().ok()?,
    };
    value.is_finite().then_some(value)
}

fn exponent_of(bytes: &[u8]) -> Option<i32> {
    // More digits than this is beyond any binary64, and beyond an `i32`.
    if bytes.len() > 6 {
        return None;
    }
    i32::try_from(integer(bytes)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [
            "", "-", "+", ".", "e5", "1e", "1.2.3", "0x1f", "nan", "inf", "1 000", "1,5", "<5",
            "1e400", "--1",
        ] {
            assert_eq!(decimal(bad.as_bytes(), DecimalMark::Point), None, "{bad}");
        }
        for bad in ["", "-", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "1 "] {
            assert_eq!(integer(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer(b"+12"), Some(12));
        assert_eq!(decimal(b"12,5", DecimalMark::Comma), Some(12.5));
        assert_eq!(decimal(b"12.5", DecimalMark::Comma), None);
        assert_eq!(decimal(b".5", DecimalMark::Point), Some(0.5));
    }

    proptest! {
        #[test]
        fn decimals_are_read_as_the_standard_library_reads_them(text in "[+-]?[0-9]{0,22}(\\.[0-9]{0,22})?([eE][+-]?[0-9]{1,3})?") {
            let expected = text.parse::<f64>().ok().filter(|value| value.is_finite());
            let read = decimal(text.as_bytes(), DecimalMark::Point);
            prop_assert_eq!(read.map(f64::to_bits), expected.map(f64::to_bits));
        }

        #[test]
        fn written_decimals_are_read_back_exactly(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            prop_assert_eq!(decimal(format!("{value:e}").as_bytes(), DecimalMark::Point), Some(value));
        }

        #[test]
        fn integers_are_read_as_the_standard_library_reads_them(text in "[+-]?[0-9]{0,20}") {
            prop_assert_eq!(integer(text.as_bytes()), text.parse::<i64>().ok());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (integer(&bytes), decimal(&bytes, DecimalMark::Comma));
        }
    }
}
