//! Sums over samples of narrow layers.

use pulp::Simd;

use super::GAP;

/// ∂J/∂W and ∂J/∂b of a layer: sums over samples of ∂J/∂z above times the unit below, and of ∂J/∂z.
#[inline(always)]
pub(super) fn layer_gradient<S: Simd>(
    simd: S,
    sizes: [usize; 2],
    below: &[f32],
    above: &[f32],
    gradient: &mut [f32],
) {
    let [inputs, outputs] = sizes;
    let (weight, bias) = gradient.split_at_mut(inputs * outputs);
    for output in (0..outputs).step_by(2) {
        let upper = [output, (output + 1).min(outputs - 1)];
        let deltas = upper.map(|output| unit::<S>(above, outputs, output));
        for input in (0..inputs).step_by(2) {
            let lower = [input, (input + 1).min(inputs - 1)];
            let sums = product_sums(simd, deltas, lower.map(|input| unit::<S>(below, inputs, input)));
            for (sums, output) in sums.iter().zip(upper) {
                for (sum, input) in sums.iter().zip(lower) {
                    weight[output * inputs + input] = simd.reduce_sum_f32s(*sum);
                }
            }
        }
    }
    for output in (0..outputs).step_by(4) {
        let four: [usize; 4] = std::array::from_fn(|k| (output + k).min(outputs - 1));
        let sums = sums(simd, four.map(|output| unit::<S>(above, outputs, output)));
        for (sum, output) in sums.iter().zip(four) {
            bias[output] = simd.reduce_sum_f32s(*sum);
        }
    }
}

/// The samples of a unit of a layer, two registers at a time.
#[inline(always)]
fn unit<S: Simd>(layer: &[f32], units: usize, unit: usize) -> &[[S::f32s; 2]] {
    let stride = layer.len() / units;
    S::as_simd_f32s(&layer[unit * stride..][..stride - GAP]).0.as_chunks().0
}

/// The products of each of two units above with each of two below, summed over samples lane by lane.
#[inline(always)]
fn product_sums<S: Simd>(
    simd: S,
    deltas: [&[[S::f32s; 2]]; 2],
    units: [&[[S::f32s; 2]]; 2],
) -> [[S::f32s; 2]; 2] {
    let length = deltas[0].len();
    let [deltas, units] = [deltas, units].map(|pair| pair.map(|samples| &samples[..length]));
    // Two sums, of every second register, for each of the four: enough to keep the arithmetic busy.
    let mut sums = [[[simd.splat_f32s(0.0); 2]; 2]; 2];
    for at in 0..length {
        for (sums, deltas) in sums.iter_mut().zip(deltas) {
            for (sums, units) in sums.iter_mut().zip(units) {
                for ((sum, delta), unit) in sums.iter_mut().zip(&deltas[at]).zip(&units[at]) {
                    *sum = simd.mul_add_e_f32s(*delta, *unit, *sum);
                }
            }
        }
    }
    sums.map(|sums| sums.map(|[even, odd]| simd.add_f32s(even, odd)))
}

/// Four units, each summed over samples lane by lane, side by side: an addition waits for the one before it.
#[inline(always)]
fn sums<S: Simd>(simd: S, deltas: [&[[S::f32s; 2]]; 4]) -> [S::f32s; 4] {
    let length = deltas[0].len();
    let deltas = deltas.map(|samples| &samples[..length]);
    let mut sums = [simd.splat_f32s(0.0); 4];
    for at in 0..length {
        for (sum, deltas) in sums.iter_mut().zip(deltas) {
            for delta in &deltas[at] {
                *sum = simd.add_f32s(*sum, *delta);
            }
        }
    }
    sums
}
