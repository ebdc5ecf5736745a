//! The mini-batches of Sec. 4.2.1: normal sounds with one something-else clip mixed in, as feature rows.

mod check;
mod prefetch;

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::problems;
pub use prefetch::Prefetch;

use crate::dataset::{Dataset, DatasetError, Loaded, Role};
use crate::log_mel::{FrontEnd, LogMel, LogMelError};
use crate::mix::{MixError, mix_at_anr};
use crate::rng::{Purpose, stream};

/// What a batch is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// Normal training sounds are cut into pieces of this length, in seconds.
    pub piece_s: f64,
    /// Pieces joined for a batch, all different.
    pub pieces: usize,
    /// The ANR of the something-else clip is uniform between these two, in dB.
    pub anr_db: [f64; 2],
}

impl Default for BatchConfig {
    /// The paper's: ten pieces of 3 s, -30 to 10 dB.
    fn default() -> Self {
        Self { piece_s: 3.0, pieces: 10, anr_db: [-30.0, 10.0] }
    }
}

impl BatchConfig {
    /// Samples of a piece at `rate` Hz.
    fn piece_samples(&self, rate: u32) -> usize {
        (self.piece_s * f64::from(rate)).round() as usize
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`BatchError::Setting`] for the first that is impossible.
    pub fn check(&self) -> Result<(), BatchError> {
        let setting = |key, found: String, expected: &str| {
            Err(BatchError::Setting { key, found, expected: expected.to_owned() })
        };
        if !(self.piece_s >= 0.1 && self.piece_s <= 3600.0) {
            return setting("piece_s", format!("{} s", self.piece_s), "0.1 to 3600 s");
        }
        if self.pieces == 0 {
            return setting("pieces", "0".to_owned(), "at least 1");
        }
        let [low, high] = self.anr_db;
        if !(-200.0 <= low && low <= high && high <= 200.0) {
            return setting(
                "anr_db",
                format!("[{low}, {high}]"),
                "[low, high] between -200 and 200 dB, low at most high",
            );
        }
        Ok(())
    }
}

/// Why batches cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A setting is impossible.
    #[error("`{key}` is {found}, expected {expected}")]
    Setting {
        /// The field of [`BatchConfig`].
        key: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: String,
    },
    /// The sounds do not make a batch.
    #[error(transparent)]
    Sounds(#[from] DatasetError),
    /// The front end refuses the samples of a batch.
    #[error("batch {index} of seed {seed}: {source}")]
    Features {
        /// The seed of the training.
        seed: u64,
        /// The batch.
        index: u64,
        /// Why.
        source: LogMelError,
    },
    /// The front end cannot be made.
    #[error(transparent)]
    FrontEnd(#[from] LogMelError),
    /// The clip cannot be mixed in.
    #[error(
        "batch {index} of seed {seed}: drawn {DRAWS} times, at last {clip} at sample {at} of {pieces}: {source}; expected normal training sounds that are not silent nearly throughout"
    )]
    Mix {
        /// The seed of the training.
        seed: u64,
        /// The batch.
        index: u64,
        /// The something-else clip.
        clip: String,
        /// Where it was to start.
        at: usize,
        /// The sounds that were joined.
        pieces: String,
        /// Why.
        source: MixError,
    },
}

/// The sounds that batches are drawn from, in memory once for all trainings.
#[derive(Clone, Debug)]
pub struct TrainingSounds {
    /// The data set's name.
    pub set: String,
    /// Normal sounds, with noise where the manifest says so.
    pub normal: Vec<Loaded>,
    /// Sounds of other things.
    pub something_else: Vec<Loaded>,
}

impl TrainingSounds {
    /// Loads the training sounds of a set at `rate` Hz.
    ///
    /// # Errors
    /// All at once: the files that cannot be read or mixed.
    pub fn load(set: &Dataset, rate: u32) -> Result<Self, DatasetError> {
        let (normal, something_else) =
            (set.load(Role::NormalTrain, rate)?, set.load(Role::SomethingElse, rate)?);
        Ok(Self { set: set.name.clone(), normal, something_else })
    }
}

/// One mini-batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// (normal + anomalous) x dim, row-major: the normal rows x^(u), then the anomalous rows x^(a), each kind in the
    /// order of time.
    pub rows: Vec<f32>,
    /// D.
    pub dim: usize,
    /// M_u: rows without a sample of the clip in their context.
    pub normal: usize,
    /// M_a: the other rows.
    pub anomalous: usize,
}

impl Batch {
    /// The normal rows, (normal x dim).
    pub fn normal_rows(&self) -> &[f32] {
        &self.rows[..self.normal * self.dim]
    }

    /// The anomalous rows, (anomalous x dim).
    pub fn anomalous_rows(&self) -> &[f32] {
        &self.rows[self.normal * self.dim..]
    }
}

/// A stretch of a normal sound.
#[derive(Clone, Copy)]
struct Piece {
    sound: usize,
    start: usize,
}

/// Most times that a batch is drawn. Where a clip lies on sound one time in thirty, all fail once in 10^14 batches.
const DRAWS: usize = 1000;

/// What chance decides for one batch.
#[derive(Clone, Debug, PartialEq)]
struct Draw {
    pieces: Vec<usize>,
    clip: usize,
    anr_db: f64,
    at: usize,
}

/// Makes batches; holds the front end and all buffers.
pub struct BatchMaker {
    sounds: Arc<TrainingSounds>,
    config: BatchConfig,
    pieces: Vec<Piece>,
    piece: usize,
    log_mel: LogMel,
    mixture: Vec<f32>,
}

