//! Text: the character set, and what a spreadsheet would run.

use std::borrow::Cow;

use crate::contract::DecimalMark;
use crate::contract::Encoding;
use crate::import::{Fault, Reason};
use crate::value::number;

/// What is wrong with a text, before it is known in which row it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFault {
    /// The byte at this place of the field is no UTF-8.
    NotUtf8(usize),
    Nul,
    Formula,
    NotAllowed,
}

impl TextFault {
    pub(crate) fn in_column(self, column: &str) -> Fault {
        match self {
            Self::NotUtf8(at) => Fault::new(
                column,
                Reason::Encoding,
                format!("byte {} of the field is not UTF-8: is the file Latin-1?", at + 1),
            ),
            Self::Nul => Fault::new(
                column,
                Reason::Encoding,
                "holds a NUL byte: export the file again without it",
            ),
            Self::Formula => Fault::new(
                column,
                Reason::Formula,
                "begins with a character that makes a spreadsheet run it as a formula: take the character off, or put another before it",
            ),
            Self::NotAllowed => {
                Fault::new(column, Reason::NotAllowed, "is none of the values the contract allows")
            }
        }
    }
}

/// The field as text.
pub(crate) fn decode(field: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, TextFault> {
    let text = match encoding {
        Encoding::Utf8 => match std::str::from_utf8(field) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => return Err(TextFault::NotUtf8(error.valid_up_to())),
        },
        Encoding::Latin1 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(field).0,
    };
    if text.contains('\0') { Err(TextFault::Nul) } else { Ok(text) }
}

/// Whether a spreadsheet that opens the text as a cell would run it: OWASP,
/// "CSV Injection". A number is none, and nor is a sign that stands alone
/// (`-`, `++`: results of tests).
pub(crate) fn is_formula(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    match first {
        b'=' | b'@' | b'\t' | b'\r' => true,
        b'+' | b'-' => {
            !text.bytes().all(|byte| matches!(byte, b'+' | b'-'))
                && number::decimal(text.trim_end().as_bytes(), DecimalMark::Point).is_none()
                && number::decimal(text.trim_end().as_bytes(), DecimalMark::Comma).is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_formula() {
        for bad in
            ["=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+cmd|x", "-2+3", "\t=1", "\r=1", "-x"]
        {
            assert!(is_formula(bad), "{bad:?}");
        }
        for good in ["", "-", "+", "+++", "-1.5", "+47", "-1,5e3", "1+1", "a=b", "æ", "HbA1c"] {
            assert!(!is_formula(good), "{good:?}");
        }
    }

    #[test]
    fn latin_1_and_utf_8_are_told_apart() {
        assert_eq!(decode(b"bl\xe5", Encoding::Latin1).unwrap(), "blå");
        assert_eq!(decode(b"bl\xe5", Encoding::Utf8), Err(TextFault::NotUtf8(2)));
        assert_eq!(decode("blå".as_bytes(), Encoding::Utf8).unwrap(), "blå");
        assert_eq!(decode(b"a\0b", Encoding::Utf8), Err(TextFault::Nul));
    }
}
