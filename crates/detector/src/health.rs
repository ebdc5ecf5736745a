//! Whether a recording can be trusted: a broken microphone is not a fault of the machine.
//!
//! A few numbers are measured of each block of ten seconds, and held against the ranges that the training recordings
//! had. The samples are those of the file, before they are resampled.

use features::level::Level;
use features::stft::{Stft, Window};
use serde::{Deserialize, Serialize};

/// What is measured.
const CHECKS: [Check; 9] = [
    Check { name: "level", unit: "dB", low: Some(15.0), high: Some(20.0), floor: -100.0 },
    Check { name: "clipping", unit: "%", low: None, high: Some(0.5), floor: 0.0 },
    Check { name: "silence", unit: "%", low: None, high: Some(5.0), floor: 0.0 },
    Check { name: "DC", unit: "dB", low: None, high: Some(20.0), floor: -60.0 },
    Check { name: "quietest channel", unit: "dB", low: Some(15.0), high: None, floor: -80.0 },
    Check { name: "channels that cancel", unit: "dB", low: Some(12.0), high: None, floor: -80.0 },
    Check { name: "bandwidth", unit: "dB", low: Some(20.0), high: None, floor: -110.0 },
    Check { name: "dropouts", unit: "%", low: None, high: Some(1.0), floor: 0.0 },
    Check { name: "mains hum", unit: "dB", low: None, high: Some(10.0), floor: -20.0 },
];

/// One measurement, and how far beyond its range it may lie.
struct Check {
    name: &'static str,
    unit: &'static str,
    /// How far below the range is too far.
    low: Option<f64>,
    /// How far above it is.
    high: Option<f64>,
    /// What is lower counts as this: differences below it mean nothing.
    floor: f64,
}

/// A run of so many equal samples, at any rate, is a gap that something filled.
const DROPOUT_RUN: usize = 64;
/// The highest frequencies, from which bandwidth is told, in Hz.
const HIGHEST_HZ: [f64; 2] = [6_000.0, 8_000.0];
/// Mains frequencies in Hz, and how many harmonics of them are looked at.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];
const HARMONICS: usize = 6;

/// The channels of a recording, whose powers are mean squares.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    pub(crate) powers: Vec<f64>,
    /// Of what is made of them.
    pub(crate) mixed: f64,
    /// Whether that is their mean.
    pub(crate) is_mean: bool,
}

/// Each of [`CHECKS`].
pub(crate) type Vitals = [f64; CHECKS.len()];

/// Measures a block at `rate` Hz.
pub(crate) fn vitals(samples: &[f32], rate: u32, channels: &Channels) -> Vitals {
    let level = Level::of(samples);
    let count = samples.len().max(1) as f64;
    let percent = |samples: u64| 100.0 * samples as f64 / count;
    let mean = samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / count;
    let loudest = channels.powers.iter().copied().fold(0.0, f64::max);
    let quietest = channels.powers.iter().copied().fold(loudest, f64::min);
    let all = channels.powers.iter().sum::<f64>() / channels.powers.len().max(1) as f64;
    let spectrum = Spectrum::of(samples, rate);
    let measured = [
        level.rms_dbfs(),
        percent(level.clipped),
        percent(level.silent),
        10.0 * (mean * mean).log10(),
        10.0 * (quietest / loudest).log10(),
        if channels.is_mean { 10.0 * (channels.mixed / all).log10() } else { 0.0 },
        10.0 * spectrum.between(HIGHEST_HZ).log10(),
        percent(dropouts(samples)),
        10.0 * spectrum.hum().log10(),
    ];
    let mut vitals = measured;
    for (value, check) in vitals.iter_mut().zip(&CHECKS) {
        // A maximum that takes the floor where there is no number, as of silence over silence.
        *value = value.max(check.floor);
    }
    vitals
}

/// Samples in runs of equal ones, but for those in silent blocks, which silence tells of, and clipped ones.
fn dropouts(samples: &[f32]) -> u64 {
    let runs = samples.chunk_by(|one, next| one == next);
    runs.filter(|run| run.len() >= DROPOUT_RUN).map(|run| run.len() as u64).sum()
}

/// Mean power spectrum; it adds up to the mean square of the samples.
struct Spectrum {
    powers: Vec<f64>,
    /// Hz between bins.
    step: f64,
}

