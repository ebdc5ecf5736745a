//! Recordings, or parts of a few, dealt to folds.

use std::ops::Range;

use super::material::Material;

/// Nets of the cross-fit.
pub(super) const FOLDS: usize = 4;
/// From so many recordings on they are dealt whole.
const FEWEST_WHOLE: usize = 2 * FOLDS;
/// Parts that a recording is cut into where there are fewer.
const CUTS: usize = 4 * FOLDS;
/// Of what a net may be trained on, every so manieth part is held out to tell when to stop.
const STOPPING: usize = 8;

/// A part of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) recording: usize,
    /// The frames of the recording that are the part's own: rows of two parts share none.
    frames: Range<usize>,
    pub(super) fold: usize,
}

impl Part {
    /// Log-mel of the part, (frames, M).
    pub(super) fn frames<'a>(&self, material: &'a Material) -> &'a [f32] {
        let Range { start, end } = self.frames;
        &material.recordings[self.recording].frames[start * material.bands..end * material.bands]
    }

    /// The samples that its frames begin in.
    pub(super) fn samples<'a>(&self, material: &'a Material) -> &'a [f32] {
        let samples = &material.recordings[self.recording].samples;
        let [from, to] =
            [self.frames.start, self.frames.end].map(|frame| (frame * material.hop).min(samples.len()));
        &samples[from..to]
    }

    /// Length in seconds.
    pub(super) fn seconds(&self, material: &Material) -> f64 {
        (self.frames.len() * material.hop) as f64 / f64::from(material.rate)
    }

    /// The moment of its frame `frame` in its recording, in seconds.
    pub(super) fn second_of(&self, frame: usize, material: &Material) -> f64 {
        ((self.frames.start + frame) * material.hop) as f64 / f64::from(material.rate)
    }
}

/// All parts, in the order of the recordings.
pub(super) struct Parts {
    pub(super) all: Vec<Part>,
    /// Whether they are whole recordings.
    pub(super) whole: bool,
}

impl Parts {
    /// Whole recordings dealt one by one; contiguous quarters of each, in four parts, where there are few.
    pub(super) fn of(material: &Material) -> Self {
        let whole = material.recordings.len() >= FEWEST_WHOLE;
        let cuts = if whole { 1 } else { CUTS };
        let of_one = |(recording, frames): (usize, usize)| {
            (0..cuts).map(move |cut| Part {
                recording,
                frames: frames * cut / cuts..frames * (cut + 1) / cuts,
                fold: if whole { recording % FOLDS } else { cut * FOLDS / CUTS },
            })
        };
        let lengths = material.recordings.iter().map(|recording| recording.frames.len() / material.bands);
        Self { all: lengths.enumerate().flat_map(of_one).collect(), whole }
    }

    /// What the net that is held against `fold` is trained on, and what tells it when to stop; all for none.
    pub(super) fn training(&self, fold: Option<usize>) -> (Vec<&Part>, Vec<&Part>) {
        let open: Vec<&Part> = self.all.iter().filter(|part| Some(part.fold) != fold).collect();
        let every = STOPPING.min(open.len());
        let is_stopping = |at: usize| at % every == every - 1;
        let kind = |stopping: bool| {
            let parts = open.iter().enumerate().filter(|(at, _)| is_stopping(*at) == stopping);
            parts.map(|(_, part)| *part).collect()
        };
        (kind(false), kind(true))
    }
}
