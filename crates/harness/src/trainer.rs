//! One net in training, from its last checkpoint where there is one.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use models::{Batch, Checkpoint, Engine};

use crate::history::{History, Update};
use crate::net_file::{NET, NetFile, WEIGHTS};
use crate::progress::Line;
use crate::provenance::Origin;
use crate::training::Training;
use crate::{Net, Workspace};

/// File of a net that tells what happened in training.
pub const HISTORY: &str = "history.csv";

/// A net in training.
pub(crate) struct Trainer<'a> {
    pub(crate) net: &'a Net,
    pub(crate) workspace: Workspace,
    engine: Box<dyn Engine>,
    history: History,
    /// Updates made.
    step: u64,
    /// Since when, and from which update on, this run trains the net.
    opened: (Instant, u64),
    line: Line,
}

impl<'a> Trainer<'a> {
    /// Goes on from what `workspace` holds.
    pub(crate) fn open(net: &'a Net, workspace: Workspace, training: &Training<'_>) -> Result<Self> {
        let (checkpoint, history) = resume(&workspace, net, training)?;
        let step = checkpoint.optimizer.step;
        let updates = net.settings.schedule.length();
        let run = training.provenance;
        workspace
            .log(&format!("{}: from update {step} of {updates}, by source {}", run.started, run.source))?;
        Origin::record(&workspace, step, run)?;
        let engine = net.settings.engine.engine(net.settings.training(), checkpoint)?;
        training.progress.skip(step);
        let line = training.progress.line(&net.label);
        Ok(Self { net, workspace, engine, history, step, opened: (Instant::now(), step), line })
    }

    /// Updates made.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    /// Whether all updates are made.
    pub(crate) fn is_trained(&self) -> bool {
        self.step == self.net.settings.schedule.length()
    }

    /// Goes on from where `lead` is, which is the same training.
    pub(crate) fn catch_up(&mut self, lead: &Self) -> Result<()> {
        let settings = &self.net.settings;
        self.engine = settings.engine.engine(settings.training(), lead.engine.checkpoint()?)?;
        self.history = lead.history.clone();
        self.step = lead.step;
        Ok(())
    }

    /// Makes the next update; saves where a checkpoint is due.
    pub(crate) fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        let learning_rate = self.net.settings.schedule.learning_rate_at(self.step);
        let begun = Instant::now();
        let step = self.engine.step(batch, learning_rate);
        let value =
            step.with_context(|| format!("on batch {} of seed {}", self.step, self.net.settings.seed))?;
        self.step += 1;
        let rows = batch.rows.len() / self.net.settings.architecture.dim();
        let seconds = begun.elapsed().as_secs_f64();
        self.history.add(Update { value, learning_rate, rows, seconds });
        if self.step.is_multiple_of(self.net.checkpoint_every) && !self.is_trained() {
            self.save()?;
        }
        self.tell();
        Ok(())
    }

    /// Shows how far the net is.
    fn tell(&mut self) {
        let (begun, first) = self.opened;
        let (step, updates) = (self.step, self.net.settings.schedule.length());
        let objective = || self.history.objective();
        self.line.set(|| {
            // By the clock: batches and the group's other nets take their time too.
            let rate = (step - first) as f64 / begun.elapsed().as_secs_f64();
            let left = Duration::from_secs(((updates - step) as f64 / rate) as u64);
            let left = humantime::format_duration(left);
            format!("{step} of {updates}  objective {:.3}  {rate:.1} updates/s  {left} left", objective())
        });
    }

    /// Writes a checkpoint of this very step.
    pub(crate) fn save(&self) -> Result<()> {
        self.workspace.save(self.step, &self.engine.checkpoint()?.to_bytes(), &self.history.to_bytes()?)?;
        self.workspace.log(&format!(
            "saved at update {}: objective {:.6}",
            self.step,
            self.history.objective()
        ))
    }

    /// Makes the trained net one that is there.
    pub(crate) fn finish(mut self, training: &Training<'_>) -> Result<()> {
        let Net { name, settings, .. } = self.net;
        let description = NetFile::new(name, settings, training.trained_on);
        let description = serde_json::to_string_pretty(&description)? + "\n";
        let parameters = self.engine.checkpoint()?.parameters;
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
