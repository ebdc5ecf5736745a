//! Makes batches: draws them, mixes them, and turns them into features.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::check;
use super::config::BatchConfig;
use super::error::BatchError;
use super::forms::{Batch, FrameBatch};
use super::sounds::TrainingSounds;
use crate::dataset::{DatasetError, Loaded};
use crate::log_mel::{FrontEnd, LogMel};
use crate::mix::{MixError, mix_at_anr};
use crate::rng::{Purpose, stream};

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
    frames: FrameBatch,
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
        front_end: &FrontEnd,
    ) -> Result<Self, BatchError> {
        config.check()?;
        let log_mel = LogMel::new(front_end)?;
        let rate = front_end.rate;
        if let Some(other) =
            sounds.normal.iter().chain(&sounds.something_else).find(|sound| sound.rate != rate)
        {
            let (found, expected) = (format!("{rate} Hz"), format!("that of the sounds, {} Hz", other.rate));
            return Err(BatchError::Setting { key: "rate", found, expected });
        }
        let problems = check::Lengths::of(&sounds).problems(config, front_end);
        DatasetError::check(&sounds.set, problems)?;
        let piece = config.piece_samples(rate);
        let cut = |(sound, loaded): (usize, &Loaded)| {
            (0..loaded.samples.len() / piece).map(move |index| Piece { sound, start: index * piece })
        };
        let pieces: Vec<Piece> = sounds.normal.iter().enumerate().flat_map(cut).collect();
        let mixture = Vec::with_capacity(config.pieces * piece);
        Ok(Self { sounds, config: *config, pieces, piece, log_mel, mixture, frames: FrameBatch::default() })
    }

    /// D, the length of a row.
    pub fn dim(&self) -> usize {
        self.log_mel.front_end().dim()
    }

    /// Rows of a batch, M_u + M_a: the same for every batch.
    pub fn rows(&self) -> usize {
        self.log_mel.front_end().rows(self.config.pieces * self.piece)
    }

    /// Makes batch `index` (epoch · steps + step) of `seed` in `batch`, whatever it held before. The result depends
    /// on the two numbers and the sounds alone. Allocates next to nothing once `batch` has been used.
    ///
    /// # Errors
    /// [`BatchError::Mix`] when the clip falls on silence however often the batch is drawn; [`BatchError::Features`] when
    /// a sample is NaN or infinite.
    pub fn make(&mut self, seed: u64, index: u64, batch: &mut Batch) -> Result<(), BatchError> {
        let mut frames = std::mem::take(&mut self.frames);
        let made = self.make_frames(seed, index, &mut frames);
        if made.is_ok() {
            frames.rows_into(batch);
        }
        self.frames = frames;
        made
    }

    /// Makes the same batch as frames.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn make_frames(&mut self, seed: u64, index: u64, batch: &mut FrameBatch) -> Result<(), BatchError> {
        let draw = self.mix(seed, index)?;
        let front_end = *self.log_mel.front_end();
        let samples = self.mixture.len();
        batch.bands = front_end.bands;
        batch.span = 2 * front_end.context + 1;
        batch.frames.resize(front_end.frames(samples) * batch.bands, 0.0);
        let features = self.log_mel.frames_into(&self.mixture, &mut batch.frames);
        features.map_err(|source| BatchError::Features { seed, index, source })?;
        let clip = &self.sounds.something_else[draw.clip].samples;
        let anomalous = front_end.rows_touching(samples, draw.at..draw.at + clip.len());
        let normal = (0..anomalous.start).chain(anomalous.end..front_end.rows(samples));
        batch.starts.clear();
        batch.starts.extend(normal.map(|row| row as u32));
        batch.normal = batch.starts.len();
        batch.starts.extend(anomalous.map(|row| row as u32));
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
        BatchError::Mix { seed, index, draws: DRAWS, clip, at: draw.at, pieces: names.join(", "), source }
    }
}

#[cfg(test)]
mod tests;
