//! What a picture of scores over time shows.

use crate::EvalError;
use crate::error::all_finite;
use crate::figures::loss::Loss;

/// The scores of one test file, frame by frame.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTimeline {
    /// Length of the file in seconds.
    pub seconds: f64,
    /// Time of the centre of the first scored frame, in seconds.
    pub first_s: f64,
    /// Time from one frame to the next, in seconds.
    pub step_s: f64,
    /// What the machine did; may be empty.
    pub operations: Vec<OperationSpan>,
    /// Begin and end of the anomaly in seconds; none in a normal file.
    pub anomaly: Option<(f64, f64)>,
    /// The scores of each loss, a panel each from the top.
    pub losses: Vec<FrameScores>,
}

/// A stretch of time in which the machine did one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationSpan {
    /// What it did.
    pub name: String,
    /// Begin in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
}

/// The anomaly scores of one loss.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameScores {
    /// RE, SNP or BU.
    pub loss: Loss,
    /// Score of each frame.
    pub scores: Vec<f64>,
    /// The threshold `φ` of Eq. 4, drawn as a dashed line.
    pub threshold: Option<f64>,
}

impl ScoreTimeline {
    pub(super) fn check(&self, figure: &'static str) -> Result<(), EvalError> {
        let refused = |reason| Err(EvalError::Draw { figure, reason });
        if self.losses.is_empty() {
            return Err(EvalError::TooFew { what: "losses of a score timeline", found: 0, needed: 1 });
        }
        all_finite(
            "length, first frame and step of a score timeline",
            &[self.seconds, self.first_s, self.step_s],
        )?;
        if self.seconds <= 0.0 || self.step_s <= 0.0 {
            let (seconds, step) = (self.seconds, self.step_s);
            return refused(format!("found {seconds} s in steps of {step} s, expected positive numbers"));
        }
        let anomaly = self.anomaly.iter().map(|(start_s, end_s)| ("the anomaly", *start_s, *end_s));
        let operations = self.operations.iter().map(|span| (span.name.as_str(), span.start_s, span.end_s));
        for (name, start_s, end_s) in anomaly.chain(operations) {
            if !(0.0 <= start_s && start_s <= end_s && end_s <= self.end_s()) {
                let within = format!("a stretch between 0 and {} s", self.seconds);
                return refused(format!("{name} lasts from {start_s} to {end_s} s, expected {within}"));
            }
        }
        self.losses.iter().try_for_each(|of| of.check(self, figure))
    }

    /// The latest time that is let pass: labels and frames are rounded, and may end a little behind the file.
    fn end_s(&self) -> f64 {
        self.seconds + self.step_s
    }
}

impl FrameScores {
    fn check(&self, timeline: &ScoreTimeline, figure: &'static str) -> Result<(), EvalError> {
        let what = format!("frame scores of {}", self.loss.name);
        if self.scores.is_empty() {
            return Err(EvalError::Length { what, found: 0, expected: 1 });
        }
        all_finite(&what, &self.scores)?;
        all_finite(&format!("threshold of {}", self.loss.name), self.threshold.as_slice())?;
        let last_s = timeline.first_s + (self.scores.len() - 1) as f64 * timeline.step_s;
        if timeline.first_s < 0.0 || last_s > timeline.end_s() {
            let reason = format!(
                "{what} lie between {} and {last_s} s, expected times between 0 and {} s",
                timeline.first_s, timeline.seconds
            );
            return Err(EvalError::Draw { figure, reason });
        }
        Ok(())
    }
}
