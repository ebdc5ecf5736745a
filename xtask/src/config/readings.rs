//! `experiments/ring-readings.yaml`: the verification experiment under other readings of the paper.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harness::BadInput;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{MOST_SEEDS, count};
use super::{Experiment, Impossible, Kind, Override, RingExperiment, load};

/// A sensitivity table: one row a reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Readings {
    /// Always `ring-readings`.
    pub(crate) experiment: Kind,
    /// The experiment that readings change, a file beside this one.
    pub(crate) base: PathBuf,
    /// Seeds of each reading.
    pub(crate) seeds: u64,
    /// The rows of the table.
    pub(crate) readings: Vec<Reading>,
}

/// One reading of what the paper leaves open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    /// What the table calls it.
    pub(crate) name: String,
    /// Dotted keys of the base experiment and the values they get.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(crate) set: BTreeMap<String, serde_yaml::Value>,
}

impl Experiment for Readings {
    fn validate(&self) -> Result<(), Impossible> {
        if self.experiment != Kind::RingReadings {
            return Err(Impossible::new("experiment", "found another kind, expected ring-readings"));
        }
        count("seeds", self.seeds, MOST_SEEDS)?;
        if self.readings.is_empty() {
            return Err(Impossible::new("readings", "found none, expected at least 1"));
        }
        for (index, reading) in self.readings.iter().enumerate() {
            if reading.folder_name().is_empty() {
                let what = format!("found the name `{}`, expected letters or digits in it", reading.name);
                return Err(Impossible::new("readings", what));
            }
            let same = |other: &&Reading| other.folder_name() == reading.folder_name();
            if let Some(twin) = self.readings[..index].iter().find(same) {
                let what = format!(
                    "found `{}` and `{}`, expected names that differ in letters or digits",
                    twin.name, reading.name
                );
                return Err(Impossible::new("readings", what));
            }
        }
        Ok(())
    }
}

impl Readings {
    /// The base experiment as each reading changes it; `file` is where these readings were read from.
    ///
    /// # Errors
    /// A base that cannot be read, or a reading that it refuses, named.
    pub(crate) fn experiments(&self, file: &Path) -> Result<Vec<(Reading, RingExperiment)>, BadInput> {
        let base = file.parent().unwrap_or(Path::new("")).join(&self.base);
        let resolved = self.readings.iter().map(|reading| {
            let changes: Vec<Override> =
                reading.set.iter().map(|(key, value)| Override::new(key, value.clone())).collect();
            let experiment = load::<RingExperiment>(&base, &changes);
            let mut experiment = experiment.map_err(|BadInput(what)| {
                BadInput(format!("{}: reading `{}`: {what}", file.display(), reading.name))
            })?;
            experiment.seeds = self.seeds;
            Ok((reading.clone(), experiment))
        });
        resolved.collect()
    }
}

impl Reading {
    /// The name in lower-case letters, digits and hyphens.
    pub(crate) fn folder_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = self.name.chars().map(plain).collect();
        name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }
}
