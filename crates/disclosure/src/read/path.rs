//! The points that a path's `d` attribute visits (SVG 2, section 9.3).

/// A point in the path's own units.
pub(crate) type Point = (f64, f64);

/// Where a path begins, turns and ends; the control points of curves are
/// counted too, since they carry as much as any other number.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Trace {
    pub(crate) points: Vec<Point>,
    /// Numbers that stand in the attribute.
    pub(crate) numbers: usize,
    /// Whether something in it was no path.
    pub(crate) spoilt: bool,
}

/// Reads a path.
pub(crate) fn trace(d: &str) -> Trace {
    let mut out = Trace::default();
    let (mut at, mut start): (Point, Point) = ((0.0, 0.0), (0.0, 0.0));
    let mut command = 'M';
    let mut args: Vec<f64> = Vec::new();
    let mut tokens = Tokens { rest: d };
    let mut any = false;
    loop {
        match tokens.next() {
            Some(Token::Command(c)) => {
                if !args.is_empty() {
                    out.spoilt = true;
                    args.clear();
                }
                if c.eq_ignore_ascii_case(&'z') {
                    at = start;
                    out.points.push(at);
                }
                command = c;
                any = true;
            }
            Some(Token::Number(number)) => {
                out.numbers += 1;
                args.push(number);
            }
            Some(Token::Other) => {
                out.spoilt = true;
                return out;
            }
            None => break,
        }
        let wanted = match command.to_ascii_lowercase() {
            'm' | 'l' | 't' => 2,
            'h' | 'v' => 1,
            'c' => 6,
            's' | 'q' => 4,
            'a' => 7,
            _ => usize::MAX,
        };
        if !any || args.len() < wanted {
            continue;
        }
        let base = if command.is_ascii_lowercase() { at } else { (0.0, 0.0) };
        at = match (command.to_ascii_lowercase(), args.as_slice()) {
            ('h', [x]) => (base.0 + x, at.1),
            ('v', [y]) => (at.0, base.1 + y),
            (_, [.., x, y]) => (base.0 + x, base.1 + y),
            _ => at,
        };
        out.points.push(at);
        if command.eq_ignore_ascii_case(&'m') {
            start = at;
            command = if command == 'm' { 'l' } else { 'L' };
        }
        args.clear();
    }
    out.spoilt |= !args.is_empty();
    out
}

/// Pairs of numbers, as in `points`.
pub(crate) fn pairs(points: &str) -> Trace {
    let mut out = Trace::default();
    let mut tokens = Tokens { rest: points };
    let mut held = None;
    while let Some(token) = tokens.next() {
        let Token::Number(number) = token else {
            out.spoilt = true;
            return out;
        };
        out.numbers += 1;
        match held.take() {
            None => held = Some(number),
            Some(x) => out.points.push((x, number)),
        }
    }
    out.spoilt |= held.is_some();
    out
}

enum Token {
    Command(char),
    Number(f64),
    Other,
}

struct Tokens<'a> {
    rest: &'a str,
}

impl Tokens<'_> {
    fn next(&mut self) -> Option<Token> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        let first = self.rest.chars().next()?;
        if "MmLlHhVvCcSsQqTtAaZz".contains(first) {
            self.rest = self.rest.get(1..).unwrap_or_default();
            return Some(Token::Command(first));
        }
        let length = number_length(self.rest.as_bytes());
        let (number, rest) = self.rest.split_at_checked(length).unwrap_or(("", ""));
        self.rest = rest;
        Some(number.parse().map_or(Token::Other, Token::Number))
    }
}

/// How many bytes of the text are one number: a second sign or a second point
/// begins the next.
fn number_length(bytes: &[u8]) -> usize {
    let (mut point, mut power) = (false, false);
    let mut length = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let signed_start = at == 0 || matches!(bytes.get(at.wrapping_sub(1)), Some(b'e' | b'E'));
        match byte {
            b'0'..=b'9' => {}
            b'-' | b'+' if signed_start => {}
            b'.' if !point && !power => point = true,
            b'e' | b'E' if !power && at > 0 => power = true,
            _ => break,
        }
        length = at + 1;
        if length > 40 {
            return 0;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_curve_is_followed() {
        let absolute = trace("M 10 20 L 30 20 L 30 40 Z");
        assert_eq!(absolute.points, [(10.0, 20.0), (30.0, 20.0), (30.0, 40.0), (10.0, 20.0)]);
        let relative = trace("m10,20h20v20z");
        assert_eq!(relative.points, absolute.points);
        assert_eq!(trace("M1-2.5.5").points, [(1.0, -2.5)]);
        assert_eq!(trace("M1 1 2 2 3 3").points.len(), 3);
        assert_eq!(trace("M0 0C1 1 2 2 3 3").numbers, 8);
    }

    #[test]
    fn what_is_no_path_is_said_to_be_none() {
        for bad in ["M1", "javascript:x", "M 1 2 <script>", "1 2", "M 1 2 L 3"] {
            assert!(trace(bad).spoilt, "`{bad}`");
        }
        assert!(pairs("1,2 3").spoilt);
        assert_eq!(pairs("1,2 3,4").points, [(1.0, 2.0), (3.0, 4.0)]);
    }
}
