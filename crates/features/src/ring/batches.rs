//! Mini-batches of the ring: each a pure function of the seed and the step, so that training can resume anywhere.

use rand::seq::SliceRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DIM, Ring, RingConfig, RingError};
use crate::rng::{Purpose, stream};

/// Where the samples of an epoch come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// N samples drawn once, in a new order each epoch ("We generated N = 10^4 samples").
    Fixed,
    /// N new samples each epoch.
    Fresh,
}

/// The endless sequence of mini-batches of one seed.
#[derive(Debug)]
pub struct RingBatches {
    config: RingConfig,
    sampling: Sampling,
    rows: usize,
    seed: u64,
    epoch: Option<u64>,
    ring: Ring,
    normal_order: Vec<u32>,
    anomalous_order: Vec<u32>,
}

impl RingBatches {
    /// Batches of `rows` normal and `rows` anomalous samples (M_u = M_a), from the streams of `seed`.
    ///
    /// An epoch has N / M batches; where M does not divide N, the samples that are left over in one epoch have
    /// their turn in another, as the order is new.
    ///
    /// # Errors
    /// As [`RingConfig::validate`], and when `rows` is zero or more than the samples.
    pub fn new(config: RingConfig, sampling: Sampling, rows: usize, seed: u64) -> Result<Self, RingError> {
        Self::check(&config, rows)?;
        let ring = Ring::draw(&config, &mut stream(seed, Purpose::Data, 0))?;
        let order: Vec<u32> = (0..config.samples as u32).collect();
        Ok(Self {
            config,
            sampling,
            rows,
            seed,
            epoch: None,
            ring,
            normal_order: order.clone(),
            anomalous_order: order,
        })
    }

    /// Checks that batches of `rows` rows of each kind can be made of `config`.
    ///
    /// # Errors
    /// When `rows` is zero or more than the samples.
    pub fn check(config: &RingConfig, rows: usize) -> Result<(), RingError> {
        match rows {
            0 => Err(RingError::Zero { what: "batch" }),
            _ if rows > config.samples => {
                Err(RingError::BatchTooLarge { batch: rows, samples: config.samples })
            }
            _ => Ok(()),
        }
    }

    /// Floats in a batch: 2 M rows of two features.
    pub fn len(&self) -> usize {
        2 * self.rows * DIM
    }

    /// Whether batches hold nothing: never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the batch of `step` (from 0): (2 M, 2) row-major, the M normal rows first.
    ///
    /// # Panics
    /// When `batch` does not hold [`len`](Self::len) floats.
    pub fn fill(&mut self, step: u64, batch: &mut [f32]) {
        assert_eq!(batch.len(), self.len(), "a batch of the ring holds 2 M rows");
        let per_epoch = (self.config.samples / self.rows) as u64;
        self.turn_to(step / per_epoch);
        let first = (step % per_epoch) as usize * self.rows;
        let (normal, anomalous) = batch.split_at_mut(self.rows * DIM);
        gather(self.ring.normal(), &self.normal_order[first..first + self.rows], normal);
        gather(self.ring.anomalous(), &self.anomalous_order[first..first + self.rows], anomalous);
    }

    fn turn_to(&mut self, epoch: u64) {
        if self.epoch == Some(epoch) {
            return;
        }
        if self.sampling == Sampling::Fresh {
            let rng = &mut stream(self.seed, Purpose::Data, epoch);
            self.ring = Ring::draw(&self.config, rng).expect("the configuration was validated by new");
        }
        let mut rng = stream(self.seed, Purpose::Shuffle, epoch);
        for order in [&mut self.normal_order, &mut self.anomalous_order] {
            order.iter_mut().zip(0..).for_each(|(slot, index)| *slot = index);
            order.shuffle(&mut rng);
        }
        self.epoch = Some(epoch);
    }
}

fn gather(samples: &[[f32; DIM]], order: &[u32], rows: &mut [f32]) {
    for (row, &index) in rows.as_chunks_mut::<DIM>().0.iter_mut().zip(order) {
        *row = samples[index as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: RingConfig = RingConfig { samples: 60, normal_radius: 2.0, anomalous_radius: [2.0, 3.0] };

    fn batches(sampling: Sampling) -> RingBatches {
        RingBatches::new(CONFIG, sampling, 20, 5).unwrap()
    }

    fn batch(batches: &mut RingBatches, step: u64) -> Vec<f32> {
        let mut batch = vec![0.0; batches.len()];
        batches.fill(step, &mut batch);
        batch
    }

    fn sorted_bits(rows: &[[f32; DIM]]) -> Vec<[u32; DIM]> {
        let mut bits: Vec<_> = rows.iter().map(|x| x.map(f32::to_bits)).collect();
        bits.sort_unstable();
        bits
    }

    #[test]
    fn a_batch_depends_on_the_step_alone() {
        for sampling in [Sampling::Fixed, Sampling::Fresh] {
            let mut straight = batches(sampling);
            let all: Vec<_> = (0..12).map(|step| batch(&mut straight, step)).collect();
            for step in [7, 2, 11, 0, 7] {
                assert_eq!(batch(&mut batches(sampling), step), all[step as usize], "from the start");
                assert_eq!(batch(&mut straight, step), all[step as usize], "going back");
            }
        }
    }

    #[test]
    fn an_epoch_shows_each_sample_once_and_the_next_in_another_order() {
        let mut fixed = batches(Sampling::Fixed);
        let mut epoch = |number: u64| -> Vec<[f32; DIM]> {
            let steps = (0..3).map(|i| batch(&mut fixed, 3 * number + i));
            steps.flat_map(|b| b.as_chunks::<DIM>().0[..20].to_vec()).collect()
        };
        let (first, second) = (epoch(0), epoch(1));
        assert_ne!(first, second);
        let ring = Ring::draw(&CONFIG, &mut stream(5, Purpose::Data, 0)).unwrap();
        assert_eq!(sorted_bits(&first), sorted_bits(ring.normal()));
        assert_eq!(sorted_bits(&second), sorted_bits(ring.normal()));
    }

    #[test]
    fn fresh_samples_are_new_each_epoch() {
        let mut fresh = batches(Sampling::Fresh);
        let (first, second) = (batch(&mut fresh, 0), batch(&mut fresh, 3));
        assert!(first.iter().all(|x| !second.contains(x)));
    }

    #[test]
    fn normal_rows_come_first() {
        let rows = batch(&mut batches(Sampling::Fixed), 4);
        let radii: Vec<f32> = rows.as_chunks::<DIM>().0.iter().map(|x| x[0].hypot(x[1])).collect();
        assert!(radii[..20].iter().all(|r| *r <= 2.0) && radii[20..].iter().all(|r| *r >= 2.0));
    }

    #[test]
    fn impossible_batches_are_refused() {
        let refused = |rows| RingBatches::new(CONFIG, Sampling::Fixed, rows, 0).unwrap_err();
        assert_eq!(refused(0), RingError::Zero { what: "batch" });
        assert_eq!(refused(61), RingError::BatchTooLarge { batch: 61, samples: 60 });
    }
}
