//! Trains the nets of a group side by side on the same mini-batches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{Error, Result, anyhow};
use features::batch::TrainingSounds;
use losses::{Weigher, Weighting};
use models::Batch;

use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::source::Source;
use crate::trainer::Trainer;
use crate::{Claim, Net, Shelf, TakenOver, TrainedOn, stop};

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

/// Trains what is not there of `group`, nets that share every mini-batch, and makes each net that is trained one that
/// is there. A net that fails does not stop the others.
pub(crate) fn train<'a>(group: &[&'a Net], training: &Training<'_>) -> Vec<(&'a Net, Outcome)> {
    let mut outcomes = Vec::new();
    let mut trainers = Vec::new();
    for net in group.iter().copied() {
        let opened = guarded(|| match training.nets.claim(&net.name)? {
            Claim::Mine(workspace) => Ok(Ok(Trainer::open(net, workspace, training)?)),
            Claim::Done => Ok(Err(Outcome::Done)),
            Claim::Held(holder) => Ok(Err(Outcome::Held(holder))),
        });
        match opened {
            Ok(Ok(trainer)) => trainers.push(trainer),
            Ok(Err(outcome)) => {
                training.progress.leave_out(net.settings.schedule.length());
                outcomes.push((net, outcome));
            }
            Err(error) => outcomes.push((net, failed(net, 0, &error, None, training))),
        }
    }
    let mut followers = Follower::among(&mut trainers, training);
    if let Err(error) = guarded(|| update_all(&mut trainers, &mut followers, &mut outcomes, training)) {
        // What made all of its updates needs no other batch, and is finished.
        for trainer in trainers.extract_if(.., |trainer| !trainer.is_trained()) {
            outcomes.push(ended(&trainer, &error, training));
        }
        outcomes.extend(followers.iter().map(|follower| ended(&follower.trainer, &error, training)));
        followers.clear();
    }
    // What a follower would save, its lead does.
    outcomes.extend(followers.iter().map(|follower| (follower.trainer.net, Outcome::Stopped)));
    outcomes.extend(trainers.into_iter().map(|trainer| finished(trainer, training)));
    outcomes
}

/// Makes the net of a trainer that is trained one that is there; saves that of another.
fn finished<'a>(trainer: Trainer<'a>, training: &Training<'_>) -> (&'a Net, Outcome) {
    let net = trainer.net;
    let step = trainer.step();
    let words = trainer.workspace.last_words();
    let finished = guarded(|| {
        if trainer.is_trained() {
            trainer.finish(training).map(|()| Outcome::Done)
        } else {
            trainer.save().map(|()| Outcome::Stopped)
        }
    });
    (net, finished.unwrap_or_else(|error| failed(net, step, &error, words, training)))
}

/// A net whose training is the first stretch of another's, the lead: it makes no update of its own.
struct Follower<'a> {
    trainer: Trainer<'a>,
    /// The net of the lead.
    lead: &'a Net,
}

impl<'a> Follower<'a> {
    /// Those of `trainers` that need make no update of their own, taken out of them.
    fn among(trainers: &mut Vec<Trainer<'a>>, training: &Training<'_>) -> Vec<Self> {
        let length = |net: &Net| net.settings.schedule.length();
        let mut longest_first = std::mem::take(trainers);
        longest_first.sort_by_key(|trainer| std::cmp::Reverse(length(trainer.net)));
        let mut followers = Vec::new();
        for trainer in longest_first {
            let net = trainer.net;
            let leads = |lead: &&Trainer<'_>| {
                // One that was left further than here does not come by again.
                length(lead.net) > length(net)
                    && lead.step() <= length(net)
                    && lead.net.settings.is_stretch_of(&net.settings)
            };
            match trainers.iter().find(leads).map(|lead| lead.net) {
                Some(lead) => {
                    training.progress.leave_out(length(net) - trainer.step());
                    followers.push(Self { trainer, lead });
                }
                None => trainers.push(trainer),
            }
        }
        followers
    }

    /// Those that are as long as their lead, `lead`, is now.
    fn reached(followers: &mut Vec<Self>, lead: &Trainer<'a>) -> Vec<Self> {
        let step = lead.step();
        let reached = |of: &mut Self| {
            of.lead.name == lead.net.name && of.trainer.net.settings.schedule.length() == step
        };
        followers.extract_if(.., reached).collect()
    }
}

