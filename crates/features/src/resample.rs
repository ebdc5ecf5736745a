//! Change of sampling rate: band-limited, by FFT, the filter's delay taken out.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler};

use crate::audio::{MAX_RATE, MIN_RATE};

/// Samples, at the lower rate, of the shortest block. The anti-aliasing filter is as long as a block.
const SHORTEST_BLOCK: usize = 512;

/// Why a sound could not be resampled.
#[derive(Debug, thiserror::Error)]
pub enum ResampleError {
    /// A rate is not one of sound.
    #[error("cannot resample from {from} Hz to {to} Hz, expected rates of {MIN_RATE} to {MAX_RATE} Hz")]
    Rate {
        /// Hz before.
        from: u32,
        /// Hz after.
        to: u32,
    },
    /// The filter could not be made.
    #[error("cannot resample: {0}")]
    Construction(#[from] rubato::ResamplerConstructionError),
    /// The sound could not be filtered.
    #[error("cannot resample: {0}")]
    Process(#[from] rubato::ResampleError),
}

/// Resamples `samples` from `from` Hz to `to` Hz; the time of every sample stays what it was.
///
/// Gives ceil(len · to / from) samples; outside its ends the sound counts as silent. Equal rates give the samples
/// back as they are. Rates without a common divisor work in one block of a second or more, some 60 bytes a Hz.
///
/// # Errors
/// [`ResampleError::Rate`] when a rate is outside [`MIN_RATE`] to [`MAX_RATE`].
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, ResampleError> {
    if [from, to].iter().any(|rate| !(MIN_RATE..=MAX_RATE).contains(rate)) {
        return Err(ResampleError::Rate { from, to });
    }
    if from == to || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let divisor = gcd(from, to);
    let (from, to) = ((from / divisor) as usize, (to / divisor) as usize);
    // The filter delays by half a block: an even number of units makes that a whole number of samples on both sides.
    let units = 2 * SHORTEST_BLOCK.div_ceil(2 * from.min(to));
    let mut resampler = Fft::<f32>::new_custom(
        from,
        to,
        units * from,
        1,
        1,
        rubato::WindowFunction::BlackmanHarris2,
        FixedSync::Both,
    )?;
    let len = (samples.len() * to).div_ceil(from);
    let mut out = vec![0.0; resampler.process_all_needed_output_len(samples.len())];
    let out_len = out.len();
    let input = SequentialSlice::new(samples, 1, samples.len()).expect("one channel of that length");
    let mut output = SequentialSlice::new_mut(&mut out, 1, out_len).expect("one channel of that length");
    resampler.process_all_into_buffer(&input, &mut output, samples.len(), None)?;
    out.truncate(len);
    Ok(out)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
