//! YAML files to validated structs: the only place where an experiment's text is read.

mod check;
mod locate;
mod overrides;
mod readings;
mod ring;
pub(crate) mod schema;
mod sweep;
mod sweep_cell;
mod sweep_settings;

use std::path::Path;

use features::files::read_text;
use harness::BadInput;
use serde::de::DeserializeOwned;

use locate::Lines;

pub(crate) use overrides::Override;
pub(crate) use readings::{Reading, Readings};
pub(crate) use ring::{PaperValues, RingCell, RingExperiment, RingScoring};
pub(crate) use sweep::SweepExperiment;
pub(crate) use sweep_cell::{Sounds, SweepCell};
pub(crate) use sweep_settings::ScoringConfig;

/// What a file describes: its key `experiment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// [`RingExperiment`].
    Ring,
    /// [`Readings`].
    RingReadings,
    /// [`SweepExperiment`].
    Sweep,
}

/// What is told of a file that was to be an experiment.
const EXPERIMENT: &str = "an experiment file such as experiments/ring.yaml";

/// A struct that an experiment file is read into.
pub(crate) trait Experiment: DeserializeOwned {
    /// What such a file is, with one that is there.
    const FILE: &'static str = EXPERIMENT;

    /// Checks what types cannot: impossible values.
    ///
    /// # Errors
    /// The first impossible value.
    fn validate(&self) -> Result<(), Impossible>;
}

/// An impossible value: its key, dotted, and what was found and expected.
#[derive(Debug, PartialEq)]
pub(crate) struct Impossible {
    /// Such as `loss.sigma`.
    pub(crate) key: String,
    /// Found and expected.
    pub(crate) what: String,
}

impl Impossible {
    /// Of `key`, with the words of `what`.
    pub(crate) fn new(key: impl Into<String>, what: impl ToString) -> Self {
        Self { key: key.into(), what: what.to_string() }
    }

    /// Of a setting of the losses.
    fn setting(error: &losses::SettingError) -> Self {
        Self::new(format!("loss.{}", error.key()), error)
    }
}

/// Which kind of experiment the file at `path` describes.
///
/// # Errors
/// A file that cannot be read, is no YAML, or names no known experiment.
pub(crate) fn kind(path: &Path) -> Result<Kind, BadInput> {
    #[derive(serde::Deserialize)]
    struct Head {
        experiment: Kind,
    }
    let text = read(path, EXPERIMENT)?;
    Lines::of(path, &text)?;
    parse::<Head>(path, &text).map(|head| head.experiment)
}

/// Reads the experiment at `path`, with `overrides` in place of its values.
///
/// # Errors
/// A file that cannot be read; an unknown key, a wrong type or an impossible value, with file, line and key.
pub(crate) fn load<T: Experiment>(path: &Path, overrides: &[Override]) -> Result<T, BadInput> {
    let text = read(path, T::FILE)?;
    let lines = Lines::of(path, &text)?;
    let plain: T = parse(path, &text)?;
    if overrides.is_empty() {
        return checked(plain, |key| lines.place(path, key));
    }
    let mut value: serde_yaml::Value = parse(path, &text)?;
    for change in overrides {
        change.apply(&mut value);
        let read: Result<T, _> = serde_path_to_error::deserialize(value.clone());
        read.map_err(|error| BadInput(format!("{change}: {}", located(&error))))?;
    }
    let changed: T = parse_value(value);
    checked(changed, |key| match overrides.iter().rev().find(|change| change.touches(key)) {
        Some(change) => change.to_string(),
        None => lines.place(path, key),
    })
}

fn parse_value<T: Experiment>(value: serde_yaml::Value) -> T {
    serde_yaml::from_value(value).expect("the value was parsed after the last change")
}

fn checked<T: Experiment>(experiment: T, place: impl Fn(&str) -> String) -> Result<T, BadInput> {
    match experiment.validate() {
        Ok(()) => Ok(experiment),
        Err(Impossible { key, what }) => Err(BadInput(format!("{}: {key}: {what}", place(&key)))),
    }
}

fn read(path: &Path, expected: &str) -> Result<String, BadInput> {
    read_text(path).map_err(|error| {
        let from = match std::env::current_dir() {
            Ok(folder) if path.is_relative() => format!(", a path from {}", folder.display()),
            _ => String::new(),
        };
        BadInput(format!("{}: cannot be read ({error}); expected {expected}{from}", path.display()))
    })
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, BadInput> {
    let read: Result<T, _> = serde_path_to_error::deserialize(serde_yaml::Deserializer::from_str(text));
    read.map_err(|error| {
        let line = error.inner().location().map_or(String::new(), |at| format!(":{}", at.line()));
        BadInput(format!("{}{line}: {}", path.display(), located(&error)))
    })
}

/// What is wrong, after the key where it is.
fn located(error: &serde_path_to_error::Error<serde_yaml::Error>) -> String {
    let (key, what) = (error.path().to_string(), locate::explain(&error.inner().to_string()));
    // The parser names the key too, but not always the whole of it.
    let what = what
        .split_once(": ")
        .filter(|(named, _)| key.starts_with(named))
        .map_or(what.as_str(), |(_, rest)| rest);
    if key == "." { what.to_owned() } else { format!("{key}: {what}") }
}
