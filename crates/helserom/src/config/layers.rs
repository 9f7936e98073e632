//! Defaults, then the file, then the environment, then the command line: the
//! last that speaks of a key wins, and says so.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Config, VERSION};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// The config file, at a line.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "command line {flag}"),
        }
    }
}

/// One key of the config, its value, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Explained {
    /// Such as `server.listen`.
    pub(crate) key: String,
    /// As it would stand in the file.
    pub(crate) value: Value,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// The environment variable that would set it.
    pub(crate) variable: String,
}

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("config `{}` cannot be read: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The file is no TOML.
    #[error("config `{}`, line {line}: {why}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The file has a key that means nothing.
    #[error("config `{}`, line {line}: there is no key `{key}`{}", path.display(), hint(suggestion.as_deref()))]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// Which key.
        key: String,
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// A value is not of the right kind.
    #[error("`{key}` ({origin}): {why}")]
    Value {
        /// Which key.
        key: String,
        /// Where the value comes from.
        origin: Origin,
        /// What is wrong.
        why: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}

/// Reads the config and says where each value comes from. `environment` is the
/// process's, `flags` what the command line said.
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(&'static str, &'static str, Value)],
) -> Result<(Config, Vec<Explained>), ConfigError> {
    let defaults = Value::try_from(Config::default()).map_err(|error| ConfigError::Value {
        key: "defaults".to_owned(),
        origin: Origin::Default,
        why: error.to_string(),
    })?;
    let mut values = BTreeMap::new();
    flatten("", &defaults, &mut |key, value| {
        values.insert(key, (value.clone(), Origin::Default));
    });
    if let Some(path) = file {
        overlay_file(path, &mut values)?;
    }
    let variables: BTreeMap<String, String> =
        values.keys().map(|key| (variable_of(key), key.clone())).collect();
    for (name, text) in environment {
        let Some(key) = variables.get(&name) else { continue };
        if let Some((value, origin)) = values.get_mut(key) {
            let from = Origin::Environment(name);
            *value = like(value, &text).map_err(|why| ConfigError::Value {
                key: key.clone(),
                origin: from.clone(),
                why,
            })?;
            *origin = from;
        }
    }
    for (key, flag, set) in flags {
        values.insert((*key).to_owned(), (set.clone(), Origin::Flag(flag)));
    }
    let config = assemble(&values)?;
    let explained = values
        .into_iter()
        .map(|(key, (value, origin))| Explained { variable: variable_of(&key), key, value, origin })
        .collect();
    Ok((config, explained))
}

type Values = BTreeMap<String, (Value, Origin)>;

fn overlay_file(path: &Path, values: &mut Values) -> Result<(), ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Malformed {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_at(&text, span.start)),
        why: error.message().to_owned(),
    })?;
    let mut entries = Vec::new();
    flatten("", &Value::Table(table), &mut |key, value| entries.push((key, value.clone())));
    for (key, set) in entries {
        let line = line_of(&text, &key);
        let origin = Origin::File(path.to_owned(), line);
        if !values.contains_key(&key) {
            let suggestion = nearest(&key, values.keys());
            return Err(ConfigError::UnknownKey { path: path.to_owned(), line, key, suggestion });
        }
        if key == "version" && set.as_integer() != Some(i64::from(VERSION)) {
            return Err(ConfigError::Value {
                key,
                origin,
                why: format!("this program reads version {VERSION} of the config, not {set}"),
            });
        }
        values.insert(key, (set, origin));
    }
    Ok(())
}

fn assemble(values: &Values) -> Result<Config, ConfigError> {
    // One key at a time on top of the defaults, so that an error names its key.
    let mut table =
        Value::try_from(Config::default()).unwrap_or_else(|_| Value::Table(Table::new()));
    for (key, (value, origin)) in values {
        set(&mut table, key, value.clone());
        if let Err(error) = table.clone().try_into::<Config>() {
            return Err(ConfigError::Value {
                key: key.clone(),
                origin: origin.clone(),
                why: error.message().trim().replace('\n', " "),
            });
        }
    }
    table.try_into().map_err(|error: toml::de::Error| ConfigError::Value {
        key: "config".to_owned(),
        origin: Origin::Default,
        why: error.message().to_owned(),
    })
}

