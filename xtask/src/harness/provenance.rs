//! What a result was made with: source, compiler, machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use features::dataset::hexadecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{CellName, Store};

/// The provenance of a run. Nothing of it enters a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// Commit of the working tree, with `+changes` where it differs from it.
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

/// Of the finished cells `names`, how many were trained by each source, as their `env.json` tells.
pub(crate) fn sources<'a>(
    store: &Store,
    names: impl Iterator<Item = &'a CellName>,
) -> BTreeMap<String, usize> {
    let mut sources = BTreeMap::new();
    for name in names {
        let source = store.read_json::<Provenance>(name, "env.json").map(|found| found.source);
        *sources.entry(source.unwrap_or_else(|_| "unknown".to_owned())).or_default() += 1;
    }
    sources
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
