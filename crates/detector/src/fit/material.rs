//! The sounds that a detector is fitted to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use features::dataset::{Operation, Problem, labels_path, read_operations};
use features::log_mel::LogMel;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::FitSettings;
use crate::health::{Vitals, unfit};
use crate::recordings::{Heard, find, hear, hear_rows};

/// Seconds of normal sound below which nothing is fitted, and those below which it is little.
const LEAST_S: f64 = 60.0;
pub(super) const FEW_S: f64 = 600.0;
/// Errors told at once.
const MOST_ERRORS: usize = 10;
/// Seconds of the longest part of a clip that is mixed in.
const CLIP_S: usize = 5;

/// A recording of normal sounds.
pub(super) struct Normal {
    /// Its path, as it was given.
    pub(super) name: String,
    /// The first bytes of a hash of its samples.
    pub(super) hash: u64,
    pub(super) seconds: f64,
    rate: u32,
    /// Log-mel, (frames, M).
    pub(super) frames: Vec<f32>,
    /// Kept where clips are mixed into them.
    pub(super) samples: Vec<f32>,
    vitals: Vec<Vitals>,
    /// What the machine was doing when, if somebody wrote it down.
    pub(super) operations: Vec<Operation>,
}

/// All sounds.
pub(super) struct Material {
    pub(super) recordings: Vec<Normal>,
    /// Other things: names and samples at the rate of the front end.
    pub(super) clips: Vec<(String, Vec<f32>)>,
    /// What was left out, and why.
    pub(super) left_out: Vec<String>,
    pub(super) bands: usize,
    pub(super) hop: usize,
    pub(super) rate: u32,
}

impl Material {
    pub(super) fn load(recordings: &[PathBuf], others: &[PathBuf], settings: &FitSettings) -> Result<Self> {
        let front_end = settings.front_end;
        let needs_clips = settings.objective.resolve(&super::net::losses(), super::net::sizes(&front_end))?;
        let needs_clips = needs_clips.term.reads_anomalous();
        ensure!(
            needs_clips != others.is_empty(),
            "{} {}: give clips with --other, or take another --loss",
            settings.objective,
            if needs_clips { "needs clips of other things" } else { "has no use for clips of other things" },
        );
        let clip_paths = find(others)?;
        let paths: Vec<PathBuf> =
            find(recordings)?.into_iter().filter(|path| !clip_paths.contains(path)).collect();
        let load = |path: &PathBuf| Normal::load(path, settings, needs_clips);
        let mut material = Self {
            recordings: all(paths.par_iter().map(load).collect())?,
            clips: all(clip_paths.par_iter().map(|path| clip(path, settings)).collect())?,
            left_out: Vec::new(),
            bands: front_end.bands,
            hop: front_end.hop,
            rate: front_end.rate,
        };
        material.leave_out();
        let seconds = material.seconds();
        if seconds < LEAST_S {
            let count = material.recordings.len();
            let left_out = material.left_out.iter().map(|line| format!("\n{line}")).collect::<String>();
            bail!(
                "found {seconds:.1} s of normal sound in {count} recordings, expected {LEAST_S} s at least, and half an hour for a detector that is worth something{left_out}"
            );
        }
        Ok(material)
    }

    /// Leaves out recordings that are there twice, which would be held against themselves, or are no sound.
    fn leave_out(&mut self) {
        let mut seen = BTreeSet::new();
        let left_out = &mut self.left_out;
        self.recordings.retain(|recording| {
            let twice = (!seen.insert(recording.hash)).then_some("the same samples as another");
            let why = twice.or_else(|| unfit(&recording.vitals));
            left_out.extend(why.map(|why| format!("left out: {}: {why}", recording.name)));
            why.is_none()
        });
    }

    pub(super) fn seconds(&self) -> f64 {
        self.recordings.iter().map(|recording| recording.seconds).sum()
    }

    pub(super) fn rates(&self) -> Vec<u32> {
        let rates: BTreeSet<u32> = self.recordings.iter().map(|recording| recording.rate).collect();
        rates.into_iter().collect()
    }

    /// What was measured of each block of each recording.
    pub(super) fn vitals(&self) -> impl Iterator<Item = &Vitals> + Clone {
        self.recordings.iter().flat_map(|recording| &recording.vitals)
    }
}

impl Normal {
    fn load(path: &Path, settings: &FitSettings, keep: bool) -> Result<Self> {
        let front_end = settings.front_end;
        let Heard { samples, rate, seconds, blocks, .. } = hear_rows(path, &front_end)?;
        let mut frames = vec![0.0; front_end.frames(samples.len()) * front_end.bands];
        LogMel::new(&front_end)?.frames_into(&samples, &mut frames)?;
        let labels = labels_path(path);
        let operations = if labels.exists() {
            let wrong = |problem: Problem| anyhow!("{}: {}", problem.place, problem.what);
            read_operations(&labels, seconds).map_err(wrong)?
        } else {
            Vec::new()
        };
        Ok(Self {
            name: path.display().to_string(),
            hash: hash(&samples),
            seconds,
            rate,
            frames,
            samples: if keep { samples } else { Vec::new() },
            vitals: blocks.into_iter().map(|(vitals, _)| vitals).collect(),
            operations,
        })
    }
}

/// The first eight bytes of a SHA-256 of `samples`.
pub(crate) fn hash(samples: &[f32]) -> u64 {
    let mut hasher = Sha256::new();
    samples.chunks(4096).for_each(|part| {
        hasher.update(part.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>());
    });
    let hash = hasher.finalize();
    u64::from_le_bytes(hash[..8].try_into().expect("eight of 32 bytes"))
}

fn clip(path: &Path, settings: &FitSettings) -> Result<(String, Vec<f32>)> {
    let front_end = settings.front_end;
    let mut samples = hear(path, front_end.channel, front_end.rate)?.samples;
    samples.truncate(CLIP_S * front_end.rate as usize);
    ensure!(
        samples.iter().any(|sample| *sample != 0.0),
        "{}: found silence, expected a clip of something else",
        path.display()
    );
    Ok((path.display().to_string(), samples))
}

/// All results, or all errors.
fn all<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    if wrong.is_empty() {
        return Ok(good);
    }
    let more = wrong.len().saturating_sub(MOST_ERRORS);
    wrong.truncate(MOST_ERRORS);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    Err(anyhow!(wrong.join("\n")))
}