fn set(table: &mut Value, key: &str, value: Value) {
    let mut at = table;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some(inner) = at.as_table_mut() else { return };
        if parts.peek().is_none() {
            inner.insert(part.to_owned(), value);
            return;
        }
        at = inner.entry(part).or_insert_with(|| Value::Table(Table::new()));
    }
}

fn flatten(prefix: &str, value: &Value, each: &mut impl FnMut(String, &Value)) {
    let Value::Table(table) = value else {
        each(prefix.to_owned(), value);
        return;
    };
    for (key, inner) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        flatten(&path, inner, each);
    }
}

/// `server.public-url` is `HELSEROM_SERVER_PUBLIC_URL`.
fn variable_of(key: &str) -> String {
    let mut name = String::from("HELSEROM_");
    name.extend(
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }),
    );
    name
}

/// `text` as a value of the same kind as `like`.
fn like(like: &Value, text: &str) -> Result<Value, String> {
    Ok(match like {
        Value::Integer(_) => {
            Value::Integer(text.parse().map_err(|_| format!("`{text}` is not a whole number"))?)
        }
        Value::Boolean(_) => {
            Value::Boolean(text.parse().map_err(|_| format!("`{text}` is not true or false"))?)
        }
        _ => Value::String(text.to_owned()),
    })
}

fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The line on which the last part of `key` is set, under its table's header.
fn line_of(text: &str, key: &str) -> usize {
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut current = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            current = header.trim().to_owned();
            continue;
        }
        let left = line.split('=').next().unwrap_or_default().trim();
        if (current == table && left == name) || (current.is_empty() && left == key) {
            return number + 1;
        }
    }
    1
}

fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
    known
        .map(|candidate| (distance(key, candidate), candidate))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, candidate)| candidate.clone())
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, cb) in row.iter_mut().skip(1).zip(&b) {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = *slot;
            *slot = substituted.min(diagonal + 1).min(left + 1);
            left = *slot;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn refused(text: &str) -> String {
        let file = file(text);
        let error = load(Some(file.path()), [], &[]).unwrap_err().to_string();
        error.replace(&file.path().display().to_string(), "FILE")
    }

    #[test]
    fn the_last_that_speaks_of_a_key_wins_and_says_so() {
        let file = file("version = 1\n[server]\nlisten = \"127.0.0.1:1\"\nstop-seconds = 5\n");
        let environment = [("HELSEROM_SERVER_STOP_SECONDS".to_owned(), "7".to_owned())];
        let flags = [("data.folder", "--data", Value::String("/tmp/x".into()))];
        let (config, explained) = load(Some(file.path()), environment, &flags).unwrap();
        assert_eq!(config.server.stop_seconds, 7);
        assert_eq!(config.data.folder, PathBuf::from("/tmp/x"));
        let origin =
            |key: &str| explained.iter().find(|e| e.key == key).unwrap().origin.to_string();
        assert_eq!(origin("server.listen"), format!("{}:3", file.path().display()));
        assert_eq!(origin("server.stop-seconds"), "environment HELSEROM_SERVER_STOP_SECONDS");
        assert_eq!(origin("data.folder"), "command line --data");
        assert_eq!(origin("log.level"), "default");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_what_was_meant() {
        assert_eq!(
            refused("version = 1\n\n[server]\nlsten = \"127.0.0.1:1\"\n"),
            "config `FILE`, line 4: there is no key `server.lsten`; did you mean `server.listen`?"
        );
    }

    #[test]
    fn a_broken_file_is_told_with_its_line() {
        assert!(refused("version = 1\n[server\n").starts_with("config `FILE`, line 2: "));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_with_its_key() {
        let told = refused("version = 1\n[server]\nlisten = \"nowhere\"\n");
        assert!(told.starts_with("`server.listen` (FILE:3): "), "{told}");
        let told = refused("version = 1\n[server]\nstop-seconds = \"soon\"\n");
        assert!(told.starts_with("`server.stop-seconds` (FILE:3): "), "{told}");
    }

    #[test]
    fn a_config_of_another_version_is_refused() {
        assert_eq!(
            refused("version = 2\n"),
            "`version` (FILE:1): this program reads version 1 of the config, not 2"
        );
    }
}