/// Makes all updates that are left to make; a net that fails is dropped from `trainers`, and those that follow it from
/// `followers`. A follower that is as long as it is to be is finished.
fn update_all<'a>(
    trainers: &mut Vec<Trainer<'a>>,
    followers: &mut Vec<Follower<'a>>,
    outcomes: &mut Vec<(&'a Net, Outcome)>,
    training: &Training<'_>,
) -> Result<()> {
    let Some(first) = trainers.first() else { return Ok(()) };
    let settings = &first.net.settings;
    let updates = trainers.iter().map(|trainer| trainer.net.settings.schedule.length()).max().unwrap_or(0);
    let start = trainers.iter().map(Trainer::step).min().unwrap_or(updates);
    for trainer in trainers.iter() {
        follow(trainer, followers, outcomes, training); // where it was left
    }
    let mut source = Source::start(&settings.data, training.sounds, settings.seed, start..updates)?;
    let mut weights = SharedWeights::new(trainers)?;
    for step in start..updates {
        if stop::asked() || trainers.is_empty() {
            return Ok(());
        }
        let (rows, normal) = source.batch(step)?;
        weights.forget();
        let mut failures = Vec::new();
        // A net that an earlier run left further waits for the others; one that ends earlier makes no more.
        let due = |trainer: &Trainer<'_>| trainer.step() == step && !trainer.is_trained();
        for (index, trainer) in trainers.iter_mut().enumerate().filter(|(_, trainer)| due(trainer)) {
            let weighting = trainer.net.settings.objective.weighting;
            let batch = Batch { rows, normal, weights: weights.of(weighting, rows, normal) };
            match guarded(|| trainer.update(batch)) {
                Ok(()) => {
                    training.progress.advance(1);
                    follow(trainer, followers, outcomes, training);
                }
                Err(error) => failures.push((index, error)),
            }
        }
        for (index, error) in failures.into_iter().rev() {
            let lead = trainers.remove(index);
            let with_it = followers.extract_if(.., |follower| follower.lead.name == lead.net.name);
            outcomes.extend(with_it.map(|follower| ended(&follower.trainer, &error, training)));
            outcomes.push(ended(&lead, &error, training));
        }
    }
    Ok(())
}

/// Finishes the followers of `lead` that are as long as it is now.
fn follow<'a>(
    lead: &Trainer<'a>,
    followers: &mut Vec<Follower<'a>>,
    outcomes: &mut Vec<(&'a Net, Outcome)>,
    training: &Training<'_>,
) {
    for Follower { mut trainer, .. } in Follower::reached(followers, lead) {
        let outcome = match guarded(|| trainer.catch_up(lead)) {
            Ok(()) => finished(trainer, training),
            Err(error) => ended(&trainer, &error, training),
        };
        outcomes.push(outcome);
    }
}

/// The weights of a mini-batch, computed once for all nets that take them.
struct SharedWeights {
    /// Each weighting that is not uniform and reads rows alone, and whether its weights are those of the batch at hand.
    weighers: Vec<(Weighting, Weigher, bool)>,
    /// As many zeros as a batch has normal rows: such a weighting reads no score.
    no_scores: Vec<f32>,
    /// D, features of a row.
    dim: usize,
}

impl SharedWeights {
    fn new(trainers: &[Trainer<'_>]) -> Result<Self> {
        let mut weighers: Vec<(Weighting, Weigher, bool)> = Vec::new();
        for settings in trainers.iter().map(|trainer| &trainer.net.settings) {
            let weighting = settings.objective.weighting;
            let known = weighers.iter().any(|(other, ..)| *other == weighting);
            if !known && weighting != Weighting::Uniform && !weighting.reads_scores() {
                weighers.push((weighting, Weigher::new(weighting, settings.architecture.dim(), 1)?, false));
            }
        }
        let dim = trainers.first().map_or(0, |trainer| trainer.net.settings.architecture.dim());
        Ok(Self { weighers, no_scores: Vec::new(), dim })
    }

    fn forget(&mut self) {
        self.weighers.iter_mut().for_each(|(.., current)| *current = false);
    }

    /// The weights of the normal rows of a batch; none where the engine is to weigh them.
    fn of(&mut self, weighting: Weighting, rows: &[f32], normal: usize) -> Option<&[f32]> {
        let (_, weigher, current) = self.weighers.iter_mut().find(|(other, ..)| *other == weighting)?;
        if !*current {
            self.no_scores.resize(normal, 0.0);
            *current = true;
            return Some(weigher.weigh(&rows[..normal * self.dim], &self.no_scores[..normal]));
        }
        Some(weigher.weights())
    }
}

/// What `work` gives; a panic in it is an error, and does not end the run.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of an unknown kind");
        Err(anyhow!("a panic, which is an error of this program: {text}"))
    })
}

/// Tells that a trainer ended by `error`.
fn ended<'a>(trainer: &Trainer<'a>, error: &Error, training: &Training<'_>) -> (&'a Net, Outcome) {
    let _ = trainer.workspace.log(&format!("failed: {error:#}")); // where even this fails, the error is told
    let words = trainer.workspace.last_words();
    (trainer.net, failed(trainer.net, trainer.step(), error, words, training))
}

/// Tells that a net failed after `step` updates; `words` are the end of its log.
fn failed(net: &Net, step: u64, error: &Error, words: Option<String>, training: &Training<'_>) -> Outcome {
    training.progress.leave_out(net.settings.schedule.length() - step);
    if error.is::<TakenOver>() {
        training.progress.say(&format!("{}: {error}", net.label));
        return Outcome::Held(error.to_string());
    }
    training.progress.say(&format!("{}: failed: {error:#}", net.label));
    let log = words.map(|words| format!("\nthe end of its log:\n{words}"));
    Outcome::Failed(format!("{error:#}{}", log.unwrap_or_default()))
}
