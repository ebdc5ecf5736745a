//! `cargo xtask work` and `collect`: makes what is missing of a frozen plan, and its tables.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use harness::{BadInput, FrozenPlan, Planned};

use super::{Part, Workload, open};
use crate::failure::{stopped, verdict};
use crate::run_args::default_jobs;

/// Arguments of `work`.
#[derive(Debug, Args)]
pub(crate) struct WorkArgs {
    /// The folder of an experiment, whose plan frozen last is meant, or of a plan
    folder: PathBuf,
    /// Only part K of the plan, from 0; N, if given, is the plan's number of parts [default: SLURM_ARRAY_TASK_ID,
    /// HQ_TASK_ID or JOB_COMPLETION_INDEX, where a queue sets one; else whatever nobody holds]
    #[arg(long, value_name = "K/N")]
    part: Option<PartOf>,
    /// Groups of nets trained side by side [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// Arguments of `collect`.
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    /// The folder of an experiment, whose plan frozen last is meant, or of a plan
    folder: PathBuf,
}

/// A part, and of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PartOf {
    number: usize,
    count: Option<usize>,
}

impl FromStr for PartOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = |text: &str| text.parse().map_err(|_| "expected K or K/N, such as 3/12".to_owned());
        match text.split_once('/') {
            Some((number, count)) => Ok(Self { number: read(number)?, count: Some(read(count)?) }),
            None => Ok(Self { number: read(text)?, count: None }),
        }
    }
}

/// What queues call the number of an array's task.
const INDICES: [&str; 3] = ["SLURM_ARRAY_TASK_ID", "HQ_TASK_ID", "JOB_COMPLETION_INDEX"];

/// The part that the queue gave this process.
fn part_of_queue() -> Result<Option<PartOf>, BadInput> {
    let Some((name, value)) = INDICES.iter().find_map(|name| Some((name, std::env::var(name).ok()?))) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number) => Ok(Some(PartOf { number, count: None })),
        Err(_) => Err(BadInput(format!("{name}: found `{value}`, expected the number of a part, from 0"))),
    }
}

/// The parts of `plan` that are asked for, in the order in which they are made.
fn asked(plan: &FrozenPlan, part: Option<PartOf>) -> Result<Vec<usize>, BadInput> {
    let parts = plan.plan().parts.len();
    let folder = plan.folder().display();
    let Some(PartOf { number, count }) = part else {
        // Processes that begin at once begin in different places.
        let first = std::process::id() as usize % parts;
        return Ok((first..parts).chain(0..first).collect());
    };
    if let Some(count) = count.filter(|count| *count != parts) {
        return Err(BadInput(format!(
            "--part {number}/{count}: found {count} parts, expected the {parts} of {folder}"
        )));
    }
    if number >= parts {
        return Err(BadInput(format!(
            "--part {number}: expected 0 to {}, for {folder} has {parts} parts",
            parts - 1
        )));
    }
    Ok(vec![number])
}

/// Runs `work`.
///
/// # Errors
/// [`BadInput`] before any work; a run that was stopped; cells that failed, after all others were done.
pub(crate) fn work(args: &WorkArgs) -> Result<()> {
    let plan = FrozenPlan::open(&args.folder)?;
    let part = args.part.map_or_else(part_of_queue, |part| Ok(Some(part)))?;
    let numbers = asked(&plan, part)?;
    let (workload, provenance) = open(&plan, args.jobs.map_or_else(default_jobs, usize::from))?;
    let of = |number: &usize| {
        let scores = plan.plan().parts[*number].iter().map(|planned| &planned.score);
        Part { number: *number, scores: scores.collect() }
    };
    let parts: Vec<Part<'_>> =
        numbers.iter().filter(|number| lacks(&plan, &*workload, **number)).map(of).collect();
    if !parts.is_empty() {
        let keep = |part: usize, failures: &[harness::Failure]| plan.keep_failures(part, failures);
        workload.make(&parts, &provenance, &keep)?;
    }
    let mut failures = plan.failures();
    failures.retain(|failure| {
        let of_part = |number: &usize| plan.plan().parts[*number].iter().any(|of| of.label == failure.label);
        numbers.iter().any(of_part)
    });
    stopped(&failures)?;
    let left = numbers.iter().filter(|number| lacks(&plan, &*workload, **number)).count();
    let (count, folder) = (numbers.len(), plan.folder().display());
    match left {
        0 => harness::tell!("All is done: {count} of {} parts of {folder}", plan.plan().parts.len()),
        _ => harness::tell!(
            "{left} of {count} parts of {folder} are not done: others hold what is missing, or it failed"
        ),
    }
    verdict(&failures)
}

/// Whether a net or a score of part `number` is not there.
fn lacks(plan: &FrozenPlan, workload: &dyn Workload, number: usize) -> bool {
    let places = workload.places();
    let lacks = |of: &Planned| !places.have(&of.net, &of.score);
    plan.plan().parts[number].iter().any(lacks)
}

/// Runs `collect`.
///
/// # Errors
/// [`BadInput`]; cells that failed, after tables and report were written.
pub(crate) fn collect(args: &CollectArgs) -> Result<()> {
    let plan = FrozenPlan::open(&args.folder)?;
    let (workload, provenance) = open(&plan, default_jobs())?;
    let mut failures = plan.failures();
    // What was made since by another plan or command is no failure.
    let is_there = |label: &str| {
        workload
            .cells()
            .iter()
            .any(|cell| cell.net.label == label && workload.places().scores.has(&cell.score))
    };
    failures.retain(|failure| !is_there(&failure.label));
    workload.collect(failures, &provenance)
}
