//! The objectives by name: a line each, made of a weighting and a term; and the settings that they read.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::kde::KdeError;
use crate::{Objective, Quantity, Term, Weighting, weighting};

/// An objective by its name.
#[derive(Debug)]
struct Entry {
    /// As the field names it.
    name: &'static str,
    /// The colour of its curves, red, green and blue, of those that the colour-blind tell apart: after Okabe and Ito,
    /// and after Tol.
    color: [u8; 3],
    weighting: fn(&Settings, Sizes) -> Result<Weighting, SettingError>,
    term: fn(&Settings, Sizes) -> Result<Term, SettingError>,
}

/// Every objective, in the order of tables and figures: Eqs. 7, 9 and 16.
static REGISTRY: &[Entry] = &[
    Entry { name: "RE", color: [0, 158, 115], weighting: uniform, term: none },
    Entry { name: "SNP", color: [0, 114, 178], weighting: uniform, term: tanh },
    Entry { name: "BU", color: [204, 51, 17], weighting: density, term: tanh },
    Entry { name: "BU-POWER", color: [51, 34, 136], weighting: density_power, term: tanh },
    Entry { name: "DENSITY", color: [153, 153, 51], weighting: density, term: none },
    Entry { name: "DENSITY-POWER", color: [136, 204, 238], weighting: density_power, term: none },
    Entry { name: "TOP", color: [238, 119, 51], weighting: top_share, term: none },
    Entry { name: "TOP-SNP", color: [170, 51, 119], weighting: top_share, term: tanh },
];

/// The settings of all objectives, as an experiment's file gives them; each objective reads those that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Band-width σ of the KDE (Eq. 15).
    pub sigma: Quantity,
    /// ε of the weights (Eq. 16).
    pub epsilon: f64,
    /// Whether the rows of a mini-batch are brought to zero mean and unit variance for the KDE (Sec. 4.2.2);
    /// they are not where this is absent.
    #[serde(default)]
    pub standardize: bool,
    /// Clipping parameter λ of the anomalous term (Eq. 10).
    pub lambda: Quantity,
    /// γ, the power to which BU-POWER and DENSITY-POWER raise the weights of BU: 0 is SNP and RE, 1 is BU and DENSITY.
    #[serde(default = "half")]
    pub density_strength: f64,
    /// The share of the largest normal scores that count, by TOP and TOP-SNP: 0 is the one largest, the minimax of Sec.
    /// 3.1, 1 all.
    #[serde(default = "five_percent")]
    pub top_share: f64,
}

fn half() -> f64 {
    0.5
}

fn five_percent() -> f64 {
    0.05
}

fn uniform(_: &Settings, _: Sizes) -> Result<Weighting, SettingError> {
    Ok(Weighting::Uniform)
}

fn density(settings: &Settings, sizes: Sizes) -> Result<Weighting, SettingError> {
    weighting::density::resolve(settings, sizes).map(Weighting::Density)
}

fn density_power(settings: &Settings, sizes: Sizes) -> Result<Weighting, SettingError> {
    let density = weighting::density::resolve(settings, sizes)?;
    Ok(Weighting::DensityPower { density, strength: settings.density_strength })
}

fn top_share(settings: &Settings, _: Sizes) -> Result<Weighting, SettingError> {
    Ok(Weighting::TopShare { share: settings.top_share })
}

fn none(_: &Settings, _: Sizes) -> Result<Term, SettingError> {
    Ok(Term::None)
}

fn tanh(settings: &Settings, sizes: Sizes) -> Result<Term, SettingError> {
    Ok(Term::Tanh { lambda: settings.lambda.resolve("lambda", sizes)? })
}

/// Sizes of the features, to which settings may be in proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// D, features of a row.
    pub dim: usize,
    /// M, mel bands; none where rows are no spectra.
    pub bands: Option<usize>,
}

/// A setting that an objective cannot be made with.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SettingError {
    /// A number out of its range.
    #[error("{key}: found {found}, expected {expected}")]
    Range {
        /// The setting.
        key: &'static str,
        /// Its value.
        found: f64,
        /// What would do.
        expected: &'static str,
    },
    /// A multiple of the mel bands where there are none.
    #[error("{key}: found {found}, expected a number or a multiple of D: there are no mel bands M here")]
    NoBands {
        /// The setting.
        key: &'static str,
        /// As it is written.
        found: String,
    },
    /// A setting of the density.
    #[error(transparent)]
    Kde(#[from] KdeError),
}

impl SettingError {
    /// That `found` is not a positive number that `f32` computes with.
    pub(crate) fn range(key: &'static str, found: f64) -> Self {
        Self::Range { key, found, expected: "a number from 1e-20 to 1e20" }
    }

    /// The setting that is wrong.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Range { key, .. } | Self::NoBands { key, .. } => key,
            Self::Kde(KdeError::Epsilon(_)) => "epsilon",
            Self::Kde(KdeError::Sigma(_) | KdeError::NoFeatures) => "sigma",
        }
    }
}

/// One of the objectives, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectiveName(usize);

impl ObjectiveName {
    /// Every objective, in the order of tables and figures.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..REGISTRY.len()).map(Self)
    }

    /// The objective of this name, if there is one.
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|objective| objective.as_str() == name)
    }

    fn entry(self) -> &'static Entry {
        &REGISTRY[self.0]
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// Its place among all objectives.
    pub fn order(self) -> usize {
        self.0
    }

    /// The colour of its curves: red, green, blue.
    pub fn color(self) -> [u8; 3] {
        self.entry().color
    }

    /// The objective for features of `sizes`, with the settings that it reads, as numbers.
    ///
    /// # Errors
    /// A setting that it reads and cannot be made with.
    pub fn resolve(self, settings: &Settings, sizes: Sizes) -> Result<Objective, SettingError> {
        let Entry { weighting, term, .. } = self.entry();
        let objective = Objective { weighting: weighting(settings, sizes)?, term: term(settings, sizes)? };
        objective.validate()?;
        Ok(objective)
    }
}

/// All names, for a message.
fn names() -> String {
    ObjectiveName::all().map(ObjectiveName::as_str).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for ObjectiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ObjectiveName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ObjectiveName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Self::find(&name).ok_or_else(|| {
            de::Error::custom(format!("unknown objective `{name}`, expected one of {}", names()))
        })
    }
}

impl JsonSchema for ObjectiveName {
    fn schema_name() -> Cow<'static, str> {
        "ObjectiveName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::all().map(Self::as_str).collect();
        json_schema!({ "description": "What is minimised", "type": "string", "enum": names })
    }
}
