//! Magnitudes of the spectra of 16 frames at a time, one in each lane of SIMD registers.
//!
//! A real frame of N samples is transformed as N/2 complex numbers, Z, and its spectrum X taken apart from that. With
//! a frame a lane, all of it is arithmetic between registers: nothing is moved across lanes but when frames are
//! loaded.
//!
//! From windowed samples to |X|² it is done in `f64`, in half as many lanes. In `f32`, window, products and eight
//! steps each leave noise in all bins, which reaches 1e-4 in the logarithm of a band 85 dB below the loudest.

mod load;
mod radix4;

use aligned_vec::{AVec, ConstAlign};
use pulp::{Arch, Simd, WithSimd};

use self::load::load;
use self::radix4::{Radix4, row_of, sin_cos, turned};
use crate::stft::{Stft, hann};

/// Frames in a block: `f32` lanes of the widest register.
pub(crate) const LANES: usize = 16;

/// Frames transformed together, a part of a block: `f64` lanes of the widest register.
const WIDE_LANES: usize = 8;

/// (any, [`LANES`]): a row for a sample, bin or band, with a number for each frame.
pub(crate) type Rows = Aligned<f32>;

/// Numbers that begin at a cache line.
type Aligned<T> = AVec<T, ConstAlign<64>>;

/// Zeros, (`count`, [`LANES`]).
pub(crate) fn rows(count: usize) -> Rows {
    zeros(count * LANES)
}

fn zeros<T: Clone + Default>(len: usize) -> Aligned<T> {
    let mut zeros = AVec::new(64);
    zeros.resize(len, T::default());
    zeros
}

/// A plan for magnitudes |X_ω| of [`LANES`] frames of N samples under a periodic Hann window.
pub(crate) struct Spectra {
    transform: Transform,
    /// (bins, [`LANES`]).
    magnitudes: Rows,
    arch: Arch,
}

enum Transform {
    /// N is a power of two, from 8 on.
    Lanes(Lanes),
    /// Any other N: one frame after the other.
    Single(Stft, Vec<f32>),
}

impl Spectra {
    /// Plans transforms of frames of `fft` samples, an even number from 4 on.
    pub(crate) fn new(fft: usize) -> Self {
        let bins = fft / 2 + 1;
        let transform = if fft.is_power_of_two() && fft >= 8 {
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
    /// (N, [`LANES`]).
    samples: Rows,
    fft: Radix4,
    /// Z: (N/2, 2, [`WIDE_LANES`]), in a row the real and then the imaginary parts.
    z: Aligned<f64>,
    pairs: Vec<Pair>,
}

/// Bins k and N/2 - k, of which Z_k and Z_{N/2-k} are made: their rows, and cos and sin of 2πk / N.
struct Pair {
    row: usize,
    mirrored: usize,
    cos: f64,
    sin: f64,
}

impl Lanes {
    fn new(fft: usize) -> Self {
        let half = fft / 2;
        // The half is that of the even and odd part of Z.
        let half_window: Vec<f64> = hann(fft).iter().map(|weight| 0.5 * weight).collect();
        let pair = |k| {
            let (sin, cos) = sin_cos(k, fft);
            Pair { row: row_of(k, half), mirrored: row_of((half - k) % half, half), cos, sin }
        };
        Self {
            samples: rows(fft),
            fft: Radix4::new(&half_window),
            z: zeros(half * 2 * WIDE_LANES),
            pairs: (0..=half / 2).map(pair).collect(),
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
        let Lanes { samples, fft, z, pairs } = self.lanes;
        let z = S::as_mut_simd_f64s(z).0;
        load(simd, self.block, self.hop, samples);
        for lane in (0..LANES).step_by(WIDE_LANES) {
            fft.transform(simd, samples, lane, z);
            take_apart(simd, pairs, z, lane, self.magnitudes);
        }
        for magnitude in S::as_mut_simd_f32s(self.magnitudes).0 {
            *magnitude = simd.sqrt_f32s(*magnitude);
        }
    }
}

/// Registers in a row of [`WIDE_LANES`].
#[inline(always)]
const fn registers<S: Simd>() -> usize {
    WIDE_LANES / S::F64_LANES
}

/// Writes |X_k|² and |X_{N/2-k}|² to `powers`, (bins, [`LANES`]), from `lane` on: X_k = E_k + e^{-2πik/N} O_k and
/// X*_{N/2-k} = E_k - e^{-2πik/N} O_k, with the transforms of the even and of the odd samples
/// E_k = (Z_k + Z*_{N/2-k}) / 2 and O_k = (Z_k - Z*_{N/2-k}) / 2i.
#[inline(always)]
fn take_apart<S: Simd>(simd: S, pairs: &[Pair], z: &[S::f64s], lane: usize, powers: &mut [f32]) {
    let registers = registers::<S>();
    let width = 2 * registers;
    let mut powers = powers.chunks_exact_mut(LANES);
    for pair in pairs {
        let (a, b) = (&z[pair.row * width..][..width], &z[pair.mirrored * width..][..width]);
        let (mut low, mut high) = ([0.0; WIDE_LANES], [0.0; WIDE_LANES]);
        for re in 0..registers {
            let im = registers + re;
            let (even_re, even_im) = (simd.add_f64s(a[re], b[re]), simd.sub_f64s(a[im], b[im]));
            let (odd_re, odd_im) = (simd.add_f64s(a[im], b[im]), simd.sub_f64s(b[re], a[re]));
            let (odd_re, odd_im) = turned(simd, pair.cos, pair.sin, odd_re, odd_im);
            S::as_mut_simd_f64s(&mut low).0[re] =
                power(simd, simd.add_f64s(even_re, odd_re), simd.add_f64s(even_im, odd_im));
            S::as_mut_simd_f64s(&mut high).0[re] =
                power(simd, simd.sub_f64s(even_re, odd_re), simd.sub_f64s(even_im, odd_im));
        }
        // The bins come from both ends; the last pair is one bin, in the middle.
        if let Some(row) = powers.next() {
            round(&low, &mut row[lane..]);
        }
        if let Some(row) = powers.next_back() {
            round(&high, &mut row[lane..]);
        }
    }
}

/// |re + i im|².
#[inline(always)]
fn power<S: Simd>(simd: S, re: S::f64s, im: S::f64s) -> S::f64s {
    simd.mul_add_e_f64s(re, re, simd.mul_f64s(im, im))
}

/// Rounds to `f32`.
#[inline(always)]
fn round(from: &[f64; WIDE_LANES], to: &mut [f32]) {
    let to = &mut to[..WIDE_LANES];
    for lane in 0..WIDE_LANES {
        to[lane] = from[lane] as f32;
    }
}

#[cfg(test)]
mod tests;
