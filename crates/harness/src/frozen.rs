//! An experiment's plan, frozen in its folder: what many processes, on one machine or through a queue, make together.
//!
//! `FOLDER/plans/<hash>/` holds `plan.json`, the experiment with all settings resolved, and a copy of the program that
//! froze it, so that neither an edit nor a build changes what is queued. Another experiment is another plan.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use features::dataset::hexadecimal;
use features::files::{read_text, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{BadInput, Cell, Failure, Name, Net, name, parts};

/// Raise this with each change of what a plan holds.
const VERSION: u32 = 1;

/// Digits of a plan's hash.
const DIGITS: usize = 12;

/// Folder of an experiment in which its plans lie.
const PLANS: &str = "plans";

/// File beside the plans that names the one frozen last.
const CURRENT: &str = "current";

const PLAN: &str = "plan.json";
const PROGRAM: &str = "xtask";
const SETTINGS: &str = "experiment.yaml";
const FAILED: &str = "failed";

/// A plan as `plan.json` has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frozen {
    version: u32,
    /// The experiment, which its folder in the results root is called after.
    pub experiment: String,
    /// Results root: nets, scores, and the experiment's folder.
    pub root: PathBuf,
    /// The folder that paths in the experiment start from.
    pub working_folder: PathBuf,
    /// Revision of the source that the program was built from.
    pub source: String,
    /// SHA-256 of the program.
    pub program: String,
    /// Hashes of the sounds that nets are trained on; none of the ring.
    pub data: BTreeSet<String>,
    /// What each part makes, in this order.
    pub parts: Vec<Vec<Planned>>,
}

/// A net and its score, as a plan has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What people call it.
    pub label: String,
    /// Its folder among the nets.
    pub net: Name,
    /// Its folder among the scores.
    pub score: Name,
    /// Updates of its training.
    pub updates: u64,
}

/// A frozen plan and the folder where it lies.
#[derive(Clone, Debug)]
pub struct FrozenPlan {
    folder: PathBuf,
    plan: Frozen,
}

impl Frozen {
    /// The plan of `cells` in `count` parts; paths are absolute.
    ///
    /// # Panics
    /// When `count` is zero.
    pub fn new(
        experiment: &str,
        [root, working_folder]: [PathBuf; 2],
        source: String,
        cells: &[&Cell],
        count: usize,
    ) -> Self {
        let mut nets: Vec<&Net> = cells.iter().map(|cell| &cell.net).collect();
        let mut known = BTreeSet::new();
        nets.retain(|net| known.insert(&net.name));
        let planned = |cell: &&Cell| Planned {
            label: cell.net.label.clone(),
            net: cell.net.name.clone(),
            score: cell.score.clone(),
            updates: cell.net.settings.schedule.length(),
        };
        let of_net = |net: &Net| cells.iter().filter(|cell| cell.net.name == net.name).map(planned).collect();
        let part = |nets: Vec<&Net>| nets.into_iter().map(of_net).collect::<Vec<Vec<_>>>().concat();
        Self {
            version: VERSION,
            experiment: experiment.to_owned(),
            root,
            working_folder,
            source,
            program: String::new(),
            data: nets.iter().filter_map(|net| net.settings.data.sounds()).map(str::to_owned).collect(),
            parts: parts(nets, count).into_iter().map(part).collect(),
        }
    }

    /// Puts the plan, `settings`, and a copy of `program` into the folder of the experiment, unless they are there.
    ///
    /// # Errors
    /// A folder that cannot be written; a program that cannot be read.
    pub fn freeze(mut self, settings: &str, program: &Path) -> Result<FrozenPlan> {
        let unreadable = || format!("{}: cannot be read", program.display());
        let bytes = fs::read(program).with_context(unreadable)?;
        self.program = hexadecimal(&Sha256::digest(&bytes));
        let hash = name::hash(&(&self, settings));
        let plans = self.root.join(&self.experiment).join(PLANS);
        let folder = plans.join(&hash[..DIGITS]);
        let plan = FrozenPlan { folder, plan: self };
        if !plan.folder.join(PLAN).exists() {
            BadInput::make_folder(&plan.folder)?;
            fs::copy(program, plan.program()).with_context(unreadable)?;
            write_whole(&plan.settings(), settings.as_bytes())?;
            // Last: a plan that can be read is whole.
            write_whole(
                &plan.folder.join(PLAN),
                (serde_json::to_string_pretty(&plan.plan)? + "\n").as_bytes(),
            )?;
        }
        write_whole(&plans.join(CURRENT), &hash.as_bytes()[..DIGITS])?;
        Ok(plan)
    }
}

