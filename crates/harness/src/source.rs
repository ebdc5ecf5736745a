//! Where the mini-batches of a training come from, as rows or as frames: all in which the ring and sounds differ.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result};
use features::batch::{BatchMaker, FrameBatch, Prefetch, TrainingSounds};
use features::ring::{DIM, RingBatches};
use models::stack;

use crate::Data;

/// The mini-batches of one seed, from one step to another.
pub(crate) enum Source {
    /// Samples of the ring.
    Ring { batches: RingBatches, rows: Vec<f32>, normal: usize },
    /// Mixtures of sounds, made ahead on another thread.
    Sounds(Prefetch),
}

impl Source {
    /// The batches `steps` of `seed`; `sounds` are those that sounds are mixed of.
    ///
    /// # Errors
    /// Settings or sounds that make no batch.
    pub(crate) fn start(
        data: &Data,
        sounds: Option<&Arc<TrainingSounds>>,
        seed: u64,
        steps: Range<u64>,
    ) -> Result<Self> {
        match data {
            Data::Ring { samples, sampling, batch } => {
                let batches = RingBatches::new(*samples, *sampling, *batch, seed)?;
                let rows = vec![0.0; batches.len()];
                Ok(Self::Ring { batches, rows, normal: *batch })
            }
            Data::Sounds { front_end, batch, .. } => {
                let sounds = sounds.context("a training on sounds has sounds")?;
                let maker = BatchMaker::new(sounds.clone(), batch, front_end)?;
                Ok(Self::Sounds(Prefetch::start(maker, seed, steps)))
            }
        }
    }

    /// The rows of the batch `step`, (M, D) row-major, normal ones first, and how many of them are normal. Steps follow
    /// each other.
    ///
    /// # Errors
    /// Sounds that cannot be mixed.
    pub(crate) fn batch(&mut self, step: u64) -> Result<(&[f32], usize)> {
        match self {
            Self::Ring { batches, rows, normal } => {
                batches.fill(step, rows);
                Ok((rows, *normal))
            }
            Self::Sounds(batches) => {
                let batch = batches.next_batch().context("no batch is left")??;
                Ok((&batch.rows, batch.normal))
            }
        }
    }
}

/// The mini-batches of one seed as frames, from one step to another.
pub(crate) struct FrameSource {
    batches: Frames,
    /// Of the batch at hand.
    starts: Vec<usize>,
    normal: Vec<bool>,
    bands: usize,
}

enum Frames {
    /// A sample is a frame and a row.
    Ring {
        batches: RingBatches,
        rows: Vec<f32>,
        normal: usize,
    },
    Sounds(Prefetch<FrameBatch>),
}

impl FrameSource {
    /// As [`Source::start`].
    ///
    /// # Errors
    /// Settings or sounds that make no batch.
    pub(crate) fn start(
        data: &Data,
        sounds: Option<&Arc<TrainingSounds>>,
        seed: u64,
        steps: Range<u64>,
    ) -> Result<Self> {
        let (batches, bands) = match data {
            Data::Ring { samples, sampling, batch } => {
                let batches = RingBatches::new(*samples, *sampling, *batch, seed)?;
                let rows = vec![0.0; batches.len()];
                (Frames::Ring { batches, rows, normal: *batch }, DIM)
            }
            Data::Sounds { front_end, batch, .. } => {
                let sounds = sounds.context("a training on sounds has sounds")?;
                let maker = BatchMaker::new(sounds.clone(), batch, front_end)?;
                (Frames::Sounds(Prefetch::start(maker, seed, steps)), front_end.bands)
            }
        };
        Ok(Self { batches, starts: Vec::new(), normal: Vec::new(), bands })
    }

    /// M, numbers of a frame.
    pub(crate) fn bands(&self) -> usize {
        self.bands
    }

    /// The batch `step`. Steps follow each other.
    ///
    /// # Errors
    /// Sounds that cannot be mixed.
    pub(crate) fn batch(&mut self, step: u64) -> Result<stack::FrameBatch<'_>> {
        let Self { batches, starts, normal, bands } = self;
        starts.clear();
        let (frames, count) = match batches {
            Frames::Ring { batches, rows, normal } => {
                batches.fill(step, rows);
                starts.extend(0..rows.len() / *bands);
                (rows.as_slice(), *normal)
            }
            Frames::Sounds(batches) => {
                let batch = batches.next_batch().context("no batch is left")??;
                starts.extend(batch.starts.iter().map(|start| *start as usize));
                (batch.frames.as_slice(), batch.normal)
            }
        };
        normal.clear();
        normal.extend((0..starts.len()).map(|row| row < count));
        Ok(stack::FrameBatch { frames, starts, normal })
    }
}
