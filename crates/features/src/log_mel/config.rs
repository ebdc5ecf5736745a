//! Settings of the front end: all that a stranger needs to recompute a row of features.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::LogMelError;
use crate::audio::{MAX_RATE, MIN_RATE};
use crate::context::Edges;
use crate::mel::{MelBank, MelConfig, MelNorm, MelScale, edges_hz};
use crate::stft::Window;

/// The longest transform and the longest row taken; a typing mistake beyond them would fill the memory.
const MAX_FFT: usize = 1 << 16;
const MAX_DIM: usize = 1 << 24;

/// Sounds to rows x_t = (ψ_{t-C}, ..., ψ_{t+C}) (Sec. 4.2.2): 2C + 1 frames in order of time, each of M bands from low to
/// high. What is absent is as in the paper, and as `librosa.feature.melspectrogram` computes
/// it with `center=False, power=1, htk=True, norm=None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// M, mel bands.
    pub bands: usize,
    /// C, frames of context on each side.
    pub context: usize,
    /// Sampling rate to which sounds are brought, in Hz.
    #[serde(default = "rate")]
    pub rate: u32,
    /// Samples of a frame and of its transform.
    #[serde(default = "fft")]
    pub fft: usize,
    /// Samples from one frame to the next.
    #[serde(default = "hop")]
    pub hop: usize,
    /// The window of a frame.
    #[serde(default)]
    pub window: Window,
    /// Where the first and the last frame lie.
    #[serde(default)]
    pub centring: Centring,
    /// What of the spectrum is summed up in a band.
    #[serde(default)]
    pub spectrum: Spectrum,
    /// Frequency to mel.
    #[serde(default)]
    pub scale: MelScale,
    /// How high the triangles of the mel bands are.
    #[serde(default)]
    pub norm: MelNorm,
    /// Lower edge of the lowest band, in Hz.
    #[serde(default)]
    pub fmin: f64,
    /// Upper edge of the highest band, in Hz; at most half the rate.
    #[serde(default = "fmax")]
    pub fmax: f64,
    /// The logarithm of a band.
    #[serde(default)]
    pub log: Log,
    /// What keeps the logarithm of silence finite. YAML would write an enum of numbers as a tag; here it is a map.
    #[serde(default, with = "serde_yaml::with::singleton_map")]
    #[schemars(with = "Floor")]
    pub floor: Floor,
    /// What is done at a sound's ends, where frames have fewer than C neighbours.
    #[serde(default)]
    pub edges: Edges,
    /// The channel that is read, from 0, of all sounds; what the set of sounds says where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u16>,
}

/// Where the first and the last frame of a sound lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Centring {
    /// Frames lie within the sound.
    #[default]
    None,
    /// The first frame's middle is the first sample; the sound is silent beyond its ends.
    Zeros,
    /// The same, but the sound is mirrored at its ends.
    Reflect,
}

/// What of the spectrum is summed up in a band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Spectrum {
    /// |X|.
    #[default]
    Magnitude,
    /// |X|².
    Power,
}

/// The logarithm of a band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Log {
    /// The natural one.
    #[default]
    Ln,
    /// To the base of 10.
    Log10,
    /// Decibels: 10 log10 of powers, 20 log10 of magnitudes.
    Db,
}

/// What keeps the logarithm of silence finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Floor {
    /// This much is added to each band.
    Add(f64),
    /// No band is less than this.
    Maximum(f64),
}

impl Default for Floor {
    fn default() -> Self {
        Self::Add(1e-8)
    }
}

fn rate() -> u32 {
    16_000
}

fn fft() -> usize {
    512
}

fn hop() -> usize {
    256
}

fn fmax() -> f64 {
    8_000.0
}