impl BatchMaker {
    /// Cuts the training sounds into pieces (what is left at a sound's end is not used) and makes the front end.
    ///
    /// # Errors
    /// [`BatchError::Setting`] for an impossible setting; [`BatchError::Sounds`] with all normal sounds that are
    /// shorter than a piece, fewer pieces than a batch needs, and all clips that leave no normal row in a batch;
    /// [`BatchError::FrontEnd`] for an impossible front end.
    pub fn new(
        sounds: Arc<TrainingSounds>,
        config: &BatchConfig,
        log_mel: &FrontEnd,
    ) -> Result<Self, BatchError> {
        config.check()?;
        let log_mel = LogMel::new(log_mel)?;
        let rate = log_mel.config().rate;
        if let Some(other) =
            sounds.normal.iter().chain(&sounds.something_else).find(|sound| sound.rate != rate)
        {
            let (found, expected) = (format!("{rate} Hz"), format!("that of the sounds, {} Hz", other.rate));
            return Err(BatchError::Setting { key: "rate", found, expected });
        }
        let problems = check::Lengths::of(&sounds).problems(config, &log_mel);
        DatasetError::check(&sounds.set, problems)?;
        let piece = config.piece_samples(rate);
        let cut = |(sound, loaded): (usize, &Loaded)| {
            (0..loaded.samples.len() / piece).map(move |index| Piece { sound, start: index * piece })
        };
        let pieces: Vec<Piece> = sounds.normal.iter().enumerate().flat_map(cut).collect();
        let mixture = Vec::with_capacity(config.pieces * piece);
        Ok(Self { sounds, config: *config, pieces, piece, log_mel, mixture })
    }

    /// D, the length of a row.
    pub fn dim(&self) -> usize {
        self.log_mel.dim()
    }

    /// Rows of a batch, M_u + M_a: the same for every batch.
    pub fn rows(&self) -> usize {
        self.log_mel.rows(self.config.pieces * self.piece)
    }

    /// Makes batch `index` (epoch · steps + step) of `seed` in `batch`, whatever it held before. The result depends
    /// on the two numbers and the sounds alone. Allocates next to nothing once `batch` has been used.
    ///
    /// # Errors
    /// [`BatchError::Mix`] when the clip falls on silence however often the batch is drawn; [`BatchError::Features`] when
    /// a sample is no number that the front end takes.
    pub fn make(&mut self, seed: u64, index: u64, batch: &mut Batch) -> Result<(), BatchError> {
        let draw = self.mix(seed, index)?;
        let clip = &self.sounds.something_else[draw.clip].samples;
        batch.dim = self.dim();
        batch.rows.resize(self.rows() * batch.dim, 0.0);
        let features = self.log_mel.rows_into(&self.mixture, &mut batch.rows);
        features.map_err(|source| BatchError::Features { seed, index, source })?;
        let extent = draw.at..draw.at + clip.len();
        let anomalous = self.log_mel.rows_touching(self.mixture.len(), extent);
        batch.anomalous = anomalous.len();
        batch.normal = self.rows() - batch.anomalous;
        // Rows without the clip before and after it, then those with it.
        batch.rows[anomalous.start * batch.dim..].rotate_left(anomalous.len() * batch.dim);
        Ok(())
    }

    /// Mixes a batch in `self.mixture`. There is no ratio to silence, which gated recordings hold: where the clip falls
    /// on it, the batch is drawn anew from its own stream, so that it depends on seed and index alone.
    fn mix(&mut self, seed: u64, index: u64) -> Result<Draw, BatchError> {
        let rng = &mut stream(seed, Purpose::Mix, index);
        let mut draws = 1;
        loop {
            let draw = self.draw(rng);
            self.join(&draw);
            let clip = &self.sounds.something_else[draw.clip].samples;
            match mix_at_anr(&mut self.mixture, clip, draw.at, draw.anr_db) {
                Ok(_) => return Ok(draw),
                Err(source) if draws == DRAWS => return Err(self.mix_error(seed, index, &draw, source)),
                Err(_) => draws += 1,
            }
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> Draw {
        let mut pieces = Vec::with_capacity(self.config.pieces);
        while pieces.len() < self.config.pieces {
            let piece = rng.random_range(0..self.pieces.len());
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
        let clip = rng.random_range(0..self.sounds.something_else.len());
        let [low, high] = self.config.anr_db;
        let anr_db = rng.random_range(low..=high);
        let room = self.config.pieces * self.piece - self.sounds.something_else[clip].samples.len();
        Draw { pieces, clip, anr_db, at: rng.random_range(0..=room) }
    }

    fn join(&mut self, draw: &Draw) {
        self.mixture.clear();
        for &index in &draw.pieces {
            let Piece { sound, start } = self.pieces[index];
            self.mixture.extend_from_slice(&self.sounds.normal[sound].samples[start..start + self.piece]);
        }
    }

    fn mix_error(&self, seed: u64, index: u64, draw: &Draw, source: MixError) -> BatchError {
        let names: Vec<&str> = draw
            .pieces
            .iter()
            .map(|&piece| self.sounds.normal[self.pieces[piece].sound].name.as_str())
            .collect();
        let clip = self.sounds.something_else[draw.clip].name.clone();
        BatchError::Mix { seed, index, clip, at: draw.at, pieces: names.join(", "), source }
    }
}

#[cfg(test)]
mod tests;
