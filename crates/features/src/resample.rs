//! Change of sampling rate: band-limited, by FFT, the filter's delay taken out.
//!
//! In `f64`, as the spectra are: the FFT, most of what this crate compiles, then is there in one precision alone.

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
/// back as they are. Rates without a common divisor work in one block of a second or more, some 120 bytes a Hz.
///
/// # Errors
/// [`ResampleError::Rate`] when a rate is outside [`MIN_RATE`] to [`MAX_RATE`].
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, ResampleError> {
    if from == to || samples.is_empty() {
        check(from, to)?;
        return Ok(samples.to_vec());
    }
    let mut resampler = filter(from, to)?;
    let divisor = gcd(from, to);
    let len = (samples.len() * (to / divisor) as usize).div_ceil((from / divisor) as usize);
    let samples: Vec<f64> = samples.iter().map(|&sample| f64::from(sample)).collect();
    let mut out = vec![0.0; resampler.process_all_needed_output_len(samples.len())];
    let out_len = out.len();
    let input = SequentialSlice::new(&samples, 1, samples.len()).expect("one channel of that length");
    let mut output = SequentialSlice::new_mut(&mut out, 1, out_len).expect("one channel of that length");
    resampler.process_all_into_buffer(&input, &mut output, samples.len(), None)?;
    Ok(out[..len].iter().map(|&sample| sample as f32).collect())
}

fn check(from: u32, to: u32) -> Result<(), ResampleError> {
    if [from, to].iter().all(|rate| (MIN_RATE..=MAX_RATE).contains(rate)) {
        return Ok(());
    }
    Err(ResampleError::Rate { from, to })
}

/// The filter of one channel, which takes and gives blocks of one length each.
fn filter(from: u32, to: u32) -> Result<Fft<f64>, ResampleError> {
    check(from, to)?;
    let divisor = gcd(from, to);
    let (from, to) = ((from / divisor) as usize, (to / divisor) as usize);
    // The filter delays by half a block: an even number of units makes that a whole number of samples on both sides.
    let units = 2 * SHORTEST_BLOCK.div_ceil(2 * from.min(to));
    let window = rubato::WindowFunction::BlackmanHarris2;
    Ok(Fft::<f64>::new_custom(from, to, units * from, 1, 1, window, FixedSync::Both)?)
}

/// A sound that is resampled while it comes: the samples that [`resample`] gives, half a block after theirs came.
pub struct ResampledStream {
    /// None where the rates are alike.
    filter: Option<Fft<f64>>,
    /// What came and is no whole block yet.
    pending: Vec<f64>,
    /// What the filter gives before the first sample of the sound, and is still to be dropped.
    delay: usize,
}

impl ResampledStream {
    /// Of a sound at `from` Hz that is wanted at `to` Hz.
    ///
    /// # Errors
    /// As [`resample`].
    pub fn new(from: u32, to: u32) -> Result<Self, ResampleError> {
        check(from, to)?;
        let filter = if from == to { None } else { Some(filter(from, to)?) };
        let delay = filter.as_ref().map_or(0, Fft::output_delay);
        Ok(Self { filter, pending: Vec::new(), delay })
    }

