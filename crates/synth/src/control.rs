//! How a car's controls move: a schedule of operations becomes smooth curves of speed, load and gains.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::RATE;
use super::car::Car;
use super::filter::Smoother;
use super::noise::{Drift, vary};
use super::operation::{Operation, Segment};
use super::oscillator::BLOCK;

/// Seconds between two values of a curve.
const STEP_S: f32 = BLOCK as f32 / RATE;

/// The state of a car's controls at one moment; the sound interpolates between moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Controls {
    /// Turns of the crankshaft a second.
    pub(super) shaft_hz: f32,
    /// How hard the engine pulls, 0 to about 1.
    pub(super) load: f32,
    /// Gain of the engine: 0 when it stands.
    pub(super) engine: f32,
    /// Speed of the wheels, 1 at the car's middle cruising speed.
    pub(super) wheels: f32,
    /// Gain of the whining gears of forward drive, of reverse, and of the starter.
    pub(super) whine: f32,
    pub(super) reverse: f32,
    pub(super) starter: f32,
}

impl Controls {
    /// The controls a `part` of the way from `self` to `other`.
    pub(super) fn towards(&self, other: &Self, part: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * part;
        Self {
            shaft_hz: mix(self.shaft_hz, other.shaft_hz),
            load: mix(self.load, other.load),
            engine: mix(self.engine, other.engine),
            wheels: mix(self.wheels, other.wheels),
            whine: mix(self.whine, other.whine),
            reverse: mix(self.reverse, other.reverse),
            starter: mix(self.starter, other.starter),
        }
    }
}

/// The driver's wishes at one moment, and how fast the car follows them.
struct Wish {
    controls: Controls,
    /// Time constant of the shaft and the wheels, in seconds.
    tau_s: f32,
}

/// Curves for a schedule: one value at the start of each block and one at the end of the last.
pub(super) fn curves(car: &Car, segments: &[Segment], rng: &mut ChaCha8Rng) -> Vec<Controls> {
    let mut drift = [1.5, 0.25, 0.8].map(|tau_s| Drift::new(tau_s, STEP_S, rng));
    let mut follow: Option<[Smoother; 7]> = None;
    let mut driver = Driver::new(car, rng);
    let mut curves = Vec::new();
    for segment in segments {
        driver.begin(segment.operation, rng);
        for block in segment.start..segment.end {
            let part = (block - segment.start) as f32 / (segment.end - segment.start) as f32;
            let Wish { controls: wish, tau_s } = driver.wish(segment.operation, part, rng);
            let [wander, flutter, pull] = [0, 1, 2].map(|i| drift[i].next(rng));
            let shaft = wish.shaft_hz * (1.0 + 0.02 * wander + 0.006 * flutter);
            let load = (wish.load * (1.0 + 0.2 * pull)).max(0.0);
            let targets = [
                (shaft, tau_s),
                (load, 0.08),
                (wish.engine, 0.05),
                (wish.wheels, tau_s),
                (wish.whine, 0.06),
                (wish.reverse, 0.06),
                (wish.starter, 0.03),
            ];
            let follow = follow.get_or_insert_with(|| targets.map(|(value, _)| Smoother::new(value, STEP_S)));
            let [shaft_hz, load, engine, wheels, whine, reverse, starter] =
                std::array::from_fn(|i| follow[i].next(targets[i].0, targets[i].1));
            curves.push(Controls { shaft_hz, load, engine, wheels, whine, reverse, starter });
        }
    }
    curves.extend(curves.last().copied());
    curves
}

/// Chooses speeds.
struct Driver<'a> {
    car: &'a Car,
    /// Shaft frequency of the stretch of cruising under way, and the share of it in which a new one comes.
    cruise_hz: f32,
}

impl<'a> Driver<'a> {
    fn new(car: &'a Car, rng: &mut ChaCha8Rng) -> Self {
        Self { car, cruise_hz: rng.random_range(car.cruise_hz.clone()) }
    }

