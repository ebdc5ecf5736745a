//! What a result was made with: source, compiler, machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;
use features::dataset::hexadecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{CellName, Store, Workspace};

/// File of a cell that tells which runs trained it.
pub(crate) const ENV: &str = "env.json";

/// The provenance of a run. Nothing of it enters a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// Commit of the working tree when the run began, with `+changes` where it differs from it.
    pub(crate) source: String,
    /// SHA-256 of `Cargo.lock` at build time.
    pub(crate) lock: String,
    /// The compiler.
    pub(crate) rustc: String,
    /// Operating system and architecture.
    pub(crate) platform: String,
    /// Model of the CPU.
    pub(crate) cpu: String,
    /// Its vector instructions that this program uses.
    pub(crate) instructions: String,
    /// Threads that it runs at once.
    pub(crate) threads: usize,
    /// When the run began, UTC.
    pub(crate) started: String,
}

impl Provenance {
    /// Of a run that begins now on `threads` threads.
    pub(crate) fn now(threads: usize) -> Self {
        Self {
            source: source(),
            lock: hexadecimal(&Sha256::digest(include_bytes!("../../../Cargo.lock"))),
            rustc: env!("XTASK_RUSTC").to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cpu: cpu(),
            instructions: format!("{:?}", pulp::Arch::new())
                .chars()
                .take_while(|c| c.is_alphanumeric())
                .collect(),
            threads,
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }
}

/// The runs that trained a cell: the last, and those before it that left a checkpoint it went on from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Updates that there were when the run began.
    #[serde(default)]
    from_update: u64,
    #[serde(flatten)]
    run: Provenance,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Origin>,
}

impl Origin {
    /// Writes in a cell's folder that a run with `provenance` trains it from update `step` on.
    ///
    /// # Errors
    /// Those of writing.
    pub(crate) fn record(workspace: &Workspace, step: u64, provenance: &Provenance) -> Result<()> {
        let found = fs::read(workspace.path(ENV)).ok();
        let found: Option<Self> = found.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut earlier = Vec::new();
        if let Some(mut last) = found {
            earlier.append(&mut last.earlier);
            earlier.push(last);
        }
        // A run that left no checkpoint, or one that was lost, made nothing of the cell.
        earlier.retain(|origin| origin.from_update < step);
        let origin = Self { from_update: step, run: provenance.clone(), earlier };
        workspace.write(ENV, (serde_json::to_string_pretty(&origin)? + "\n").as_bytes())
    }

    /// What trained the cell: source, `Cargo.lock`, compiler, CPU and its instructions, each with all that it was in
    /// turn.
    fn trained_by(&self) -> [String; 5] {
        let runs = || self.earlier.iter().chain([self]).map(|origin| &origin.run);
        let fields: [fn(&Provenance) -> &String; 5] =
            [|run| &run.source, |run| &run.lock, |run| &run.rustc, |run| &run.cpu, |run| &run.instructions];
        fields.map(|field| {
            let mut found: Vec<&str> = runs().map(|run| field(run).as_str()).collect();
            found.dedup();
            found.join(", then ")
        })
    }
}

/// Of the finished cells `names`, how many were trained by each source, lock file, compiler, CPU and instruction set.
pub(crate) fn trained_by<'a>(
    store: &Store,
    names: impl Iterator<Item = &'a CellName>,
) -> BTreeMap<[String; 5], usize> {
    let mut cells = BTreeMap::new();
    for name in names {
        let origin = store.read_json::<Origin>(name, ENV).map(|origin| origin.trained_by());
        *cells.entry(origin.unwrap_or_else(|_| [(); 5].map(|()| "unknown".to_owned()))).or_default() += 1;
    }
    cells
}

/// Leaves out results: what a run writes is no change of what it was made with.
const CODE: &str = ":(top,exclude)results";

fn source() -> String {
    let git = |arguments: &[&str]| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = Command::new("git").current_dir(folder).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match (
        git(&["rev-parse", "HEAD"]),
        git(&["status", "--porcelain", "--untracked-files=no", ":(top)", CODE]),
    ) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => commit + "+changes",
        (None, _) => "unknown".to_owned(),
    }
}

fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let family = |key, name: &str| field(key).map(|value| format!(" {name} {value}")).unwrap_or_default();
    let model = field("model name").unwrap_or_else(|| "unknown".to_owned());
    model + &family("cpu family", "family") + &family("model", "model")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_tells_of_every_run_that_its_training_goes_back_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path(), &[ENV]);
        let name = CellName::new("ring", "BU", 0, &"settings");
        let _lock = store.open().unwrap();
        let workspace = store.workspace(&name).unwrap();
        let by = |source: &str| Provenance { source: source.to_owned(), ..Provenance::now(1) };
        Origin::record(&workspace, 0, &by("one")).unwrap();
        Origin::record(&workspace, 50, &by("two")).unwrap();
        Origin::record(&workspace, 50, &by("three")).unwrap(); // two left no checkpoint
        Origin::record(&workspace, 80, &by("three")).unwrap();
        workspace.finish(&"settings").unwrap();
        let cells = trained_by(&store, [&name].into_iter());
        let (what, count) = cells.iter().next().unwrap();
        assert_eq!((what[0].as_str(), *count), ("one, then three", 1));
        assert_eq!(what[1], Provenance::now(1).lock, "told once where it did not change");
    }

    #[test]
    fn a_training_that_starts_over_tells_of_no_run_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path(), &[ENV]);
        let name = CellName::new("ring", "BU", 0, &"settings");
        let _lock = store.open().unwrap();
        let workspace = store.workspace(&name).unwrap();
        let by = |source: &str| Provenance { source: source.to_owned(), ..Provenance::now(1) };
        Origin::record(&workspace, 0, &by("one")).unwrap();
        Origin::record(&workspace, 0, &by("two")).unwrap();
        workspace.finish(&"settings").unwrap();
        assert_eq!(trained_by(&store, [&name].into_iter()).keys().next().unwrap()[0], "two");
    }
}
