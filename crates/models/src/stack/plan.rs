//! How a stack lies in memory: rows, units and parameters of all nets, padded so that a bias is a column of its matrix.

use losses::{KdeConfig, Term, Weighting};

use super::{BatchShape, Net};
use crate::{Activation, AmsGradConfig, Architecture, Checkpoint, ModelError, Parameters};

/// A buffer of `f32` on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buffer(pub(super) usize);

/// What is uploaded for an update: frames, first frames and kinds of the rows, factors of the nets.
pub(super) const INPUTS: Buffer = Buffer(0);
/// Rows of each batch, (G, R, W_0).
pub(super) const ROWS: Buffer = Buffer(1);
/// Batch, line of the weights (-1: all alike), λ (0: no term) and share of the largest scores (-1: all) of each net.
pub(super) const NETS: Buffer = Buffer(2);
/// Batch, σ, ε, whether to standardize, and the weights' power, of each density.
pub(super) const DENSITIES: Buffer = Buffer(3);
/// w of each row, (Q, R): of the densities, then of the nets whose weights read their own scores.
pub(super) const WEIGHTS: Buffer = Buffer(4);
/// A(x) of each row, (S, R).
pub(super) const SCORES: Buffer = Buffer(5);
/// ∂J/∂A of each row, (S, R).
pub(super) const SLOPES: Buffer = Buffer(6);
/// The step at which a net's objective, then that at which a parameter of it ceased to be finite; 0: never. (2, S).
pub(super) const STATUS: Buffer = Buffer(7);
/// The parts of each net's objective in each update since the last history, (`UPDATES`, S, `PARTS`).
pub(super) const VALUES: Buffer = Buffer(8);
/// θ, its gradient and its moments, (S, P) each.
pub(super) const PARAMETERS: Buffer = Buffer(9);
pub(super) const GRADIENT: Buffer = Buffer(10);
pub(super) const MOMENTS: [Buffer; 3] = [Buffer(11), Buffer(12), Buffer(13)];
/// ∂J/∂h of the layer at hand, (S, R, widest).
pub(super) const BY_UNITS: Buffer = Buffer(14);
/// For the densities on a card: moments of the features, rows, their squares and their products.
#[cfg(feature = "cuda")]
pub(super) const FEATURES: Buffer = Buffer(15);
#[cfg(feature = "cuda")]
pub(super) const STANDARDIZED: Buffer = Buffer(16);
#[cfg(feature = "cuda")]
pub(super) const SQUARES: Buffer = Buffer(17);
#[cfg(feature = "cuda")]
pub(super) const GRAM: Buffer = Buffer(18);
/// Units of layer 1 and on, (S, R, W_l).
const UNITS: usize = 19;

/// Updates whose values are kept on the device.
pub(super) const UPDATES: usize = 1024;

/// Numbers of a value: its fields, the spread of the weights -1 where there is none.
pub(super) const PARTS: usize = 6;

/// Factors of a net in an update: rate, root, and the updates made before it.
pub(super) const FACTORS: usize = 3;

/// Weights of the rows of a batch, which all nets that ask for them share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Density {
    pub(super) batch: usize,
    pub(super) kde: KdeConfig,
    /// The power that the reciprocal density is raised to.
    pub(super) strength: f64,
}

impl Density {
    /// That of `net`, if it has one.
    fn of(net: &Net) -> Option<Self> {
        match net.objective.weighting {
            Weighting::Density(kde) => Some(Self { batch: net.batch, kde, strength: 1.0 }),
            Weighting::DensityPower { density: kde, strength } => {
                Some(Self { batch: net.batch, kde, strength })
            }
            Weighting::Uniform | Weighting::TopShare { .. } => None,
        }
    }

    pub(super) fn weighting(&self) -> Weighting {
        if self.strength == 1.0 {
            return Weighting::Density(self.kde);
        }
        Weighting::DensityPower { density: self.kde, strength: self.strength }
    }
}

/// Nets whose rows lie evenly apart: net `first` + i reads batch `batch` + i `step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) batch: usize,
    pub(super) step: usize,
}

/// Sizes and settings of a stack.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) architecture: Architecture,
    pub(super) amsgrad: AmsGradConfig,
    pub(super) shape: BatchShape,
    pub(super) batches: usize,
    pub(super) nets: Vec<Net>,
    pub(super) densities: Vec<Density>,
    pub(super) runs: Vec<Run>,
}