    /// Takes the next `samples`, any number, and adds to `out` what can be told by now.
    ///
    /// # Errors
    /// [`ResampleError::Process`] when the filter fails.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let Some(filter) = &mut self.filter else {
            out.extend_from_slice(samples);
            return Ok(());
        };
        self.pending.extend(samples.iter().map(|&sample| f64::from(sample)));
        let block = filter.input_frames_next();
        let mut made = vec![0.0; filter.output_frames_next()];
        let whole = self.pending.len() - self.pending.len() % block;
        for block in self.pending[..whole].chunks_exact(block) {
            let room = made.len();
            let input = SequentialSlice::new(block, 1, block.len()).expect("one channel of that length");
            let mut output =
                SequentialSlice::new_mut(&mut made, 1, room).expect("one channel of that length");
            filter.process_into_buffer(&input, &mut output, None)?;
            let early = self.delay.min(room);
            self.delay -= early;
            out.extend(made[early..].iter().map(|&sample| sample as f32));
        }
        self.pending.drain(..whole);
        Ok(())
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATES: [u32; 8] = [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 16_001];

    fn sine(hz: f64, rate: u32, len: usize) -> Vec<f32> {
        (0..len).map(|n| (0.5 * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32).collect()
    }

    /// Amplitude and phase of the `hz` part of `samples`, away from its ends, against a sine that starts at 0.
    fn tone(samples: &[f32], hz: f64, rate: u32) -> (f64, f64) {
        let (mut re, mut im, mut weights) = (0.0, 0.0, 0.0);
        for (n, &sample) in samples.iter().enumerate().skip(samples.len() / 8).take(samples.len() * 3 / 4) {
            let window = (TAU / 2.0 * (n as f64 / samples.len() as f64 - 0.125) / 0.75).sin().powi(2);
            let phase = TAU * hz * n as f64 / f64::from(rate);
            re += window * f64::from(sample) * phase.sin();
            im += window * f64::from(sample) * phase.cos();
            weights += window;
        }
        (2.0 * re.hypot(im) / weights, im.atan2(re))
    }

    #[test]
    fn the_length_is_the_ratios() {
        for from in RATES {
            for len in [1, 7, 441, 1_000, 44_100, 44_101] {
                let exact = (len as u64 * 16_000).div_ceil(u64::from(from));
                let out = resample(&vec![0.1; len], from, 16_000).unwrap();
                assert_eq!(out.len() as u64, exact, "{len} samples at {from} Hz");
            }
        }
        assert!(resample(&[], 8_000, 16_000).unwrap().is_empty());
        assert_eq!(resample(&[0.5, -0.25], 16_000, 16_000).unwrap(), [0.5, -0.25]);
    }

    #[test]
    fn an_impulse_stays_where_it_was() {
        for from in RATES {
            for at in [0.1, 0.6] {
                let mut samples = vec![0.0; from as usize];
                let position = (at * f64::from(from)) as usize;
                samples[position] = 1.0;
                let out = resample(&samples, from, 16_000).unwrap();
                let largest = (0..out.len()).max_by(|&a, &b| out[a].abs().total_cmp(&out[b].abs())).unwrap();
                let expected = position as f64 * 16_000.0 / f64::from(from);
                assert!(
                    (largest as f64 - expected).abs() <= 0.5 + 1e-6,
                    "{from} Hz: at {largest}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn a_sine_keeps_level_and_phase() {
        for from in RATES {
            for hz in [100.0, 440.0, 3_300.0] {
                let out = resample(&sine(hz, from, from as usize), from, 16_000).unwrap();
                let (amplitude, phase) = tone(&out, hz, 16_000);
                assert!(
                    (amplitude / 0.5 - 1.0).abs() < 1e-3,
                    "{hz} Hz from {from} Hz: amplitude {amplitude}"
                );
                assert!(phase.abs() < 1e-3, "{hz} Hz from {from} Hz: phase {phase}");
            }
        }
    }

    #[test]
    fn an_alias_is_below_minus_60_db() {
        for (from, tones) in
            [(44_100, [8_400.0, 12_000.0, 21_000.0]), (48_000, [8_400.0, 15_000.0, 23_000.0])]
        {
            for hz in tones {
                let out = resample(&sine(hz, from, from as usize), from, 16_000).unwrap();
                let inside = &out[2_000..14_000];
                let rms = (inside.iter().map(|x| f64::from(x * x)).sum::<f64>() / inside.len() as f64).sqrt();
                let db = 20.0 * (rms / (0.5 * 0.5_f64.sqrt())).log10();
                assert!(db < -60.0, "{hz} Hz from {from} Hz leaves {db} dB");
            }
        }
        // Upwards: a tone has no image above the old band.
        let out = resample(&sine(3_000.0, 8_000, 8_000), 8_000, 16_000).unwrap();
        assert!(tone(&out, 5_000.0, 16_000).0 < 0.5e-3);
    }

    #[test]
    fn a_stream_gives_the_samples_of_the_whole() {
        for from in RATES {
            let sound = sine(440.0, from, 5 * from as usize);
            let whole = resample(&sound, from, 16_000).unwrap();
            let (mut stream, mut out) = (ResampledStream::new(from, 16_000).unwrap(), Vec::new());
            for part in sound.chunks(777) {
                stream.push(part, &mut out).unwrap();
            }
            // Half a block, and less than one that is not whole, are still to come: at 16,001 Hz blocks are of 2 seconds.
            assert!(out.len() + 48_000 > whole.len(), "{from} Hz: {} of {}", out.len(), whole.len());
            assert_eq!(out, whole[..out.len()], "{from} Hz");
        }
    }

    #[test]
    fn impossible_rates_are_refused() {
        for (from, to) in [(0, 16_000), (16_000, 0), (u32::MAX, 16_000), (16_000, 3_999), (0, 0)] {
            let error = resample(&[0.0; 9], from, to).unwrap_err();
            assert!(matches!(error, ResampleError::Rate { .. }), "{error}");
        }
    }
}
