//! `cargo xtask inspect`: what the model sees of a sound, and what a set of sounds holds.

mod set;
mod sound;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use features::dataset::{Dataset, DatasetError, Manifest, default_index};
use features::log_mel::FrontEnd;
use rayon::prelude::*;

use crate::config;
use crate::print;
use harness::BadInput;

/// Look at sounds as the model does, or at a whole set of them.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// WAV or FLAC files. For each: a line of facts, a picture (wave, spectrogram, log-mel), and its frames and feature
    /// rows as Parquet.
    #[arg(value_name = "FILE", required_unless_present = "dataset", conflicts_with = "dataset")]
    pub(crate) files: Vec<PathBuf>,
    /// A set: counts, hours, rates and levels by role and class, and what is wrong with which file.
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) dataset: Option<PathBuf>,
    /// Folder of the set's sounds, in place of the manifest's `root`.
    #[arg(long, value_name = "DIR", requires = "dataset")]
    pub(crate) root: Option<PathBuf>,
    /// Folder for pictures and tables.
    #[arg(long, value_name = "DIR", default_value = "results/inspect")]
    pub(crate) out: PathBuf,
    /// Which features.
    #[arg(long, value_enum, default_value = "fcn40")]
    pub(crate) features: Preset,
    /// One channel, counted from 0, in place of the mean of all.
    #[arg(long)]
    pub(crate) channel: Option<u16>,
    /// Where the set's index is kept, in place of a file beside its sounds.
    #[arg(long, value_name = "FILE", requires = "dataset")]
    pub(crate) index: Option<PathBuf>,
}

/// The paper's two kinds of input (Sec. 4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// M = 40, C = 5: rows of 440.
    Fcn40,
    /// M = 64, C = 10: rows of 1344.
    Fcn64,
}

impl Preset {
    fn config(self) -> FrontEnd {
        match self {
            Self::Fcn40 => FrontEnd::fcn40(),
            Self::Fcn64 => FrontEnd::fcn64(),
        }
    }
}

impl config::Experiment for Manifest {
    const FILE: &'static str = "a manifest such as experiments/datasets/folder.yaml";

    /// Impossible values are found with all else that is wrong when the set is opened.
    fn validate(&self) -> Result<(), config::Impossible> {
        Ok(())
    }
}

/// Runs the command.
///
/// # Errors
/// All that is wrong with the sounds, after everything else was shown, or when results cannot be written: the command
/// did its work, and its exit code is 1. [`BadInput`], exit code 2, where it cannot begin.
pub(crate) fn run(args: &InspectArgs) -> anyhow::Result<()> {
    match &args.dataset {
        Some(manifest) => run_set(manifest, args),
        None => run_files(args),
    }
}

fn run_set(path: &Path, args: &InspectArgs) -> anyhow::Result<()> {
    let mut manifest: Manifest = config::load(path)?;
    if let Some(root) = &args.root {
        manifest.root.clone_from(root);
    }
    let index = args.index.clone().unwrap_or_else(|| default_index(&manifest));
    let surveyed = Dataset::survey(&manifest, &index);
    let (set, problems) = surveyed.map_err(|error| BadInput(format!("{}: {error}", path.display())))?;
    print(&set::report(&set));
    if problems.is_empty() {
        return Ok(());
    }
    Err(DatasetError { set: manifest.name, problems }.into())
}

fn run_files(args: &InspectArgs) -> anyhow::Result<()> {
    each_once(&args.files)?;
    let folder = args.out.as_path();
    let unwritable = |error| {
        BadInput(format!("{}: cannot be written ({error}); expected a folder for pictures", folder.display()))
    };
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    tempfile::tempfile_in(folder).map_err(unwritable)?;
    let stems = stems(&args.files);
    let view = sound::View { config: args.features.config(), channel: args.channel };
    let seen: Vec<Result<String, sound::Unseen>> = args
        .files
        .par_iter()
        .zip(&stems)
        .map(|(file, stem)| view.inspect(file, &folder.join(stem)))
        .collect();
    let mut refused = Vec::new();
    for outcome in seen {
        match outcome {
            Ok(line) => print(&format!("{line}\n")),
            Err(sound::Unseen::Sound(problem)) => refused.push(problem),
            Err(sound::Unseen::Result(error)) => return Err(error),
        }
    }
    if is_new && refused.len() == args.files.len() {
        // A folder of nothing is litter; one in which somebody wrote meanwhile stays.
        let _ = std::fs::remove_dir(folder);
        return Err(anyhow!(refused.join("\n")));
    }
    print(&format!(
        "{} of {} files: pictures and tables in {}\n",
        args.files.len() - refused.len(),
        args.files.len(),
        folder.display()
    ));
    if refused.is_empty() { Ok(()) } else { Err(anyhow!(refused.join("\n"))) }
}

/// Refuses a file that is given twice, by whatever names.
fn each_once(files: &[PathBuf]) -> Result<(), BadInput> {
    let mut first: BTreeMap<PathBuf, &PathBuf> = BTreeMap::new();
    for file in files {
        let real = file.canonicalize().unwrap_or_else(|_| file.clone());
        if let Some(other) = first.insert(real, file) {
            let (file, other) = (file.display(), other.display());
            return Err(BadInput(format!("{file}: found it as {other} already, expected each file once")));
        }
    }
    Ok(())
}

/// The name of each file's results: its stem, or its whole path with `-` for `/` where two have one stem. A name
/// that an earlier file has is counted on: `-2`, `-3`.
fn stems(files: &[PathBuf]) -> Vec<String> {
    let stem = |file: &PathBuf| file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    files.iter().for_each(|file| *uses.entry(stem(file)).or_default() += 1);
    let path = |file: &PathBuf| {
        let parts = file.with_extension("");
        let parts = parts.components().filter(|part| matches!(part, std::path::Component::Normal(_)));
        parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("-")
    };
    let mut taken = BTreeSet::new();
    let distinct = |file: &PathBuf| {
        let name = if uses[&stem(file)] == 1 { stem(file) } else { path(file) };
        let counted = (2..).map(|count| format!("{name}-{count}"));
        let free = iter::once(name.clone()).chain(counted).find(|name| taken.insert(name.clone()));
        free.expect("there are more numbers than files")
    };
    files.iter().map(distinct).collect()
}

#[cfg(test)]
mod layouts;
#[cfg(test)]
mod tests;
