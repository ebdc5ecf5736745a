//! The front end: held against librosa's numbers, and against the properties that it must have.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use features::log_mel::{FrontEnd, LogMel};

mod librosa;
mod properties;

/// ψ of all frames.
fn frames_of(front_end: &FrontEnd, samples: &[f32]) -> Vec<f32> {
    let mut frames = vec![f32::NAN; front_end.frames(samples.len()) * front_end.bands];
    LogMel::new(front_end).unwrap().frames_into(samples, &mut frames).unwrap();
    frames
}

/// All rows.
fn rows_of(front_end: &FrontEnd, samples: &[f32]) -> Vec<f32> {
    let rows = front_end.rows(samples.len());
    let mut out = vec![f32::NAN; rows * front_end.dim()];
    LogMel::new(front_end).unwrap().rows_into(samples, 0..rows, &mut out).unwrap();
    out
}
