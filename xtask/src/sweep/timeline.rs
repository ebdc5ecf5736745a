//! The scores of one test file over time, loss by loss.

use anyhow::Result;
use eval::auc::threshold_at_tpr;
use eval::figures::{FrameScores, OperationSpan, ScoreTimeline};

use losses::FileScore;

use super::metrics::conditions;
use super::results::Run;
use super::scores::FrameScore;
use crate::config::ScoringConfig;
use crate::report::look;

/// What `timeline.csv` of each of `runs` holds, with the threshold of each.
pub(super) fn timeline(runs: &[&Run], scoring: &ScoringConfig) -> Result<Option<ScoreTimeline>> {
    let Some(frames) = runs.first().map(|run| &run.scores.timeline).filter(|frames| frames.len() > 1) else {
        return Ok(None);
    };
    let (first_s, last_s) = (frames[0].time_s, frames[frames.len() - 1].time_s);
    let step_s = (last_s - first_s) / (frames.len() - 1) as f64;
    let seconds = last_s + first_s; // as much context before the first frame as after the last
    let losses = runs.iter().map(|run| {
        // A threshold of mean scores says nothing of a frame.
        let shown = scoring.file == FileScore::Max;
        let anomalous = conditions(&run.scores.files, scoring.file).into_iter().next().filter(|_| shown);
        let threshold =
            anomalous.map(|condition| threshold_at_tpr(&condition.anomalous, scoring.tpr)).transpose()?;
        let scores = run.scores.timeline.iter().map(|frame| f64::from(frame.score)).collect();
        Ok(FrameScores { loss: look(run.cell.loss), scores, threshold })
    });
    let losses = losses.collect::<Result<Vec<_>>>()?;
    let anomalous = || frames.iter().filter(|frame| frame.anomalous).map(|frame| frame.time_s);
    let anomaly = anomalous().next().zip(anomalous().next_back());
    let anomaly = anomaly.map(|(start, end)| (start - step_s / 2.0, end + step_s / 2.0));
    Ok(Some(ScoreTimeline {
        seconds,
        first_s,
        step_s,
        operations: operations(frames, seconds),
        anomaly,
        losses,
    }))
}

/// Stretches of one operation: a border lies between the frames that it parts.
fn operations(frames: &[FrameScore], seconds: f64) -> Vec<OperationSpan> {
    let stretches: Vec<&[FrameScore]> = frames.chunk_by(|a, b| a.operation == b.operation).collect();
    let border = |index: usize| {
        let [before, after] = [stretches[index - 1], stretches[index]];
        (before[before.len() - 1].time_s + after[0].time_s) / 2.0
    };
    let spans = stretches.iter().enumerate().map(|(index, stretch)| OperationSpan {
        name: stretch[0].operation.clone(),
        start_s: if index == 0 { 0.0 } else { border(index) },
        end_s: if index + 1 == stretches.len() { seconds } else { border(index + 1) },
    });
    spans.filter(|span| !span.name.is_empty()).collect()
}
