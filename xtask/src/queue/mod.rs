//! Experiments that many processes make together: a frozen plan, its workers, and who collects what they made.

mod freeze;
mod work;

use std::collections::HashSet;

use anyhow::Result;
use harness::provenance::Provenance;
use harness::{Cell, DeviceKind, Failure, FrozenPlan, Name, check_card};

use crate::config::{self, Kind};
use crate::run_args::Places;
use crate::{sweep, verify};

pub(crate) use freeze::{QueueArgs, submit};
pub(crate) use work::{CollectArgs, WorkArgs, collect, work};

/// A part of a plan: its number, from 0, and the scores that it makes.
pub(crate) struct Part<'a> {
    pub(crate) number: usize,
    pub(crate) scores: HashSet<&'a Name>,
}

/// Is told of each part that was worked on, with what failed of it.
pub(crate) type Made<'a> = &'a dyn Fn(usize, &[Failure]) -> Result<()>;

/// An experiment of a frozen plan, to be made in parts.
pub(crate) trait Workload {
    /// Where its nets are trained.
    fn device(&self) -> DeviceKind;

    /// Where its results lie.
    fn places(&self) -> &Places;

    /// All that it asks for.
    fn cells(&self) -> Vec<&Cell>;

    /// Makes what is missing of `parts`, one after the other, and leaves to others what they make.
    ///
    /// # Errors
    /// A run that is asked to stop; a folder that cannot be made.
    fn make(&self, parts: &[Part<'_>], provenance: &Provenance, made: Made<'_>) -> Result<()>;

    /// Makes tables, figures and report of what is there; `failures` are holes.
    ///
    /// # Errors
    /// Cells that failed, after all was written; a folder that cannot be written.
    fn collect(self: Box<Self>, failures: Vec<Failure>, provenance: &Provenance) -> Result<()>;
}

/// Opens the experiment of a plan, in the folder where it was frozen, with the provenance of what `jobs` threads make.
fn open(plan: &FrozenPlan, jobs: usize) -> Result<(Box<dyn Workload>, Provenance)> {
    std::env::set_current_dir(&plan.plan().working_folder).map_err(|error| {
        let (folder, plan) = (plan.plan().working_folder.display(), plan.folder().display());
        harness::BadInput(format!("{folder}: cannot be entered ({error}); expected the folder where {plan} was frozen, on every machine"))
    })?;
    let workload = match config::kind(&plan.settings())? {
        Kind::Ring => verify::open_frozen(plan)?,
        Kind::Sweep => sweep::open_frozen(plan)?,
    };
    plan.check(workload.cells().into_iter())?;
    let card = match workload.device() {
        DeviceKind::Cpu => None,
        // A queue shows a task its own card alone, as the first.
        DeviceKind::Cuda => Some(0),
    };
    card.map(check_card).transpose()?;
    Ok((workload, Provenance { source: plan.plan().source.clone(), ..Provenance::now(jobs, card) }))
}
