//! The sound of a car being driven: engine orders, gears, air, wheels, rattle and clunks.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::RATE;
use super::car::Car;
use super::control::{Controls, curves};
use super::filter::Biquad;
use super::impact::strike;
use super::noise::{Drift, Pink, log_uniform, vary, waiting_time, white};
use super::operation::{Operation, Segment, crop, schedule};
use super::oscillator::{BLOCK, Phase, harmonics, sine};

/// Half orders of the shaft that the engine sounds: up to the 32nd order, below 3.1 kHz for every car.
const HALF_ORDERS: usize = 64;

/// Draws what `car` does for `blocks` blocks, and its sound.
///
/// A file is cut from the middle of a longer drive: the controls are followed for a while before it begins,
/// and so any operation, at any stage, may be the first.
pub(super) fn drive(car: &Car, blocks: usize, rng: &mut ChaCha8Rng) -> (Vec<f32>, Vec<Segment>) {
    let lead_in = (rng.random_range(15.0..30.0) * RATE) as usize / BLOCK;
    let segments = schedule(lead_in + blocks, rng);
    let curves = curves(car, &segments, rng);
    let curves = &curves[lead_in..=lead_in + blocks];

    let mut sound = Motor::new(car, rng).run(curves, rng);
    add_rattle(&mut sound, car, curves, rng);
    add_clunks(&mut sound, car, &segments, lead_in, rng);
    (sound, crop(&segments, lead_in, lead_in + blocks))
}

/// The state of everything that turns or flows.
struct Motor<'a> {
    car: &'a Car,
    amplitudes: Vec<[f32; 2]>,
    half_shaft: Phase,
    mesh: [Phase; 2],
    starter: Phase,
    crank: Phase,
    unevenness: Drift,
    pink: Pink,
    body: [Biquad; 3],
    air: Biquad,
    rolling: Biquad,
    hiss: Biquad,
}

impl<'a> Motor<'a> {
    fn new(car: &'a Car, rng: &mut ChaCha8Rng) -> Self {
        let mut phase = || Phase::new(rng.random_range(0.0..1.0));
        Self {
            car,
            amplitudes: amplitudes(car),
            half_shaft: phase(),
            mesh: [phase(), phase()],
            starter: phase(),
            crank: phase(),
            unevenness: Drift::new(0.03, BLOCK as f32 / RATE, rng),
            pink: Pink::default(),
            body: car.body.map(|(hz, q, _)| Biquad::band_pass(hz, q)),
            air: Biquad::band_pass(car.air.0, 0.7),
            rolling: Biquad::low_pass(car.rolling.0, 0.6),
            hiss: Biquad::high_pass(2500.0, 0.7),
        }
    }

    fn run(mut self, curves: &[Controls], rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut sound = Vec::with_capacity((curves.len() - 1) * BLOCK);
        let mut uneven = self.unevenness.next(rng);
        for pair in curves.windows(2) {
            let uneven_before = uneven;
            uneven = self.unevenness.next(rng);
            let moments: [Controls; BLOCK] =
                std::array::from_fn(|i| pair[0].towards(&pair[1], i as f32 / BLOCK as f32));
            let phase = std::array::from_fn(|i| self.half_shaft.advance(0.5 * moments[i].shaft_hz));
            let mut orders = [[0.0; BLOCK]; 2];
            harmonics(&phase, &self.amplitudes, &mut orders);
            for (i, now) in moments.iter().enumerate() {
                let uneven = uneven_before + (uneven - uneven_before) * i as f32 / BLOCK as f32;
                let engine = orders[0][i] + now.load * (orders[1][i] - orders[0][i]);
                sound.push(self.mix(engine * (1.0 + 0.12 * uneven), phase[i], now, rng));
            }
        }
        sound
    }

    /// One sample: the engine's orders through the body, and all that is not an order of the engine.
    fn mix(&mut self, orders: f32, half_turn: f32, now: &Controls, rng: &mut ChaCha8Rng) -> f32 {
        let car = self.car;
        let engine = orders * now.engine * (0.35 + 0.65 * now.load);
        let body: f32 = self
            .body
            .iter_mut()
            .zip(&car.body)
            .map(|(filter, &(_, _, gain))| gain * filter.next(engine))
            .sum();

        // Teeth that run out of true sound louder once a turn.
        let turn = sine((2.0 * half_turn).fract());
        let [forward, reverse] = [(car.whine, 0), (car.reverse, 1)].map(|((teeth, gain), i)| {
            let phase = self.mesh[i].advance(teeth * now.shaft_hz);
            gain * (1.0 + 0.3 * turn) * (sine(phase) + 0.4 * sine((2.0 * phase).fract()))
        });
        let gears = forward * now.whine * (0.3 + 0.7 * now.load) + reverse * now.reverse;

        // The starter labours whenever a cylinder compresses.
        let labour = self.crank.sine(7.0);
        let phase = self.starter.advance(car.starter.0 * (1.0 - 0.08 * labour));
        let starter = car.starter.1
            * now.starter
            * (1.0 - 0.5 * labour)
            * (sine(phase) + 0.5 * sine((3.0 * phase).fract()));

        let noise = white(rng);
        let pink = self.pink.next(noise);
        let firing = 0.6 + 0.4 * sine((half_turn * car.cylinders as f32).fract());
        let air = car.air.1 * self.air.next(pink) * firing * now.engine * (0.3 + now.load);
        let rolling = car.rolling.1 * self.rolling.next(pink) * now.wheels;
        let hiss = car.hiss * self.hiss.next(noise) * (1.0 + 1.5 * now.wheels);
        body + gears + starter + air + rolling + hiss
    }
}

