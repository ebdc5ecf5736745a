//! Writes a set so that it is there whole or not at all, and recognises one that is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use features::audio::write_wav_i16;
use features::dataset::hexadecimal;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RATE;
use super::partial::Partial;
use super::plan::File;
use crate::SynthError;

/// The file that tells what a set is; it is written last.
const FACTS: &str = "dataset.json";

/// What a set was made from. Equal requests give equal bytes on one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Version of the generator: a change to any sound raises it.
    pub version: u32,
    /// Seed of all that is random.
    pub seed: u64,
    /// Minutes of normal training sound.
    pub minutes: u32,
}

/// What `dataset.json` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    what: String,
    request: Request,
    rate_hz: u32,
    files: usize,
    /// Of paths and contents, in the order in which they were planned.
    sha256: String,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The set was made.
    Made,
    /// It was there.
    Found,
}

/// Told of how many files of how many are made, by the thread that made one.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Makes the set at `out`, unless the same set is there.
///
/// # Errors
/// [`SynthError::Refused`] when something else is at `out` (it is left as it is), no folder can be made there, or another run
/// is making it; other errors when a file cannot be written.
pub(super) fn write_set(
    out: &Path,
    request: &Request,
    files: &[File],
    progress: Progress<'_>,
) -> Result<Outcome, SynthError> {
    if is_there(out, request, files)? {
        return Ok(Outcome::Found);
    }
    let partial = Partial::begin(out)?;
    // Another run may have made it before this one had the lock.
    if is_there(out, request, files)? {
        return Ok(Outcome::Found);
    }
    let facts = Facts {
        what: "synthetic toy-car sounds, made by cargo xtask synth".into(),
        request: request.clone(),
        rate_hz: RATE as u32,
        files: files.len(),
        sha256: write_files(&partial.set(), request.seed, files, progress)?,
    };
    let json = serde_json::to_string_pretty(&facts).expect("facts are plain data") + "\n";
    write_synced(&partial.set().join(FACTS), json.as_bytes())?;
    partial.finish()?;
    Ok(Outcome::Made)
}

/// Makes and writes all files in parallel; returns the hash of the set.
fn write_files(root: &Path, seed: u64, files: &[File], progress: Progress<'_>) -> Result<String, SynthError> {
    let mut folders: Vec<PathBuf> = files.iter().filter_map(|f| Some(root.join(f.path.parent()?))).collect();
    folders.dedup();
    for folder in &folders {
        fs::create_dir_all(folder).map_err(SynthError::failed("make the folder", folder))?;
    }
    let written = AtomicUsize::new(0);
    let hashes: Vec<Vec<u8>> = files
        .par_iter()
        .map(|file| {
            let hash = write_file(root, seed, file)?;
            progress(written.fetch_add(1, Ordering::Relaxed) + 1, files.len());
            Ok(hash)
        })
        .collect::<Result<_, SynthError>>()?;
    let mut all = Sha256::new();
    for (file, hash) in files.iter().zip(&hashes) {
        all.update(file.path.to_string_lossy().as_bytes());
        all.update(hash);
    }
    Ok(hexadecimal(&all.finalize()))
}

/// Makes and writes one file and its labels; returns their hash.
fn write_file(root: &Path, seed: u64, file: &File) -> Result<Vec<u8>, SynthError> {
    let path = root.join(&file.path);
    let made = file.make(seed);
    write_wav_i16(&path, &made.samples, RATE as u32)?;
    let bytes = fs::read(&path).map_err(SynthError::failed("read", &path))?;
    let synced = fs::File::open(&path).and_then(|wav| wav.sync_all());
    synced.map_err(SynthError::failed("sync", &path))?;
    let mut hash = Sha256::new();
    hash.update(&bytes);
    if let Some(labels) = made.labels {
        write_synced(&path.with_extension("labels.csv"), labels.as_bytes())?;
        hash.update(labels.as_bytes());
    }
    Ok(hash.finalize().to_vec())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    let write = || {
        fs::write(path, bytes)?;
        fs::File::open(path)?.sync_all()
    };
    write().map_err(SynthError::failed("write", path))
}

/// Whether the set is at `out`; refuses anything else that is.
fn is_there(out: &Path, request: &Request, files: &[File]) -> Result<bool, SynthError> {
    if out.symlink_metadata().is_err() {
        return Ok(false);
    }
    let advice = "it was left as it is; move it away, or choose another folder";
    let path = out.join(FACTS);
    let Ok(text) = fs::read_to_string(&path) else {
        let what =
            format!("{} exists and is no synthetic set (expected a {FACTS} in it): {advice}", out.display());
        return Err(SynthError::Refused(what));
    };
    let facts: Facts = serde_json::from_str(&text).map_err(|error| {
        SynthError::Refused(format!(
            "{} is no description of a synthetic set ({error}): {advice}",
            path.display()
        ))
    })?;
    if facts.request != *request {
        let (place, found) = (out.display(), facts.request);
        return Err(SynthError::Refused(format!(
            "{place} holds another set: found {found}, expected {request}; {advice}"
        )));
    }
    let missing: Vec<&File> = files.iter().filter(|file| !out.join(&file.path).is_file()).collect();
    if let Some(first) = missing.first() {
        return Err(SynthError::Refused(format!(
            "{} has lost {} of its {} files, the first of them {}: {advice}",
            out.display(),
            missing.len(),
            files.len(),
            first.path.display()
        )));
    }
    Ok(true)
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {}, {} minutes, generator version {}", self.seed, self.minutes, self.version)
    }
}
