//! Words in more than one language.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language the centre speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Norwegian bokmål.
    Nb,
    /// Danish.
    Da,
}

impl Lang {
    /// Every language, in the order the switcher shows them.
    pub const ALL: [Self; 3] = [Self::Nb, Self::Da, Self::En];

    /// The BCP 47 tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Nb => "nb",
            Self::Da => "da",
        }
    }

    /// What the language calls itself.
    pub const fn endonym(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Nb => "Norsk bokmål",
            Self::Da => "Dansk",
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Lang {
    type Err = ();

    fn from_str(tag: &str) -> Result<Self, ()> {
        let primary = tag.split('-').next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Ok(Self::En),
            "nb" | "no" | "nn" => Ok(Self::Nb),
            "da" => Ok(Self::Da),
            _ => Err(()),
        }
    }
}

/// A text in one or more languages: `{ en = "Laboratory", nb = "Laboratoriet" }`,
/// or just `"Laboratory"`, which counts as English.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "BTreeMap<Lang, String>")]
pub struct Text(BTreeMap<Lang, String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Many(BTreeMap<Lang, String>),
}

impl From<Written> for Text {
    fn from(written: Written) -> Self {
        match written {
            Written::One(text) => Self::from(text.as_str()),
            Written::Many(texts) => Self(texts),
        }
    }
}

impl From<Text> for BTreeMap<Lang, String> {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(BTreeMap::from([(Lang::En, text.to_owned())]))
    }
}

impl Text {
    /// A text in the three languages the centre speaks.
    pub fn of(nb: &str, da: &str, en: &str) -> Self {
        Self(BTreeMap::from([
            (Lang::Nb, nb.to_owned()),
            (Lang::Da, da.to_owned()),
            (Lang::En, en.to_owned()),
        ]))
    }

    /// The text in `lang`, else in English, else in whatever there is, else empty.
    pub fn get(&self, lang: Lang) -> &str {
        self.0
            .get(&lang)
            .or_else(|| self.0.get(&Lang::En))
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }

    /// Whether there is no word in it.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|text| text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_string_is_english_and_stands_in_for_a_missing_language() {
        let text: Text = serde_json::from_str("\"Laboratory\"").unwrap();
        assert_eq!(text.get(Lang::Nb), "Laboratory");
        let text: Text = serde_json::from_str(r#"{"nb":"Laboratoriet"}"#).unwrap();
        assert_eq!(text.get(Lang::En), "Laboratoriet");
    }
}
