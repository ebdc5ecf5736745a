//! What is wrong with a set of sounds: one line a file, all of them at once.

use std::fmt;
use std::path::Path;

use crate::audio::AudioError;

/// One thing that is wrong with a set of sounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, the folder, or the manifest's key.
    pub place: String,
    /// What was found there and what was expected.
    pub what: String,
}

impl Problem {
    /// A problem of a file, a folder or a key.
    pub fn new(place: impl fmt::Display, found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self { place: place.to_string(), what: format!("found {found}, expected {expected}") }
    }

    /// A problem of a file or a folder.
    pub(crate) fn at(place: &Path, found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self::new(place.display(), found, expected)
    }

    /// A sound that is too short for one row of features; both lengths in seconds.
    pub(crate) fn too_short(place: impl fmt::Display, seconds: f64, needed: f64) -> Self {
        // Rounded down, so that what was found is always told as less than what was expected.
        let found = format!("{:.3} s of sound", (seconds * 1000.0).floor() / 1000.0);
        Self::new(place, found, format!("at least {needed:.3} s, what one row of features covers"))
    }

    /// A sound that cannot be read.
    pub(crate) fn audio(path: &Path, error: &AudioError) -> Self {
        let (place, text) = (path.display().to_string(), error.to_string());
        let what = text.strip_prefix(&place).map_or(text.as_str(), |rest| rest.trim_start_matches(": "));
        Self { what: what.to_owned(), place }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Everything that is wrong with a set of sounds, sorted by place.
#[derive(Debug, thiserror::Error)]
#[error("data set `{set}`: {} wrong\n{}", count(.problems), lines(.problems))]
pub struct DatasetError {
    /// The manifest's name.
    pub set: String,
    /// All that is wrong, sorted, each told once.
    pub problems: Vec<Problem>,
}

impl DatasetError {
    /// An error when there is at least one problem.
    pub(crate) fn check(set: &str, problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { set: set.to_owned(), problems: sorted(problems) })
        }
    }
}

/// By place, each told once.
pub(super) fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}

fn count(problems: &[Problem]) -> String {
    if problems.len() == 1 { "one thing is".to_owned() } else { format!("{} things are", problems.len()) }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}
