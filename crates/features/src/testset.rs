//! The test set of Sec. 4.2.1: normal sounds, and anomalies mixed into them at each ANR.

mod export;

use std::fmt;
use std::ops::Range;

use rand::RngExt;

use crate::dataset::{Dataset, DatasetError, Label, Labels, Loaded, Operation, Problem, Role, SoundFile};
use crate::mix::{MixError, mix_at_anr, power};
use crate::rng::{Purpose, stream};
pub use export::{ExportError, Exported, LABELS};

/// What is known of a test sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// No anomaly in it.
    Normal,
    /// An anomaly in it.
    Anomalous,
    /// Nobody has said.
    Unlabelled,
}

impl Truth {
    /// The name as tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Truth::Normal => "normal",
            Truth::Anomalous => "anomalous",
            Truth::Unlabelled => "unlabelled",
        }
    }
}

/// One file of a test set.
#[derive(Clone, Debug, PartialEq)]
pub struct TestItem {
    /// Path of the sound below the manifest's root; of the clip, where one is mixed in.
    pub name: String,
    /// Whether the file is normal.
    pub truth: Truth,
    /// Labels of the sound, and the clip's class.
    pub labels: Labels,
    /// Power of the clip over that of the normal sound under it, in dB; none where nothing is mixed in.
    pub anr_db: Option<f64>,
    /// The samples that the clip covers.
    pub extent: Option<Range<usize>>,
    sound: usize,
    clip: Option<usize>,
}

impl TestItem {
    /// A label of the file, or the empty text.
    pub fn label(&self, label: Label) -> &str {
        self.labels.get(&label).map_or("", String::as_str)
    }
}

/// All files of a test; each sound and each clip is in memory once, mixtures are made when they are asked for.
///
/// The set is a pure function of the data set, the seed of its manifest included: one test set for all trainings.
pub struct TestSet {
    sounds: Vec<Loaded>,
    clips: Vec<Loaded>,
    items: Vec<TestItem>,
}

impl TestSet {
    /// Loads a test set at `rate` Hz: the normal sounds, then, for each ANR of the manifest in turn, each anomaly
    /// mixed into one of them. An anomaly has the same place in the same sound at all ANRs, so that nothing but the
    /// ANR differs. Where the manifest has no ANR, anomalies are whole recordings.
    ///
    /// # Errors
    /// All at once: sounds that cannot be read, that are shorter than `min_samples`, clips longer than any normal
    /// sound, or that lie on silence wherever they are put.
    pub fn load(set: &Dataset, rate: u32, min_samples: usize) -> Result<TestSet, DatasetError> {
        let roles =
            [Role::NormalTest, Role::UnlabelledTest, Role::AnomalyTest].map(|role| set.load(role, rate));
        let [normal, unlabelled, anomalies] = roles;
        let (mut sounds, mut unlabelled, mut clips) = (normal?, unlabelled?, anomalies?);
        let normal = sounds.len();
        let mut items = Vec::new();
        sounds.append(&mut unlabelled);
        for (sound, loaded) in sounds.iter().enumerate() {
            let truth = if sound < normal { Truth::Normal } else { Truth::Unlabelled };
            items.push(whole(loaded, sound, truth));
        }
        let mut problems = Vec::new();
        if set.mixing.anr_db.is_empty() {
            let recorded = clips.iter().enumerate();
            items.extend(recorded.map(|(i, loaded)| whole(loaded, sounds.len() + i, Truth::Anomalous)));
            sounds.append(&mut clips);
        } else {
            let placed = clips.iter().map(|clip| place(clip, &sounds[..normal], set.mixing.seed));
            let places: Vec<Option<Place>> =
                placed.map(|place| place.map_err(|problem| problems.push(problem)).ok()).collect();
            for &anr_db in &set.mixing.anr_db {
                let placed = clips.iter().zip(&places).enumerate();
                items.extend(placed.filter_map(|(clip, (loaded, place))| {
                    let &Place { sound, at } = place.as_ref()?;
                    Some(mixture(loaded, clip, &sounds[sound], sound, at, anr_db))
                }));
            }
        }
        problems.extend(sounds.iter().filter(|sound| sound.samples.len() < min_samples).map(|sound| {
            Problem::too_short(&sound.name, sound.seconds(), min_samples as f64 / f64::from(rate))
        }));
        DatasetError::check(&set.name, problems)?;
        Ok(TestSet { sounds, clips, items })
    }

    /// The files, in the order of tables.
    pub fn items(&self) -> &[TestItem] {
        &self.items
    }

