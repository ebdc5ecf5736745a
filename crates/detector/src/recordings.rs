//! The sound files that a command is given, found and read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use features::audio::{self, Channel, Recording, has_sound_name};
use features::level::Level;
use features::log_mel::FrontEnd;
use walkdir::WalkDir;

use crate::calibration::BLOCK_S;
use crate::health::{Channels, Vitals, vitals};

/// The sound files among `paths`, which are files and folders: of a folder all below it, in the order of their names.
///
/// # Errors
/// A path that is not there, a folder without sounds.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            std::fs::metadata(path).with_context(|| format!("{}: cannot be read", path.display()))?;
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.with_context(|| format!("{}: cannot be looked through", path.display()))?;
            if entry.file_type().is_file() && has_sound_name(entry.path()) {
                found.push(entry.into_path());
            }
        }
        if found.len() == before {
            bail!("{}: found no .wav or .flac file below it, expected recordings", path.display());
        }
    }
    Ok(found)
}

/// A sound as a detector takes it.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// One channel at the rate of the front end.
    pub(crate) samples: Vec<f32>,
    /// The rate of the file, in Hz.
    pub(crate) rate: u32,
    /// Length in seconds.
    pub(crate) seconds: f64,
    /// What was measured of each block, and its borders in seconds.
    pub(crate) blocks: Vec<(Vitals, [f64; 2])>,
}

/// Reads a file, one `channel` or the mean of all, at `rate` Hz.
///
/// # Errors
/// As [`audio::read`].
pub(crate) fn hear(path: &Path, channel: Option<u16>, rate: u32) -> Result<Heard> {
    let taken = channel.map_or(Channel::Mean, Channel::Index);
    let Recording { sound, channel_powers, .. } = audio::read(path, taken)?;
    let channels = Channels {
        powers: channel_powers,
        mixed: Level::of(&sound.samples).power,
        is_mean: channel.is_none(),
    };
    let seconds = sound.seconds();
    let count = ((seconds / BLOCK_S).round() as usize).max(1);
    let block = |index: usize| {
        let [from, to] = [index, index + 1].map(|border| border * sound.samples.len() / count);
        let seconds = [from, to].map(|at| at as f64 / f64::from(sound.rate));
        (vitals(&sound.samples[from..to], sound.rate, &channels), seconds)
    };
    let blocks = (0..count).map(block).collect();
    let file_rate = sound.rate;
    let samples = sound.at_rate(path, rate)?.samples;
    Ok(Heard { samples, rate: file_rate, seconds, blocks })
}

/// Reads a file as `front_end` takes it.
///
/// # Errors
/// As [`audio::read`]; a sound that is shorter than a row.
pub(crate) fn hear_rows(path: &Path, front_end: &FrontEnd) -> Result<Heard> {
    let heard = hear(path, front_end.channel, front_end.rate)?;
    ensure!(
        front_end.rows(heard.samples.len()) > 0,
        "{}: found {:.3} s of sound, expected {:.3} s at least, a window of the net",
        path.display(),
        heard.seconds,
        front_end.least_samples() as f64 / f64::from(front_end.rate),
    );
    Ok(heard)
}
