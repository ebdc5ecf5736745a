//! Arguments of every command that runs an experiment.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{EngineKind, Override};

/// How much of an experiment is run, by what and where to.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Train seeds 0 to N - 1, instead of as many as the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: Option<u64>,
    /// Cells trained side by side [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// What trains
    #[arg(long)]
    pub(crate) engine: Option<EngineKind>,
    /// Change a value of the file, such as loss.epsilon=1e-4; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// Results folder [default: results/NAME, after the file NAME.yaml]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// List the cells, done, missing or stale and why, and train nothing
    #[arg(long)]
    pub(crate) plan: bool,
}

impl RunArgs {
    /// What the arguments change in a file.
    pub(crate) fn overrides(&self) -> Vec<Override> {
        let seeds = self.seeds.map(|seeds| Override::new("seeds", seeds.into()));
        let engine = self.engine.map(|engine| {
            let name = serde_yaml::to_value(engine).expect("an engine's name is plain data");
            Override::new("engine", name)
        });
        self.set.iter().cloned().chain(seeds).chain(engine).collect()
    }

    /// The results folder of the experiment in the file `config`.
    pub(crate) fn out(&self, config: &Path) -> PathBuf {
        match &self.out {
            Some(out) => out.clone(),
            None => Path::new("results").join(config.file_stem().unwrap_or_default()),
        }
    }

    /// Cells trained side by side.
    pub(crate) fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(cores, usize::from)
    }
}
