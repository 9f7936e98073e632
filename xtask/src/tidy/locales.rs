//! Every message is in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Breach, Source, breach};

const LANGUAGES: [&str; 3] = ["nb", "da", "en"];

/// Messages by their ids, and where each stands.
type Messages<'a> = BTreeMap<&'a str, (&'a Source, usize)>;

/// A message of a Fluent file: its id and the line it stands on.
fn messages(source: &Source) -> impl Iterator<Item = (&str, usize)> {
    source.lines().filter_map(|(number, line)| {
        let (id, _) = line.split_once('=')?;
        let id = id.trim_end();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (!id.is_empty() && id.chars().all(plain)).then_some((id, number))
    })
}

pub(super) fn check(sources: &[Source]) -> Vec<Breach> {
    // The folder that holds `nb`, `da` and `en` → language → its messages.
    let mut folders: BTreeMap<PathBuf, BTreeMap<String, Messages<'_>>> = BTreeMap::new();
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|source| source.extension() == "ftl") {
        let mut up = source.path.ancestors().skip(1);
        let language =
            up.next().and_then(|folder| folder.file_name()).and_then(|name| name.to_str());
        let (Some(language), Some(folder)) = (language, up.next()) else { continue };
        let of_language =
            folders.entry(folder.to_owned()).or_default().entry(language.to_owned()).or_default();
        for (id, line) in messages(source) {
            if of_language.insert(id, (source, line)).is_some() {
                breaches.push(breach(&source.path, line, format!("message `{id}` is there twice")));
            }
        }
    }
    for (folder, languages) in &folders {
        let all: Messages<'_> = languages
            .values()
            .flat_map(|messages| messages.iter().map(|(id, at)| (*id, *at)))
            .collect();
        let expected = LANGUAGES.map(str::to_owned);
        let there: BTreeSet<&String> = languages.keys().chain(&expected).collect();
        for language in there {
            let known = languages.get(language);
            for (id, (source, line)) in &all {
                if !known.is_some_and(|known| known.contains_key(id)) {
                    let folder = folder.display();
                    breaches.push(breach(
                        &source.path,
                        *line,
                        format!("message `{id}` is not in {folder}/{language}"),
                    ));
                }
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn a_message_that_a_language_lacks_is_found() {
        let text = "# a comment = not one\nhello = Hei\n    .title = Ja\nbye = Ha det\n";
        let whole = ["nb", "da", "en"].map(|l| source(&format!("x/locales/{l}/a.ftl"), text));
        assert_eq!(check(&whole).len(), 0);
        let mut part = whole;
        part[1] = source("x/locales/da/a.ftl", "hello = Hej\n");
        let breaches = check(&part);
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].what.contains("`bye` is not in x/locales/da"), "{breaches:?}");
        assert_eq!(check(&part[..1]).len(), 4, "two languages are missing altogether");
    }

    #[test]
    fn a_message_that_is_there_twice_is_found() {
        let text = "hello = Hei\nhello = Hallo\n";
        let twice = ["nb", "da", "en"].map(|l| source(&format!("x/{l}/a.ftl"), text));
        assert_eq!(check(&twice).len(), 3);
    }
}