impl Spectrum {
    /// Of frames of a quarter of a second or more, side by side; what is left at the end is filled up with zeros.
    fn of(samples: &[f32], rate: u32) -> Self {
        let fft = (rate as usize / 4).next_power_of_two();
        let mut stft = Stft::new(fft, Window::Hann);
        let mut powers = vec![0.0; stft.bins()];
        let mut add =
            |frame: &[f32]| powers.iter_mut().zip(stft.powers(frame)).for_each(|(sum, power)| *sum += power);
        let frames = samples.chunks_exact(fft);
        let rest = frames.remainder();
        if samples.len() < fft {
            add(&[rest, &vec![0.0; fft - rest.len()]].concat());
        }
        frames.for_each(&mut add);
        let frames = (samples.len() / fft).max(1) as f64;
        // Both halves of the spectrum; a Hann window leaves 3/8 of the power.
        let scale = 2.0 / (frames * 0.375 * (fft * fft) as f64);
        powers.iter_mut().for_each(|power| *power *= scale);
        Self { powers, step: f64::from(rate) / fft as f64 }
    }

    fn between(&self, [low, high]: [f64; 2]) -> f64 {
        let bin = |hz: f64| ((hz / self.step).round() as usize).min(self.powers.len());
        self.powers[bin(low)..bin(high).max(bin(low))].iter().sum()
    }

    /// The share of the power at a mains frequency and its harmonics, the larger of the two.
    fn hum(&self) -> f64 {
        let total: f64 = self.powers.iter().sum();
        let at = |hz: f64| self.between([hz - 1.5 * self.step, hz + 1.5 * self.step]);
        let hum =
            |mains: f64| (1..=HARMONICS).map(|harmonic| at(mains * harmonic as f64)).sum::<f64>() / total;
        MAINS_HZ.into_iter().map(hum).fold(0.0, f64::max)
    }
}

/// What the training recordings had: least and most of each check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranges(Vec<Range>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Range {
    check: String,
    unit: String,
    least: f64,
    most: f64,
}

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Complaint {
    /// The check.
    pub check: String,
    /// What was measured, in its unit.
    pub found: f64,
    /// Its unit.
    pub unit: String,
    /// Least and most of the training recordings.
    pub training: [f64; 2],
    /// Seconds from the start at which it begins and ends.
    pub from_s: f64,
    /// The end.
    pub to_s: f64,
}

impl Ranges {
    /// Of the blocks of all training recordings.
    pub(crate) fn of<'a>(blocks: impl Iterator<Item = &'a Vitals> + Clone) -> Self {
        let range = |(at, check): (usize, &Check)| {
            let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
            let all = blocks.clone().map(|vitals| vitals[at]);
            let (least, most) = all.fold((least, most), |(l, m), value| (value.min(l), value.max(m)));
            Range { check: check.name.to_owned(), unit: check.unit.to_owned(), least, most }
        };
        Self(CHECKS.iter().enumerate().map(range).collect())
    }

    /// Whether these are ranges of the checks that are known, in their order.
    pub(crate) fn is_known(&self) -> bool {
        self.0.len() == CHECKS.len()
            && self.0.iter().zip(&CHECKS).all(|(range, check)| {
                range.check == check.name && range.least.is_finite() && range.least <= range.most
            })
    }

    /// Least and most level of training blocks, in dB below full scale.
    pub fn level(&self) -> [f64; 2] {
        [self.0[0].least, self.0[0].most]
    }

    /// What is wrong with a block between two moments.
    pub(crate) fn complaints(&self, vitals: &Vitals, [from_s, to_s]: [f64; 2]) -> Vec<Complaint> {
        let checks = CHECKS.iter().zip(&self.0).zip(vitals);
        let wrong = checks.filter(|((check, range), found)| {
            check.low.is_some_and(|margin| **found < range.least - margin)
                || check.high.is_some_and(|margin| **found > range.most + margin)
        });
        let complaint = |((check, range), found): ((&Check, &Range), &f64)| Complaint {
            check: check.name.to_owned(),
            found: *found,
            unit: check.unit.to_owned(),
            training: [range.least, range.most],
            from_s,
            to_s,
        };
        wrong.map(complaint).collect()
    }
}

