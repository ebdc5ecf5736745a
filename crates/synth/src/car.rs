//! The four cars: what distinguishes one from another, in numbers.

use std::ops::Range;

use super::impact::Mode;

/// A car. Frequencies in Hz; gains are amplitudes.
#[derive(Debug)]
pub(super) struct Car {
    /// The name of its folder.
    pub(super) name: &'static str,
    /// Turns of the shaft a second when idling, and the range when cruising.
    pub(super) idle_hz: f32,
    pub(super) cruise_hz: Range<f32>,
    /// Firings in two turns of the shaft.
    pub(super) cylinders: usize,
    /// How steeply the engine's orders fall, idling and under load: the amplitude of order n goes as n^-tilt.
    pub(super) tilt: [f32; 2],
    /// What body and exhaust make of the engine: centre, quality and gain of resonances.
    pub(super) body: [(f32, f32, f32); 3],
    /// Teeth that mesh in a turn of the shaft, and gain, forward and in reverse.
    pub(super) whine: (f32, f32),
    pub(super) reverse: (f32, f32),
    /// Pitch and gain of the starter.
    pub(super) starter: (f32, f32),
    /// Centre and gain of the noise of combustion and air, of rolling wheels, and of the electronics' hiss.
    pub(super) air: (f32, f32),
    pub(super) rolling: (f32, f32),
    pub(super) hiss: f32,
    /// The rattle: shaft frequency at which it is worst, rate a second there, gain, modes.
    pub(super) rattle: (f32, f32, f32),
    pub(super) rattle_modes: &'static [Mode],
    /// The clunk of a gear change: gain and modes.
    pub(super) clunk: f32,
    pub(super) clunk_modes: &'static [Mode],
}

const PLASTIC: &[Mode] = &[Mode(1180.0, 0.012, 1.0), Mode(2350.0, 0.008, 0.8), Mode(3900.0, 0.005, 0.5)];
const SHEET: &[Mode] = &[Mode(1720.0, 0.022, 1.0), Mode(2890.0, 0.018, 0.7), Mode(4730.0, 0.012, 0.6)];
const CLIP: &[Mode] = &[Mode(2480.0, 0.009, 1.0), Mode(3620.0, 0.007, 0.8), Mode(5900.0, 0.005, 0.5)];
const CASE: &[Mode] =
    &[Mode(210.0, 0.05, 1.0), Mode(560.0, 0.03, 0.8), Mode(1340.0, 0.02, 0.5), Mode(2600.0, 0.012, 0.4)];
const CASTING: &[Mode] =
    &[Mode(150.0, 0.06, 1.0), Mode(430.0, 0.04, 0.7), Mode(980.0, 0.03, 0.5), Mode(3100.0, 0.015, 0.35)];

/// All cars, in the order of their folders.
pub(super) const CARS: [Car; 4] = [
    Car {
        name: "car1",
        idle_hz: 24.0,
        cruise_hz: 42.0..68.0,
        cylinders: 4,
        tilt: [1.1, 0.75],
        body: [(180.0, 1.5, 1.0), (620.0, 2.0, 0.8), (1900.0, 2.0, 0.6)],
        whine: (17.0, 0.10),
        reverse: (29.0, 0.13),
        starter: (410.0, 0.15),
        air: (1100.0, 0.10),
        rolling: (320.0, 0.30),
        hiss: 0.007,
        rattle: (55.0, 9.0, 0.12),
        rattle_modes: PLASTIC,
        clunk: 0.44,
        clunk_modes: CASE,
    },
    Car {
        name: "car2",
        idle_hz: 31.0,
        cruise_hz: 50.0..88.0,
        cylinders: 2,
        tilt: [0.9, 0.6],
        body: [(240.0, 2.0, 1.0), (850.0, 1.5, 0.9), (2500.0, 2.5, 0.5)],
        whine: (23.3, 0.12),
        reverse: (35.0, 0.12),
        starter: (530.0, 0.14),
        air: (1600.0, 0.08),
        rolling: (420.0, 0.24),
        hiss: 0.006,
        rattle: (62.0, 14.0, 0.10),
        rattle_modes: SHEET,
        clunk: 0.36,
        clunk_modes: CASTING,
    },
    Car {
        name: "car3",
        idle_hz: 19.0,
        cruise_hz: 33.0..52.0,
        cylinders: 6,
        tilt: [1.2, 0.9],
        body: [(130.0, 1.2, 1.1), (480.0, 1.5, 0.8), (1450.0, 2.0, 0.5)],
        whine: (31.7, 0.09),
        reverse: (47.0, 0.11),
        starter: (340.0, 0.17),
        air: (800.0, 0.13),
        rolling: (260.0, 0.36),
        hiss: 0.008,
        rattle: (40.0, 6.0, 0.13),
        rattle_modes: CLIP,
        clunk: 0.48,
        clunk_modes: CASTING,
    },
    // The electric one: few orders, much whine.
    Car {
        name: "car4",
        idle_hz: 27.0,
        cruise_hz: 48.0..82.0,
        cylinders: 3,
        tilt: [1.1, 0.85],
        body: [(310.0, 2.0, 0.9), (1150.0, 2.5, 0.7), (3200.0, 2.5, 0.5)],
        whine: (19.5, 0.10),
        reverse: (26.0, 0.10),
        starter: (640.0, 0.12),
        air: (1700.0, 0.12),
        rolling: (500.0, 0.30),
        hiss: 0.009,
        rattle: (75.0, 11.0, 0.08),
        rattle_modes: PLASTIC,
        clunk: 0.32,
        clunk_modes: CASE,
    },
];
