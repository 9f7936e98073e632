//! What happens to names and numbers on their way into a register.

use super::Draws;

const LETTERS: &[char] = &[
    'a', 'b', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'r', 's', 't', 'u',
    'v', 'y', 'å', 'ø', 'æ',
];

/// One slip of the pen: a letter lost, doubled, swapped with its neighbour or another.
pub(super) fn mistype(draws: &mut Draws, name: &mut String) {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() < 3 {
        return;
    }
    let last = u32::try_from(letters.len() - 1).unwrap_or_default();
    // The first letter is seldom wrong.
    let at = 1 + draws.below(last) as usize;
    let what = draws.below(4);
    let other = draws.one(LETTERS).unwrap_or('e');
    name.clear();
    for (place, letter) in letters.iter().enumerate() {
        match what {
            0 if place == at => {}
            1 if place == at => name.extend([*letter, *letter]),
            2 if place == at && at + 1 < letters.len() => {
                name.extend([letters.get(at + 1).copied().unwrap_or(other), *letter]);
            }
            2 if place == at + 1 => {}
            3 if place == at => name.push(other),
            _ => name.push(*letter),
        }
    }
}

/// One digit is another, or two that stand side by side change places.
pub(super) fn mistype_digits(draws: &mut Draws, number: &mut String) {
    let mut digits: Vec<u8> = number.bytes().collect();
    if digits.len() < 2 || !digits.iter().all(u8::is_ascii_digit) {
        return;
    }
    let at = draws.below(u32::try_from(digits.len() - 1).unwrap_or_default()) as usize;
    if draws.happens(500) {
        digits.swap(at, at + 1);
    } else if let Some(digit) = digits.get_mut(at) {
        *digit = b'0' + (*digit - b'0' + 1 + u8::try_from(draws.below(9)).unwrap_or_default()) % 10;
    }
    *number = digits.into_iter().map(char::from).collect();
}

/// Letters that a register does not have, written with those it has.
pub(super) fn transliterate(name: &mut String, long: bool) {
    if name.is_ascii() {
        return;
    }
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        let written = match letter {
            'å' => {
                if long {
                    "aa"
                } else {
                    "a"
                }
            }
            'Å' => {
                if long {
                    "Aa"
                } else {
                    "A"
                }
            }
            'æ' | 'ä' => {
                if long {
                    "ae"
                } else {
                    "a"
                }
            }
            'Æ' | 'Ä' => {
                if long {
                    "Ae"
                } else {
                    "A"
                }
            }
            'ø' | 'ö' => {
                if long {
                    "oe"
                } else {
                    "o"
                }
            }
            'Ø' | 'Ö' => {
                if long {
                    "Oe"
                } else {
                    "O"
                }
            }
            'á' => "a",
            'Á' => "A",
            'č' | 'ć' => "c",
            'Č' => "C",
            'đ' => "d",
            'é' | 'ę' => "e",
            'ł' => "l",
            'Ł' => "L",
            'ń' | 'ŋ' => "n",
            'ó' => "o",
            'ś' | 'š' => "s",
            'ž' | 'ż' | 'ź' => "z",
            'Ż' => "Z",
            'ą' => "a",
            other => {
                plain.push(other);
                continue;
            }
        };
        plain.push_str(written);
    }
    *name = plain;
}

/// Two given names in the other order, or only one of them.
pub(super) fn reorder(draws: &mut Draws, given: &mut String) {
    let Some((first, second)) = given.split_once([' ', '-']) else { return };
    *given = if draws.happens(300) { format!("{second} {first}") } else { first.to_owned() };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_written_with_others() {
        let written = |name: &str, long| {
            let mut name = name.to_owned();
            transliterate(&mut name, long);
            name
        };
        assert_eq!(written("Åse Ødegård Hæreid", true), "Aase Oedegaard Haereid");
        assert_eq!(written("Åse Ødegård Hæreid", false), "Ase Odegard Hareid");
        assert_eq!(written("Małgorzata Čáhcejávri", true), "Malgorzata Cahcejavri");
        assert_eq!(written("Kari", true), "Kari");
    }

    #[test]
    fn a_slip_changes_a_name_by_one() {
        let mut draws = Draws::of(1, 0, 0);
        for _ in 0..500 {
            let mut name = "Ragnhild".to_owned();
            mistype(&mut draws, &mut name);
            let length = name.chars().count();
            assert!((7..=9).contains(&length) && name.starts_with('R'), "{name}");
            let mut number = "0123456789".to_owned();
            mistype_digits(&mut draws, &mut number);
            assert!(number.len() == 10 && number != "0123456789", "{number}");
        }
    }
}
