//! `--freeze`: an experiment becomes a plan that many processes make.

use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use harness::provenance::Provenance;
use harness::{Cell, Frozen, default_parts};

use crate::config;
use crate::run_args::{Places, RunArgs};

/// How an experiment is made by many processes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many machines")]
pub(crate) struct QueueArgs {
    /// Freeze a plan in the experiment's folder, for `work` to train; train nothing
    #[arg(long, conflicts_with = "plan")]
    freeze: bool,
    /// Parts of the plan, each about as long [default: one a training or stack, 100 at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), requires = "freeze")]
    parts: Option<u32>,
}

impl QueueArgs {
    /// Whether many processes are to make the experiment.
    pub(crate) fn is_asked(&self) -> bool {
        self.freeze
    }
}

/// Freezes the plan of the experiment in the file `config`, of which `asked` are to be made, and says how to go on.
///
/// # Errors
/// A folder that cannot be written.
pub(crate) fn submit(
    queue: &QueueArgs,
    run: &RunArgs,
    config: &Path,
    places: &Places,
    asked: &[&Cell],
    provenance: &Provenance,
) -> Result<()> {
    let nets = || asked.iter().map(|cell| &cell.net);
    let count = queue.parts.map_or_else(|| default_parts(nets()), |parts| parts as usize);
    let name = places.folder.path().file_name().unwrap_or_default().to_string_lossy();
    let root = std::path::absolute(&run.out).context("--out")?;
    let working_folder = std::env::current_dir().context("the working folder")?;
    let plan = Frozen::new(&name, [root, working_folder], provenance.source.clone(), asked, count);
    let settings = config::resolved(config, &run.overrides())?;
    let plan = plan.freeze(&settings, &std::env::current_exe().context("this program's own file")?)?;
    let (folder, count) = (plan.folder().display(), plan.plan().parts.len());
    let program = plan.program();
    let program = program.display();
    crate::print(&format!(
        "Frozen: {} nets and scores in {count} parts, in {folder}\n\
         Each part, from 0:  {program} work {folder} --part K\n\
         Or what is free:    {program} work {folder}\n\
         At the end:         {program} collect {folder}\n",
        plan.plan().parts.iter().map(Vec::len).sum::<usize>()
    ));
    Ok(())
}
