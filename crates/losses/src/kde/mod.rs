//! Gaussian kernel density of each row of a mini-batch (Eq. 15), and the weights made of it (Eq. 14, 16).

mod features;
mod gram;
mod pairs;
mod tiles;

use serde::{Deserialize, Serialize};

use gram::Gram;
use pairs::Pairs;
use tiles::Tiles;

/// What a density cannot be estimated with.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum KdeError {
    /// Rows without features.
    #[error("features of a row: found 0, expected at least 1")]
    NoFeatures,
    /// A band-width that is no positive number, or one beyond what `f32` can compute with.
    #[error("sigma: found {0}, expected a number from 1e-20 to 1e20")]
    Sigma(f64),
    /// A regulariser that is negative, no number, or beyond what `f32` can compute with.
    #[error("epsilon: found {0}, expected 0 or a number from 1e-20 to 1e20")]
    Epsilon(f64),
}

/// σ and ε of Eqs. 15 and 16, and what is done to the rows before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KdeConfig {
    /// Band-width parameter σ, in units of 1 / |x|².
    pub sigma: f64,
    /// The small positive ε that bounds the weights.
    pub epsilon: f64,
    /// Whether rows are brought to zero mean and unit variance per feature over the mini-batch before Eq. 15
    /// (Sec. 4.2.2); a constant feature becomes 0. The variance is that of the M rows, divided by M.
    pub standardize: bool,
}

impl KdeConfig {
    /// Checks the two numbers.
    ///
    /// # Errors
    /// σ or ε out of the range that the messages give.
    pub fn validate(&self) -> Result<(), KdeError> {
        if !in_range(self.sigma) {
            return Err(KdeError::Sigma(self.sigma));
        }
        let valid = self.epsilon == 0.0 || in_range(self.epsilon);
        if valid { Ok(()) } else { Err(KdeError::Epsilon(self.epsilon)) }
    }
}

/// Whether a positive setting can be computed with in `f32`, its squares included.
pub(crate) fn in_range(setting: f64) -> bool {
    (1e-20..=1e20).contains(&setting)
}

/// The densities of mini-batches, with buffers that grow to the largest of them and are then kept.
#[derive(Debug)]
pub struct Kde {
    dim: usize,
    config: KdeConfig,
    threads: usize,
    tiles: Tiles,
    kernel: Kernel,
}

#[derive(Debug)]
enum Kernel {
    One(Pairs<1>),
    Two(Pairs<2>),
    Three(Pairs<3>),
    Four(Pairs<4>),
    Many(Gram),
}

impl Kde {
    /// Densities of rows of `dim` (D) features, on at most `threads` threads of the current rayon pool.
    ///
    /// Up to four features each pair is computed from its coordinates, above that from blocks of the Gram matrix.
    ///
    /// # Errors
    /// D of zero, and as [`KdeConfig::validate`].
    pub fn new(dim: usize, config: KdeConfig, threads: usize) -> Result<Self, KdeError> {
        config.validate()?;
        let kernel = match dim {
            0 => return Err(KdeError::NoFeatures),
            1 => Kernel::One(Pairs::new()),
            2 => Kernel::Two(Pairs::new()),
            3 => Kernel::Three(Pairs::new()),
            4 => Kernel::Four(Pairs::new()),
            _ => Kernel::Many(Gram::new(dim)),
        };
        Ok(Self { dim, config, threads: threads.max(1), tiles: Tiles::new(), kernel })
    }

    /// K(x_i) = 1/M Σ_j exp(-σ |x_i - x_j|²) of each row x_i (Eq. 15), in (0, 1]; the row itself is one of the j.
    /// The rows are standardized before if the configuration says so.
    ///
    /// `rows` is (M, D) row-major and finite, `density` holds M. The same bytes for any number of threads.
    ///
    /// # Panics
    /// When the lengths do not match.
    pub fn density(&mut self, rows: &[f32], density: &mut [f32]) {
        let count = density.len();
        assert_eq!(rows.len(), count * self.dim, "rows hold M x D floats and density M");
        if count == 0 {
            return;
        }
        let exponent = self.config.sigma * std::f64::consts::LOG2_E;
        let (tiles, threads, standardize) = (&mut self.tiles, self.threads, self.config.standardize);
        macro_rules! totals {
            ($kernel:expr) => {{
                $kernel.load(rows, standardize, exponent, threads);
                tiles.run($kernel, count, threads)
            }};
        }
        let totals = match &mut self.kernel {
            Kernel::One(kernel) => totals!(kernel),
            Kernel::Two(kernel) => totals!(kernel),
            Kernel::Three(kernel) => totals!(kernel),
            Kernel::Four(kernel) => totals!(kernel),
            Kernel::Many(kernel) => totals!(kernel),
        };
        let share = 1.0 / count as f32;
        density.iter_mut().zip(totals).for_each(|(density, total)| *density = share * total);
    }

    /// The weights w_i = 1 / (K(x_i) + ε) of Eq. 16, not normalised; arguments as of [`density`](Self::density).
    ///
    /// # Panics
    /// As [`density`](Self::density).
    pub fn weights(&mut self, rows: &[f32], weights: &mut [f32]) {
        self.density(rows, weights);
        let epsilon = self.config.epsilon as f32;
        weights.iter_mut().for_each(|weight| *weight = 1.0 / (*weight + epsilon));
    }
}
