//! A front end of a sweep's file: what of `features::log_mel` can be set.

use features::context::Edges;
use features::log_mel::{LogMel, LogMelConfig};
use features::mel::{BandShape, MelScale};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Impossible;
use super::check::within;

/// Sounds to rows x_t (Sec. 4.2.2); the frames are the paper's, 512 samples every 256 at 16 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrontEndConfig {
    /// M, mel bands.
    pub(crate) bands: usize,
    /// C, frames of context on each side.
    pub(crate) context: usize,
    /// Frequency to mel.
    #[serde(default)]
    pub(crate) scale: ScaleKind,
    /// What a band looks like.
    #[serde(default)]
    pub(crate) shape: ShapeKind,
    /// What is done at a sound's ends.
    #[serde(default)]
    pub(crate) edges: EdgesKind,
}

/// Frequency to mel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScaleKind {
    /// HTK's.
    #[default]
    Htk,
    /// Slaney's.
    Slaney,
}

/// What a mel band looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ShapeKind {
    /// Corners on distinct FFT bins, weights that sum to one.
    #[default]
    Snapped,
    /// Triangles of height one.
    Triangle,
    /// Triangles of area one.
    UnitArea,
}

/// What is done at a sound's ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EdgesKind {
    /// Only frames with full context give a row.
    #[default]
    Full,
    /// The sound is silent beyond its ends.
    ZeroPad,
}

impl FrontEndConfig {
    /// As `features` has it.
    pub(crate) fn log_mel(&self) -> LogMelConfig {
        let mut config = LogMelConfig::new(self.bands, self.context);
        config.mel.scale = match self.scale {
            ScaleKind::Htk => MelScale::Htk,
            ScaleKind::Slaney => MelScale::Slaney,
        };
        config.mel.shape = match self.shape {
            ShapeKind::Snapped => BandShape::Snapped,
            ShapeKind::Triangle => BandShape::Triangle,
            ShapeKind::UnitArea => BandShape::UnitArea,
        };
        config.edges = match self.edges {
            EdgesKind::Full => Edges::Full,
            EdgesKind::ZeroPad => Edges::ZeroPad,
        };
        config
    }

    /// Checks that there can be such a front end; `key` is where it stands.
    pub(super) fn check(&self, key: &str) -> Result<(), Impossible> {
        within(&format!("{key}.bands"), self.bands, self.bands > 0, "1 at least")?;
        LogMel::new(&self.log_mel()).map(drop).map_err(|error| Impossible::new(key, error))
    }
}
