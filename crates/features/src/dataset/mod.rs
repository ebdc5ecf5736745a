//! Sets of sounds: a manifest resolved to files, all checked in one pass, indexed and hashed.

mod ground_truth;
mod index;
mod load;
mod manifest;
mod odd;
mod operations;
mod pattern;
mod problem;
mod resolve;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::audio::Channel;
use crate::log_mel::FrontEnd;
pub use index::{Facts, hexadecimal};
pub use load::Loaded;
pub use manifest::{Manifest, Mixing, Role, Source, Split};
use odd::{cancels, is_clip};
pub use operations::{Operation, labels_path, labels_text, operation_at, read as read_operations};
pub use pattern::{Label, Labels};
pub use problem::{DatasetError, Problem};

/// A sound file of a set, read and found good.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundFile {
    /// The path to open.
    pub path: PathBuf,
    /// The path below the manifest's root, with `/` between its parts.
    pub name: String,
    /// What the sound is for.
    pub role: Role,
    /// Training or testing; none for a noise that serves both.
    pub split: Option<Split>,
    /// Machine, car, class and the like, as far as they are known.
    pub labels: Labels,
    /// The channel that is used.
    pub channel: Channel,
    /// Rate, length, level, hash.
    pub facts: Facts,
    /// What the machine was doing when; empty where nobody wrote it down.
    pub operations: Vec<Operation>,
}

impl SoundFile {
    /// A label of the file, or the empty text.
    pub fn label(&self, label: Label) -> &str {
        self.labels.get(&label).map_or("", String::as_str)
    }
}

/// A set of sounds that can be used: every file was read and is sound.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The manifest's name.
    pub name: String,
    /// How the sounds are mixed.
    pub mixing: Mixing,
    /// The files, sorted by role and name.
    pub files: Vec<SoundFile>,
    /// Names of the files that were left out because they are longer than the manifest allows.
    pub left_out: Vec<String>,
    /// What is odd and no error: silence, clipping, the same sound in training and test.
    pub warnings: Vec<String>,
}

/// Where a set's index is kept unless said otherwise: beside the sounds.
pub fn default_index(manifest: &Manifest) -> PathBuf {
    manifest.root.join(format!("index-{}.json", manifest.name))
}

impl Dataset {
    /// Opens a set: resolves the manifest, reads each file that the index at `index` does not know as it is,
    /// and writes the index.
    ///
    /// # Errors
    /// All that is wrong with the manifest, or with all folders and files at once.
    pub fn open(manifest: &Manifest, index: &Path) -> Result<Dataset, DatasetError> {
        let (set, problems) = Self::survey(manifest, index)?;
        DatasetError::check(&manifest.name, problems)?;
        Ok(set)
    }

    /// What is good of a set, and all that is wrong with its folders and files.
    ///
    /// # Errors
    /// All that is wrong with the manifest itself.
    pub fn survey(manifest: &Manifest, index: &Path) -> Result<(Dataset, Vec<Problem>), DatasetError> {
        DatasetError::check(&manifest.name, manifest.problems())?;
        let (resolved, mut problems) = resolve::resolve(manifest);
        let untaken = if resolved.is_empty() { None } else { resolve::untaken(manifest, &resolved) };
        let (facts, unreadable, warning) = index::look_up(&resolved, index);
        problems.extend(unreadable);
        let mut set = Dataset {
            name: manifest.name.clone(),
            mixing: manifest.mixing.clone(),
            files: Vec::new(),
            left_out: Vec::new(),
            warnings: warning.into_iter().chain(untaken).collect(),
        };
        for (file, facts) in resolved.into_iter().zip(facts) {
            let Some(facts) = facts else { continue };
            if file.shorter_than_s.is_some_and(|limit| facts.seconds() >= limit) {
                set.left_out.push(file.name);
                continue;
            }
            match checked(file, facts, &set.mixing) {
                Ok(file) => set.files.push(file),
                Err(problem) => problems.push(problem),
            }
        }
        set.warnings.extend(odd::warnings(&set.files, &set.mixing));
        Ok((set, problem::sorted(problems)))
    }

    /// The files of one role, sorted by name.
    pub fn role(&self, role: Role) -> impl Iterator<Item = &SoundFile> {
        self.files.iter().filter(move |file| file.role == role)
    }

    /// The kinds of machine, sorted; empty where the manifest reads no machine.
    pub fn machines(&self) -> Vec<String> {
        let machines: BTreeSet<&String> =
            self.files.iter().filter_map(|file| file.labels.get(&Label::Machine)).collect();
        machines.into_iter().cloned().collect()
    }

    /// The set of one machine: its own sounds, those that belong to no machine, and the training sounds of all
    /// other machines as something-else sounds.
    pub fn of_machine(&self, machine: &str) -> Dataset {
        let files = self.files.iter().filter_map(|file| match file.labels.get(&Label::Machine) {
            Some(other) if other != machine => (file.role == Role::NormalTrain)
                .then(|| SoundFile { role: Role::SomethingElse, ..file.clone() }),
            _ => Some(file.clone()),
        });
        let mut files: Vec<SoundFile> = files.collect();
        files.sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
        Dataset { name: format!("{}/{machine}", self.name), files, ..self.clone() }
    }

    /// Hash of all that reaches a result: the content of each file, its role, split, labels and channel, and
    /// how they are mixed; not where the files lie. SHA-256 in hexadecimal.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{:?}\n", self.mixing));
        for file in &self.files {
            let SoundFile { name, role, split, labels, channel, facts, .. } = file;
            let (sha256, operations) = (&facts.sha256, &facts.labels_sha256);
            hash.update(format!(
                "{name:?} {role:?} {split:?} {labels:?} {channel:?} {sha256} {operations:?}\n"
            ));
        }
        hexadecimal(&hash.finalize())
    }
}

/// Length of the shortest sound that can be trained on or scored, in seconds: a row of FCN40, the smaller of the
/// paper's two (Sec. 4.2.2). Whoever uses longer rows asks for more when the sounds are loaded; clips and noise are
/// mixed into other sounds and may be of any length.
fn shortest_s() -> f64 {
    let config = FrontEnd::fcn40();
    config.row_span() as f64 / f64::from(config.rate)
}

fn checked(file: resolve::Resolved, facts: Facts, mixing: &Mixing) -> Result<SoundFile, Problem> {
    let clip = is_clip(file.role, mixing);
    if !clip && file.role != Role::Noise && facts.seconds() < shortest_s() {
        return Err(Problem::too_short(file.path.display(), facts.seconds(), shortest_s()));
    }
    let mixed = clip || mixing.noise_snr_db.is_some();
    let channel = file.channel.map_or(Channel::Mean, Channel::Index);
    if mixed && facts.level.power == 0.0 && cancels(channel, &facts) {
        return Err(Problem::at(
            &file.path,
            format!(
                "nothing but silence in the mean of its {} channels, which cancel each other",
                facts.channels
            ),
            "a sound: have the manifest take one with `channel: 0`",
        ));
    }
    if mixed && facts.level.power == 0.0 {
        return Err(Problem::at(
            &file.path,
            "nothing but silence",
            "a sound: silence has no ratio to mix at",
        ));
    }
    let operations = match &facts.labels_sha256 {
        Some(_) => operations::read(&labels_path(&file.path), facts.seconds())?,
        None => Vec::new(),
    };
    Ok(SoundFile {
        path: file.path,
        name: file.name,
        role: file.role,
        split: file.split,
        labels: file.labels,
        channel,
        facts,
        operations,
    })
}
