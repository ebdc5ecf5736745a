//! The index of a set: what each file holds, kept in a file so that it is worked out once.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::operations;
use super::problem::Problem;
use super::resolve::Resolved;
use crate::audio::{self, Channel};
use crate::level::Level;

/// Changed whenever what an entry means does: an index of another version is written again.
const VERSION: u32 = 3;

/// What a sound file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the operation labels beside it, where there are any.
    pub labels_sha256: Option<String>,
    /// Samples a second, in Hz.
    pub rate: u32,
    /// Channels in the file.
    pub channels: u16,
    /// Samples in each channel.
    pub frames: u64,
    /// Bytes of a last frame that is not whole; they are dropped.
    pub dropped: u64,
    /// Level of the channel that is used.
    pub level: Level,
    /// Mean square of the samples of all channels.
    pub channel_power: f64,
}

impl Facts {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }

    /// Samples of the sound when it is loaded at `rate` Hz.
    pub(crate) fn samples_at(&self, rate: u32) -> usize {
        let samples = (u128::from(self.frames) * u128::from(rate)).div_ceil(u128::from(self.rate));
        usize::try_from(samples).unwrap_or(usize::MAX)
    }
}

/// The facts of a file, with what tells whether they still hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    stamp: Stamp,
    labels_stamp: Option<Stamp>,
    channel: Option<u16>,
    facts: Facts,
}

/// Size and time of change of a file: where both are as before, so is its content.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stamp {
    bytes: u64,
    modified_ns: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Index {
    version: u32,
    files: BTreeMap<String, Entry>,
}

/// The facts of all `files`, in their order, from the index at `path` where they still hold. Files that are new
/// or changed are read whole, in parallel, and the index is written again.
///
/// A file without facts has a problem. The last value is a warning: an index that could not be read or kept
/// costs time and nothing else.
pub(super) fn look_up(files: &[Resolved], path: &Path) -> (Vec<Option<Facts>>, Vec<Problem>, Option<String>) {
    let (known, mut warning) = read(path);
    let entries: Vec<Result<Entry, Problem>> =
        files.par_iter().map(|file| current(file, known.files.get(&file.name))).collect();
    let mut index = Index { version: VERSION, files: BTreeMap::new() };
    let mut facts = Vec::with_capacity(files.len());
    let mut problems = Vec::new();
    for (file, entry) in files.iter().zip(entries) {
        match entry {
            Ok(entry) => {
                facts.push(Some(entry.facts.clone()));
                index.files.insert(file.name.clone(), entry);
            }
            Err(problem) => {
                facts.push(None);
                problems.push(problem);
            }
        }
    }
    if (index.files != known.files || warning.is_some())
        && let Err(error) = write(path, &index)
    {
        warning = Some(format!(
            "{}: the index cannot be kept there ({error}); all files are read each time",
            path.display()
        ));
    }
    (facts, problems, warning)
}

fn read(path: &Path) -> (Index, Option<String>) {
    let outdated =
        |why: String| (Index::default(), Some(format!("{}: {why}; written again", path.display())));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Index::default(), None),
        Err(error) => return outdated(format!("the index cannot be read ({error})")),
    };
    match serde_json::from_str::<Index>(&text) {
        Ok(index) if index.version == VERSION => (index, None),
        Ok(index) => outdated(format!("an index of version {}, expected {VERSION}", index.version)),
        Err(error) => outdated(format!("no index ({error})")),
    }
}

/// Writes beside and renames, so that a reader sees the old index or the new. The file beside has a name of its own,
/// unlike that of [`crate::files::write_whole`]: several processes may open one set at once.
fn write(path: &Path, index: &Index) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(folder)?;
    file.write_all(&serde_json::to_vec(index)?)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn current(file: &Resolved, known: Option<&Entry>) -> Result<Entry, Problem> {
    let unreadable = |path: &Path, error: &io::Error| {
        Problem::at(path, format!("it unreadable ({error})"), "a readable file")
    };
    let labels = operations::labels_path(&file.path);
    let labels = labels.exists().then_some(labels);
    let stamp = stamp(&file.path).map_err(|error| unreadable(&file.path, &error))?;
    let labels_stamp =
        labels.as_deref().map(|path| self::stamp(path).map_err(|error| unreadable(path, &error)));
    let labels_stamp = labels_stamp.transpose()?;
    if let Some(entry) = known
        && (entry.stamp, entry.labels_stamp, entry.channel) == (stamp, labels_stamp, file.channel)
    {
        return Ok(entry.clone());
    }
    Ok(Entry { stamp, labels_stamp, channel: file.channel, facts: read_facts(file, labels)? })
}

fn read_facts(file: &Resolved, labels: Option<PathBuf>) -> Result<Facts, Problem> {
    let wrong = |error| Problem::audio(&file.path, &error);
    let channel = file.channel.map_or(Channel::Mean, Channel::Index);
    let recording = audio::read(&file.path, channel).map_err(wrong)?;
    let channel_power = recording.channel_power();
    let audio::Recording { sound, format, .. } = recording;
    let hash = |path: &Path| {
        sha256(path).map_err(|error| Problem::at(path, format!("it unreadable ({error})"), "a readable file"))
    };
    Ok(Facts {
        sha256: hash(&file.path)?,
        labels_sha256: labels.as_deref().map(hash).transpose()?,
        rate: sound.rate,
        channels: format.channels,
        frames: format.frames,
        dropped: format.dropped,
        level: Level::of(&sound.samples),
        channel_power,
    })
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    let since = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Stamp { bytes: metadata.len(), modified_ns: since.as_nanos() as u64 })
}

pub(super) fn sha256(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            read => hash.update(&block[..read]),
        }
    }
}

/// The bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