/// What would be wrong with a training recording whatever the others are: it is silent or clipped for the most part.
pub(crate) fn unfit(blocks: &[Vitals]) -> Option<&'static str> {
    let mean = |at: usize| blocks.iter().map(|vitals| vitals[at]).sum::<f64>() / blocks.len().max(1) as f64;
    [(1, "most of it clipped"), (2, "most of it silent"), (7, "most of it one value")]
        .into_iter()
        .find_map(|(at, what)| (mean(at) > 50.0).then_some(what))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use features::rng::{Purpose, stream};
    use rand::RngExt;

    const RATE: u32 = 16_000;

    fn noise(amplitude: f32, index: u64) -> Vec<f32> {
        let mut rng = stream(5, Purpose::Data, index);
        (0..10 * RATE).map(|_| amplitude * (2.0 * rng.random::<f32>() - 1.0)).collect()
    }

    fn sine(hz: f64, amplitude: f64) -> Vec<f32> {
        let phase = |n: u32| TAU * hz * f64::from(n) / f64::from(RATE);
        (0..10 * RATE).map(|n| (amplitude * phase(n).sin()) as f32).collect()
    }

    fn mono(samples: &[f32]) -> Vitals {
        let power = Level::of(samples).power;
        vitals(samples, RATE, &Channels { powers: vec![power], mixed: power, is_mean: true })
    }

    fn complaints(samples: &[f32]) -> Vec<String> {
        let training = [mono(&noise(0.1, 0)), mono(&noise(0.15, 1))];
        let ranges = Ranges::of(training.iter());
        assert!(ranges.is_known());
        ranges.complaints(&mono(samples), [0.0, 10.0]).into_iter().map(|complaint| complaint.check).collect()
    }

    fn plus(one: &[f32], other: &[f32]) -> Vec<f32> {
        one.iter().zip(other).map(|(a, b)| a + b).collect()
    }

    #[test]
    fn what_is_like_the_training_recordings_is_trusted() {
        for index in 2..6 {
            assert!(complaints(&noise(0.12, index)).is_empty());
        }
        assert!(complaints(&plus(&noise(0.1, 2), &sine(700.0, 0.2))).is_empty());
    }

    #[test]
    fn each_fault_is_told_by_its_name() {
        let good = noise(0.12, 3);
        let mut gaps = good.clone();
        gaps[5_000..9_000].fill(0.05);
        let clipped: Vec<f32> = good.iter().map(|x| (30.0 * x).clamp(-1.0, 1.0)).collect();
        let muffled: Vec<f32> = good.windows(40).map(|part| part.iter().sum::<f32>() / 8.0).collect();
        let muffled: Vec<f32> = muffled.windows(40).map(|part| part.iter().sum::<f32>() / 20.0).collect();
        for (samples, expected) in [
            (vec![0.0; 160_000], "silence"),
            (noise(0.01, 2), "level"),
            (good.iter().map(|x| x + 0.2).collect(), "DC"),
            (plus(&good, &sine(50.0, 0.4)), "mains hum"),
            (plus(&good, &sine(120.0, 0.4)), "mains hum"),
            (gaps, "dropouts"),
            (clipped, "clipping"),
            (muffled, "bandwidth"),
        ] {
            let found = complaints(&samples);
            assert!(found.iter().any(|check| check == expected), "{expected} is not in {found:?}");
        }
    }

    #[test]
    fn channels_are_held_against_each_other() {
        let samples = noise(0.1, 1);
        let of = |powers: [f64; 2], mixed| {
            vitals(&samples, RATE, &Channels { powers: powers.into(), mixed, is_mean: true })
        };
        let ranges = Ranges::of([of([1.0, 0.9], 0.9)].iter());
        let found = |powers, mixed| -> Vec<String> {
            ranges.complaints(&of(powers, mixed), [0.0, 1.0]).into_iter().map(|found| found.check).collect()
        };
        assert!(found([0.5, 0.5], 0.4).is_empty());
        assert_eq!(found([1.0, 1e-6], 0.25), ["quietest channel"]);
        assert_eq!(found([1.0, 1.0], 1e-5), ["channels that cancel"]);
    }

    #[test]
    fn powers_are_those_of_the_samples() {
        let spectrum = Spectrum::of(&sine(7_000.0, 0.5), RATE);
        let total: f64 = spectrum.powers.iter().sum();
        assert!(
            (total / 0.125 - 1.0).abs() < 0.01 && (spectrum.between(HIGHEST_HZ) / total) > 0.99,
            "{total}"
        );
    }
}
