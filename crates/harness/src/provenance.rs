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

use crate::{Name, Shelf, Workspace};

/// File of a net that tells which runs trained it.
pub const ENV: &str = "env.json";

/// The provenance of a run. Nothing of it enters a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Commit of the working tree when the run began, with `+changes` where it differs from it.
    pub source: String,
    /// SHA-256 of `Cargo.lock` at build time.
    pub lock: String,
    /// The compiler.
    pub rustc: String,
    /// Operating system and architecture.
    pub platform: String,
    /// Model of the CPU.
    pub cpu: String,
    /// Its vector instructions that this program uses.
    pub instructions: String,
    /// Threads that it runs at once.
    pub threads: usize,
    /// The card, from 0, of nets that are trained on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<usize>,
    /// When the run began, UTC.
    pub started: String,
}

impl Provenance {
    /// Of a run that begins now on `threads` threads.
    pub fn now(threads: usize, card: Option<usize>) -> Self {
        Self {
            source: source(),
            lock: hexadecimal(&Sha256::digest(include_bytes!("../../../Cargo.lock"))),
            rustc: env!("HARNESS_RUSTC").to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cpu: cpu(),
            instructions: format!("{:?}", pulp::Arch::new())
                .chars()
                .take_while(|c| c.is_alphanumeric())
                .collect(),
            threads,
            card,
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }
}

/// The runs that trained a net: the last, and those before it that left a checkpoint it went on from.
#[derive(Debug, Serialize, Deserialize)]
pub struct Origin {
    /// Updates that there were when the run began.
    #[serde(default)]
    from_update: u64,
    #[serde(flatten)]
    run: Provenance,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Origin>,
}

impl Origin {
    /// Writes in a net's folder that a run with `provenance` trains it from update `step` on.
    ///
    /// # Errors
    /// Those of writing.
    pub fn record(workspace: &Workspace, step: u64, provenance: &Provenance) -> Result<()> {
        let found: Option<Self> = workspace.read(ENV).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut earlier = Vec::new();
        if let Some(mut last) = found {
            earlier.append(&mut last.earlier);
            earlier.push(last);
        }
        // A run that left no checkpoint, or one that was lost, made nothing of the net.
        earlier.retain(|origin| origin.from_update < step);
        let origin = Self { from_update: step, run: provenance.clone(), earlier };
        workspace.write(ENV, (serde_json::to_string_pretty(&origin)? + "\n").as_bytes())
    }

    /// What trained the net: source, `Cargo.lock`, compiler, CPU and its instructions, each with all that it was in
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

/// Of the nets `names`, how many were trained by each source, lock file, compiler, CPU and instruction set.
pub fn trained_by<'a>(nets: &Shelf, names: impl Iterator<Item = &'a Name>) -> BTreeMap<[String; 5], usize> {
    let mut trained = BTreeMap::new();
    for name in names {
        let bytes = fs::read(nets.place(name).join(ENV)).unwrap_or_default();
        let origin = serde_json::from_slice::<Origin>(&bytes).map(|origin| origin.trained_by());
        *trained.entry(origin.unwrap_or_else(|_| [(); 5].map(|()| "unknown".to_owned()))).or_default() += 1;
    }
    trained
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

    /// What trained a net of which the runs `runs`, each a source and the update from which on, are recorded.
    fn trained(runs: &[(&str, u64)]) -> [String; 5] {
        let folder = tempfile::tempdir().unwrap();
        let nets = Shelf::nets(folder.path());
        nets.open().unwrap();
        let name = Name::new("net", &"settings");
        let crate::Claim::Mine(workspace) = nets.claim(&name).unwrap() else { panic!("it is held") };
        for (source, from) in runs {
            let run = Provenance { source: (*source).to_owned(), ..Provenance::now(1, None) };
            Origin::record(&workspace, *from, &run).unwrap();
        }
        workspace.finish().unwrap();
        trained_by(&nets, [&name].into_iter()).into_keys().next().unwrap()
    }

    #[test]
    fn a_net_tells_of_every_run_that_its_training_goes_back_to() {
        // The second left no checkpoint.
        let what = trained(&[("one", 0), ("two", 50), ("three", 50), ("three", 80)]);
        assert_eq!(what[0], "one, then three");
        assert_eq!(what[1], Provenance::now(1, None).lock, "told once where it did not change");
    }

    #[test]
    fn a_training_that_starts_over_tells_of_no_run_before() {
        assert_eq!(trained(&[("one", 0), ("two", 0)])[0], "two");
    }
}
