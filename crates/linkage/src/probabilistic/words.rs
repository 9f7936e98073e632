//! Names and words, made alike before they are compared: case, marks and
//! punctuation, the Nordic letters and what is written for them, patronymics,
//! and how a word sounds.

/// Lower case, without punctuation and foreign marks, words apart by one space.
/// `ä` is read as `æ` and `ö` as `ø`, one letter in two alphabets.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            // Marks that stand after their letter (Unicode's decomposed form).
            '\u{30a}' => replace_last(&mut folded, 'a', 'å'),
            '\u{308}' => {
                replace_last(&mut folded, 'a', 'æ');
                replace_last(&mut folded, 'o', 'ø');
            }
            '\u{300}'..='\u{36f}' => {}
            '\'' | '’' | '`' | '´' | '.' => {}
            'ä' => folded.push('æ'),
            'ö' => folded.push('ø'),
            'à' | 'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'ð' | 'đ' | 'ď' => folded.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => folded.push('e'),
            'ğ' => folded.push('g'),
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' | 'ŋ' => folded.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => folded.push('o'),
            'ř' => folded.push('r'),
            'ś' | 'š' | 'ş' | 'ș' => folded.push('s'),
            'ť' | 'ţ' | 'ț' | 'ŧ' => folded.push('t'),
            'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'œ' => folded.push('ø'),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn replace_last(text: &mut String, from: char, to: char) {
    if text.ends_with(from) {
        text.pop();
        text.push(to);
    }
}

/// The same for every way of writing the Nordic letters: `æ` and `ae`; `ø`, `oe`
/// and `o`; `å`, `aa` and `a`.
pub(super) fn spelled(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    let mut letters = folded.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            'æ' => out.push_str("ae"),
            'ø' => out.push('o'),
            'å' => out.push('a'),
            'a' => {
                letters.next_if_eq(&'a');
                out.push('a');
            }
            'o' => {
                letters.next_if_eq(&'e');
                out.push('o');
            }
            letter => out.push(letter),
        }
    }
    out
}

/// What a patronymic is made of: `hansen`, `hansson` and `hansdatter` all begin
/// with Hans. Other words are themselves.
pub(super) fn stem(spelled: &str) -> &str {
    const ENDINGS: [&str; 10] = [
        "sdotter", "sdatter", "sdottir", "dottir", "dotter", "datter", "sson", "ssen", "sen", "son",
    ];
    ENDINGS
        .iter()
        .find_map(|ending| spelled.strip_suffix(ending).filter(|stem| stem.len() >= 3))
        .map_or(spelled, |stem| stem.strip_suffix('s').filter(|s| s.len() >= 3).unwrap_or(stem))
}

/// How a word sounds: its first sound and its consonants in classes, as Soundex
/// has them but for six sounds, and with letters that Nordic names write for one
/// sound (`ch`, `k`, `q`; `ph`, `f`, `v`, `w`; `s`, `z`; `th`, `t`) alike at the
/// beginning too.
pub(super) fn sound(spelled: &str) -> String {
    const LENGTH: usize = 6;
    let spelled = spelled.replace("ph", "f").replace("th", "t").replace("ch", "k");
    let mut code = String::new();
    let mut last = None;
    for letter in spelled.chars().filter(|letter| letter.is_alphanumeric()) {
        let class = match letter {
            'b' | 'p' => Some('b'),
            'f' | 'v' | 'w' => Some('v'),
            'c' | 'k' | 'q' | 'g' | 'x' => Some('k'),
            's' | 'z' => Some('s'),
            'd' | 't' => Some('t'),
            'l' => Some('l'),
            'm' | 'n' => Some('n'),
            'r' => Some('r'),
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'j' | 'h' => None,
            other => Some(other),
        };
        if code.is_empty() {
            code.push(class.unwrap_or(match letter {
                'y' | 'j' => 'i',
                other => other,
            }));
        } else if let Some(class) = class.filter(|_| class != last) {
            code.push(class);
        }
        if code.chars().count() == LENGTH {
            break;
        }
        // `h` does not part two consonants of one class.
        if letter != 'h' {
            last = class;
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_marks_and_punctuation_do_not_matter() {
        assert_eq!(fold("  O'Brien-SMITH, Zoé "), "obrien smith zoe");
        assert_eq!(fold("A\u{30a}se Bjo\u{308}rn"), "åse bjørn");
        assert_eq!(fold("Söderström"), fold("Sødersträm").replace("æ", "ø"));
        assert_eq!(fold("---"), "");
    }

    #[test]
    fn the_nordic_letters_may_be_written_out() {
        for (one, other) in
            [("Bjørn", "Bjoern"), ("Bjørn", "Bjorn"), ("Åse", "Aase"), ("Kjær", "Kjaer")]
        {
            assert_eq!(spelled(&fold(one)), spelled(&fold(other)), "{one} {other}");
        }
        assert_ne!(spelled(&fold("Bjørn")), spelled(&fold("Bjarne")));
    }

    #[test]
    fn patronymics_of_one_father_share_a_stem() {
        for name in ["hansen", "hanssen", "hansson", "hansdatter"] {
            assert_eq!(stem(name).trim_end_matches('s'), "han", "{name}");
        }
        assert_eq!(stem("olsen"), "olsen");
        assert_eq!(stem("berg"), "berg");
    }

    #[test]
    fn words_that_sound_alike_have_one_code() {
        for (one, other) in
            [("kristin", "christine"), ("philip", "filip"), ("lindqvist", "lindkvist")]
        {
            assert_eq!(sound(one), sound(other), "{one} {other}");
        }
        assert_ne!(sound("anna"), sound("berit"));
    }
}
