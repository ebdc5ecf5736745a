//! YAML files to validated structs: the only place where an experiment's text is read.

mod check;
mod document;
mod explain;
mod locate;
mod overrides;
mod ring;
pub(crate) mod schema;
mod seeds;
mod sweep;
mod sweep_cell;
mod sweep_settings;
mod vary;

use std::path::Path;

use harness::BadInput;
use serde::de::DeserializeOwned;

use document::Document;

pub(crate) use overrides::Override;
pub(crate) use ring::{PaperValues, RingCell, RingExperiment, RingScoring};
pub(crate) use seeds::Seeds;
pub(crate) use sweep::SweepExperiment;
pub(crate) use sweep_cell::{Model, Sounds, SweepCell};
pub(crate) use sweep_settings::ScoringConfig;
pub(crate) use vary::{Axis, Point, Variant, Varied, folded};

/// What a file describes: its key `experiment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// [`RingExperiment`].
    Ring,
    /// [`SweepExperiment`].
    Sweep,
}

/// What is told of a file that was to be an experiment.
const EXPERIMENT: &str = "an experiment file such as experiments/ring.yaml";

/// A struct that an experiment file is read into.
pub(crate) trait Experiment: DeserializeOwned + Clone {
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
    Document::read(path, EXPERIMENT)?.parse::<Head>().map(|head| head.experiment)
}

/// Reads the one `T` at `path`, in which nothing varies.
///
/// # Errors
/// A file that cannot be read; an unknown key, a wrong type or an impossible value, with file, line and key.
pub(crate) fn load<T: Experiment>(path: &Path) -> Result<T, BadInput> {
    Document::read(path, T::FILE)?.experiment(&[])
}

/// Reads the experiment at `path`, with `overrides` in place of its values, and every variant of it.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_varied<T: Experiment>(path: &Path, overrides: &[Override]) -> Result<Varied<T>, BadInput> {
    let mut document = Document::read(path, T::FILE)?;
    overrides.iter().for_each(|change| change.apply(document.value_mut()));
    let axes = document.take_axes(overrides)?;
    let plain: T = document.experiment(overrides)?;
    if axes.is_empty() {
        let variants = vec![Variant { point: Point::new(), experiment: plain.clone() }];
        return Ok(Varied { plain, axes, variants });
    }
    let variants = vary::crossed(&axes).into_iter().map(|(point, changes)| {
        Ok(Variant { point, experiment: document.variant(&axes, changes, overrides)? })
    });
    Ok(Varied { plain, variants: variants.collect::<Result<_, BadInput>>()?, axes })
}

/// The text of one file that says all that the experiment at `path` says with `overrides`, its base and its front ends.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn resolved(path: &Path, overrides: &[Override]) -> Result<String, BadInput> {
    let mut document = Document::read(path, EXPERIMENT)?;
    overrides.iter().for_each(|change| change.apply(document.value_mut()));
    document.to_yaml()
}
