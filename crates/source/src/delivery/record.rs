//! Records and fields of separated values (RFC 4180).
//!
//! A field that begins with a quote ends at the next quote that is not doubled;
//! a quote elsewhere is a letter like any other. A quoted field may hold line
//! ends. Because one quote that is never closed would then swallow the rows
//! below it, a record of several lines must be right in form: each closing
//! quote followed by a delimiter or a line end, as many fields as there are
//! columns, and no longer than [`MAX_LINES`]. Otherwise its first line alone
//! counts as the record, which is then kept aside, and reading goes on at the next.

use memchr::{memchr, memchr2};

/// No record is longer, in bytes: a larger one is kept aside.
pub(crate) const MAX_RECORD: usize = 1 << 20;

/// No quoted record goes over more lines.
const MAX_LINES: usize = 1000;

/// How separated values are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// As many as the contract has columns.
    pub(crate) fields: usize,
}

/// Where the record that begins at the front of the bytes ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Behind its line end, or at the end of the file.
    At(usize),
    /// Somewhere behind what has been read so far.
    Beyond,
}

impl Dialect {
    /// Where the record at the front of `bytes` ends. `last`: nothing follows.
    pub(crate) fn end(self, bytes: &[u8], last: bool) -> End {
        let line = match memchr(b'\n', bytes) {
            Some(at) => at + 1,
            None if last => bytes.len(),
            None if bytes.len() > MAX_RECORD => bytes.len(),
            None => return End::Beyond,
        };
        let first = bytes.get(..line).unwrap_or_default();
        if memchr(b'"', first).is_none() {
            return End::At(line);
        }
        match self.walk(bytes, last) {
            Walk::Ends { at, fields } if at <= line || fields == self.fields => End::At(at),
            Walk::Beyond => End::Beyond,
            Walk::Ends { .. } | Walk::Malformed => End::At(line),
        }
    }

    /// Follows the quotes through one record.
    fn walk(self, bytes: &[u8], last: bool) -> Walk {
        let (mut at, mut fields, mut lines) = (0, 1, 0);
        let rest = |at: usize| bytes.get(at..).unwrap_or_default();
        loop {
            if let [b'"', ..] = rest(at) {
                at += 1;
                loop {
                    let Some(quote) = memchr(b'"', rest(at)) else {
                        let open = rest(at).len();
                        lines += memchr::memchr_iter(b'\n', rest(at)).count();
                        let hopeless = at + open > MAX_RECORD || lines > MAX_LINES;
                        return if last || hopeless { Walk::Malformed } else { Walk::Beyond };
                    };
                    let inside = rest(at).get(..quote).unwrap_or_default();
                    lines += memchr::memchr_iter(b'\n', inside).count();
                    at += quote + 1;
                    if lines > MAX_LINES || at > MAX_RECORD {
                        return Walk::Malformed;
                    }
                    match rest(at) {
                        [b'"', ..] => at += 1,
                        [] if !last => return Walk::Beyond,
                        _ => break,
                    }
                }
                match rest(at) {
                    [] => return Walk::Ends { at, fields },
                    [b'\n', ..] => return Walk::Ends { at: at + 1, fields },
                    [b'\r', b'\n', ..] => return Walk::Ends { at: at + 2, fields },
                    [b'\r'] if !last => return Walk::Beyond,
                    [byte, ..] if *byte == self.delimiter => {
                        at += 1;
                        fields += 1;
                    }
                    _ => return Walk::Malformed,
                }
            } else {
                match memchr2(self.delimiter, b'\n', rest(at)) {
                    None if last => return Walk::Ends { at: bytes.len(), fields },
                    None if rest(at).len() > MAX_RECORD => return Walk::Malformed,
                    None => return Walk::Beyond,
                    Some(more) => {
                        at += more + 1;
                        if bytes.get(at - 1) == Some(&b'\n') {
                            return Walk::Ends { at, fields };
                        }
                        fields += 1;
                    }
                }
            }
        }
    }

    /// Cuts one record, without its line end, into fields.
    pub(crate) fn split<'a>(
        self,
        record: &'a [u8],
        fields: &mut Fields<'a>,
    ) -> Result<(), QuoteFault> {
        fields.clear();
        if memchr(b'"', record).is_none() {
            let mut from = 0;
            for at in memchr::memchr_iter(self.delimiter, record) {
                fields.push(Field::Plain(record.get(from..at).unwrap_or_default()));
                from = at + 1;
            }
            fields.push(Field::Plain(record.get(from..).unwrap_or_default()));
            return Ok(());
        }
        let mut rest = record;
        loop {
            let (field, after) = if let [b'"', inside @ ..] = rest {
                quoted(inside)?
            } else {
                let at = memchr(self.delimiter, rest).unwrap_or(rest.len());
                let (field, after) = rest.split_at(at);
                (Field::Plain(field), after)
            };
            fields.push(field);
            match after {
                [] => return Ok(()),
                [byte, next @ ..] if *byte == self.delimiter => rest = next,
                _ => return Err(QuoteFault::NotAlone),
            }
        }
    }
}

enum Walk {
    Ends { at: usize, fields: usize },
    Beyond,
    Malformed,
}

/// The fields of one record.
pub(crate) type Fields<'a> = Vec<Field<'a>>;

/// One field, its outer quotes taken off. No `Debug`: it may be a name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Plain(&'a [u8]),
    /// It had doubled quotes in it.
    Unescaped(Vec<u8>),
}