impl FrozenPlan {
    /// The plan in `folder`, or the one frozen last of the experiment whose folder it is.
    ///
    /// # Errors
    /// No plan, or one of another version of this program.
    pub fn open(folder: &Path) -> Result<Self, BadInput> {
        let folder = if folder.join(PLAN).exists() {
            folder.to_owned()
        } else {
            let plans = folder.join(PLANS);
            let current = read_text(&plans.join(CURRENT)).map_err(|error| {
                let folder = folder.display();
                BadInput(format!(
                    "{folder}: found no plan ({error}), expected the folder of an experiment with one: `cargo xtask sweep CONFIG --freeze` makes it"
                ))
            })?;
            plans.join(current.trim())
        };
        let path = folder.join(PLAN);
        let wrong = |what: String| BadInput(format!("{}: {what}", path.display()));
        let text = read_text(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let version =
            |text: &str| serde_json::from_str::<serde_json::Value>(text).ok()?.get("version")?.as_u64();
        let found = version(&text);
        if found != Some(u64::from(VERSION)) {
            let found = found.map_or("none".to_owned(), |found| found.to_string());
            return Err(wrong(format!(
                "found version {found}, expected {VERSION}: freeze the experiment again with this program"
            )));
        }
        let plan = serde_json::from_str(&text).map_err(|error| wrong(format!("is no plan: {error}")))?;
        let folder = folder.canonicalize().map_err(|error| wrong(error.to_string()))?;
        Ok(Self { folder, plan })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it holds.
    pub fn plan(&self) -> &Frozen {
        &self.plan
    }

    /// The copy of the program.
    pub fn program(&self) -> PathBuf {
        self.folder.join(PROGRAM)
    }

    /// The experiment with all settings resolved.
    pub fn settings(&self) -> PathBuf {
        self.folder.join(SETTINGS)
    }

    /// Checks that `cells`, made of the frozen settings, are those that were frozen: the sounds may have changed since.
    ///
    /// # Errors
    /// The first net or score that is another now.
    pub fn check<'a>(&self, cells: impl Iterator<Item = &'a Cell>) -> Result<(), BadInput> {
        let found: BTreeSet<(&Name, &Name)> = cells.map(|cell| (&cell.net.name, &cell.score)).collect();
        let lost = self.plan.parts.iter().flatten().find(|of| !found.contains(&(&of.net, &of.score)));
        let Some(Planned { label, net, score, .. }) = lost else { return Ok(()) };
        let what = format!(
            "{}: found neither net {net} nor score {score} of {label} among what the experiment asks for now, expected both: its sounds or this program have changed since it was frozen; freeze it again",
            self.folder.join(PLAN).display()
        );
        Err(BadInput(what))
    }

    fn failure_of(&self, label: &str) -> PathBuf {
        self.folder.join(FAILED).join(format!("{label}.txt"))
    }

    /// Keeps why cells of part `part` failed, and forgets the failures of those that did not.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn keep_failures(&self, part: usize, failures: &[Failure]) -> Result<()> {
        for Planned { label, .. } in &self.plan.parts[part] {
            let path = self.failure_of(label);
            match failures.iter().find(|failure| failure.label == *label) {
                Some(failure) => {
                    BadInput::make_folder(&self.folder.join(FAILED))?;
                    write_whole(&path, failure.why.as_bytes())?;
                }
                None if path.exists() => fs::remove_file(&path).unwrap_or_default(), // another worker was faster
                None => {}
            }
        }
        Ok(())
    }

    /// Why the cells failed that were tried last, and did.
    pub fn failures(&self) -> Vec<Failure> {
        let failure = |of: &Planned| {
            let why = fs::read_to_string(self.failure_of(&of.label)).ok()?;
            Some(Failure { label: of.label.clone(), why })
        };
        self.plan.parts.iter().flatten().filter_map(failure).collect()
    }
}
