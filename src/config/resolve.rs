//! From layers of settings to the one configuration in force.

use std::{fmt, path::PathBuf};

use serde::{Serialize, Serializer};
use toml::{Table, Value};

use super::{Config, ConfigError, keys, rules::RULES};
use crate::error::FileError;

/// Variables that begin like settings but are none: the settings file, and the corpus that tests use.
const NOT_SETTINGS: &[&str] = &[super::FILE_VARIABLE, "VOICE_CLONE_CORPUS"];

/// Where a value came from, weakest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A settings file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One value given on the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The dotted key.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// The flag, as in `--seed`.
    pub flag: String,
}

/// Everything that may set something.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The settings file.
    pub file: Option<PathBuf>,
    /// The environment: names and values.
    pub variables: Vec<(String, String)>,
    /// The command line; later ones win.
    pub flags: Vec<Setting>,
}

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The dotted key.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where the value came from.
    pub source: Source,
}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The values.
    pub config: Config,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// Every setting with its source, in the order of `config.toml`.
    pub entries: Vec<Entry>,
}

/// Puts the layers over the defaults.
///
/// # Errors
/// Any setting that is unknown, of the wrong type or outside its range, with where it was given.
pub fn resolve(layers: &Layers) -> Result<Resolved, ConfigError> {
    let mut entries = default_entries()?;
    if let Some(path) = &layers.file {
        let text = std::fs::read_to_string(path).map_err(FileError::on("read settings from", path))?;
        apply_file(&mut entries, &text, Source::File(path.clone()))?;
    }
    for (name, value) in &layers.variables {
        apply_variable(&mut entries, name, value)?;
    }
    for Setting { key, value, flag } in &layers.flags {
        let origin = Source::Flag(flag.clone());
        let entry = find(&mut entries, key, &origin)?;
        let typed = parse_like(&entry.value, value);
        set(entry, typed.unwrap_or_else(|| Value::String(value.clone())), origin)?;
    }
    let config = assemble(&entries)?;
    check_together(&config)?;
    Ok(Resolved { config, file: layers.file.clone(), entries })
}

/// The defaults as entries, in the order of the table of rules.
fn default_entries() -> Result<Vec<Entry>, ConfigError> {
    let assembly = |error: toml::ser::Error| ConfigError::Assembly(error.to_string());
    let mut entries: Vec<_> = keys::flatten(Table::try_from(Config::default()).map_err(assembly)?)
        .into_iter()
        .map(|(key, value)| Entry { key, value, source: Source::Default })
        .collect();
    entries.sort_by_key(|entry| RULES.iter().position(|(key, _)| *key == entry.key));
    Ok(entries)
}

fn apply_file(entries: &mut [Entry], text: &str, origin: Source) -> Result<(), ConfigError> {
    let table: Table = toml::from_str(text).map_err(|error| ConfigError::Syntax {
        origin: origin.clone(),
        message: error.to_string().trim().to_owned(),
    })?;
    for (key, value) in keys::flatten(table) {
        let section = format!("{key}.");
        if value.is_table() && entries.iter().any(|entry| entry.key.starts_with(&section)) {
            continue;
        }
        set(find(entries, &key, &origin)?, value, origin.clone())?;
    }
    Ok(())
}

fn apply_variable(entries: &mut [Entry], name: &str, value: &str) -> Result<(), ConfigError> {
    if !name.starts_with(keys::PREFIX) || NOT_SETTINGS.contains(&name) {
        return Ok(());
    }
    let origin = Source::Variable(name.to_owned());
    let Some(position) = entries.iter().position(|entry| keys::variable_of(&entry.key) == name) else {
        let variables: Vec<_> = entries.iter().map(|entry| keys::variable_of(&entry.key)).collect();
        let nearest = keys::nearest(name, variables.iter().map(String::as_str)).to_owned();
        return Err(ConfigError::UnknownKey { key: name.to_owned(), origin, nearest });
    };
    let entry = &mut entries[position];
    let typed = parse_like(&entry.value, value);
    set(entry, typed.unwrap_or_else(|| Value::String(value.to_owned())), origin)
}

fn find<'a>(entries: &'a mut [Entry], key: &str, origin: &Source) -> Result<&'a mut Entry, ConfigError> {
    match entries.iter().position(|entry| entry.key == key) {
        Some(position) => Ok(&mut entries[position]),
        None => {
            let nearest = keys::nearest(key, entries.iter().map(|entry| entry.key.as_str())).to_owned();
            Err(ConfigError::UnknownKey { key: key.to_owned(), origin: origin.clone(), nearest })
        }
    }
}

/// `text` as a value of the same type as `like`.
fn parse_like(like: &Value, text: &str) -> Option<Value> {
    match like {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Float(_) => text.trim().parse().ok().map(Value::Float),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        _ => None,
    }
}

/// Gives `entry` the value, where its type and rule allow that.
fn set(entry: &mut Entry, value: Value, origin: Source) -> Result<(), ConfigError> {
    let typed = match (&entry.value, value) {
        (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
        (_, value) => value,
    };
    let rule = RULES.iter().find(|(key, _)| *key == entry.key).map(|(_, rule)| rule);
    let allowed = typed.same_type(&entry.value) && rule.is_none_or(|rule| rule.allows(&typed));
    if !allowed {
        let expected = rule.map_or_else(|| format!("a {}", entry.value.type_str()), ToString::to_string);
        return Err(ConfigError::Value { key: entry.key.clone(), origin, expected, actual: typed.to_string() });
    }
    entry.value = typed;
    entry.source = origin;
    Ok(())
}

fn assemble(entries: &[Entry]) -> Result<Config, ConfigError> {
    let mut table = Table::new();
    for entry in entries {
        keys::insert(&mut table, &entry.key, entry.value.clone());
    }
    table.try_into().map_err(|error: toml::de::Error| ConfigError::Assembly(error.to_string()))
}

/// What can only be judged over several settings.
fn check_together(config: &Config) -> Result<(), ConfigError> {
    let segments = &config.process.segments;
    if segments.min_s >= segments.max_s {
        return Err(ConfigError::Contradiction(format!(
            "process.segments.min_s = {} leaves nothing below process.segments.max_s = {}",
            segments.min_s, segments.max_s
        )));
    }
    Ok(())
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
