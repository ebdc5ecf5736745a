//! An experiment file with the file that it is based on, as one tree of values that knows where each stands.

use std::path::{Path, PathBuf};

use features::files::read_text;
use harness::BadInput;
use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use super::explain::explain;
use super::locate::Lines;
use super::vary::{Axis, Changes};
use super::{Experiment, Impossible, Override};

/// The key that names the file whose values hold where this one has none.
const BASE: &str = "base";

/// The key of what varies.
const VARY: &str = "vary";

/// The values of a file and of its base, and where they stand.
pub(super) struct Document {
    /// The file, then its base.
    files: Vec<(PathBuf, Lines)>,
    value: Value,
}

impl Document {
    /// Reads `path`, and its base where it names one; `expected` is what it was to be.
    ///
    /// # Errors
    /// A file that cannot be read or is no YAML; a base that has a base.
    pub(super) fn read(path: &Path, expected: &str) -> Result<Self, BadInput> {
        let (lines, mut value) = read(path, expected)?;
        let mut files = vec![(path.to_owned(), lines)];
        if let Some(base) = take(&mut value, BASE) {
            let place = files[0].1.place(path, BASE);
            let Value::String(base) = base else {
                return Err(BadInput(format!("{place}: base: expected the name of a file beside this one")));
            };
            let base = path.parent().unwrap_or(Path::new("")).join(base);
            let told = |BadInput(what)| BadInput(format!("{place}: base: {what}"));
            let (lines, mut below) = read(&base, expected).map_err(told)?;
            if take(&mut below, BASE).is_some() {
                let what = format!("found {}, which has a base itself, expected one without", base.display());
                return Err(told(BadInput(what)));
            }
            files.push((base, lines));
            lay_over(&mut below, value);
            value = below;
        }
        Ok(Self { files, value })
    }

    /// The values, to be changed.
    pub(super) fn value_mut(&mut self) -> &mut Value {
        &mut self.value
    }

    /// `file:line` of a key, or of what holds it.
    fn place(&self, key: &str) -> String {
        let of = |(path, lines): &(PathBuf, Lines)| {
            lines.line(key).map(|line| format!("{}:{line}", path.display()))
        };
        let (path, lines) = &self.files[0];
        self.files.iter().find_map(of).unwrap_or_else(|| lines.place(path, key))
    }

    /// Where a key stands: in one of `changes`, or in a file.
    fn place_among(&self, key: &str, changes: &[Override]) -> String {
        match changes.iter().rev().find(|change| change.touches(key)) {
            Some(change) => change.to_string(),
            None => self.place(key),
        }
    }

    /// The values as a `T`.
    ///
    /// # Errors
    /// An unknown key or a wrong type, with file, line and key.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, BadInput> {
        parse(&self.value, |key| self.place(key))
    }

    /// The experiment, of which `changes` were made.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and an impossible value.
    pub(super) fn experiment<T: Experiment>(&self, changes: &[Override]) -> Result<T, BadInput> {
        read_experiment(&self.value, |key| self.place_among(key, changes))
    }

    /// The experiment of one combination of `axes`; `overrides` were made before.
    ///
    /// # Errors
    /// As [`experiment`](Self::experiment), with the place in `vary`.
    pub(super) fn variant<T: Experiment>(
        &self,
        axes: &[Axis],
        changes: Changes,
        overrides: &[Override],
    ) -> Result<T, BadInput> {
        let mut value = self.value.clone();
        changes.iter().for_each(|(_, change)| change.apply(&mut value));
        read_experiment(&value, |key| match changes.iter().rev().find(|(_, change)| change.touches(key)) {
            Some((axis, change)) => {
                let at = format!("{VARY}[{axis}].{}", axes[*axis].key);
                format!("{}: {at}: {}", self.place_among(&at, overrides), change.assignment())
            }
            None => self.place_among(key, overrides),
        })
    }

    /// The values as YAML, with those of its base and of the files that front ends name.
    ///
    /// # Errors
    /// The file of a front end that cannot be read.
    pub(super) fn to_yaml(&self) -> Result<String, BadInput> {
        let value = with_front_ends(self.value.clone(), |key| self.place(key))?;
        Ok(serde_yaml::to_string(&value).expect("values that were read can be written"))
    }

    /// What varies, taken out of the values.
    ///
    /// # Errors
    /// What is no list of axes, with its place.
    pub(super) fn take_axes(&mut self, changes: &[Override]) -> Result<Vec<Axis>, BadInput> {
        let Some(vary) = take(&mut self.value, VARY) else { return Ok(Vec::new()) };
        Axis::all(&vary)
            .map_err(|(key, what)| BadInput(format!("{}: {key}: {what}", self.place_among(&key, changes))))
    }
}