    /// Chooses a speed for the operation that begins.
    fn begin(&mut self, operation: Operation, rng: &mut ChaCha8Rng) {
        if operation == Operation::Cruise {
            self.cruise_hz = rng.random_range(self.car.cruise_hz.clone());
        }
    }

    /// What the driver wants a `part` of the way through `operation`.
    fn wish(&mut self, operation: Operation, part: f32, rng: &mut ChaCha8Rng) -> Wish {
        let car = self.car;
        let idle = Controls {
            shaft_hz: car.idle_hz,
            load: 0.15,
            engine: 1.0,
            wheels: 0.0,
            whine: 0.0,
            reverse: 0.0,
            starter: 0.0,
        };
        let middle_hz = (car.cruise_hz.start + car.cruise_hz.end) / 2.0;
        match operation {
            Operation::Idle => Wish { controls: idle, tau_s: 0.45 },
            Operation::Cruise => {
                // Every four seconds or so, and independent of the operation's length, a new speed.
                if rng.random_range(0.0..1.0) < STEP_S / 4.0 {
                    self.cruise_hz = rng.random_range(car.cruise_hz.clone());
                }
                let wheels = self.cruise_hz / middle_hz;
                let load = 0.4 + 0.4 * wheels;
                Wish {
                    controls: Controls { shaft_hz: self.cruise_hz, load, wheels, whine: 1.0, ..idle },
                    tau_s: 0.7,
                }
            }
            Operation::StartUp => start_up(idle, part),
            Operation::GearChange => {
                let shaft_hz = if part < 0.5 { 0.72 * self.cruise_hz } else { 0.95 * self.cruise_hz };
                let load = if part < 0.6 { 0.05 } else { 0.9 };
                let whine = if part < 0.5 { 0.25 } else { 1.0 };
                let wheels = self.cruise_hz / middle_hz;
                Wish { controls: Controls { shaft_hz, load, wheels, whine, ..idle }, tau_s: 0.1 }
            }
            Operation::Reverse => {
                let shaft_hz = vary(rng, 1.45 * car.idle_hz, 0.02);
                let reverse = if part < 0.9 { 1.0 } else { 0.0 };
                Wish { controls: Controls { shaft_hz, load: 0.6, wheels: 0.35, reverse, ..idle }, tau_s: 0.3 }
            }
        }
    }
}

/// Stall, crank, catch.
fn start_up(idle: Controls, part: f32) -> Wish {
    let stalled = Controls { shaft_hz: 0.3 * idle.shaft_hz, load: 0.0, engine: 0.1, ..idle };
    let controls = match part {
        p if p < 0.15 => stalled,
        p if p < 0.6 => Controls { starter: 1.0, engine: 0.3, load: 0.3, ..stalled },
        _ => Controls { shaft_hz: 1.9 * idle.shaft_hz, load: 1.0, ..idle },
    };
    Wish { controls, tau_s: 0.12 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::car::CARS;
    use crate::operation::schedule;
    use features::rng::{Purpose, stream};

    #[test]
    fn curves_are_smooth_and_follow_the_operations() {
        let rng = &mut stream(0, Purpose::Synth, 0);
        let segments = schedule(50_000, rng);
        for car in &CARS {
            let curves = curves(car, &segments, rng);
            assert_eq!(curves.len(), segments[segments.len() - 1].end + 1);
            assert!(
                curves.iter().all(|c| c.shaft_hz > 0.0 && c.load >= 0.0 && (0.0..=1.0).contains(&c.engine))
            );
            // In 4 ms nothing moves by more than a seventh of its range, or a quarter of its pitch.
            assert!(curves.windows(2).all(|w| (w[1].starter - w[0].starter).abs() < 0.15));
            assert!(curves.windows(2).all(|w| (w[1].shaft_hz / w[0].shaft_hz).ln().abs() < 0.25));
            for segment in &segments {
                let end = curves[segment.end - 1];
                match segment.operation {
                    Operation::Reverse => assert!(curves[(segment.start + segment.end) / 2].reverse > 0.9),
                    Operation::Cruise => assert!(end.wheels > 0.3 && end.whine > 0.9),
                    _ => {}
                }
            }
        }
    }
}
