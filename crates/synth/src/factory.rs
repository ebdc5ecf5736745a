//! The four noises of the factory: hum, fan, conveyor and compressor.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::RATE;
use super::filter::{Biquad, Smoother};
use super::impact::{Mode, strike};
use super::noise::{Pink, Wander, log_uniform, vary, waiting_time, white};
use super::oscillator::{Phase, sine};

/// A source of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factory {
    /// Transformers and ballasts: mains hum, its harmonics, buzz.
    Hum,
    /// A ventilator: rushing air, blade passing, a bearing.
    Fan,
    /// A belt on rollers with parts that knock against its sides.
    Conveyor,
    /// A piston compressor that is loaded, blows off, and runs on unloaded.
    Compressor,
}

/// All noises, in the order of their files: `noise1.wav` is the first.
pub(super) const NOISES: [Factory; 4] = [Factory::Hum, Factory::Fan, Factory::Conveyor, Factory::Compressor];

/// `length` samples of a noise, over the floor of sound that every hall has.
pub(super) fn noise(source: Factory, length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut sound = match source {
        Factory::Hum => hum(length, rng),
        Factory::Fan => fan(length, rng),
        Factory::Conveyor => conveyor(length, rng),
        Factory::Compressor => compressor(length, rng),
    };
    let mut pink = Pink::default();
    let mut level = Wander::new(3.0, rng);
    for sample in &mut sound {
        let white = white(rng);
        *sample += 0.03 * (1.0 + 0.1 * level.next(rng)) * (pink.next(white) + 0.05 * white);
    }
    sound
}

/// Tones at whole multiples of a fundamental, each with a level that wanders by itself.
struct Series {
    phase: Phase,
    partials: Vec<(f32, f32, Wander)>,
    /// Relative deviation of the levels.
    unrest: f32,
}

impl Series {
    /// `partials` are (multiple, amplitude).
    fn new(partials: &[(u8, f32)], unrest: f32, rng: &mut ChaCha8Rng) -> Self {
        let phase = Phase::new(rng.random_range(0.0..1.0));
        let mut wander = || Wander::new(log_uniform(rng, 0.5, 5.0), rng);
        Self { phase, partials: partials.iter().map(|&(k, a)| (f32::from(k), a, wander())).collect(), unrest }
    }

    /// The next sample, at fundamental `hz`.
    fn next(&mut self, hz: f32, rng: &mut ChaCha8Rng) -> f32 {
        let (phase, unrest) = (self.phase.advance(hz), self.unrest);
        self.partials
            .iter_mut()
            .map(|(k, a, wander)| *a * (1.0 + unrest * wander.next(rng)) * sine((phase * *k).fract()))
            .sum()
    }
}

fn hum(length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let partials = [
        (1, 0.10),
        (2, 0.30),
        (4, 0.14),
        (6, 0.10),
        (8, 0.05),
        (10, 0.06),
        (12, 0.05),
        (14, 0.03),
        (18, 0.02),
        (22, 0.02),
    ];
    let mut series = Series::new(&partials, 0.15, rng);
    let mut mains = Wander::new(8.0, rng);
    let mut crackle = [Biquad::band_pass(2800.0, 1.0), Biquad::band_pass(5200.0, 1.5)];
    let mut strength = Wander::new(0.7, rng);
    let mut ballast = Phase::default();
    (0..length)
        .map(|_| {
            // A ballast arcs at both peaks of each period.
            let gate = ballast.sine(50.0).powi(2);
            let white = white(rng);
            let buzz: f32 = crackle.iter_mut().map(|band| band.next(white)).sum();
            let buzz = 0.06 * gate * gate * (1.0 + 0.25 * strength.next(rng)).max(0.0) * buzz;
            series.next(50.0 + 0.02 * mains.next(rng), rng) + buzz
        })
        .collect()
}

fn fan(length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut blades = Series::new(&[(1, 0.03), (7, 0.12), (14, 0.06), (21, 0.03), (28, 0.02)], 0.3, rng);
    let mut speed = Wander::new(5.0, rng);
    let mut gusts = Wander::new(0.4, rng);
    let mut rotor = Phase::default();
    let mut bearing = Phase::default();
    let mut pink = Pink::default();
    let mut rush = [Biquad::band_pass(380.0, 0.5), Biquad::band_pass(1900.0, 0.6)];
    let gains = [0.6, 0.15];
    (0..length)
        .map(|_| {
            let hz = 24.3 * (1.0 + 0.008 * speed.next(rng));
            let pink = pink.next(white(rng));
            let air: f32 = rush.iter_mut().zip(gains).map(|(band, gain)| gain * band.next(pink)).sum();
            let air = air * (1.0 + 0.15 * rotor.sine(hz) + 0.12 * gusts.next(rng));
            air + blades.next(hz, rng) + 0.012 * bearing.sine(119.3 * hz)
        })
        .collect()
}

