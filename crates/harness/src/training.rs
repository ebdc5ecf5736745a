//! Trains the nets of a group together, and makes each of them one that is there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{Error, Result, anyhow};
use features::batch::TrainingSounds;
use models::Checkpoint;

use crate::follower::{Opened, followers_among};
use crate::group::updates;
use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::record::Record;
use crate::{Claim, EngineKind, Net, Shelf, TakenOver, TrainedOn, one_by_one, stacked};

/// What the trainings of a run share.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// Where nets lie.
    pub nets: &'a Shelf,
    /// What sounds are mixed of; none where no net is trained on sounds.
    pub sounds: Option<&'a Arc<TrainingSounds>>,
    /// What `net.json` tells.
    pub trained_on: &'a TrainedOn,
    /// What trains.
    pub provenance: &'a Provenance,
    /// How far the run is.
    pub progress: &'a Progress,
}

/// What became of a net.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is there.
    Done,
    /// Another process trains it: which.
    Held(String),
    /// It failed: why, with the end of its log.
    Failed(String),
    /// It was saved, as the run is asked to stop.
    Stopped,
}

/// What became of each net.
pub(crate) type Outcomes<'a> = Vec<(&'a Net, Outcome)>;

/// Trains what is not there of `group`, nets of one engine that share their batches, and makes each net that is trained
/// one that is there. A net that fails does not stop the others.
pub(crate) fn train<'a>(group: &[&'a Net], training: &Training<'_>) -> Outcomes<'a> {
    let mut outcomes = Vec::new();
    let mut opened: Vec<Opened<'a>> = Vec::new();
    for net in group.iter().copied() {
        let claimed = guarded(|| match training.nets.claim(&net.name)? {
            Claim::Mine(workspace) => Ok(Ok(Record::open(net, workspace, training)?)),
            Claim::Done => Ok(Err(Outcome::Done)),
            Claim::Held(holder) => Ok(Err(Outcome::Held(holder))),
        });
        match claimed {
            Ok(Ok(mine)) => opened.push(mine),
            Ok(Err(outcome)) => outcomes.push((net, outcome)),
            Err(error) => outcomes.push((net, told(net, &error, None, training))),
        }
    }
    let followers = followers_among(&mut opened);
    let to_make = opened.iter().map(|(record, _)| record.length()).sum();
    let made = opened.iter().map(|(record, _)| record.step()).sum();
    training.progress.correct(updates(group), to_make, made);
    let is_stack = group.first().is_some_and(|net| net.settings.engine == EngineKind::Stack);
    let trained = if is_stack {
        stacked::train(opened, followers, training)
    } else {
        one_by_one::train(opened, followers, training)
    };
    outcomes.extend(trained);
    outcomes
}

/// Makes the net of `record` one that is there, if it is trained, or else saves it; `checkpoint` gives its state.
pub(crate) fn finished<'a>(
    record: Record<'a>,
    checkpoint: impl FnOnce() -> Result<Checkpoint>,
    training: &Training<'_>,
) -> (&'a Net, Outcome) {
    let net = record.net;
    let words = record.workspace.last_words();
    let finished = guarded(|| {
        let checkpoint = checkpoint()?;
        if record.is_trained() {
            record.finish(&checkpoint.parameters, training).map(|()| Outcome::Done)
        } else {
            record.save(&checkpoint).map(|()| Outcome::Stopped)
        }
    });
    (net, finished.unwrap_or_else(|error| told(net, &error, words, training)))
}

/// What `work` gives; a panic in it is an error, and does not end the run.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of an unknown kind");
        Err(anyhow!("a panic, which is an error of this program: {text}"))
    })
}

/// Tells that the training of `record` ended by `error`, and counts no more on its updates.
pub(crate) fn ended<'a>(record: &Record<'a>, error: &Error, training: &Training<'_>) -> (&'a Net, Outcome) {
    training.progress.leave_out(record.length() - record.step());
    failed(record, error, training)
}

/// Tells that `record`, which may be no training of its own, ended by `error`.
pub(crate) fn failed<'a>(record: &Record<'a>, error: &Error, training: &Training<'_>) -> (&'a Net, Outcome) {
    let _ = record.workspace.log(&format!("failed: {error:#}")); // where even this fails, the error is told
    let words = record.workspace.last_words();
    (record.net, told(record.net, error, words, training))
}

/// Tells that a net failed; `words` are the end of its log.
fn told(net: &Net, error: &Error, words: Option<String>, training: &Training<'_>) -> Outcome {
    if error.is::<TakenOver>() {
        training.progress.say(&format!("{}: {error}", net.label));
        return Outcome::Held(error.to_string());
    }
    training.progress.say(&format!("{}: failed: {error:#}", net.label));
    let log = words.map(|words| format!("\nthe end of its log:\n{words}"));
    Outcome::Failed(format!("{error:#}{}", log.unwrap_or_default()))
}
