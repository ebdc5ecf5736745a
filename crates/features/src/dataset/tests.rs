//! Sets of sounds on disk: what is found, what is told, what is read again.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

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
fn a_missing_set_says_where_to_get_it() {
    let folder = Folder::new();
    let mut manifest = folder.manifest();
    manifest.root = folder.path("nothing-here");
    let text = folder.open_as(&manifest).unwrap_err().to_string();
    for part in
        ["nothing-here", "no such folder", "toy-car sounds", "factory noise", "https://example.org/toycar"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = Folder::new();
    folder.toy_car();
    fs::write(folder.path("car/car1/train/text.wav"), "no sound").unwrap();
    fs::write(folder.path("car/car1/train/empty.wav"), "").unwrap();
    fs::remove_dir_all(folder.path("anomaly")).unwrap();
    fs::remove_file(folder.path("noise/test/car1.wav")).unwrap();
    fs::remove_file(folder.path("noise/test/car2.wav")).unwrap();
    write_wav_i16(&folder.path("something_else/none_01.wav"), &[0.0; 4000], 16_000).unwrap();
    fs::write(folder.path("car/car2/test/001.labels.csv"), "start_s,end_s,operation\n0,9,idle\n").unwrap();
    let bytes = std::ffi::OsStr::from_bytes(b"car/car2/train/\xff.wav");
    fs::copy(folder.path("car/car1/train/001.wav"), folder.0.path().join(bytes)).unwrap();
    symlink(folder.path("car"), folder.path("car/car2/train/up")).unwrap();
    symlink(folder.path("gone.wav"), folder.path("car/car1/test/dangling.wav")).unwrap();

    let problems = folder.problems();
    let expected = [
        ("anomaly", "no such folder, expected anomalies; published at https://example.org/anomalies"),
        ("car/car1/test/dangling.wav", "unreadable"),
        ("car/car1/train/empty.wav", "0 bytes long"),
        ("car/car1/train/text.wav", "WAV"),
        ("car/car2/test/001.labels.csv", "`0,9,idle` in line 2"),
        ("car/car2/train/up", "without a loop"),
        ("car/car2/train/\u{fffd}.wav", "not UTF-8"),
        ("noise/test", "nothing that matches `noise/test/{class}.wav`, expected factory noise"),
        ("something_else/none_01.wav", "silence"),
    ];
    for (place, what) in expected {
        let place = folder.path(place).display().to_string();
        assert!(
            problems.iter().any(|told| told.starts_with(&format!("{place}: ")) && told.contains(what)),
            "{place} {what}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn sounds_too_short_for_a_row_are_told_and_clips_may_be_short() {
    let folder = Folder::new();
    folder.toy_car();
    let short = ["anomaly/knock/knock_02.wav", "car/car1/test/002.wav", "car/car1/train/002.wav"];
    for name in short.iter().chain(&["something_else/tick_01.wav", "noise/train/hum.wav"]) {
        folder.wav(name, 3_071.5 / 16e3);
    }
    folder.wav("car/car1/train/003.wav", 3_072.5 / 16e3);
    let told = |name: &str| {
        let path = folder.path(name);
        let what = "found 0.191 s of sound, expected at least 0.192 s, what one row of features covers";
        format!("{}: {what}", path.display())
    };
    assert_eq!(folder.problems(), [told(short[1]), told(short[2])]);

    // Without a ratio, anomalies are recordings, and are scored whole.
    let mut manifest = folder.manifest();
    manifest.mixing.anr_db.clear();
    let problems = folder.open_as(&manifest).unwrap_err().problems;
    assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), short.map(told));
}

#[test]
fn a_loop_of_links_ends() {
    let folder = Folder::new();
    folder.wav("a/001.wav", 0.5);
    symlink(folder.path("a"), folder.path("a/again")).unwrap();
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    manifest.sources.truncate(1);
    manifest.sources[0].files = vec!["**/*.wav".to_owned()];
    let text = folder.open_as(&manifest).unwrap_err().to_string();
    assert!(text.contains("a/again") && text.contains("without a loop"), "{text}");
}

#[test]
fn an_unreadable_folder_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.toy_car();
    let locked = folder.path("car/car1/train");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&locked).is_ok() {
        return; // The superuser may read everything.
    }
    let problems = folder.problems();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(problems[0].contains("car1/train") && problems[0].contains("unreadable"), "{problems:#?}");
}

