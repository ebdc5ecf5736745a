//! The command on files and sets on disk.

use std::fs;

use features::audio::{write_wav_f32, write_wav_i16};
use features::dataset::{Role, Source};

use super::*;

fn chirp(len: usize) -> Vec<f32> {
    (0..len).map(|t| 0.5 * (t as f32 * (0.05 + 1e-5 * t as f32)).sin()).collect()
}

fn args(files: Vec<PathBuf>, out: &Path) -> InspectArgs {
    InspectArgs {
        files,
        dataset: None,
        root: None,
        out: out.to_owned(),
        features: Preset::Fcn40,
        channel: None,
        index: None,
    }
}

#[test]
fn each_file_gets_a_picture_and_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a/001.wav"), folder.path().join("b/001.wav"));
    for path in [&one, &two] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_wav_i16(path, &chirp(8_000), 16_000).unwrap();
    }
    write_wav_i16(&folder.path().join("c.wav"), &chirp(44_100), 44_100).unwrap();
    let out = folder.path().join("out");
    run(&args(vec![one, two, folder.path().join("c.wav")], &out)).unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 9, "{names:?}");
    for suffix in ["a-001.png", "b-001.png", "c.png", "c.frames.parquet", "c.rows.parquet"] {
        assert!(names.iter().any(|name| name.ends_with(suffix)), "{suffix}: {names:?}");
    }
    assert!(fs::read(out.join("c.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn no_two_files_have_results_of_one_name() {
    let files = ["a/001.wav", "b/001.wav", "a-001.wav", "../a/001.wav", "a-001-2.wav", "c.wav"];
    let names = stems(&files.map(PathBuf::from));
    assert_eq!(names, ["a-001", "b-001", "a-001-2", "a-001-3", "a-001-2-2", "c"]);
}

#[test]
fn a_file_given_twice_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("ok.wav"), folder.path().join("out"));
    write_wav_i16(&path, &chirp(8_000), 16_000).unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    for again in [path.clone(), folder.path().join("below/../ok.wav")] {
        let error = run(&args(vec![path.clone(), again], &out)).unwrap_err();
        assert!(error.is::<BadInput>(), "{error:#}");
        for part in ["ok.wav: found it as ", "expected each file once"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    assert!(!out.exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ok.wav");
    write_wav_i16(&path, &chirp(8_000), 16_000).unwrap();
    for out in [path.clone(), path.join("out"), PathBuf::from("/proc"), PathBuf::from("/proc/out")] {
        let error = run(&args(vec![path.clone()], &out)).unwrap_err();
        assert!(error.is::<BadInput>() && error.to_string().contains("cannot be written"), "{error:#}");
    }
}

#[test]
fn facts_say_what_is_odd() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.wav");
    let mut samples = vec![0.0; 16_000];
    samples[0] = 1.0;
    write_wav_f32(&path, &samples, 16_000).unwrap();
    let view = sound::View { config: FrontEnd::fcn40(), channel: None };
    let Ok(line) = view.inspect(&path, &folder.path().join("odd")) else { panic!() };
    let told =
        "16000 Hz, 1 channel, 32-bit float, 1.000 s, RMS -42.0 dBFS, peak 0.0 dBFS, 1 clipped, 96.8 % silent";
    assert!(line.contains(told), "{line}");
}

#[test]
fn bad_files_are_all_named_and_the_others_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text.wav"), "this is no sound at all").unwrap();
    write_wav_i16(&path("short.wav"), &chirp(3_000), 16_000).unwrap();
    write_wav_i16(&path("good.wav"), &chirp(8_000), 16_000).unwrap();
    let out = path("out");
    let files = ["text.wav", "short.wav", "good.wav", "gone.wav"].map(path).to_vec();
    let error = run(&args(files, &out)).unwrap_err();
    assert!(!error.is::<BadInput>(), "the command did its work");
    for part in ["text.wav", "short.wav", "at least 0.192 s", "gone.wav"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(out.join("good.png").exists());
}

fn manifest(folder: &Path) -> Manifest {
    Manifest {
        name: "own".to_owned(),
        published: "nowhere".to_owned(),
        root: folder.to_owned(),
        sources: vec![Source {
            files: vec!["{class}_*.wav".to_owned()],
            role: Role::NormalTrain,
            contains: "sounds".to_owned(),
            published: None,
            split: None,
            labels: Default::default(),
            channel: None,
            shorter_than_s: None,
            hold_out_every: None,
            optional: false,
        }],
        mixing: Default::default(),
    }
}

#[test]
fn a_set_is_told_alike_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..12 {
        let path = folder.path().join(format!("kind{}_{index}.wav", index % 3));
        write_wav_i16(&path, &chirp(4_000 + 100 * index), if index == 7 { 8_000 } else { 16_000 }).unwrap();
    }
    fs::write(folder.path().join("kind1_bad.wav"), "no sound").unwrap();
    let told = [1, 2, 8].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let index = folder.path().join(format!("index{threads}.json"));
        let (set, problems) = pool.install(|| Dataset::survey(&manifest(folder.path()), &index)).unwrap();
        assert!(problems.len() == 1 && problems[0].place.ends_with("kind1_bad.wav"), "{problems:?}");
        (set::report(&set), fs::read(index).unwrap())
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    for part in ["class kind2", "8000 (1), 16000 (3)", "kind1_7.wav: 8000 Hz", "data hash"] {
        assert!(told[0].0.contains(part), "{}", told[0].0);
    }
}

#[test]
fn the_ready_manifests_are_valid_and_say_what_is_missing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/datasets");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut manifest: Manifest = config::load(&path, &[]).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), Some(manifest.name.as_str()));
        assert_eq!(manifest.problems(), [], "{}", path.display());
        manifest.root = elsewhere.path().join("nothing");
        let error = Dataset::open(&manifest, &elsewhere.path().join("index.json")).unwrap_err().to_string();
        assert!(error.contains(&manifest.published) && error.contains("no such folder"), "{error}");
        count += 1;
    }
    assert_eq!(count, LAYOUTS.len());
}

