//! The 2-D ring of the verification experiment (Sec. 4.1.1): its samples.

mod batches;

pub use batches::{RingBatches, Sampling};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Features of a sample: x = (x1, x2).
pub const DIM: usize = 2;

/// How the ring is sampled. Radii are in the units of x.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RingConfig {
    /// N: samples drawn of each kind.
    pub samples: usize,
    /// Radii of normal samples are uniform on [0, `normal_radius`].
    pub normal_radius: f64,
    /// Radii of anomalous samples are uniform between these two.
    pub anomalous_radius: [f64; 2],
}

/// What a ring cannot be made of.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RingError {
    /// A batch would need more rows than there are samples.
    #[error("batch: found {batch} rows of each kind, expected at most the {samples} samples")]
    BatchTooLarge {
        /// Rows asked for.
        batch: usize,
        /// Rows there are.
        samples: usize,
    },
    /// A size of zero.
    #[error("{what}: found 0, expected at least 1")]
    Zero {
        /// Which size.
        what: &'static str,
    },
    /// Radii that are no interval of non-negative numbers.
    #[error("{what}: found [{low}, {high}], expected 0 <= low < high, both finite")]
    Radius {
        /// Which radii.
        what: &'static str,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl RingConfig {
    /// Checks sizes and radii.
    ///
    /// # Errors
    /// A size of zero, or radii that are no interval.
    pub fn validate(&self) -> Result<(), RingError> {
        if self.samples == 0 {
            return Err(RingError::Zero { what: "samples" });
        }
        check_radii("normal_radius", 0.0, self.normal_radius)?;
        check_radii("anomalous_radius", self.anomalous_radius[0], self.anomalous_radius[1])
    }
}

fn check_radii(what: &'static str, low: f64, high: f64) -> Result<(), RingError> {
    let interval = low.is_finite() && high.is_finite() && 0.0 <= low && low < high;
    if interval { Ok(()) } else { Err(RingError::Radius { what, low, high }) }
}

/// N normal and N anomalous samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    normal: Vec<[f32; DIM]>,
    anomalous: Vec<[f32; DIM]>,
}

impl Ring {
    /// Draws x = r (cos ψ, sin ψ) with r uniform on the radii of `config` and ψ uniform on [0, 2π), so that the
    /// density p(x) of normal samples is in proportion to 1/r.
    ///
    /// # Errors
    /// As [`RingConfig::validate`].
    pub fn draw(config: &RingConfig, rng: &mut ChaCha8Rng) -> Result<Self, RingError> {
        config.validate()?;
        let mut kind = |low, high| (0..config.samples).map(|_| point(low, high, rng)).collect();
        let [low, high] = config.anomalous_radius;
        Ok(Self { normal: kind(0.0, config.normal_radius), anomalous: kind(low, high) })
    }

    /// Normal samples, one (x1, x2) each.
    pub fn normal(&self) -> &[[f32; DIM]] {
        &self.normal
    }

    /// Anomalous samples, one (x1, x2) each.
    pub fn anomalous(&self) -> &[[f32; DIM]] {
        &self.anomalous
    }
}

fn point(low: f64, high: f64, rng: &mut ChaCha8Rng) -> [f32; DIM] {
    let radius = low + (high - low) * rng.random::<f64>();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, stream};

    const PAPER: RingConfig =
        RingConfig { samples: 10_000, normal_radius: 2.0, anomalous_radius: [2.0, 3.0] };

    fn draw(seed: u64) -> Ring {
        Ring::draw(&PAPER, &mut stream(seed, Purpose::Data, 0)).unwrap()
    }

    fn radius(x: &[f32; DIM]) -> f64 {
        f64::from(x[0]).hypot(f64::from(x[1]))
    }

    /// Kolmogorov-Smirnov distance of `values` from the uniform distribution on [low, high].
    fn distance_from_uniform(mut values: Vec<f64>, low: f64, high: f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let distance = |(i, v): (usize, &f64)| {
            let expected = (v - low) / (high - low);
            (expected - i as f64 / n).abs().max((expected - (i + 1) as f64 / n).abs())
        };
        values.iter().enumerate().map(distance).fold(0.0, f64::max)
    }

    #[test]
    fn radii_and_angles_are_uniform() {
        let ring = draw(0);
        let critical = 1.63 / (PAPER.samples as f64).sqrt(); // 1 % level
        for (samples, low, high) in [(ring.normal(), 0.0, 2.0), (ring.anomalous(), 2.0, 3.0)] {
            let radii = samples.iter().map(radius).collect();
            assert!(distance_from_uniform(radii, low, high) < critical);
            let angles = samples.iter().map(|x| f64::from(x[1]).atan2(f64::from(x[0]))).collect();
            assert!(distance_from_uniform(angles, -std::f64::consts::PI, std::f64::consts::PI) < critical);
        }
    }

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn impossible_rings_are_refused() {
        let refused = |config: RingConfig| Ring::draw(&config, &mut stream(0, Purpose::Data, 0)).unwrap_err();
        assert_eq!(refused(RingConfig { samples: 0, ..PAPER }), RingError::Zero { what: "samples" });
        let found = refused(RingConfig { anomalous_radius: [3.0, 2.0], ..PAPER }).to_string();
        assert_eq!(found, "anomalous_radius: found [3, 2], expected 0 <= low < high, both finite");
        assert!(matches!(refused(RingConfig { normal_radius: f64::NAN, ..PAPER }), RingError::Radius { .. }));
    }
}