impl Field<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Unescaped(bytes) => bytes,
        }
    }
}

/// What is wrong with a record's quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteFault {
    /// A quote was opened and not closed.
    Open,
    /// A closing quote is followed by more of the field.
    NotAlone,
}

/// The field behind its opening quote, and what follows its closing one.
fn quoted(inside: &[u8]) -> Result<(Field<'_>, &[u8]), QuoteFault> {
    let mut from = 0;
    let mut doubled = false;
    loop {
        let at =
            from + memchr(b'"', inside.get(from..).unwrap_or_default()).ok_or(QuoteFault::Open)?;
        let after = inside.get(at + 1..).unwrap_or_default();
        if let [b'"', ..] = after {
            doubled = true;
            from = at + 2;
            continue;
        }
        let field = inside.get(..at).unwrap_or_default();
        let field = if doubled { Field::Unescaped(undoubled(field)) } else { Field::Plain(field) };
        return Ok((field, after));
    }
}

fn undoubled(field: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        text.push(byte);
        if byte == b'"' {
            bytes.next();
        }
    }
    text
}

/// `record` without the line end behind it.
pub(crate) fn without_line_end(record: &[u8]) -> &[u8] {
    match record {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] => text,
        [text @ .., b'\r'] => text,
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: Dialect = Dialect { delimiter: b',', fields: 3 };

    fn split(record: &str) -> Result<Vec<String>, QuoteFault> {
        let mut fields = Vec::new();
        DIALECT.split(record.as_bytes(), &mut fields)?;
        Ok(fields.iter().map(|f| String::from_utf8(f.bytes().to_vec()).unwrap()).collect())
    }

    #[test]
    fn fields_are_cut_as_the_rfc_says() {
        assert_eq!(split("a,b,c").unwrap(), ["a", "b", "c"]);
        assert_eq!(split("").unwrap(), [""]);
        assert_eq!(split(",,").unwrap(), ["", "", ""]);
        assert_eq!(split(r#""a,b",c,"#).unwrap(), ["a,b", "c", ""]);
        assert_eq!(split(r#""say ""hi""",x"#).unwrap(), [r#"say "hi""#, "x"]);
        assert_eq!(split(r#"5" pipe,x"#).unwrap(), [r#"5" pipe"#, "x"]);
        assert_eq!(split(r#""","#).unwrap(), ["", ""]);
        assert_eq!(split(r#"x,""#).unwrap_err(), QuoteFault::Open);
        assert_eq!(split(r#""a"b,c"#).unwrap_err(), QuoteFault::NotAlone);
        assert_eq!(split(r#""a,b"#).unwrap_err(), QuoteFault::Open);
    }

    #[test]
    fn a_record_of_several_lines_must_be_right_in_form() {
        let end = |text: &str| DIALECT.end(text.as_bytes(), true);
        assert_eq!(end("1,\"two\nlines\",3\n4,5,6\n"), End::At(16));
        // The quote is never closed: the first line alone is the record.
        assert_eq!(end("1,\"two,3\n4,5,6\n7,8,9\n"), End::At(9));
        // It meets the opening quote of a later row.
        assert_eq!(end("1,\"two,3\n4,\"5\",6\n"), End::At(9));
        // It would close well but for the number of fields.
        assert_eq!(end("1,\"two,3\n4,5\",6,7,8\n"), End::At(9));
    }

    #[test]
    fn a_quote_left_open_is_given_up_within_bounds() {
        let mut text = b"1,\"".to_vec();
        text.extend(std::iter::repeat_n(*b"x\n", MAX_LINES + 10).flatten());
        assert_eq!(DIALECT.end(&text, false), End::At(5));
        let mut text = b"1,\"\n".to_vec();
        text.resize(MAX_RECORD + 10, b'x');
        assert_eq!(DIALECT.end(&text, false), End::At(4));
    }

    #[test]
    fn more_is_asked_for_only_when_it_may_help() {
        assert_eq!(DIALECT.end(b"1,2,3", false), End::Beyond);
        assert_eq!(DIALECT.end(b"1,\"a\nb", false), End::Beyond);
        assert_eq!(DIALECT.end(b"1,\"a\"\r", false), End::Beyond);
        assert_eq!(DIALECT.end(b"1,\"a\nb\"", false), End::Beyond);
    }

    proptest::proptest! {
        #[test]
        fn what_was_quoted_is_read_back(fields in proptest::collection::vec("[a-z\",\n]{0,6}", 3)) {
            let record: Vec<String> = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
            let record = record.join(",");
            let whole = format!("{record}\nnext,row,x\n");
            proptest::prop_assert_eq!(DIALECT.end(whole.as_bytes(), true), End::At(record.len() + 1));
            proptest::prop_assert_eq!(split(&record).unwrap(), fields);
        }

        #[test]
        fn no_bytes_panic_and_every_record_moves_on(bytes in proptest::collection::vec(proptest::sample::select(b"\",\n\rax".to_vec()), 1..80)) {
            match DIALECT.end(&bytes, true) {
                End::At(at) => {
                    proptest::prop_assert!(at >= 1 && at <= bytes.len());
                    let mut fields = Vec::new();
                    let _ = DIALECT.split(without_line_end(&bytes[..at]), &mut fields);
                }
                End::Beyond => proptest::prop_assert!(false, "nothing follows"),
            }
        }
    }
}
