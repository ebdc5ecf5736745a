//! `cargo xtask testset`: the test sounds of an experiment as files, for other systems to score and people to hear.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use features::testset::{Exported, LABELS};
use harness::BadInput;

use crate::config::Override;
use crate::sweep;

/// Arguments of `testset`.
#[derive(Debug, Args)]
pub(crate) struct TestsetArgs {
    /// The sweep whose test sounds are written
    config: PathBuf,
    /// Folder to make, with a folder for each machine where nets are trained by machine
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Change a value of the file, such as scoring.every=1; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

/// Writes the sounds and their table; the folder is there when all of it is.
///
/// # Errors
/// [`BadInput`] where the experiment is none, or something is at `args.out`; what cannot be written.
pub(crate) fn run(args: &TestsetArgs) -> Result<()> {
    let out = args.out.as_path();
    let beside = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if out.exists() {
        let what = format!("{}: found something there, expected the name of a folder to make", out.display());
        return Err(BadInput(what).into());
    }
    if !beside.is_dir() {
        return Err(BadInput(format!("{}: found no such folder, expected one", beside.display())).into());
    }
    let made = tempfile::Builder::new().prefix(".testset-").tempdir_in(beside);
    let made = made.with_context(|| format!("{}: cannot be written", beside.display()))?;
    let set = made.path().join("set");
    let mut written = Exported { sounds: 0, floats: 0 };
    sweep::each_test_set(&args.config, &args.set, |machine, tests, every| {
        let folder = set.join(machine.unwrap_or_default());
        fs::create_dir_all(&folder)?;
        let Exported { sounds, floats } = tests.export(&tests.every(every), &folder)?;
        written = Exported { sounds: written.sounds + sounds, floats: written.floats + floats };
        Ok(())
    })?;
    fs::rename(&set, out).with_context(|| format!("{}: cannot be made", out.display()))?;
    let Exported { sounds, floats } = written;
    crate::print(&format!("{sounds} sounds and {LABELS}, which tells what they are, in {}\n", out.display()));
    if floats > 0 {
        crate::print(&format!("{floats} of them go beyond full scale, and are 32-bit floats\n"));
    }
    Ok(())
}
