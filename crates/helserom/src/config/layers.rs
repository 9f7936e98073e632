//! Defaults, then the file, then the environment, then the command line: the
//! last that speaks of a key wins, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
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
    /// What the demo needs.
    Demo,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "command line {flag}"),
            Self::Demo => f.write_str("the demo"),
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

impl Explained {
    /// Says of `key` that the demo chose `value`.
    pub(crate) fn chosen_by_demo(explained: &mut [Self], key: &str, value: &Path) {
        if let Some(line) = explained.iter_mut().find(|line| line.key == key) {
            line.value = Value::String(value.display().to_string());
            line.origin = Origin::Demo;
        }
    }
}

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("config `{}` cannot be read: {why}: name another with `--config`", path.display())]
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
    #[error("config `{}`, line {line}: there is no key `{key}`{}", path.display(), hint_or_list(suggestion.as_deref()))]
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
    /// The file has a table that means nothing.
    #[error("config `{}`, line {line}: there is no table `[{table}]`{}", path.display(), hint_or_list(suggestion.as_ref().map(|table| format!("[{table}]")).as_deref()))]
    UnknownTable {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// Which table.
        table: String,
        /// The table that was probably meant.
        suggestion: Option<String>,
    },
    /// The file does not say of which version it is.
    #[error("config `{}` does not say its version: write `version = {VERSION}` as the first line", path.display())]
    NoVersion {
        /// Which file.
        path: PathBuf,
    },
    /// An environment variable means nothing.
    #[error("environment: there is no variable `{name}`{}; `helserom config explain` lists them", hint(suggestion.as_deref()))]
    UnknownVariable {
        /// Which variable.
        name: String,
        /// The variable that was probably meant.
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

fn hint_or_list(suggestion: Option<&str>) -> String {
    match suggestion {
        Some(key) => format!("; did you mean `{key}`?"),
        None => "; `helserom config explain` lists those there are".to_owned(),
    }
}

/// What every variable of ours begins with.
const PREFIX: &str = "HELSEROM_";

/// Variables of ours that set no key: the command line reads them.
const OTHERS: [&str; 1] = ["HELSEROM_AS"];

/// Reads the config and says where each value comes from. `environment` is the
/// process's, `flags` what the command line said.
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
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
    overlay_environment(environment, &mut values)?;
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

fn overlay_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    values: &mut Values,
) -> Result<(), ConfigError> {
    let variables: BTreeMap<String, String> =
        values.keys().map(|key| (variable_of(key), key.clone())).collect();
    for (name, text) in environment {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) || OTHERS.contains(&name.as_str()) {
            continue;
        }
        let Some(key) = variables.get(&name) else {
            let suggestion = nearest(&name, variables.keys());
            return Err(ConfigError::UnknownVariable { name, suggestion });
        };
        let Some((value, origin)) = values.get_mut(key) else { continue };
        let from = Origin::Environment(name);
        let read = text.to_str().ok_or_else(|| "the value is not UTF-8".to_owned());
        *value = read.and_then(|text| like(value, text)).map_err(|why| ConfigError::Value {
            key: key.clone(),
            origin: from.clone(),
            why,
        })?;
        *origin = from;
    }
    Ok(())
}

fn overlay_file(path: &Path, values: &mut Values) -> Result<(), ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Malformed {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_at(&text, span.start)),
        why: on_one_line(error.message()),
    })?;
    if !table.contains_key("version") {
        return Err(ConfigError::NoVersion { path: path.to_owned() });
    }
    let mut entries = Vec::new();
    flatten("", &Value::Table(table), &mut |key, value| entries.push((key, value.clone())));
    for (key, set) in entries {
        let line = line_of(&text, &key);
        let origin = Origin::File(path.to_owned(), line);
        if set.as_table().is_some() {
            known_table(path, line, key, values)?;
            continue;
        }
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

/// A table with nothing in it sets nothing; its name still has to be one of ours.
fn known_table(
    path: &Path,
    line: usize,
    table: String,
    values: &Values,
) -> Result<(), ConfigError> {
    let tables: BTreeSet<String> = values
        .keys()
        .filter_map(|key| key.rsplit_once('.'))
        .map(|(table, _)| table.to_owned())
        .collect();
    if tables.contains(&table) {
        return Ok(());
    }
    let suggestion = nearest(&table, tables.iter());
    Err(ConfigError::UnknownTable { path: path.to_owned(), line, table, suggestion })
}

/// What a parser says in several lines, in one.
fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
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
                why: on_one_line(error.message()),
            });
        }
    }
    table.try_into().map_err(|error: toml::de::Error| ConfigError::Value {
        key: "config".to_owned(),
        origin: Origin::Default,
        why: on_one_line(error.message()),
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
    if table.is_empty() {
        each(prefix.to_owned(), value);
    }
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
    let mut current = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            current = header.trim();
            if current == key {
                return number + 1;
            }
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
        let environment = [("HELSEROM_SERVER_STOP_SECONDS".into(), "7".into())];
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
    fn an_empty_table_that_is_not_ours_is_named() {
        assert_eq!(
            refused("version = 1\n\n[servr]\n"),
            "config `FILE`, line 3: there is no table `[servr]`; did you mean `[server]`?"
        );
        let file = file("version = 1\n[server]\n");
        assert!(load(Some(file.path()), [], &[]).is_ok());
    }

    #[test]
    fn a_config_without_its_version_is_refused() {
        assert!(refused("[server]\n").ends_with("write `version = 1` as the first line"));
    }

    #[test]
    fn a_variable_of_ours_that_means_nothing_is_named_with_what_was_meant() {
        let environment = [("HELSEROM_SERVER_LISTN".into(), "127.0.0.1:1".into())];
        let told = load(None, environment, &[]).unwrap_err().to_string();
        assert!(told.contains("did you mean `HELSEROM_SERVER_LISTEN`?"), "{told}");
        let others = [("HELSEROM_AS".into(), "x".into()), ("HOME".into(), "y".into())];
        assert!(load(None, others, &[]).is_ok());
    }

    #[test]
    fn every_error_is_one_line() {
        for text in ["version = 1\n[server\n", "version = \n", "version = 1\n[log]\nformat = 3\n"] {
            let told = refused(text);
            assert!(!told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn a_config_of_another_version_is_refused() {
        assert_eq!(
            refused("version = 2\n"),
            "`version` (FILE:1): this program reads version 1 of the config, not 2"
        );
    }
}
