//! Reading one field: bytes to a number, a date, a truth value. By hand and
//! without allocation, because every field of every row passes here.

pub(crate) mod date;
pub(crate) mod number;
pub(crate) mod text;

/// `field` without the spaces and tabs around it.
pub(crate) fn trimmed(field: &[u8]) -> &[u8] {
    field.trim_ascii()
}

/// `true`, `false`, `1` or `0`, in any case.
pub(crate) fn boolean(field: &[u8]) -> Option<bool> {
    match field {
        b"1" => Some(true),
        b"0" => Some(false),
        _ if field.eq_ignore_ascii_case(b"true") => Some(true),
        _ if field.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}