const ROLLER: &[Mode] = &[Mode(1350.0, 0.006, 1.0), Mode(2260.0, 0.005, 0.7), Mode(3480.0, 0.004, 0.5)];
const TRAY: &[Mode] = &[
    Mode(290.0, 0.05, 1.0),
    Mode(710.0, 0.04, 0.9),
    Mode(1520.0, 0.03, 0.6),
    Mode(2470.0, 0.02, 0.5),
    Mode(4100.0, 0.012, 0.3),
];

fn conveyor(length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut motor = Series::new(&[(1, 0.10), (2, 0.08), (3, 0.05), (5, 0.03), (9, 0.02)], 0.2, rng);
    let mut load = Wander::new(2.0, rng);
    let mut roller = Phase::default();
    let mut pink = Pink::default();
    let mut rumble = Biquad::low_pass(240.0, 0.8);
    let mut belt = Biquad::band_pass(1400.0, 0.5);
    let mut sound: Vec<f32> = (0..length)
        .map(|_| {
            let hz = 97.0 * (1.0 + 0.01 * load.next(rng));
            let pink = pink.next(white(rng));
            let turn = 1.0 + 0.35 * roller.sine(hz / 31.0);
            motor.next(hz, rng) + 0.5 * turn * rumble.next(pink) + 0.08 * belt.next(pink)
        })
        .collect();
    // Links run over the rollers nearly in time; parts fall as they come.
    let mut seconds = 0.0;
    while seconds * RATE < length as f32 {
        strike(&mut sound, (seconds * RATE) as usize, ROLLER, log_uniform(rng, 0.03, 0.08), rng);
        seconds += vary(rng, 0.16, 0.12);
    }
    let mut seconds = waiting_time(rng, PARTS_A_SECOND);
    while seconds * RATE < length as f32 {
        let hardness = log_uniform(rng, 0.05, 0.18);
        strike(&mut sound, (seconds * RATE) as usize, TRAY, hardness, rng);
        seconds += waiting_time(rng, PARTS_A_SECOND);
    }
    sound
}

const PARTS_A_SECOND: f32 = 0.6;

fn compressor(length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut piston = Series::new(
        &[
            (1, 0.10),
            (2, 0.16),
            (3, 0.12),
            (4, 0.10),
            (6, 0.08),
            (8, 0.06),
            (11, 0.05),
            (15, 0.04),
            (20, 0.03),
        ],
        0.15,
        rng,
    );
    let mut intake = Biquad::band_pass(950.0, 0.7);
    let mut valve = Biquad::band_pass(3300.0, 1.0);
    let mut stroke = Phase::default();
    let mut pink = Pink::default();
    let mut load = Smoother::new(0.0, 1.0 / RATE);
    let mut blow = Smoother::new(0.0, 1.0 / RATE);
    let mut unsteady = Wander::new(1.0, rng);
    let mut loaded = rng.random_range(0.0..1.0) < 0.6;
    let mut left = (rng.random_range(1.0..8.0) * RATE) as usize;
    let mut since_load = usize::MAX;
    (0..length)
        .map(|_| {
            if left == 0 {
                loaded = !loaded;
                left = (if loaded { rng.random_range(6.0..14.0) } else { rng.random_range(3.0..8.0) } * RATE)
                    as usize;
                since_load = if loaded { usize::MAX } else { 0 };
            }
            left -= 1;
            since_load = since_load.saturating_add(1);
            let load = load.next(if loaded { 1.0 } else { 0.0 }, if loaded { 0.8 } else { 0.5 });
            // When the load is taken off, the line is vented for half a second.
            let blow = blow.next(if since_load < 8000 { 1.0 } else { 0.0 }, 0.15);
            let hz = 14.6 * (1.0 - 0.04 * load) * (1.0 + 0.01 * unsteady.next(rng));
            let breath = 0.5 + 0.5 * stroke.sine(hz);
            let white = white(rng);
            let pink = pink.next(white);
            let valve = valve.next(white);
            (0.35 + 0.65 * load)
                * (piston.next(hz, rng) + 0.2 * breath * intake.next(pink) + 0.06 * breath * breath * valve)
                + 0.04 * blow * valve
        })
        .collect()
}
