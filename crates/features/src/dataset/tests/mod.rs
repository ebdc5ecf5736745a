//! Sets of sounds on disk: what is found, what is read again.

mod ground_truth;
mod problems;
mod warnings;

use std::fs;

use super::*;
use crate::audio::write_wav_i16;

/// A folder of sounds that is gone at the end of the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A sound whose content depends on its name.
    fn wav(&self, name: &str, seconds: f64) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let key = name.bytes().fold(1u32, |key, byte| key.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let step = 0.01 + (key % 1000) as f32 * 1e-4;
        let samples: Vec<f32> =
            (0..(seconds * 16e3) as usize).map(|t| 0.5 * (step * t as f32).sin()).collect();
        write_wav_i16(&path, &samples, 16_000).unwrap();
    }

    fn toy_car(&self) {
        for car in ["car1", "car2"] {
            for split in ["train", "test"] {
                self.wav(&format!("car/{car}/{split}/001.wav"), 0.5);
                self.wav(&format!("noise/{split}/{car}.wav"), 0.5);
            }
        }
        self.wav("something_else/bark_01.wav", 0.25);
        self.wav("something_else/rain_01.wav", 5.0);
        self.wav("anomaly/knock/knock_01.wav", 0.25);
    }

    fn manifest(&self) -> Manifest {
        let mut manifest: Manifest = serde_json::from_str(TOY_CAR).unwrap();
        manifest.root = self.0.path().to_owned();
        manifest
    }

    fn open(&self) -> Result<Dataset, DatasetError> {
        self.open_as(&self.manifest())
    }

    fn open_as(&self, manifest: &Manifest) -> Result<Dataset, DatasetError> {
        Dataset::open(manifest, &default_index(manifest))
    }

    fn problems(&self) -> Vec<String> {
        self.open().unwrap_err().problems.iter().map(Problem::to_string).collect()
    }
}

const TOY_CAR: &str = r#"{
    "name": "toycar", "published": "https://example.org/toycar", "root": "data",
    "sources": [
        {"files": ["car/{car}/train/*.wav"], "role": "normal-train", "contains": "toy-car sounds"},
        {"files": ["car/{car}/test/*.wav"], "role": "normal-test", "contains": "toy-car sounds"},
        {"files": ["noise/train/{class}.wav"], "role": "noise", "split": "train", "contains": "factory noise"},
        {"files": ["noise/test/{class}.wav"], "role": "noise", "split": "test", "contains": "factory noise"},
        {"files": ["something_else/{class}_*.wav"], "role": "something-else", "shorter_than_s": 5,
         "contains": "other sounds"},
        {"files": ["anomaly/**/{class:knock|phone}*.wav"], "role": "anomaly-test", "contains": "anomalies",
         "published": "https://example.org/anomalies"}
    ],
    "mixing": {"noise_snr_db": 0, "anr_db": [-10, -20]}
}"#;

#[test]
fn files_get_role_split_and_labels() {
    let folder = Folder::new();
    folder.toy_car();
    let set = folder.open().unwrap();
    let told: Vec<_> = set
        .files
        .iter()
        .map(|file| {
            let split = file.split.map_or("", Split::name);
            format!(
                "{} {} {split} {}{}",
                file.name,
                file.role.name(),
                file.label(Label::Car),
                file.label(Label::Class)
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "car/car1/train/001.wav normal-train train car1",
            "car/car2/train/001.wav normal-train train car2",
            "something_else/bark_01.wav something-else train bark",
            "car/car1/test/001.wav normal-test test car1",
            "car/car2/test/001.wav normal-test test car2",
            "anomaly/knock/knock_01.wav anomaly-test test knock",
            "noise/test/car1.wav noise test car1",
            "noise/test/car2.wav noise test car2",
            "noise/train/car1.wav noise train car1",
            "noise/train/car2.wav noise train car2",
        ]
    );
    assert_eq!(set.left_out, ["something_else/rain_01.wav"]);
    assert_eq!((set.files[0].facts.rate, set.files[0].facts.frames), (16_000, 8_000));
    assert!((set.files[0].facts.level.rms_dbfs() + 9.03).abs() < 0.1);
    assert_eq!(set.warnings, Vec::<String>::new());
}

#[test]
fn every_nth_file_is_held_out() {
    let folder = Folder::new();
    (0..7).for_each(|n| folder.wav(&format!("{n}.wav"), 0.5));
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    manifest.sources.truncate(1);
    manifest.sources[0].files = vec!["*.wav".to_owned()];
    manifest.sources[0].hold_out_every = Some(3);
    let set = folder.open_as(&manifest).unwrap();
    let names: Vec<&str> = set.role(Role::NormalTest).map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["2.wav", "5.wav"]);
    assert_eq!(set.role(Role::NormalTrain).count(), 5);
}

