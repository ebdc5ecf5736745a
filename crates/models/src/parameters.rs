//! The parameters θ of an autoencoder, in one run of numbers.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Activation, Architecture};

/// How parameters are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Initial {
    /// The matrices.
    pub weights: Weights,
    /// The biases.
    pub biases: Biases,
}

/// How matrices are drawn, after Glorot; the variance is 2 / (inputs + outputs) of the layer for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// Uniform on ±√(6 / (inputs + outputs)).
    #[default]
    GlorotUniform,
    /// Normal.
    GlorotNormal,
}

/// How biases are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Biases {
    /// All zero, as Glorot and Bengio (2010) have them.
    #[default]
    Zero,
    /// Uniform on ±1 / √inputs, as PyTorch's layers have them where nobody says otherwise.
    Uniform,
}

/// Matrices and biases of all layers: of each layer the matrix, (outputs, inputs) row-major, then the bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    architecture: Architecture,
    values: Vec<f32>,
}

/// One layer: h ← W h + b.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Units below.
    pub inputs: usize,
    /// Units above.
    pub outputs: usize,
    /// W, (outputs, inputs) row-major.
    pub weight: &'a [f32],
    /// b, (outputs).
    pub bias: &'a [f32],
}

impl Parameters {
    /// Draws matrix and bias of one layer after the other.
    pub fn draw(architecture: Architecture, initial: Initial, rng: &mut ChaCha8Rng) -> Self {
        let mut values = Vec::with_capacity(architecture.parameter_count());
        for pair in architecture.sizes().windows(2) {
            let deviation = (2.0 / (pair[0] + pair[1]) as f64).sqrt();
            values.extend(
                (0..pair[0] * pair[1]).map(|_| (deviation * standardized(initial.weights, rng)) as f32),
            );
            let bound = (pair[0] as f64).sqrt().recip();
            values.extend((0..pair[1]).map(|_| match initial.biases {
                Biases::Zero => 0.0,
                Biases::Uniform => (bound * symmetric(rng)) as f32,
            }));
        }
        Self { architecture, values }
    }

    /// Takes numbers in the order of [`values`](Self::values).
    ///
    /// # Panics
    /// When there are not as many as the architecture needs.
    pub fn from_values(architecture: Architecture, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), architecture.parameter_count(), "a value for each parameter");
        Self { architecture, values }
    }

    /// The network's shape.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// All numbers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All numbers, to be changed.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Layer `index` from the input.
    ///
    /// # Panics
    /// When there is no such layer.
    pub fn layer(&self, index: usize) -> Layer<'_> {
        let (inputs, outputs) = (self.architecture.sizes()[index], self.architecture.sizes()[index + 1]);
        let (weight, bias) = self.values[self.architecture.layer_range(index)].split_at(inputs * outputs);
        Layer { inputs, outputs, weight, bias }
    }

    /// D(E(x)) of one row of D features, layer by layer: to look into what an engine scores.
    ///
    /// # Panics
    /// When the row has another length.
    pub fn reconstruction(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.architecture.dim(), "features of a row");
        let last = self.architecture.layers() - 1;
        let mut units = row.to_vec();
        for (index, layer) in self.layers().enumerate() {
            let weights = layer.weight.chunks_exact(layer.inputs).zip(layer.bias);
            let sum = |weights: &[f32]| weights.iter().zip(&units).map(|(w, h)| w * h).sum::<f32>();
            let next = weights.map(|(weights, bias)| sum(weights) + bias);
            units = match self.architecture.activation() {
                _ if index == last => next.collect(),
                Activation::Relu => next.map(|z| z.max(0.0)).collect(),
                Activation::Sigmoid => next.map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
            };
        }
        units
    }

    /// The layers from input to output.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'_>> {
        (0..self.architecture.layers()).map(|index| self.layer(index))
    }
}

/// A number of mean 0 and variance 1.
fn standardized(weights: Weights, rng: &mut ChaCha8Rng) -> f64 {
    match weights {
        Weights::GlorotUniform => 3f64.sqrt() * symmetric(rng),
        Weights::GlorotNormal => {
            // Box and Muller; 1 - u is never 0.
            let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
            radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
        }
    }
}

/// A number uniform on [-1, 1).
fn symmetric(rng: &mut ChaCha8Rng) -> f64 {
    2.0 * rng.random::<f64>() - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    fn drawn(initial: Initial) -> Parameters {
        let architecture = Architecture::new(vec![60, 140, 60], Activation::Relu).unwrap();
        Parameters::draw(architecture, initial, &mut ChaCha8Rng::seed_from_u64(3))
    }

    #[test]
    fn weights_have_the_spread_of_glorot() {
        for (weights, most) in
            [(Weights::GlorotUniform, 0.03f32.sqrt()), (Weights::GlorotNormal, f32::INFINITY)]
        {
            for layer in drawn(Initial { weights, biases: Biases::Zero }).layers() {
                let count = layer.weight.len() as f32;
                let mean = layer.weight.iter().sum::<f32>() / count;
                let variance = layer.weight.iter().map(|w| (w - mean) * (w - mean)).sum::<f32>() / count;
                assert!(
                    mean.abs() < 0.004 && (variance / 0.01 - 1.0).abs() < 0.05,
                    "{weights:?}: {mean}, {variance}"
                );
                assert!(layer.weight.iter().all(|w| w.abs() <= most));
                assert!(layer.bias.iter().all(|b| *b == 0.0));
            }
        }
    }

    #[test]
    fn uniform_biases_fill_their_interval() {
        for layer in drawn(Initial { biases: Biases::Uniform, ..Initial::default() }).layers() {
            let most =
                layer.bias.iter().fold(0.0, |most: f32, b| most.max(b.abs())) * (layer.inputs as f32).sqrt();
            assert!((0.9..=1.0).contains(&most), "{most}");
        }
    }
}
