//! Words for what linkage compares, and for what it weighs.

use crate::words::Words;

/// The key of a word that the linkage crate writes in English.
fn key_of(start: &str, word: &str) -> String {
    let mut key = start.to_owned();
    for letter in word.chars() {
        if letter.is_ascii_alphanumeric() {
            key.push(letter.to_ascii_lowercase());
        } else if !key.ends_with('-') {
            key.push('-');
        }
    }
    key.trim_end_matches('-').to_owned()
}

/// The word for what was compared, and for the level on which two agree in it.
pub(crate) fn compared(words: &Words, name: &str) -> String {
    words.say_or(&key_of("compared-", name), name)
}

pub(crate) fn agreed(words: &Words, level: &str) -> String {
    words.say_or(&key_of("level-", level), level)
}

/// Bits, always with their sign.
pub(crate) fn bits(words: &Words, bits: f64) -> String {
    let shown = words.decimal(bits, 1);
    if bits > 0.0 && shown.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        format!("+{shown}")
    } else {
        shown
    }
}

/// The word for a blocking rule.
pub(crate) fn rule(words: &Words, name: &str) -> String {
    words.say_or(&key_of("rule-", name), name)
}

#[cfg(test)]
mod tests {
    use model::Lang;

    use super::*;

    #[test]
    fn everything_has_a_word_in_every_language() {
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            let levels = linkage::review::levels().into_iter().map(|level| ("level-", level));
            let names =
                linkage::review::COMPARED.iter().map(|name| ("compared-", (*name).to_owned()));
            let rules = linkage::found::rules().into_iter().map(|rule| ("rule-", rule));
            for (start, word) in levels.chain(names).chain(rules) {
                let key = key_of(start, &word);
                assert!(words.knows(&key), "{lang}: {key}");
            }
        }
    }
}
