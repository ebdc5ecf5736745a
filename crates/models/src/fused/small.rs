//! Narrow layers: feature-major, each register holding one unit of as many samples as it has lanes.

mod gradient;

use losses::simd::Lines;
use pulp::{Arch, Simd, WithSimd};

use self::gradient::layer_gradient;
use super::Passes;
use super::blocks::{activated, differentiated};
use crate::{Activation, Architecture, Parameters};

/// Samples are padded to a multiple of this: four of the widest registers.
const PADDING: usize = 64;

/// Floats between the samples of one unit and those of the next: a cache line, lest the same samples of all units
/// compete for the same places of the cache.
const GAP: usize = 16;

/// Registers of one unit that a product takes together.
const REGISTERS: usize = 4;

/// Units of every layer, (units, padded samples and gap). `backward` turns them, from the top down, into ∂J/∂z.
#[derive(Debug)]
pub(super) struct Small {
    activation: Activation,
    units: Vec<Lines>,
    /// Scores in the forward pass, their derivatives in the backward pass; padded samples have derivative 0.
    scores: Lines,
}

impl Small {
    pub(super) fn new(architecture: &Architecture) -> Self {
        let units = vec![Lines::new(0); architecture.sizes().len()];
        Self { activation: architecture.activation(), units, scores: Lines::new(0) }
    }

    /// Makes room for the samples and writes them feature-major.
    fn load(&mut self, architecture: &Architecture, rows: &[f32]) {
        let dim = architecture.dim();
        let count = rows.len() / dim;
        let padded = count.next_multiple_of(PADDING);
        self.scores.resize(padded, 0.0);
        for (units, size) in self.units.iter_mut().zip(architecture.sizes()) {
            units.resize(size * (padded + GAP), 0.0);
        }
        for (feature, column) in self.units[0].chunks_exact_mut(padded + GAP).enumerate() {
            column.iter_mut().zip(rows[feature..].iter().step_by(dim)).for_each(|(unit, x)| *unit = *x);
            column[count..].fill(0.0);
        }
    }
}

impl Passes for Small {
    fn forward(&mut self, parameters: &Parameters, rows: &[f32], scores: &mut [f32]) {
        self.load(parameters.architecture(), rows);
        Arch::new().dispatch(Forward { net: self, parameters });
        scores.copy_from_slice(&self.scores[..scores.len()]);
    }

    fn backward(&mut self, parameters: &Parameters, score_gradient: &[f32], gradient: &mut [f32]) {
        self.scores.fill(0.0);
        self.scores[..score_gradient.len()].copy_from_slice(score_gradient);
        Arch::new().dispatch(Backward { net: self, parameters, gradient });
    }
}

struct Forward<'a> {
    net: &'a mut Small,
    parameters: &'a Parameters,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { net, parameters } = self;
        let layers = parameters.architecture().layers();
        for (index, layer) in parameters.layers().enumerate() {
            let (below, above) = net.units.split_at_mut(index + 1);
            let weight = |output: usize, input: usize| layer.weight[output * layer.inputs + input];
            let finish = if index + 1 == layers { Finish::Keep } else { Finish::Activate(net.activation) };
            let start = |output: usize| layer.bias[output];
            let product = Product { sizes: [layer.inputs, layer.outputs], weight, start, finish };
            product.run(simd, &below[index], &mut above[0]);
        }
        residuals(simd, net);
    }
}

/// Turns the reconstruction into reconstruction less input, and sums its squares: A(x) of Eq. 5.
#[inline(always)]
fn residuals<S: Simd>(simd: S, net: &mut Small) {
    let (scores, _) = S::as_mut_simd_f32s(&mut net.scores);
    scores.fill(simd.splat_f32s(0.0));
    let (input, output) = net.units.split_at_mut(1);
    let (input, _) = S::as_simd_f32s(&input[0]);
    let (output, _) = S::as_mut_simd_f32s(output.last_mut().expect("a layer at least"));
    let stride = scores.len() + GAP / S::F32_LANES;
    for (output, input) in output.chunks_exact_mut(stride).zip(input.chunks_exact(stride)) {
        for ((residual, input), score) in output.iter_mut().zip(input).zip(&mut *scores) {
            *residual = simd.sub_f32s(*residual, *input);
            *score = simd.mul_add_e_f32s(*residual, *residual, *score);
        }
    }
}

