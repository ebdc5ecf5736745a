//! Which files a set has: names, lengths and streams of random numbers, and how each is made.

use std::path::PathBuf;

use features::rng::{Purpose, stream};

use super::RATE;
use super::anomaly::{CLASSES, Class};
use super::car::{CARS, Car};
use super::clips::{Kind, kinds};
use super::drive::drive;
use super::envelope::{hold_under_ceiling, remove_offset, scale_to_peak};
use super::factory::{Factory, NOISES, noise};
use super::noise::log_uniform;
use super::operation::labels_csv;
use super::oscillator::BLOCK;

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    /// Minutes of normal training sound, over all cars.
    pub(super) minutes: u32,
    /// Test files of each car, each of [`TEST_FILE_S`].
    pub(super) test_files: usize,
    /// Seconds of each noise for test sounds.
    pub(super) test_noise_s: usize,
    /// Clips of each kind of something else.
    pub(super) clips: usize,
    /// Sounds of each class of anomaly.
    pub(super) anomalies: usize,
}

/// Seconds of a test file: short, so that only some hold a rare operation.
pub(super) const TEST_FILE_S: usize = 10;
/// Longest training file in seconds.
const TRAIN_FILE_S: usize = 30;

impl Amounts {
    /// A whole set: as many test files as there are anomalies, and as many again that stay normal.
    pub(super) fn whole(minutes: u32) -> Self {
        Self {
            minutes,
            test_files: 2 * CLASSES.len() * 20 / CARS.len(),
            test_noise_s: 120,
            clips: 7,
            anomalies: 20,
        }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug)]
enum Sound {
    Car(&'static Car, usize),
    Noise(Factory, usize),
    Clip(&'static Kind),
    Anomaly(&'static Class),
}

/// A file to be made.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its path under the folder of the set.
    pub(super) path: PathBuf,
    sound: Sound,
    pub(super) stream: u64,
}

/// A file that was made: samples in [-1, 1], and labels where it is a car.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    pub(super) samples: Vec<f32>,
    pub(super) labels: Option<String>,
}

impl File {
    /// Makes the file. A pure function of the plan and `seed`.
    pub(super) fn make(&self, seed: u64) -> Made {
        let rng = &mut stream(seed, Purpose::Synth, self.stream);
        let (mut samples, labels) = match self.sound {
            Sound::Car(car, blocks) => {
                let (sound, segments) = drive(car, blocks, rng);
                (sound, Some(labels_csv(&segments)))
            }
            Sound::Noise(source, length) => (noise(source, length, rng), None),
            Sound::Clip(kind) => (kind.clip(rng), None),
            Sound::Anomaly(class) => (class.clip(rng), None),
        };
        remove_offset(&mut samples);
        match self.sound {
            // Recordings of one machine share one level: what is loud stays loud.
            Sound::Car(..) | Sound::Noise(..) => samples.iter_mut().for_each(|x| *x *= RECORDING_GAIN),
            Sound::Clip(_) | Sound::Anomaly(_) => scale_to_peak(&mut samples, log_uniform(rng, 0.2, 0.9)),
        }
        hold_under_ceiling(&mut samples);
        Made { samples, labels }
    }
}

/// Level of cars and noises, with room for their peaks.
const RECORDING_GAIN: f32 = 0.25;

/// All files of a set.
///
/// A file's stream is named by its group and its number there, so that more minutes or more clips add files and
/// leave the others as they are, but for the lengths of training files.
pub(super) fn files(amounts: Amounts) -> Vec<File> {
    let rate = RATE as usize;
    let train_s = amounts.minutes as usize * 60 / CARS.len();
    let train_files = train_s.div_ceil(TRAIN_FILE_S);
    let train_blocks = train_s * rate / BLOCK / train_files;
    let mut groups = Vec::new();
    for car in &CARS {
        for (split, count, blocks) in
            [("train", train_files, train_blocks), ("test", amounts.test_files, TEST_FILE_S * rate / BLOCK)]
        {
            let path = move |i| format!("car/{}/{split}/{i:03}.wav", car.name);
            groups.push((0..count).map(|i| (path(i), Sound::Car(car, blocks))).collect::<Vec<_>>());
        }
    }
    for (split, seconds) in [("train", train_s), ("test", amounts.test_noise_s)] {
        let file = |(i, &source)| {
            (format!("noise/{split}/noise{}.wav", i + 1), Sound::Noise(source, seconds * rate))
        };
        groups.push(NOISES.iter().enumerate().map(file).collect());
    }
    for class in &CLASSES {
        let path = |i| format!("anomaly/{0}/{0}_{i:02}.wav", class.name);
        groups.push((0..amounts.anomalies).map(|i| (path(i), Sound::Anomaly(class))).collect());
    }
    for kind in kinds() {
        let path = |i| format!("something_else/{}_{i:02}.wav", kind.name);
        groups.push((0..amounts.clips).map(|i| (path(i), Sound::Clip(kind))).collect());
    }
    let number = |(group, files): (usize, Vec<(String, Sound)>)| {
        files.into_iter().enumerate().map(move |(i, (path, sound))| File {
            path: path.into(),
            sound,
            stream: (group as u64) << 32 | i as u64,
        })
    };
    groups.into_iter().enumerate().flat_map(number).collect()
}
