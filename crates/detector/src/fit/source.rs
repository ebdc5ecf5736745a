//! Where the mini-batches of a net come from.

use std::sync::Arc;

use anyhow::{Context, Result};
use features::batch::{Batch, BatchConfig, BatchMaker, TrainingSounds};
use features::dataset::Loaded;
use features::log_mel::FrontEnd;
use features::rng::{Purpose, stream};
use models::Batches;
use rand::RngExt;

use super::FitSettings;
use super::material::Material;
use super::parts::Part;
use crate::model::Scale;

/// Batches that are held out.
const HELD_OUT: usize = 4;
/// Mixtures of three pieces: fewer rows an update are worth more updates.
const PIECES: usize = 3;
const PIECE_S: f64 = 3.0;

/// What a batch is drawn from.
enum Draw<'a> {
    /// Rows of normal sounds alone: the parts' frames, and of each the count of rows up to its end.
    Rows { frames: Vec<&'a [f32]>, ends: Vec<usize>, rows: usize },
    /// Mixtures of normal sounds and clips of other things.
    Mixtures(Box<BatchMaker>),
}

/// The batches of one net.
pub(super) struct Source<'a> {
    draw: Draw<'a>,
    scale: Scale,
    seed: u64,
    front_end: FrontEnd,
    batch: Batch,
    held_out: Vec<Batch>,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        material: &'a Material,
        training: &[&'a Part],
        stopping: &[&'a Part],
        scale: Scale,
        settings: &FitSettings,
    ) -> Result<Self> {
        let FitSettings { front_end, seed, .. } = *settings;
        let draw = Draw::new(material, training, settings, PIECES)?;
        let mut source = Self { draw, scale, seed, front_end, batch: Batch::default(), held_out: Vec::new() };
        let draw = std::mem::replace(&mut source.draw, Draw::new(material, stopping, settings, 1)?);
        for index in 0..HELD_OUT {
            source.make(index as u64)?;
            source.held_out.push(source.batch.clone());
        }
        source.draw = draw;
        Ok(source)
    }

    /// Makes batch `index`, at scale.
    fn make(&mut self, index: u64) -> Result<()> {
        let Self { draw, batch, seed, front_end, .. } = self;
        match draw {
            Draw::Mixtures(maker) => maker.make(*seed, index, batch)?,
            Draw::Rows { frames, ends, rows } => {
                let (dim, bands) = (front_end.dim(), front_end.bands);
                let count = *ends.last().context("there are no rows")?;
                let rng = &mut stream(*seed, Purpose::Shuffle, index);
                batch.rows.clear();
                for _ in 0..*rows {
                    let row = rng.random_range(0..count);
                    let part = ends.partition_point(|end| *end <= row);
                    let first = part.checked_sub(1).map_or(0, |before| ends[before]);
                    batch.rows.extend_from_slice(&frames[part][(row - first) * bands..][..dim]);
                }
                (batch.dim, batch.normal, batch.anomalous) = (dim, *rows, 0);
            }
        }
        self.scale.apply(&mut self.batch.rows);
        Ok(())
    }
}

impl<'a> Draw<'a> {
    fn new(
        material: &'a Material,
        parts: &[&'a Part],
        settings: &FitSettings,
        pieces: usize,
    ) -> Result<Self> {
        let front_end = settings.front_end;
        if material.clips.is_empty() {
            let frames: Vec<&[f32]> = parts.iter().map(|part| part.frames(material)).collect();
            let rows =
                |frames: &&[f32]| (frames.len() / front_end.bands).saturating_sub(2 * front_end.context);
            let ends = frames.iter().map(rows).scan(0, |sum, rows| {
                *sum += rows;
                Some(*sum)
            });
            return Ok(Self::Rows { ends: ends.collect(), frames, rows: settings.rows });
        }
        let config = BatchConfig { piece_s: PIECE_S, pieces, ..BatchConfig::default() };
        let loaded =
            |name: &str, samples: &[f32]| Loaded::from_samples(name, samples.to_vec(), front_end.rate);
        let long = |samples: &&[f32]| samples.len() as f64 >= PIECE_S * f64::from(front_end.rate);
        let normal: Vec<Loaded> = parts
            .iter()
            .map(|part| part.samples(material))
            .filter(long)
            .map(|part| loaded("normal", part))
            .collect();
        let most = (pieces as f64 * PIECE_S * 0.5 * f64::from(front_end.rate)) as usize;
        let clip = |(name, samples): &(String, Vec<f32>)| loaded(name, &samples[..samples.len().min(most)]);
        let something_else = material.clips.iter().map(clip).collect();
        let sounds = TrainingSounds { set: "the recordings".to_owned(), normal, something_else };
        Ok(Self::Mixtures(Box::new(BatchMaker::new(Arc::new(sounds), &config, &front_end)?)))
    }
}

/// As the engines take it.
fn view(batch: &Batch) -> models::Batch<'_> {
    models::Batch { rows: &batch.rows, normal: batch.normal, weights: None }
}

impl Batches for Source<'_> {
    type Error = anyhow::Error;

    fn training(&mut self, step: u64) -> Result<models::Batch<'_>> {
        self.make(step)?;
        Ok(view(&self.batch))
    }

    fn held_out_batches(&self) -> usize {
        self.held_out.len()
    }

    fn held_out(&mut self, index: usize) -> Result<models::Batch<'_>> {
        Ok(view(&self.held_out[index]))
    }
}