    /// Every `every`-th file of each kind and ANR.
    pub fn every(&self, every: usize) -> Vec<&TestItem> {
        let mut seen = Vec::<((Truth, Option<f64>), usize)>::new();
        let chosen = self.items.iter().filter(|item| {
            let kind = (item.truth, item.anr_db);
            let index = seen.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
                seen.push((kind, 0));
                seen.len() - 1
            });
            seen[index].1 += 1;
            (seen[index].1 - 1).is_multiple_of(every)
        });
        chosen.collect()
    }

    /// Makes the samples of a file in `samples`, whose former content is dropped.
    ///
    /// # Errors
    /// [`MixError`] does not occur for an item of this set: its mixtures were checked when it was loaded.
    pub fn render(&self, item: &TestItem, samples: &mut Vec<f32>) -> Result<(), MixError> {
        samples.clear();
        samples.extend_from_slice(&self.sounds[item.sound].samples);
        if let (Some(clip), Some(extent), Some(anr_db)) = (item.clip, &item.extent, item.anr_db) {
            mix_at_anr(samples, &self.clips[clip].samples, extent.start, anr_db)?;
        }
        Ok(())
    }

    /// What the machine was doing at a sample of a file, where labels say so.
    pub fn operation_at(&self, item: &TestItem, sample: usize) -> Option<&str> {
        self.sounds[item.sound].operation_at(sample)
    }

    /// What the machine does in the sound of a file, in the order of time; empty where nobody wrote it down.
    pub fn operations(&self, item: &TestItem) -> &[Operation] {
        &self.sounds[item.sound].operations
    }

    /// Path of the normal sound that a file is made of, below the manifest's root.
    pub fn sound_name(&self, item: &TestItem) -> &str {
        &self.sounds[item.sound].name
    }
}

fn whole(loaded: &Loaded, sound: usize, truth: Truth) -> TestItem {
    TestItem {
        name: loaded.name.clone(),
        truth,
        labels: loaded.labels.clone(),
        anr_db: None,
        extent: None,
        sound,
        clip: None,
    }
}

fn mixture(loaded: &Loaded, clip: usize, host: &Loaded, sound: usize, at: usize, anr_db: f64) -> TestItem {
    let mut labels = host.labels.clone();
    labels.extend(loaded.labels.clone());
    TestItem {
        name: loaded.name.clone(),
        truth: Truth::Anomalous,
        labels,
        anr_db: Some(anr_db),
        extent: Some(at..at + loaded.samples.len()),
        sound,
        clip: Some(clip),
    }
}

/// Most times that a clip's place is drawn; a place in silence, which has no ratio to mix at, is drawn anew.
const DRAWS: usize = 1000;

/// Where a clip goes.
struct Place {
    sound: usize,
    at: usize,
}

fn place(clip: &Loaded, sounds: &[Loaded], seed: u64) -> Result<Place, Problem> {
    let len = clip.samples.len();
    let room: Vec<usize> = (0..sounds.len()).filter(|&sound| sounds[sound].samples.len() >= len).collect();
    if room.is_empty() {
        let longest = sounds.iter().map(Loaded::seconds).fold(0.0, f64::max);
        return Err(too_long(&clip.name, clip.seconds(), longest));
    }
    let mut rng = stream(seed, Purpose::Data, clip.stream);
    for _ in 0..DRAWS {
        let sound = room[rng.random_range(0..room.len())];
        let host = &sounds[sound].samples;
        let at = rng.random_range(0..=host.len() - len);
        if power(&host[at..at + len]) > 0.0 {
            return Ok(Place { sound, at });
        }
    }
    let found = format!("silence in all of {DRAWS} places drawn for its {:.3} s", clip.seconds());
    Err(Problem::new(
        &clip.name,
        found,
        "normal test sounds that are not silent: silence has no ratio to mix at",
    ))
}

fn too_long(place: impl fmt::Display, seconds: f64, longest: f64) -> Problem {
    let expected = format!("at most {longest:.3} s, the longest normal test sound");
    Problem::new(place, format!("a clip of {seconds:.3} s"), expected)
}

/// All that keeps a test set from being made of `set`, as far as it shows before its sounds are loaded at `rate` Hz:
/// clips that are longer than any normal sound.
pub fn problems(set: &Dataset, rate: u32) -> Vec<Problem> {
    if set.mixing.anr_db.is_empty() {
        return Vec::new();
    }
    let samples = |file: &SoundFile| file.facts.samples_at(rate);
    let longest = set.role(Role::NormalTest).max_by_key(|file| samples(file));
    let (longest, seconds) = longest.map_or((0, 0.0), |file| (samples(file), file.facts.seconds()));
    let long = set.role(Role::AnomalyTest).filter(|clip| samples(clip) > longest);
    long.map(|clip| too_long(clip.path.display(), clip.facts.seconds(), seconds)).collect()
}

#[cfg(test)]
mod tests;
