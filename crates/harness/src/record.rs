//! One net in training, beside what computes it: what becomes of it, and where that is kept.

use std::time::Instant;

use anyhow::{Result, ensure};
use models::{Checkpoint, Parameters};

use crate::history::{History, Update};
use crate::net_file::{NET, NetFile, WEIGHTS};
use crate::progress::{Line, left};
use crate::provenance::Origin;
use crate::training::Training;
use crate::{Net, Workspace};

/// File of a net that tells what happened in training.
pub const HISTORY: &str = "history.csv";

/// A net in training.
pub(crate) struct Record<'a> {
    pub(crate) net: &'a Net,
    pub(crate) workspace: Workspace,
    history: History,
    /// Updates made.
    step: u64,
    /// Since when, and from which update on, this run trains the net.
    opened: (Instant, u64),
    line: Line,
}

impl<'a> Record<'a> {
    /// What `workspace` holds of `net`, and the state to go on from.
    pub(crate) fn open(
        net: &'a Net,
        workspace: Workspace,
        training: &Training<'_>,
    ) -> Result<(Self, Checkpoint)> {
        let (checkpoint, history) = resume(&workspace, net, training)?;
        let step = checkpoint.optimizer.step;
        let updates = net.settings.schedule.length();
        let run = training.provenance;
        workspace
            .log(&format!("{}: from update {step} of {updates}, by source {}", run.started, run.source))?;
        Origin::record(&workspace, step, run)?;
        let line = training.progress.line(&net.label);
        Ok((Self { net, workspace, history, step, opened: (Instant::now(), step), line }, checkpoint))
    }

    /// Updates made.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    /// Updates that are made in all.
    pub(crate) fn length(&self) -> u64 {
        self.net.settings.schedule.length()
    }

    /// Whether all updates are made.
    pub(crate) fn is_trained(&self) -> bool {
        self.step == self.length()
    }

    /// Whether a checkpoint is due.
    pub(crate) fn is_due(&self) -> bool {
        self.step.is_multiple_of(self.net.checkpoint_every) && !self.is_trained()
    }

    /// Step size of the next update.
    pub(crate) fn learning_rate(&self) -> f64 {
        self.net.settings.schedule.learning_rate_at(self.step)
    }

    /// Adds an update that was made.
    pub(crate) fn add(&mut self, update: Update) {
        self.history.add(update);
        self.step += 1;
        self.tell();
    }

    /// Becomes as far as `lead`, which is the same training.
    pub(crate) fn catch_up(&mut self, lead: &Self) {
        self.history = lead.history.clone();
        self.step = lead.step;
    }

    /// Shows how far the net is.
    fn tell(&mut self) {
        let (begun, first) = self.opened;
        let (step, updates) = (self.step, self.net.settings.schedule.length());
        let objective = || self.history.objective();
        self.line.set(|| {
            // By the clock: batches and the group's other nets take their time too.
            let left = left(step - first, begun.elapsed(), updates - step);
            format!("{step} of {updates}, objective {:.3}{left}", objective())
        });
    }

    /// Writes `checkpoint`, that of this very step.
    pub(crate) fn save(&self, checkpoint: &Checkpoint) -> Result<()> {
        self.workspace.save(self.step, &checkpoint.to_bytes(), &self.history.to_bytes()?)?;
        self.workspace.log(&format!(
            "saved at update {}: objective {:.6}",
            self.step,
            self.history.objective()
        ))
    }

    /// Makes the net with its trained `parameters` one that is there.
    pub(crate) fn finish(mut self, parameters: &Parameters, training: &Training<'_>) -> Result<()> {
        let Net { name, settings, .. } = self.net;
        let description = NetFile::new(name, settings, training.trained_on);
        let description = serde_json::to_string_pretty(&description)? + "\n";
        self.workspace.add(NET, description.as_bytes())?;
        self.workspace.add(HISTORY, &self.history.to_csv()?)?;
        self.workspace.add(WEIGHTS, &parameters.to_bytes())?;
        self.workspace
            .log(&format!("finished, in {:.2} s of this run", self.opened.0.elapsed().as_secs_f64()))?;
        if !self.workspace.finish()? {
            training
                .progress
                .say(&format!("{}: trained by another process meanwhile, which counts", self.net.label));
        }
        Ok(())
    }
}

/// The last checkpoint with the history up to it, or the start of training.
fn resume(workspace: &Workspace, net: &Net, training: &Training<'_>) -> Result<(Checkpoint, History)> {
    match read(workspace, net) {
        Ok(Some(resumed)) => return Ok(resumed),
        Ok(None) => {}
        Err(error) => {
            let why = format!("the training that was stopped is damaged ({error:#}); starting over");
            training.progress.say(&format!("{}: {why}", net.label));
            workspace.log(&why)?;
        }
    }
    Ok((net.settings.start(), History::new(net.history_every)))
}

fn read(workspace: &Workspace, net: &Net) -> Result<Option<(Checkpoint, History)>> {
    let Some(bytes) = workspace.checkpoint()? else { return Ok(None) };
    let checkpoint = Checkpoint::from_bytes(&bytes, &net.settings.architecture, net.settings.amsgrad)?;
    let (step, updates) = (checkpoint.optimizer.step, net.settings.schedule.length());
    ensure!(step <= updates, "found a checkpoint after {step} updates, expected {updates} at most");
    let history = History::read(&workspace.history_to(step)?, net.history_every, step)?;
    Ok(Some((checkpoint, history)))
}