/// Amplitudes of the half orders, idling and under load: firings stand out, and no two cars have the same.
fn amplitudes(car: &Car) -> Vec<[f32; 2]> {
    (1..=HALF_ORDERS)
        .map(|k| {
            let part = if k % car.cylinders == 0 {
                1.0
            } else if k % 2 == 0 {
                0.35
            } else {
                0.15
            };
            let irregular = 1.0 + 0.5 * (k as f32 * (car.idle_hz + car.whine.0)).sin();
            car.tilt
                .map(|tilt| 0.5 * part * irregular * (k as f32 / car.cylinders as f32).max(1.0).powf(-tilt))
        })
        .collect()
}

/// Loose parts: now and then, and often at the speed at which they resonate.
fn add_rattle(sound: &mut [f32], car: &Car, curves: &[Controls], rng: &mut ChaCha8Rng) {
    let (worst_hz, rate, gain) = car.rattle;
    for (block, now) in curves[1..].iter().enumerate() {
        let distance = (now.shaft_hz - worst_hz) / (0.12 * worst_hz);
        let rate = now.engine * (0.05 + (-0.5 * distance * distance).exp()) * rate;
        if rng.random_range(0.0..1.0) < rate * BLOCK as f32 / RATE {
            let at = block * BLOCK + rng.random_range(0..BLOCK);
            // Few blows are hard.
            let amplitude = gain * (0.2 + 0.4 * waiting_time(rng, 1.0).min(3.0));
            strike(sound, at, car.rattle_modes, amplitude, rng);
        }
    }
}

/// A gear that engages clunks, as does a reverse gear, and a starter that throws its pinion in.
fn add_clunks(sound: &mut [f32], car: &Car, segments: &[Segment], lead_in: usize, rng: &mut ChaCha8Rng) {
    for segment in segments {
        let blows: &[(f32, f32)] = match segment.operation {
            Operation::GearChange => &[(0.15, 0.5), (0.5, 1.0)],
            Operation::Reverse => &[(0.02, 0.8), (0.93, 0.6)],
            Operation::StartUp => &[(0.17, 0.7)],
            Operation::Idle | Operation::Cruise => &[],
        };
        for &(part, gain) in blows {
            let length = ((segment.end - segment.start) * BLOCK) as f32;
            let at = segment.start * BLOCK + (length * vary(rng, part, 0.1)) as usize;
            let gain = gain * log_uniform(rng, 0.6, 1.4);
            if let Some(at) = at.checked_sub(lead_in * BLOCK) {
                strike(sound, at, car.clunk_modes, gain * car.clunk, rng);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::car::CARS;
    use features::rng::{Purpose, stream};

    /// Level of a tone beside that of two frequencies next to it, in dB.
    fn stands_out_db(sound: &[f32], hz: f32) -> f32 {
        let power = |hz: f32| {
            let angle = std::f64::consts::TAU * f64::from(hz / RATE);
            let length = sound.len() as f64;
            let (re, im) = sound.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, &x)| {
                let window = 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / length).cos();
                let (sin, cos) = (angle * i as f64).sin_cos();
                (re + window * f64::from(x) * cos, im + window * f64::from(x) * sin)
            });
            re * re + im * im
        };
        (10.0 * (power(hz) / power(hz - 7.0).max(power(hz + 7.0))).log10()) as f32
    }

    #[test]
    fn firings_and_gears_follow_the_shaft() {
        for car in &CARS {
            for shaft_hz in [car.cruise_hz.start, 0.5 * (car.cruise_hz.start + car.cruise_hz.end)] {
                let cruise = Controls {
                    shaft_hz,
                    load: 0.8,
                    engine: 1.0,
                    wheels: 1.0,
                    whine: 1.0,
                    reverse: 0.0,
                    starter: 0.0,
                };
                let rng = &mut stream(0, Purpose::Synth, 0);
                let sound = Motor::new(car, rng).run(&vec![cruise; 1001], rng);
                let firing = 0.5 * car.cylinders as f32 * shaft_hz;
                for (what, hz) in [("firing", firing), ("gear", car.whine.0 * shaft_hz)] {
                    let db = stands_out_db(&sound[16_000..], hz);
                    assert!(db > 10.0, "{} {what} at {hz} Hz stands out by {db} dB", car.name);
                }
            }
        }
    }

    #[test]
    fn a_standing_engine_is_all_but_silent() {
        let off = Controls {
            shaft_hz: 5.0,
            load: 0.0,
            engine: 0.0,
            wheels: 0.0,
            whine: 0.0,
            reverse: 0.0,
            starter: 0.0,
        };
        for car in &CARS {
            let rng = &mut stream(0, Purpose::Synth, 0);
            let sound = Motor::new(car, rng).run(&vec![off; 101], rng);
            assert!(sound.iter().all(|x| x.abs() < 0.1), "{}", car.name);
        }
    }
}
