//! The parameters θ of an autoencoder, in one run of numbers.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::Architecture;

/// How weights are drawn, after Glorot; the variance is 2 / (inputs + outputs) of the layer for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// Uniform on ±√(6 / (inputs + outputs)).
    GlorotUniform,
    /// Normal.
    GlorotNormal,
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
    /// Draws the weights after Glorot's method, one layer after the other; biases are zero.
    pub fn draw(architecture: Architecture, initial: Initial, rng: &mut ChaCha8Rng) -> Self {
        let mut values = Vec::with_capacity(architecture.parameter_count());
        for pair in architecture.sizes().windows(2) {
            let deviation = (2.0 / (pair[0] + pair[1]) as f64).sqrt();
            let weights = (0..pair[0] * pair[1]).map(|_| (deviation * standardized(initial, rng)) as f32);
            values.extend(weights);
            values.resize(values.len() + pair[1], 0.0);
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

    /// The layers from input to output.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'_>> {
        (0..self.architecture.layers()).map(|index| self.layer(index))
    }
}

/// A number of mean 0 and variance 1.
fn standardized(initial: Initial, rng: &mut ChaCha8Rng) -> f64 {
    match initial {
        Initial::GlorotUniform => 3f64.sqrt() * (2.0 * rng.random::<f64>() - 1.0),
        Initial::GlorotNormal => {
            // Box and Muller; 1 - u is never 0.
            let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
            radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
        }
    }
}
