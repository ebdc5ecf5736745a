//! Magnitudes of the spectra of 16 frames at a time, one in each lane of SIMD registers.
//!
//! A real frame of N samples is transformed as N/2 complex numbers, Z, and its spectrum X taken apart from that. With
//! a frame a lane, all of it is arithmetic between registers: nothing is moved across lanes but when frames are
//! loaded.

mod radix4;

use aligned_vec::{AVec, ConstAlign};
use pulp::{Arch, Simd, WithSimd};

use self::radix4::{Radix4, row_of, sin_cos, turned};
use crate::stft::{Stft, hann};

/// Frames transformed together: lanes of the widest register.
pub(crate) const LANES: usize = 16;

/// (any, [`LANES`]): a row for a sample, bin or band, with a number for each frame.
pub(crate) type Rows = AVec<f32, ConstAlign<64>>;

/// Zeros, (`count`, [`LANES`]).
pub(crate) fn rows(count: usize) -> Rows {
    let mut rows = AVec::new(64);
    rows.resize(count * LANES, 0.0);
    rows
}

/// A plan for magnitudes |X_ω| of [`LANES`] frames of N samples under a periodic Hann window.
pub(crate) struct Spectra {
    transform: Transform,
    /// (bins, [`LANES`]).
    magnitudes: Rows,
    arch: Arch,
}

enum Transform {
    /// N is a power of two.
    Lanes(Lanes),
    /// Any other N: one frame after the other.
    Single(Stft, Vec<f32>),
}

impl Spectra {
    /// Plans transforms of frames of `fft` samples, an even number from 4 on.
    pub(crate) fn new(fft: usize) -> Self {
        let bins = fft / 2 + 1;
        let transform = if fft.is_power_of_two() {
            Transform::Lanes(Lanes::new(fft))
        } else {
            Transform::Single(Stft::new(fft), vec![0.0; bins])
        };
        Self { transform, magnitudes: rows(bins), arch: Arch::new() }
    }

    /// Magnitudes, (bins, [`LANES`]), of the frames that start at the samples 0, `hop`, ... of `block`.
    pub(crate) fn magnitudes(&mut self, block: &[f32], hop: usize) -> &Rows {
        let magnitudes = &mut self.magnitudes;
        match &mut self.transform {
            Transform::Lanes(lanes) => self.arch.dispatch(Frames { lanes, block, hop, magnitudes }),
            Transform::Single(stft, spectrum) => {
                for lane in 0..LANES {
                    stft.magnitudes(&block[lane * hop..][..stft.fft()], spectrum);
                    let column = magnitudes[lane..].iter_mut().step_by(LANES);
                    column.zip(&*spectrum).for_each(|(to, from)| *to = *from);
                }
            }
        }
        magnitudes
    }
}

/// A plan for frames whose length is a power of two, and what is under way.
struct Lanes {
    /// Half of the Hann window, the half being that of the even and odd part of Z.
    half_window: Vec<f32>,
    /// Z, (N/2, [`LANES`]).
    re: Rows,
    im: Rows,
    fft: Radix4,
    bins: Vec<Bin>,
}

/// The row of Z_k, and cos and sin of 2πk / N.
#[derive(Clone, Copy)]
struct Bin {
    row: usize,
    cos: f32,
    sin: f32,
}

impl Lanes {
    fn new(fft: usize) -> Self {
        let half = fft / 2;
        let bin = |k| {
            let (sin, cos) = sin_cos(k, fft);
            Bin { row: row_of(k % half, half), cos, sin }
        };
        Self {
            half_window: hann(fft).iter().map(|weight| 0.5 * weight).collect(),
            re: rows(half),
            im: rows(half),
            fft: Radix4::new(half),
            bins: (0..=half).map(bin).collect(),
        }
    }
}

/// The magnitudes of the frames in `block`.
struct Frames<'a> {
    lanes: &'a mut Lanes,
    block: &'a [f32],
    hop: usize,
    magnitudes: &'a mut [f32],
}

impl WithSimd for Frames<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        load(simd, self.lanes, self.block, self.hop);
        let Lanes { re, im, fft, bins, .. } = self.lanes;
        let (re, im) = (S::as_mut_simd_f32s(re).0, S::as_mut_simd_f32s(im).0);
        fft.transform(simd, re, im);
        take_apart(simd, bins, re, im, S::as_mut_simd_f32s(self.magnitudes).0);
    }
}

/// Registers in a row.
#[inline(always)]
const fn registers<S: Simd>() -> usize {
    LANES / S::F32_LANES
}

/// Where [`load`] puts four samples of the frame of `lane`, for its shuffle, which transposes four registers by four
/// lanes, to move each into this lane.
#[inline(always)]
const fn place<S: Simd>(lane: usize) -> usize {
    let (register, within) = (lane / S::F32_LANES, lane % S::F32_LANES);
    (4 * register + within % 4) * S::F32_LANES + within / 4 * 4
}

