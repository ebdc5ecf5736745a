//! Frames into lanes.

use pulp::Simd;

use super::LANES;

/// Puts the frames that start at the samples 0, `hop`, ... of `block` each into its lane of `samples`, (N, [`LANES`]).
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, block: &[f32], hop: usize, samples: &mut [f32]) {
    let registers = const { LANES / S::F32_LANES };
    let fft = samples.len() / LANES;
    let rows = S::as_mut_simd_f32s(samples).0;
    let mut frames = [block; LANES];
    for lane in 0..LANES {
        frames[lane] = &block[lane * hop..][..fft];
    }
    for (index, rows) in rows.chunks_exact_mut(4 * registers).enumerate() {
        let mut fours = [0.0; 4 * LANES];
        for lane in 0..LANES {
            fours[place::<S>(lane)..][..4].copy_from_slice(&frames[lane][4 * index..][..4]);
        }
        for (register, four) in S::as_simd_f32s(&fours).0.chunks_exact(4).enumerate() {
            let four = simd.deinterleave_shfl_f32s([four[0], four[1], four[2], four[3]]);
            for sample in 0..4 {
                rows[sample * registers + register] = four[sample];
            }
        }
    }
}

/// Where [`load`] puts four samples of the frame of `lane`, for its shuffle, which transposes four registers by four
/// lanes, to move each into this lane.
#[inline(always)]
const fn place<S: Simd>(lane: usize) -> usize {
    let (register, within) = (lane / S::F32_LANES, lane % S::F32_LANES);
    (4 * register + within % 4) * S::F32_LANES + within / 4 * 4
}