impl FrontEnd {
    /// The paper's front end with M = `bands` and C = `context`.
    pub fn new(bands: usize, context: usize) -> Self {
        Self {
            bands,
            context,
            rate: rate(),
            fft: fft(),
            hop: hop(),
            window: Window::default(),
            centring: Centring::default(),
            spectrum: Spectrum::default(),
            scale: MelScale::default(),
            norm: MelNorm::default(),
            fmin: 0.0,
            fmax: fmax(),
            log: Log::default(),
            floor: Floor::default(),
            edges: Edges::default(),
            channel: None,
        }
    }

    /// FCN40: M = 40, C = 5, so D = 440.
    pub fn fcn40() -> Self {
        Self::new(40, 5)
    }

    /// FCN64: M = 64, C = 10, so D = 1344.
    pub fn fcn64() -> Self {
        Self::new(64, 10)
    }

    /// The baseline's of DCASE task 2 since 2020: five frames of 128 bands, in dB.
    pub fn dcase() -> Self {
        Self {
            fft: 1024,
            hop: 512,
            centring: Centring::Zeros,
            spectrum: Spectrum::Power,
            scale: MelScale::Slaney,
            norm: MelNorm::Slaney,
            log: Log::Db,
            floor: Floor::Maximum(f64::EPSILON),
            ..Self::new(128, 2)
        }
    }

    /// Makes the filter bank, after a look at all settings.
    ///
    /// # Errors
    /// [`LogMelError::Setting`] or [`LogMelError::Mel`] for the first setting that is impossible.
    pub fn bank(&self) -> Result<MelBank, LogMelError> {
        self.check()?;
        let FrontEnd { bands, scale, norm, fmin, fmax, .. } = *self;
        Ok(MelBank::new(&MelConfig { bands, scale, norm, fmin, fmax }, self.rate, self.fft)?)
    }

    /// The frequencies of band `band`, in Hz: where the triangles of its neighbours reach their peaks.
    ///
    /// # Panics
    /// When there is no such band.
    pub fn band_hz(&self, band: usize) -> [f64; 2] {
        let FrontEnd { bands, scale, norm, fmin, fmax, .. } = *self;
        let edges = edges_hz(&MelConfig { bands, scale, norm, fmin, fmax });
        [edges[band], edges[band + 2]]
    }

    fn check(&self) -> Result<(), LogMelError> {
        let setting = |key, found: String, expected| Err(LogMelError::Setting { key, found, expected });
        if !(MIN_RATE..=MAX_RATE).contains(&self.rate) {
            return setting("rate", format!("{} Hz", self.rate), "4000 to 384000 Hz");
        }
        if !(4..=MAX_FFT).contains(&self.fft) {
            return setting("fft", format!("{} samples", self.fft), "4 to 2^16 samples");
        }
        if self.hop == 0 || self.hop > self.fft {
            return setting("hop", format!("{} samples", self.hop), "1 to `fft`: frames that leave no gap");
        }
        let dim = self.context.checked_mul(2).and_then(|c| (c + 1).checked_mul(self.bands));
        if dim.is_none_or(|dim| dim > MAX_DIM) {
            return setting("context", format!("{} frames", self.context), "a row of at most 2^24 features");
        }
        let (Floor::Add(floor) | Floor::Maximum(floor)) = self.floor;
        if !(floor.is_normal() && floor > 0.0 && floor <= 1.0) {
            return setting("floor", floor.to_string(), "a positive number, 1 at most");
        }
        Ok(())
    }

    /// ψ of a band's sum.
    pub(super) fn log_of(&self, sum: f64) -> f32 {
        let floored = match self.floor {
            Floor::Add(floor) => sum + floor,
            Floor::Maximum(floor) => sum.max(floor),
        };
        let log = match (self.log, self.spectrum) {
            (Log::Ln, _) => floored.ln(),
            (Log::Log10, _) => floored.log10(),
            (Log::Db, Spectrum::Power) => 10.0 * floored.log10(),
            (Log::Db, Spectrum::Magnitude) => 20.0 * floored.log10(),
        };
        log as f32
    }
}