#[test]
fn the_index_is_believed_until_a_file_changes() {
    let folder = Folder::new();
    folder.toy_car();
    let first = folder.open().unwrap();
    let index = default_index(&folder.manifest());
    let text = fs::read_to_string(&index).unwrap();

    // What the index says of an untouched file is taken as it stands.
    let forged = text.replace(&first.files[0].facts.sha256, &"0".repeat(64));
    fs::write(&index, &forged).unwrap();
    let second = folder.open().unwrap();
    assert_eq!(second.files[0].facts.sha256, "0".repeat(64));
    assert_ne!(second.hash(), first.hash());

    // A file of another size is read again, and the index is put right.
    folder.wav("car/car1/train/001.wav", 0.75);
    let third = folder.open().unwrap();
    assert_eq!(third.files[0].facts.frames, 12_000);
    assert_ne!(third.hash(), first.hash());
    folder.wav("car/car1/train/001.wav", 0.5);
    assert_eq!(folder.open().unwrap().hash(), first.hash());

    // A broken index costs a warning.
    fs::write(&index, "{").unwrap();
    let fourth = folder.open().unwrap();
    assert_eq!((fourth.hash(), fourth.warnings.len()), (first.hash(), 1));
    assert_eq!(folder.open().unwrap().warnings, Vec::<String>::new());
}

#[test]
fn a_sound_that_changes_after_the_look_is_not_loaded_under_its_old_hash() {
    let folder = Folder::new();
    folder.toy_car();
    let set = folder.open().unwrap();
    assert_eq!(set.load(Role::NormalTrain, 16_000).unwrap().len(), 2);
    fs::copy(folder.path("car/car1/train/001.wav"), folder.path("car/car2/train/001.wav")).unwrap();
    let error = set.load(Role::NormalTrain, 16_000).unwrap_err().to_string();
    assert!(error.contains("car2/train/001.wav: found another content, expected"), "{error}");
}

#[test]
fn recorders_write_wav_in_capitals_and_disks_hold_hidden_companions() {
    let folder = Folder::new();
    folder.toy_car();
    folder.wav("car/car1/train/002.WAV", 0.5);
    fs::write(folder.path("car/car1/train/._002.wav"), "no sound").unwrap();
    let set = folder.open().unwrap();
    let names: Vec<&str> = set.role(Role::NormalTrain).map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["car/car1/train/001.wav", "car/car1/train/002.WAV", "car/car2/train/001.wav"]);
}

#[test]
fn a_source_may_lie_in_one_of_several_places() {
    let folder = Folder::new();
    folder.wav("audio_train/1.wav", 0.5);
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    manifest.sources.truncate(1);
    manifest.sources[0].files = ["set.audio_train/*.wav", "audio_train/*.wav"].map(str::to_owned).to_vec();
    assert_eq!(folder.open_as(&manifest).unwrap().files.len(), 1);
    manifest.sources[0].files = ["set.audio_train/*.wav", "train/*.wav"].map(str::to_owned).to_vec();
    let problems = folder.open_as(&manifest).unwrap_err().problems;
    assert!(problems.len() == 2 && problems.iter().all(|problem| problem.what.contains("no such folder")));
}

#[test]
fn the_hash_follows_content_and_labels_and_not_the_place() {
    let (here, there) = (Folder::new(), Folder::new());
    here.toy_car();
    there.toy_car();
    let hash = here.open().unwrap().hash();
    assert_eq!(hash, there.open().unwrap().hash());
    fs::write(there.path("car/car1/test/001.labels.csv"), "start_s,end_s,operation\n0,0.5,idle\n").unwrap();
    let labelled = there.open().unwrap();
    assert_eq!(labelled.role(Role::NormalTest).next().unwrap().operations.len(), 1);
    assert_ne!(hash, labelled.hash());
    let mut manifest = here.manifest();
    manifest.mixing.seed = 1;
    assert_ne!(hash, here.open_as(&manifest).unwrap().hash());
}

#[test]
fn other_machines_are_something_else() {
    let folder = Folder::new();
    for machine in ["fan", "pump"] {
        folder.wav(&format!("{machine}/train/1.wav"), 0.5);
        folder.wav(&format!("{machine}/test/1.wav"), 0.5);
    }
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    manifest.sources.truncate(2);
    manifest.sources[0].files = vec!["{machine}/train/*.wav".to_owned()];
    manifest.sources[1].files = vec!["{machine}/test/*.wav".to_owned()];
    let set = folder.open_as(&manifest).unwrap();
    assert_eq!(set.machines(), ["fan", "pump"]);
    let told: Vec<String> = set
        .of_machine("pump")
        .files
        .iter()
        .map(|file| format!("{} {}", file.name, file.role.name()))
        .collect();
    assert_eq!(
        told,
        ["pump/train/1.wav normal-train", "fan/train/1.wav something-else", "pump/test/1.wav normal-test"]
    );
}