/// Numbers from a row of `size` units to the next: the units, a one, and zeros up to 32 bytes: products are up to a
/// tenth faster so than with 16, and of single small nets than with 128 (an H200).
pub(super) fn width(size: usize) -> usize {
    (size + 1).next_multiple_of(8)
}

impl Plan {
    pub(super) fn new(
        architecture: Architecture,
        amsgrad: AmsGradConfig,
        shape: BatchShape,
        nets: Vec<Net>,
    ) -> Self {
        let mut densities: Vec<Density> = Vec::new();
        for density in nets.iter().filter_map(Density::of) {
            if !densities.contains(&density) {
                densities.push(density);
            }
        }
        let mut runs: Vec<Run> = Vec::new();
        for (index, net) in nets.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.count == 1 && (net.batch == run.batch || net.batch == run.batch + 1) => {
                    run.step = net.batch - run.batch;
                    run.count = 2;
                }
                Some(run) if run.count > 1 && net.batch == run.batch + run.count * run.step => run.count += 1,
                _ => runs.push(Run { first: index, count: 1, batch: net.batch, step: 0 }),
            }
        }
        let batches = nets.iter().map(|net| net.batch + 1).max().unwrap_or(0);
        Self { architecture, amsgrad, shape, batches, nets, densities, runs }
    }

    pub(super) fn rows(&self) -> usize {
        self.shape.rows
    }

    pub(super) fn dim(&self) -> usize {
        self.architecture.dim()
    }

    /// W_l, numbers from a row of layer `layer` to the next.
    pub(super) fn width(&self, layer: usize) -> usize {
        width(self.architecture.sizes()[layer])
    }

    /// Units of layer `layer`, of all nets; the rows of all batches for layer 0.
    pub(super) fn units(&self, layer: usize) -> Buffer {
        if layer == 0 { ROWS } else { Buffer(UNITS + layer - 1) }
    }

    /// Where the matrix of layer `layer`, (outputs, W), starts among a net's parameters, and after the last where they end.
    pub(super) fn matrix(&self, layer: usize) -> usize {
        let sizes = self.architecture.sizes();
        sizes.windows(2).take(layer).map(|pair| width(pair[0]) * pair[1]).sum()
    }

    /// P, numbers of a net's padded parameters.
    pub(super) fn parameters(&self) -> usize {
        self.matrix(self.architecture.layers())
    }

    /// Numbers of a batch's frames.
    pub(super) fn frames(&self) -> usize {
        self.shape.frames * self.shape.bands
    }

    /// Where first frames, kinds and factors start in [`INPUTS`], and where they end.
    pub(super) fn inputs(&self) -> [usize; 4] {
        let starts = self.batches * self.frames();
        let normal = starts + self.batches * self.rows();
        let factors = normal + self.batches * self.rows();
        [starts, normal, factors, factors + FACTORS * self.nets.len()]
    }

    /// Numbers of each buffer; `card`: with those that only a card needs.
    pub(super) fn lengths(&self, card: bool) -> Vec<usize> {
        let (nets, rows, all) = (self.nets.len(), self.rows(), self.nets.len() * self.parameters());
        let layers = self.architecture.layers();
        let widest = (1..layers).map(|layer| self.width(layer)).max().unwrap_or(0);
        let kde = if card { self.densities.len() } else { 0 };
        let mut lengths = vec![
            self.inputs()[3],
            self.batches * rows * self.width(0),
            4 * nets,
            5 * self.densities.len(),
            self.weights_of().into_iter().flatten().map(|line| line + 1).max().unwrap_or(0) * rows,
            nets * rows,
            nets * rows,
            2 * nets,
            UPDATES * nets * PARTS,
        ];
        lengths.extend([all; 5]);
        lengths.push(nets * rows * widest);
        lengths.extend([kde * 2 * self.dim(), kde * rows * self.width(0), kde * rows, kde * rows * rows]);
        lengths.extend((1..=layers).map(|layer| nets * rows * self.width(layer)));
        lengths
    }

    /// Which line of the weights each net reads; none where all weights are alike.
    pub(super) fn weights_of(&self) -> Vec<Option<usize>> {
        let mut own = self.densities.len()..;
        let lines =
            self.nets.iter().map(|net| match (Density::of(net), net.objective.weighting.reads_scores()) {
                (Some(wanted), _) => self.densities.iter().position(|density| *density == wanted),
                (None, true) => own.next(),
                (None, false) => None,
            });
        lines.collect()
    }

    /// The nets' settings as [`NETS`] holds them.
    pub(super) fn net_settings(&self) -> Vec<f32> {
        let settings = self.nets.iter().zip(self.weights_of()).flat_map(|(net, line)| {
            let lambda = match net.objective.term {
                Term::None => 0.0,
                Term::Tanh { lambda } => lambda as f32,
            };
            let share = match net.objective.weighting {
                Weighting::TopShare { share } => share as f32,
                Weighting::Uniform | Weighting::Density(_) | Weighting::DensityPower { .. } => -1.0,
            };
            [net.batch as f32, line.map_or(-1.0, |line| line as f32), lambda, share]
        });
        settings.collect()
    }

    /// The densities as [`DENSITIES`] holds them.
    pub(super) fn density_settings(&self) -> Vec<f32> {
        let settings = self.densities.iter().flat_map(|Density { batch, kde, strength }| {
            [
                *batch as f32,
                kde.sigma as f32,
                kde.epsilon as f32,
                f32::from(u8::from(kde.standardize)),
                *strength as f32,
            ]
        });
        settings.collect()
    }

    /// One number for each parameter, padded: the bias of a layer becomes a column of its matrix.
    pub(super) fn pad(&self, values: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; self.parameters()];
        for (layer, pair) in self.architecture.sizes().windows(2).enumerate() {
            let (matrix, bias) = values[self.architecture.layer_range(layer)].split_at(pair[0] * pair[1]);
            let target = padded[self.matrix(layer)..self.matrix(layer + 1)].chunks_exact_mut(width(pair[0]));
            for ((target, row), bias) in target.zip(matrix.chunks_exact(pair[0])).zip(bias) {
                target[..pair[0]].copy_from_slice(row);
                target[pair[0]] = *bias;
            }
        }
        padded
    }

    /// The inverse of [`pad`](Self::pad).
    pub(super) fn unpad(&self, padded: &[f32]) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.architecture.parameter_count());
        for (layer, pair) in self.architecture.sizes().windows(2).enumerate() {
            let rows = || padded[self.matrix(layer)..self.matrix(layer + 1)].chunks_exact(width(pair[0]));
            values.extend(rows().flat_map(|row| &row[..pair[0]]));
            values.extend(rows().map(|row| row[pair[0]]));
        }
        values
    }

    /// A net's checkpoint from its padded parameters and moments after `step` updates.
    pub(super) fn checkpoint(&self, step: u64, padded: [&[f32]; 4]) -> Checkpoint {
        let [values, first_moment, second_moment, max_second_moment] =
            padded.map(|numbers| self.unpad(numbers));
        let parameters = Parameters::from_values(self.architecture.clone(), values);
        let optimizer =
            crate::AmsGrad { config: self.amsgrad, step, first_moment, second_moment, max_second_moment };
        Checkpoint { parameters, optimizer }
    }

    pub(super) fn is_sigmoid(&self) -> bool {
        self.architecture.activation() == Activation::Sigmoid
    }

    /// Fails where nets are not alike.
    pub(super) fn check(nets: &[(Net, Checkpoint)], shape: BatchShape) -> Result<(), ModelError> {
        let wrong =
            |found: String, expected: &str| Err(ModelError::Stack { found, expected: expected.to_owned() });
        let Some((_, first)) = nets.first() else {
            return wrong("no net".to_owned(), "one at least");
        };
        for (net, checkpoint) in nets {
            net.objective.validate()?;
            let [one, other] = [first, checkpoint].map(|checkpoint| checkpoint.parameters.architecture());
            if one != other {
                return wrong(
                    format!("layers of {:?} and {:?}", one.sizes(), other.sizes()),
                    "nets of one shape",
                );
            }
            if first.optimizer.config != checkpoint.optimizer.config {
                return wrong("two settings of AMSGrad".to_owned(), "one for all nets");
            }
        }
        let dim = first.parameters.architecture().dim();
        if shape.rows == 0 || shape.bands == 0 || shape.frames * shape.bands < dim {
            return wrong(format!("{shape:?}"), "rows, and frames that hold one of them at least");
        }
        Ok(())
    }
}