fn read(path: &Path, expected: &str) -> Result<(Lines, Value), BadInput> {
    let text = read_text(path).map_err(|error| {
        let from = match std::env::current_dir() {
            Ok(folder) if path.is_relative() => format!(", a path from {}", folder.display()),
            _ => String::new(),
        };
        BadInput(format!("{}: cannot be read ({error}); expected {expected}{from}", path.display()))
    })?;
    let lines = Lines::of(path, &text)?;
    let value = serde_yaml::from_str(&text).map_err(|error| {
        let line = error.location().map_or(String::new(), |at| format!(":{}", at.line()));
        BadInput(format!("{}{line}: {}", path.display(), explain(&error.to_string())))
    });
    Ok((lines, value?))
}

fn take(value: &mut Value, key: &str) -> Option<Value> {
    value.as_mapping_mut()?.shift_remove(key)
}

/// Puts the values of `over` in the place of those of `below`: mappings key by key, anything else whole.
fn lay_over(below: &mut Value, over: Value) {
    match (below, over) {
        (Value::Mapping(below), Value::Mapping(over)) => {
            for (key, value) in over {
                match below.get_mut(&key) {
                    Some(known) => lay_over(known, value),
                    None => drop(below.insert(key, value)),
                }
            }
        }
        (below, over) => *below = over,
    }
}

/// The key of the front ends, each of which may be the name of a file that holds it.
const FRONT_ENDS: &str = "front_ends";

/// Puts the values of the files that front ends name, paths from the working directory, in the place of their names.
fn with_front_ends(mut value: Value, place: impl Fn(&str) -> String) -> Result<Value, BadInput> {
    let Some(Value::Mapping(front_ends)) = value.get_mut(FRONT_ENDS) else { return Ok(value) };
    for (name, front_end) in front_ends.iter_mut() {
        let Value::String(path) = front_end else { continue };
        let told = |BadInput(what): BadInput| {
            let key = format!("{FRONT_ENDS}.{}", name.as_str().unwrap_or_default());
            BadInput(format!("{}: {key}: {what}", place(&key)))
        };
        let file = "a front end, or a file that holds one such as experiments/frontends/fcn40.yaml";
        *front_end = read(Path::new(path), file).map_err(told)?.1;
    }
    Ok(value)
}

fn read_experiment<T: Experiment>(value: &Value, place: impl Fn(&str) -> String) -> Result<T, BadInput> {
    let experiment: T = parse(&with_front_ends(value.clone(), &place)?, &place)?;
    match experiment.validate() {
        Ok(()) => Ok(experiment),
        Err(Impossible { key, what }) => {
            // Who reads the value may have named it too.
            let name = key.rsplit('.').next().unwrap_or(&key);
            let what = what.strip_prefix(&format!("{name}: ")).unwrap_or(&what);
            Err(BadInput(format!("{}: {key}: {what}", place(&key))))
        }
    }
}

fn parse<T: DeserializeOwned>(value: &Value, place: impl Fn(&str) -> String) -> Result<T, BadInput> {
    // A file without a key is one without values, not one of another type.
    let value = if value.is_null() { Value::Mapping(Mapping::new()) } else { value.clone() };
    let read: Result<T, _> = serde_path_to_error::deserialize(value);
    read.map_err(|error| {
        let key = error.path().to_string();
        let what = explain(&error.inner().to_string());
        // The parser names the key too, but not always the whole of it.
        let what = what
            .split_once(": ")
            .filter(|(named, _)| key.starts_with(named))
            .map_or(what.as_str(), |(_, rest)| rest);
        let named = if key == "." { String::new() } else { format!("{key}: ") };
        BadInput(format!("{}: {named}{what}", place(&key)))
    })
}
