//! The shape of a fully-connected autoencoder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// What follows each layer but the last, which is linear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// 1 / (1 + e^-z), of the ring (Sec. 4.1.1).
    Sigmoid,
    /// max(z, 0), of the toy car (Sec. 4.2.2); its derivative at 0 is 0.
    Relu,
}

/// Layer sizes from input to reconstruction, and the activation between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Architecture {
    sizes: Vec<usize>,
    activation: Activation,
}

impl Architecture {
    /// An autoencoder of `sizes` units: input, hidden layers, output.
    ///
    /// # Errors
    /// Fewer than two sizes, a size of zero, or an output that is not as long as the input.
    pub fn new(sizes: Vec<usize>, activation: Activation) -> Result<Self, ModelError> {
        let wrong = |expected| Err(ModelError::Sizes { found: sizes.clone(), expected });
        match sizes.as_slice() {
            [] | [_] => wrong("an input and an output at least"),
            sizes if sizes.contains(&0) => wrong("1 unit a layer at least"),
            [first, .., last] if first != last => wrong("as many outputs as inputs"),
            _ => Ok(Self { sizes, activation }),
        }
    }

    /// Layer sizes from input to output.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The activation of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// D, features of a row.
    pub fn dim(&self) -> usize {
        self.sizes[0]
    }

    /// Layers, each a matrix and a bias.
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Numbers in all matrices and biases.
    pub fn parameter_count(&self) -> usize {
        self.layer_range(self.layers()).start
    }

    /// Where layer `index` stands among the parameters: first its matrix, then its bias.
    pub(crate) fn layer_range(&self, index: usize) -> std::ops::Range<usize> {
        let length =
            |layer: usize| self.sizes.get(layer + 1).map_or(0, |outputs| (self.sizes[layer] + 1) * outputs);
        let start = (0..index).map(length).sum();
        start..start + length(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_has_532_parameters() {
        let ring = Architecture::new(vec![2, 20, 10, 20, 2], Activation::Sigmoid).unwrap();
        assert_eq!((ring.dim(), ring.layers(), ring.parameter_count()), (2, 4, 60 + 210 + 220 + 42));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let refused =
            |sizes: &[usize]| Architecture::new(sizes.to_vec(), Activation::Relu).unwrap_err().to_string();
        assert_eq!(refused(&[2]), "layer sizes: found [2], expected an input and an output at least");
        assert_eq!(refused(&[2, 0, 2]), "layer sizes: found [2, 0, 2], expected 1 unit a layer at least");
        assert_eq!(refused(&[2, 5, 3]), "layer sizes: found [2, 5, 3], expected as many outputs as inputs");
    }
}
