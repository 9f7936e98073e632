//! The JSON that is hashed: RFC 8785 (JSON Canonicalization Scheme).
//!
//! One value has one text: keys sorted, no spaces, numbers as ECMAScript writes
//! them. Nothing here rests on the order in which `serde_json` keeps its maps.

use serde_json::{Number, Value};

/// Why a value has no canonical text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// JSON numbers are binary64 for most readers (RFC 8785 section 3.2.2.3,
    /// RFC 7493 section 2.2), which would read this whole number as another.
    #[error("not every reader takes the number {0} exactly: write it as text")]
    Inexact(String),
    /// Neither a whole number nor a finite one.
    #[error("`{0}` is no finite number")]
    NotFinite(String),
    /// The value could not be turned to JSON at all.
    #[error("{0}")]
    NotJson(String),
}

/// The canonical text of `value`.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::with_capacity(256);
    write(value, &mut out)?;
    Ok(out)
}

/// The canonical text of the object that has these members, each named once.
pub(crate) fn object(members: Vec<(&str, &Value)>) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::with_capacity(256);
    write_object(members, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number_text(number)?.as_bytes()),
        Value::String(text) => write_string(text, out)?,
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            write_object(map.iter().map(|(key, member)| (key.as_str(), member)).collect(), out)?;
        }
    }
    Ok(())
}

fn write_object(mut members: Vec<(&str, &Value)>, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    // RFC 8785 section 3.2.3: by UTF-16 code units, not by bytes.
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push(b'{');
    for (index, (key, member)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(key, out)?;
        out.push(b':');
        write(member, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// `serde_json` escapes as ECMAScript's `JSON.stringify` does: the short forms
/// where there is one, `\u00xx` in lower case for other controls, all else as is.
fn write_string(text: &str, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    serde_json::to_writer(out, text).map_err(|error| CanonicalError::NotJson(error.to_string()))
}

fn number_text(number: &Number) -> Result<String, CanonicalError> {
    let value = match number.as_f64() {
        Some(value) if value.is_finite() => value,
        _ => return Err(CanonicalError::NotFinite(number.to_string())),
    };
    let text = ecmascript(value);
    if number.is_f64() || number.to_string() == text {
        Ok(text)
    } else {
        Err(CanonicalError::Inexact(number.to_string()))
    }
}

/// ECMAScript's `Number::toString` (ECMA-262 section 6.1.6.1.20), radix 10.
fn ecmascript(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // Ryu gives the shortest digits that read back as the same number, the even
    // one of two that are equally near, as ECMAScript asks.
    let mut buffer = ryu::Buffer::new();
    let shortest = buffer.format_finite(value.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = format!("{whole}{part}");
    let digits = places.trim_start_matches('0');
    let leading = length(&places) - length(digits);
    let digits = digits.trim_end_matches('0');
    let count = length(digits);
    // The value is 0.DIGITS times ten to the power of `point`.
    let point = exponent.parse::<i32>().unwrap_or_default() + length(whole) - leading;
    let sign = if value < 0.0 { "-" } else { "" };
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or_default());
    let split = |at: i32| digits.split_at(usize::try_from(at).unwrap_or_default());
    if count <= point && point <= 21 {
        format!("{sign}{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (whole, part) = split(point);
        format!("{sign}{whole}.{part}")
    } else if -6 < point && point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = split(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let power = if point > 0 { "+" } else { "-" };
        format!("{sign}{first}{dot}{rest}e{power}{}", (point - 1).abs())
    }
}

fn length(digits: &str) -> i32 {
    i32::try_from(digits.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(to_vec(value).unwrap()).unwrap()
    }

    /// RFC 8785 appendix B.
    #[test]
    fn numbers_are_written_as_rfc_8785_lists_them() {
        for (bits, expected) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(ecmascript(f64::from_bits(bits)), expected, "{bits:016x}");
        }
    }

    /// RFC 8785 section 3.2.2 and 3.2.3.
    #[test]
    fn the_example_of_rfc_8785_comes_out_as_printed_there() {
        let value: Value = serde_json::from_str(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                "literals":[null,true,false]}"#,
        )
        .unwrap();
        assert_eq!(
            text(&value),
            concat!(
                r#"{"literals":[null,true,false],"numbers":[333333333.3333333,"#,
                r#"1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
            )
        );
    }

    #[test]
    fn keys_are_sorted_by_utf_16_code_units() {
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5,
                           "\u{80}": 6, "\u{f6}": 7});
        let order: Vec<char> =
            text(&value).chars().filter(char::is_ascii_digit).collect::<Vec<_>>();
        // The key "1" is itself a digit.
        assert_eq!(order.into_iter().collect::<String>(), "21467153");
    }

    #[test]
    fn a_whole_number_that_some_readers_would_round_is_refused() {
        assert_eq!(text(&json!(9_007_199_254_740_991_u64)), "9007199254740991");
        assert_eq!(text(&json!(-9_007_199_254_740_992_i64)), "-9007199254740992");
        for value in [json!(9_007_199_254_740_993_u64), json!(i64::MIN), json!(u64::MAX)] {
            assert!(matches!(to_vec(&value), Err(CanonicalError::Inexact(_))), "{value}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_text_of_what_was_read_back_is_the_same(value in any_json()) {
            let once = to_vec(&value).unwrap();
            let read: Value = serde_json::from_slice(&once).unwrap();
            prop_assert_eq!(to_vec(&read).unwrap(), once);
        }
    }
}