/// Puts every frame of `block` into its lane, windowed; even samples into the real parts, odd ones into the imaginary.
#[inline(always)]
fn load<S: Simd>(simd: S, lanes: &mut Lanes, block: &[f32], hop: usize) {
    let registers = registers::<S>();
    let Lanes { half_window, re, im, .. } = lanes;
    let (re, im) = (S::as_mut_simd_f32s(re).0, S::as_mut_simd_f32s(im).0);
    let mut frames = [block; LANES];
    for lane in 0..LANES {
        frames[lane] = &block[lane * hop..][..half_window.len()];
    }
    for (index, window) in half_window.chunks_exact(4).enumerate() {
        let mut fours = [0.0; 4 * LANES];
        for lane in 0..LANES {
            fours[place::<S>(lane)..][..4].copy_from_slice(&frames[lane][4 * index..][..4]);
        }
        for (register, four) in S::as_simd_f32s(&fours).0.chunks_exact(4).enumerate() {
            let [a, b, c, d] = simd.deinterleave_shfl_f32s([four[0], four[1], four[2], four[3]]);
            let (first, second) = (2 * index * registers + register, (2 * index + 1) * registers + register);
            re[first] = simd.mul_f32s(a, simd.splat_f32s(window[0]));
            im[first] = simd.mul_f32s(b, simd.splat_f32s(window[1]));
            re[second] = simd.mul_f32s(c, simd.splat_f32s(window[2]));
            im[second] = simd.mul_f32s(d, simd.splat_f32s(window[3]));
        }
    }
}

/// |X_k| = |E_k + e^{-2πik/N} O_k| and |X_{N/2-k}| = |E_k - e^{-2πik/N} O_k|, with the transforms of the even and of
/// the odd samples E_k = (Z_k + Z*_{N/2-k}) / 2 and O_k = (Z_k - Z*_{N/2-k}) / 2i.
#[inline(always)]
fn take_apart<S: Simd>(simd: S, bins: &[Bin], re: &[S::f32s], im: &[S::f32s], magnitudes: &mut [S::f32s]) {
    let registers = registers::<S>();
    let half = bins.len() - 1;
    for k in 0..=half / 2 {
        let (bin, mirrored) = (bins[k], bins[half - k]);
        for register in 0..registers {
            let (a, b) = (bin.row * registers + register, mirrored.row * registers + register);
            let (even_re, even_im) = (simd.add_f32s(re[a], re[b]), simd.sub_f32s(im[a], im[b]));
            let (odd_re, odd_im) = (simd.add_f32s(im[a], im[b]), simd.sub_f32s(re[b], re[a]));
            let (odd_re, odd_im) = turned(simd, bin.cos, bin.sin, odd_re, odd_im);
            magnitudes[k * registers + register] =
                absolute(simd, simd.add_f32s(even_re, odd_re), simd.add_f32s(even_im, odd_im));
            magnitudes[(half - k) * registers + register] =
                absolute(simd, simd.sub_f32s(even_re, odd_re), simd.sub_f32s(even_im, odd_im));
        }
    }
}

/// |re + i im|.
#[inline(always)]
fn absolute<S: Simd>(simd: S, re: S::f32s, im: S::f32s) -> S::f32s {
    simd.sqrt_f32s(simd.mul_add_e_f32s(re, re, simd.mul_f32s(im, im)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, stream};
    use pulp::Scalar;
    use rand::RngExt;

    fn noise(len: usize) -> Vec<f32> {
        let mut rng = stream(0, Purpose::Data, 0);
        (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn assert_agree(ours: &[f32], block: &[f32], fft: usize, hop: usize) {
        let mut stft = Stft::new(fft);
        let mut expected = vec![0.0; stft.bins()];
        assert_eq!(ours.len(), stft.bins() * LANES);
        for lane in 0..LANES {
            stft.magnitudes(&block[lane * hop..][..fft], &mut expected);
            let largest = expected.iter().copied().fold(0.0, f32::max);
            for (bin, (expected, ours)) in expected.iter().zip(ours[lane..].iter().step_by(LANES)).enumerate()
            {
                let gap = (expected - ours).abs();
                assert!(gap <= 5e-7 * largest, "frame {lane} of {fft}, bin {bin}: {ours}, not {expected}");
            }
        }
    }

    #[test]
    fn all_lanes_agree_with_rustfft_for_powers_of_two_and_other_lengths() {
        for (fft, hop) in
            [(4, 2), (8, 8), (64, 1), (256, 100), (512, 256), (1024, 512), (2048, 7), (6, 1), (400, 160)]
        {
            let block = noise((LANES - 1) * hop + fft);
            assert_agree(Spectra::new(fft).magnitudes(&block, hop), &block, fft, hop);
        }
    }

    /// Every instruction set that may be chosen on another machine.
    #[test]
    fn narrower_registers_do_the_same() {
        for fft in [8, 128, 512] {
            let block = noise((LANES - 1) * 50 + fft);
            let (mut lanes, mut magnitudes) = (Lanes::new(fft), rows(fft / 2 + 1));
            let frames = Frames { lanes: &mut lanes, block: &block, hop: 50, magnitudes: &mut magnitudes };
            frames.with_simd(Scalar);
            assert_agree(&magnitudes, &block, fft, 50);
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = pulp::x86::V3::try_new() {
                magnitudes.fill(f32::NAN);
                Simd::vectorize(
                    avx2,
                    Frames { lanes: &mut lanes, block: &block, hop: 50, magnitudes: &mut magnitudes },
                );
                assert_agree(&magnitudes, &block, fft, 50);
            }
        }
    }
}
