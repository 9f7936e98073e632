//! Values cut into tokens, so that values that are nearly alike have most of
//! their tokens in common.

use serde::Deserialize;

use super::field::Unfit;
use super::number;

/// The bytes of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum TextEncoding {
    #[serde(rename = "ascii")]
    Ascii,
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Little-endian with a byte order mark before every token, as Python writes it.
    #[serde(rename = "utf-16")]
    Utf16,
    /// The same in four bytes a character.
    #[serde(rename = "utf-32")]
    Utf32,
}

/// By what two values are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    /// By the `n` characters that stand side by side, with or without where.
    Ngram { n: usize, positional: bool },
    /// As a whole.
    Exact,
    /// By how near two numbers are (Vatsalan and Christen, "Privacy-preserving
    /// matching of similar patients", 2016): a number's tokens are its neighbours
    /// on a grid.
    Numeric { interval: i128, resolution: u32, precision: u32 },
}

impl Comparison {
    /// Numbers that have no token in common once they are `distance` apart.
    pub(super) fn numeric(distance: f64, resolution: u32, precision: u32) -> Result<Self, String> {
        // Not `<= 0.0`: no number is no distance either.
        if distance.is_nan() || distance <= 0.0 {
            return Err("`thresholdDistance` must be above 0".to_owned());
        }
        if !(1..=10_000).contains(&resolution) {
            return Err("`resolution` must be 1 to 10000".to_owned());
        }
        let interval = (distance * number::power_of_ten(precision)).round_ties_even();
        match number::to_whole(interval) {
            Some(interval @ 1..) => Ok(Self::Numeric { interval, resolution, precision }),
            Some(_) => {
                Err("`fractional_precision` is too little for `thresholdDistance`".to_owned())
            }
            None => Err("`thresholdDistance` is too large".to_owned()),
        }
    }
}

/// The tokens of one value, one behind the other; used again for the next.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    padded: Vec<char>,
}

impl Tokens {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The tokens in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    /// Cuts `value` up. An empty value has no token.
    pub(super) fn cut(
        &mut self,
        value: &str,
        comparison: Comparison,
        encoding: TextEncoding,
    ) -> Result<(), Unfit> {
        self.bytes.clear();
        self.ends.clear();
        if value.is_empty() {
            return Ok(());
        }
        match comparison {
            Comparison::Exact => self.push(value.chars(), encoding),
            Comparison::Ngram { n, positional } => self.grams(value, n, positional, encoding),
            Comparison::Numeric { interval, resolution, precision } => {
                self.neighbours(value, interval, resolution, precision, encoding)?;
            }
        }
        Ok(())
    }

    fn grams(&mut self, value: &str, n: usize, positional: bool, encoding: TextEncoding) {
        // The spaces mark where the word begins and ends.
        let mut padded = std::mem::take(&mut self.padded);
        padded.clear();
        padded.extend(std::iter::repeat_n(' ', n - 1));
        padded.extend(value.chars());
        padded.extend(std::iter::repeat_n(' ', n - 1));
        for (at, gram) in padded.windows(n).enumerate() {
            if positional {
                self.push(digits(at + 1).chain([' ']).chain(gram.iter().copied()), encoding);
            } else {
                self.push(gram.iter().copied(), encoding);
            }
        }
        self.padded = padded;
    }

    fn neighbours(
        &mut self,
        value: &str,
        interval: i128,
        resolution: u32,
        precision: u32,
        encoding: TextEncoding,
    ) -> Result<(), Unfit> {
        let resolution = i128::from(resolution);
        let value = number::scaled(value, precision)?;
        let value = value.checked_mul(2 * resolution).ok_or(Unfit::TooLarge)?;
        let over = value.rem_euclid(interval);
        let onto = if over == 0 || over < interval - over { -over } else { interval - over };
        let middle = value.checked_add(onto).ok_or(Unfit::TooLarge)?;
        for step in -resolution..=resolution {
            let neighbour = interval.checked_mul(step).and_then(|by| middle.checked_add(by));
            let token = neighbour.ok_or(Unfit::TooLarge)?.to_string();
            self.push(token.chars(), encoding);
        }
        Ok(())
    }

    fn push(&mut self, token: impl Iterator<Item = char>, encoding: TextEncoding) {
        match encoding {
            TextEncoding::Ascii | TextEncoding::Utf8 => {
                for letter in token {
                    match u8::try_from(letter) {
                        Ok(byte) if byte.is_ascii() => self.bytes.push(byte),
                        _ => {
                            let bytes = &mut [0; 4];
                            self.bytes.extend_from_slice(letter.encode_utf8(bytes).as_bytes());
                        }
                    }
                }
            }
            TextEncoding::Utf16 => {
                self.bytes.extend_from_slice(&[0xff, 0xfe]);
                for letter in token {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        self.bytes.extend_from_slice(&unit.to_le_bytes());
                    }
                }
            }
            TextEncoding::Utf32 => {
                self.bytes.extend_from_slice(&[0xff, 0xfe, 0, 0]);
                for letter in token {
                    self.bytes.extend_from_slice(&u32::from(letter).to_le_bytes());
                }
            }
        }
        self.ends.push(self.bytes.len());
    }
}

/// The digits of a number, as text has them.
fn digits(number: usize) -> impl Iterator<Item = char> {
    let first = std::iter::successors(Some(1), |power| (*power <= number / 10).then(|| power * 10));
    let powers = std::iter::successors(first.last(), |power| (*power > 1).then(|| power / 10));
    powers.filter_map(move |power| char::from_digit(u32::try_from(number / power % 10).ok()?, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cut(value: &str, comparison: Comparison) -> Vec<String> {
        let mut tokens = Tokens::default();
        tokens.cut(value, comparison, TextEncoding::Utf8).unwrap();
        tokens.iter().map(|token| String::from_utf8(token.to_vec()).unwrap()).collect()
    }

    #[test]
    fn characters_that_stand_side_by_side() {
        let two = |positional| Comparison::Ngram { n: 2, positional };
        assert_eq!(cut("åse", two(false)), [" å", "ås", "se", "e "]);
        assert_eq!(cut("åse", two(true)), ["1  å", "2 ås", "3 se", "4 e "]);
        assert_eq!(cut("ab", Comparison::Ngram { n: 1, positional: false }), ["a", "b"]);
        assert_eq!(cut("", two(true)), [""; 0]);
        let one = Comparison::Ngram { n: 1, positional: true };
        let many = cut(&"a".repeat(1000), one);
        for place in [1, 9, 10, 11, 99, 100, 999, 1000] {
            assert_eq!(many[place - 1], format!("{place} a"));
        }
    }

    #[test]
    fn neighbours_of_a_number() {
        // The example that clkhash's documentation gives.
        let eight = Comparison::numeric(8.0, 2, 0).unwrap();
        assert_eq!(cut("25", eight), ["88", "96", "104", "112", "120"]);
        assert!(Comparison::numeric(0.01, 2, 1).is_err());
        assert!(Comparison::numeric(f64::NAN, 2, 1).is_err());
    }
}