#[test]
fn a_file_has_one_role() {
    let folder = Folder::new();
    folder.toy_car();
    let mut manifest = folder.manifest();
    manifest.sources.push(Source { role: Role::NormalTest, ..manifest.sources[0].clone() });
    symlink(folder.path("anomaly/knock/knock_01.wav"), folder.path("something_else/same_01.wav")).unwrap();
    let text = folder.open_as(&manifest).unwrap_err().to_string();
    for part in ["car/car2/train/001.wav", "normal-train", "normal-test", "same_01.wav", "knock_01.wav"] {
        assert!(text.contains(part), "{text}");
    }
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
fn a_bad_manifest_is_told_key_by_key() {
    let folder = Folder::new();
    let mut manifest = folder.manifest();
    manifest.sources[0].files.push("/abs/*.wav".to_owned());
    manifest.sources[0].labels.insert(Label::Machine, "../fan".to_owned());
    manifest.sources[1].split = Some(Split::Train);
    manifest.sources[4].shorter_than_s = Some(-1.0);
    manifest.sources[5].hold_out_every = Some(1);
    manifest.sources[5].labels.insert(Label::Class, "knock".to_owned());
    manifest.sources.remove(3);
    manifest.mixing.anr_db = vec![-10.0, f64::NAN];
    let places: Vec<String> =
        folder.open_as(&manifest).unwrap_err().problems.into_iter().map(|problem| problem.place).collect();
    assert_eq!(
        places,
        [
            "mixing.anr_db",
            "mixing.noise_snr_db",
            "sources[0].files",
            "sources[0].labels.machine",
            "sources[1].split",
            "sources[3].shorter_than_s",
            "sources[4].hold_out_every",
            "sources[4].hold_out_every",
            "sources[4].labels",
        ]
    );
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
fn noise_that_is_not_there_is_told() {
    let folder = Folder::new();
    folder.toy_car();
    fs::remove_dir_all(folder.path("noise/train")).unwrap();
    let mut manifest = folder.manifest();
    manifest.sources[2].optional = true;
    let set = folder.open_as(&manifest).unwrap();
    assert!(set.load(Role::NormalTest, 16_000).is_ok());
    let error = set.load(Role::NormalTrain, 16_000).unwrap_err().to_string();
    assert!(error.contains("found no noise for sounds of normal-train, expected one at least"), "{error}");
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
fn hidden_names_are_no_part_of_a_set_and_what_no_pattern_takes_is_counted() {
    let folder = Folder::new();
    folder.toy_car();
    for name in
        ["car/car1/train/.n.wav", "anomaly/.Trash-1000/files/knock.wav", "anomaly/knock/.git/a/knock_K.wav"]
    {
        folder.wav(name, 0.5);
    }
    assert_eq!(folder.open().unwrap().warnings, Vec::<String>::new());
    folder.wav("anomaly/laughter001.wav", 0.25);
    folder.wav("anomaly/one/too/many.FLAC", 0.25);
    fs::write(folder.path("anomaly/notes.txt"), "no sound").unwrap();
    let set = folder.open().unwrap();
    assert_eq!(set.warnings.len(), 1);
    let told =
        "2 of 13 sounds there are taken by no pattern of the manifest, such as anomaly/laughter001.wav";
    assert!(set.warnings[0].ends_with(told), "{:?}", set.warnings);
    assert_eq!(set.files.len(), 10);
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
fn channels_that_cancel_are_told_with_the_way_out() {
    let folder = Folder::new();
    folder.toy_car();
    let (path, spec) = (
        folder.path("car/car1/train/001.wav"),
        hound::WavSpec {
            channels: 2,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        },
    );
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for t in 0..8_000 {
        let sample = (10_000.0 * (0.3 * t as f32).sin()) as i16;
        writer.write_sample(sample).unwrap();
        writer.write_sample(-sample).unwrap();
    }
    writer.finalize().unwrap();
    let problems = folder.problems();
    assert!(problems.len() == 1 && problems[0].contains("2 channels, which cancel"), "{problems:?}");
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    let warnings = folder.open_as(&manifest).unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("`channel: 0`"), "{warnings:?}");
    manifest.sources[0].channel = Some(0);
    folder.wav("car/car2/train/001.wav", 0.5);
    let mono = folder.open_as(&manifest).unwrap();
    assert_eq!(mono.warnings, Vec::<String>::new());
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
fn the_same_sound_in_training_and_test_is_told() {
    let folder = Folder::new();
    folder.toy_car();
    fs::copy(folder.path("car/car1/train/001.wav"), folder.path("car/car1/test/002.wav")).unwrap();
    let warnings = folder.open().unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("car1/test/002.wav: 1 of 3"), "{warnings:?}");
}

#[test]
fn the_same_sound_as_normal_and_as_anomaly_is_told() {
    let folder = Folder::new();
    folder.toy_car();
    fs::copy(folder.path("car/car1/test/001.wav"), folder.path("anomaly/knock/knock_02.wav")).unwrap();
    let warnings = folder.open().unwrap().warnings;
    let told = "1 of 2 sounds of anomaly-test are those of normal-test too, this one as ";
    assert!(warnings.len() == 1 && warnings[0].contains(told), "{warnings:?}");
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