struct Backward<'a> {
    net: &'a mut Small,
    parameters: &'a Parameters,
    gradient: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { net, parameters, gradient } = self;
        let architecture = parameters.architecture();
        scale_residuals(simd, net);
        for index in (0..architecture.layers()).rev() {
            let layer = parameters.layer(index);
            let (below, above) = net.units.split_at_mut(index + 1);
            let (below, above) = (&mut below[index], &above[0]);
            let gradient = &mut gradient[architecture.layer_range(index)];
            layer_gradient(simd, [layer.inputs, layer.outputs], below, above, gradient);
            if index == 0 {
                break;
            }
            // ∂J/∂h = Wᵀ ∂J/∂z of the layer above, then through the activation, in place of h.
            let weight = |input: usize, output: usize| layer.weight[output * layer.inputs + input];
            let finish = Finish::Differentiate(net.activation);
            Product { sizes: [layer.outputs, layer.inputs], weight, start: |_: usize| 0.0, finish }
                .run(simd, above, below);
        }
    }
}

/// ∂J/∂y = 2 (y - x) ∂J/∂A of the reconstruction y, in place of y - x.
#[inline(always)]
fn scale_residuals<S: Simd>(simd: S, net: &mut Small) {
    let (scores, _) = S::as_simd_f32s(&net.scores);
    let (output, _) = S::as_mut_simd_f32s(net.units.last_mut().expect("an input at least"));
    for output in output.chunks_exact_mut(scores.len() + GAP / S::F32_LANES) {
        for (residual, derivative) in output.iter_mut().zip(scores) {
            *residual = simd.mul_f32s(simd.add_f32s(*residual, *residual), *derivative);
        }
    }
}

/// Sums of units below, one for each unit above, in every sample.
struct Product<W, B> {
    /// Units below and above.
    sizes: [usize; 2],
    /// Factor of unit (above, below).
    weight: W,
    /// What the sum of a unit above starts from.
    start: B,
    /// What becomes of the sum.
    finish: Finish,
}

/// What becomes of a sum and of what it is written over.
#[derive(Clone, Copy)]
enum Finish {
    /// The sum.
    Keep,
    /// The activation of the sum.
    Activate(Activation),
    /// The sum, ∂J/∂h, times the derivative of the activation; h is what was there.
    Differentiate(Activation),
}

impl Finish {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, sums: &mut [S::f32s; REGISTERS], there: &[S::f32s]) {
        match self {
            Self::Keep => {}
            Self::Activate(activation) => *sums = activated(simd, activation, *sums),
            Self::Differentiate(activation) => {
                for (sum, there) in sums.iter_mut().zip(there) {
                    *sum = differentiated(simd, activation, *sum, *there);
                }
            }
        }
    }
}

impl<W: Fn(usize, usize) -> f32, B: Fn(usize) -> f32> Product<W, B> {
    /// Writes the finished sums over `above`.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S, below: &[f32], above: &mut [f32]) {
        let [inputs, outputs] = self.sizes;
        let (below, _) = S::as_simd_f32s(below);
        let (above, _) = S::as_mut_simd_f32s(above);
        let stride = below.len() / inputs;
        for first in (0..stride - GAP / S::F32_LANES).step_by(REGISTERS) {
            for output in (0..outputs).step_by(2) {
                // An odd last unit is computed twice.
                let pair = [output, (output + 1).min(outputs - 1)];
                let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; 2];
                for (sums, output) in sums.iter_mut().zip(pair) {
                    *sums = [simd.splat_f32s((self.start)(output)); REGISTERS];
                }
                for (input, units) in below.chunks_exact(stride).enumerate() {
                    let units = &units[first..][..REGISTERS];
                    for (sums, output) in sums.iter_mut().zip(pair) {
                        let weight = simd.splat_f32s((self.weight)(output, input));
                        for (sum, unit) in sums.iter_mut().zip(units) {
                            *sum = simd.mul_add_e_f32s(weight, *unit, *sum);
                        }
                    }
                }
                for (sums, output) in sums.iter_mut().zip(pair) {
                    self.finish.apply(simd, sums, &above[output * stride + first..][..REGISTERS]);
                }
                for (sums, output) in sums.iter().zip(pair) {
                    above[output * stride + first..][..REGISTERS].copy_from_slice(sums);
                }
            }
        }
    }
}