/// A file of a set, its role and its labels as a ready manifest reads them.
type Read = (&'static str, Role, &'static str);

const LAYOUTS: [(&str, &[Read]); 11] = [
    (
        "toycar-synth",
        &[
            ("car/car1/train/001.wav", Role::NormalTrain, "car car1"),
            ("something_else/dog_bark_01.wav", Role::SomethingElse, "class dog_bark"),
            ("car/car4/test/001.wav", Role::NormalTest, "car car4"),
            ("anomaly/keysDrop/keysDrop_20.wav", Role::AnomalyTest, "class keysDrop"),
            ("noise/test/noise1.wav", Role::Noise, "class noise1"),
            ("noise/train/noise1.wav", Role::Noise, "class noise1"),
        ],
    ),
    (
        "toycar-paper",
        &[
            ("car/car1/train/x/a.wav", Role::NormalTrain, "car car1"),
            ("something_else/FSDKaggle2018.audio_train/00044347.wav", Role::SomethingElse, ""),
            ("something_else/audio_train/00044348.wav", Role::SomethingElse, ""),
            ("car/car1/test/b.wav", Role::NormalTest, "car car1"),
            ("anomaly/knock/081.wav", Role::AnomalyTest, "class knock"),
            ("anomaly/phone081.wav", Role::AnomalyTest, "class phone"),
            ("noise/test/n.wav", Role::Noise, "class n"),
            ("noise/train/n.wav", Role::Noise, "class n"),
        ],
    ),
    (
        "toyadmos-toycar",
        &[
            (
                "ToyCar/case1/NormalSound_IND/1110_normal_IND_ch1.wav",
                Role::NormalTrain,
                "machine ToyCar, id case1",
            ),
            ("ToyTrain/case1/NormalSound_IND/1110_IND_ch1.wav", Role::SomethingElse, "class ToyTrain"),
            ("ToyCar/case2/AnomalousSound_IND/ab_IND_ch1.wav", Role::AnomalyTest, "machine ToyCar, id case2"),
            ("ToyCar/EnvironmentalNoise_CNT/noise_ch1.wav", Role::Noise, ""),
        ],
    ),
    (
        "dcase2020-task2",
        &[
            ("dev_data/fan/train/normal_id_00_00000000.wav", Role::NormalTrain, "machine fan, id 00"),
            ("dev_data/fan/test/normal_id_00_00000000.wav", Role::NormalTest, "machine fan, id 00"),
            ("dev_data/fan/test/anomaly_id_02_00000003.wav", Role::AnomalyTest, "machine fan, id 02"),
            ("eval_data/fan/test/id_01_00000000.wav", Role::UnlabelledTest, "machine fan, id 01"),
        ],
    ),
    (
        "dcase2021-task2",
        &[
            (
                "dev_data/fan/train/section_00_source_train_normal_0000_strength_1_ambient.wav",
                Role::NormalTrain,
                "machine fan, domain source, section 00, attributes strength_1_ambient",
            ),
            (
                "dev_data/fan/source_test/section_00_source_test_normal_0000.wav",
                Role::NormalTest,
                "machine fan, domain source, section 00",
            ),
            (
                "dev_data/fan/target_test/section_02_target_test_anomaly_0000.wav",
                Role::AnomalyTest,
                "machine fan, domain target, section 02",
            ),
            (
                "eval_data/fan/source_test/section_03_source_test_0001.wav",
                Role::UnlabelledTest,
                "machine fan, domain source, section 03",
            ),
        ],
    ),
    (
        "dcase2022-task2",
        &[
            (
                "dev_data/bearing/train/section_00_source_train_normal_0000_vel_6_loc_A.wav",
                Role::NormalTrain,
                "machine bearing, domain source, section 00, attributes vel_6_loc_A",
            ),
            (
                "dev_data/fan/train/section_00_target_train_normal_0001_noAttribute.wav",
                Role::NormalTrain,
                "machine fan, domain target, section 00, attributes noAttribute",
            ),
            (
                "dev_data/bearing/test/section_00_source_test_normal_0000_vel_6.wav",
                Role::NormalTest,
                "machine bearing, domain source, section 00, attributes vel_6",
            ),
            (
                "eval_data/ToyDrone/test_rename/section_00_target_test_normal_0001.wav",
                Role::NormalTest,
                "machine ToyDrone, domain target, section 00",
            ),
            (
                "dev_data/bearing/test/section_00_target_test_anomaly_0003_vel_9.wav",
                Role::AnomalyTest,
                "machine bearing, domain target, section 00, attributes vel_9",
            ),
            (
                "eval_data/ToyDrone/test/section_00_0001.wav",
                Role::UnlabelledTest,
                "machine ToyDrone, section 00",
            ),
        ],
    ),
    (
        "dcase2023-task2",
        &[
            (
                "dev_data/raw/bearing/train/section_00_source_train_normal_0000_vel_6_loc_A.wav",
                Role::NormalTrain,
                "machine bearing, domain source, section 00, attributes vel_6_loc_A",
            ),
            (
                "dev_data/raw/fan/train/section_00_target_train_normal_0001_noAttribute.wav",
                Role::NormalTrain,
                "machine fan, domain target, section 00, attributes noAttribute",
            ),
            (
                "dev_data/raw/bearing/test/section_00_source_test_normal_0000_vel_6.wav",
                Role::NormalTest,
                "machine bearing, domain source, section 00, attributes vel_6",
            ),
            (
                "eval_data/raw/ToyDrone/test_rename/section_00_target_test_normal_0001.wav",
                Role::NormalTest,
                "machine ToyDrone, domain target, section 00",
            ),
            (
                "dev_data/raw/bearing/test/section_00_target_test_anomaly_0003_vel_9.wav",
                Role::AnomalyTest,
                "machine bearing, domain target, section 00, attributes vel_9",
            ),
            (
                "eval_data/raw/ToyDrone/test/section_00_0001.wav",
                Role::UnlabelledTest,
                "machine ToyDrone, section 00",
            ),
        ],
    ),
    (
        "dcase2024-task2",
        &[
            (
                "dev_data/raw/bearing/train/section_00_source_train_normal_0000_vel_6_loc_A.wav",
                Role::NormalTrain,
                "machine bearing, domain source, section 00, attributes vel_6_loc_A",
            ),
            (
                "dev_data/raw/fan/train/section_00_target_train_normal_0001_noAttribute.wav",
                Role::NormalTrain,
                "machine fan, domain target, section 00, attributes noAttribute",
            ),
            (
                "dev_data/raw/bearing/test/section_00_source_test_normal_0000_vel_6.wav",
                Role::NormalTest,
                "machine bearing, domain source, section 00, attributes vel_6",
            ),
            (
                "eval_data/raw/ToyDrone/test_rename/section_00_target_test_normal_0001.wav",
                Role::NormalTest,
                "machine ToyDrone, domain target, section 00",
            ),
            (
                "dev_data/raw/bearing/test/section_00_target_test_anomaly_0003_vel_9.wav",
                Role::AnomalyTest,
                "machine bearing, domain target, section 00, attributes vel_9",
            ),
            (
                "eval_data/raw/ToyDrone/test/section_00_0001.wav",
                Role::UnlabelledTest,
                "machine ToyDrone, section 00",
            ),
        ],
    ),
    (
        "dcase2025-task2",
        &[
            (
                "dev_data/raw/bearing/train/section_00_source_train_normal_0000_vel_6_loc_A.wav",
                Role::NormalTrain,
                "machine bearing, domain source, section 00, attributes vel_6_loc_A",
            ),
            (
                "dev_data/raw/fan/train/section_00_target_train_normal_0001_noAttribute.wav",
                Role::NormalTrain,
                "machine fan, domain target, section 00, attributes noAttribute",
            ),
            (
                "dev_data/raw/bearing/test/section_00_source_test_normal_0000_vel_6.wav",
                Role::NormalTest,
                "machine bearing, domain source, section 00, attributes vel_6",
            ),
            (
                "eval_data/raw/ToyDrone/test_rename/section_00_target_test_normal_0001.wav",
                Role::NormalTest,
                "machine ToyDrone, domain target, section 00",
            ),
            (
                "dev_data/raw/bearing/test/section_00_target_test_anomaly_0003_vel_9.wav",
                Role::AnomalyTest,
                "machine bearing, domain target, section 00, attributes vel_9",
            ),
            (
                "eval_data/raw/ToyDrone/test/section_00_0001.wav",
                Role::UnlabelledTest,
                "machine ToyDrone, section 00",
            ),
        ],
    ),
    (
        "dcase2026-task2",
        &[
            (
                "dev_data/raw/bearing/train/section_00_source_train_normal_0000_vel_6_loc_A.wav",
                Role::NormalTrain,
                "machine bearing, domain source, section 00, attributes vel_6_loc_A",
            ),
            (
                "dev_data/raw/fan/train/section_00_target_train_normal_0001_noAttribute.wav",
                Role::NormalTrain,
                "machine fan, domain target, section 00, attributes noAttribute",
            ),
            (
                "dev_data/raw/bearing/test/section_00_source_test_normal_0000_vel_6.wav",
                Role::NormalTest,
                "machine bearing, domain source, section 00, attributes vel_6",
            ),
            (
                "eval_data/raw/ToyDrone/test_rename/section_00_target_test_normal_0001.wav",
                Role::NormalTest,
                "machine ToyDrone, domain target, section 00",
            ),
            (
                "dev_data/raw/bearing/test/section_00_target_test_anomaly_0003_vel_9.wav",
                Role::AnomalyTest,
                "machine bearing, domain target, section 00, attributes vel_9",
            ),
            (
                "eval_data/raw/ToyDrone/test/section_00_0001.wav",
                Role::UnlabelledTest,
                "machine ToyDrone, section 00",
            ),
        ],
    ),
    (
        "folder",
        &[
            ("one.wav", Role::NormalTrain, ""),
            ("something_else/door.wav", Role::SomethingElse, ""),
            ("anomaly/loose belt.wav", Role::AnomalyTest, ""),
        ],
    ),
];

#[test]
fn the_ready_manifests_read_their_layouts() {
    for (name, files) in LAYOUTS {
        let root = tempfile::tempdir().unwrap();
        for (index, (file, _, _)) in files.iter().enumerate() {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_wav_i16(&path, &chirp(4_000 + index), 16_000).unwrap();
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../experiments/datasets/{name}.yaml"));
        let mut manifest: Manifest = config::load(&path, &[]).unwrap();
        manifest.root = root.path().to_owned();
        let set = Dataset::open(&manifest, &default_index(&manifest)).unwrap();
        let read: Vec<_> =
            set.files.iter().map(|file| (file.name.as_str(), file.role, set::labels(file))).collect();
        let expected: Vec<_> =
            files.iter().map(|(file, role, labels)| (*file, *role, (*labels).to_owned())).collect();
        assert_eq!(read, expected, "{name}");
    }
}
