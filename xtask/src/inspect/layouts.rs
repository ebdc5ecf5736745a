//! The ready manifests of `experiments/datasets`, each on its layout.

use std::fs;
use std::path::Path;

use features::audio::write_wav_i16;
use features::dataset::{Dataset, Manifest, Role, default_index};

use super::set;
use super::tests::chirp;
use crate::config;

/// A file of a set, its role and its labels as a ready manifest reads them.
type Read = (&'static str, Role, &'static str);

const LAYOUTS: [(&str, &[Read]); 6] = [
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
        "folder",
        &[
            ("one.wav", Role::NormalTrain, ""),
            ("something_else/door.wav", Role::SomethingElse, ""),
            ("anomaly/loose belt.wav", Role::AnomalyTest, ""),
        ],
    ),
];

/// DCASE task 2 of the years in which a machine's sounds came in sections with attributes, below `dev_data/` and
/// `eval_data/`, where from 2023 on a folder `raw/` follows.
const YEARS: [(&str, &str); 5] = [
    ("dcase2022-task2", ""),
    ("dcase2023-task2", "raw/"),
    ("dcase2024-task2", "raw/"),
    ("dcase2025-task2", "raw/"),
    ("dcase2026-task2", "raw/"),
];

/// Files of each such year: those of the development set, then those of the evaluation set, in the order of roles.
const SECTIONS: [Read; 6] = [
    (
        "dev_data/RAWbearing/train/section_00_source_train_normal_0000_vel_6_loc_A.wav",
        Role::NormalTrain,
        "machine bearing, domain source, section 00, attributes vel_6_loc_A",
    ),
    (
        "dev_data/RAWfan/train/section_00_target_train_normal_0001_noAttribute.wav",
        Role::NormalTrain,
        "machine fan, domain target, section 00, attributes noAttribute",
    ),
    (
        "dev_data/RAWbearing/test/section_00_source_test_normal_0000_vel_6.wav",
        Role::NormalTest,
        "machine bearing, domain source, section 00, attributes vel_6",
    ),
    (
        "eval_data/RAWToyDrone/test_rename/section_00_target_test_normal_0001.wav",
        Role::NormalTest,
        "machine ToyDrone, domain target, section 00",
    ),
    (
        "dev_data/RAWbearing/test/section_00_target_test_anomaly_0003_vel_9.wav",
        Role::AnomalyTest,
        "machine bearing, domain target, section 00, attributes vel_9",
    ),
    ("eval_data/RAWToyDrone/test/section_00_0001.wav", Role::UnlabelledTest, "machine ToyDrone, section 00"),
];

/// What the manifest `name` reads in a folder that holds just these files.
fn assert_reads(name: &str, files: &[(String, Role, &str)]) {
    let root = tempfile::tempdir().unwrap();
    for (index, (file, _, _)) in files.iter().enumerate() {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_wav_i16(&path, &chirp(4_000 + index), 16_000).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../experiments/datasets/{name}.yaml"));
    let mut manifest: Manifest = config::load(&path).unwrap();
    manifest.root = root.path().to_owned();
    let set = Dataset::open(&manifest, &default_index(&manifest)).unwrap();
    let read = set.files.iter().map(|file| (file.name.clone(), file.role, set::labels(file)));
    let expected = files.iter().map(|(file, role, labels)| (file.clone(), *role, (*labels).to_owned()));
    assert_eq!(read.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{name}");
}

#[test]
fn the_ready_manifests_read_their_layouts() {
    let below = |files: &[Read], raw: &str| {
        files
            .iter()
            .map(|(file, role, labels)| (file.replace("RAW", raw), *role, *labels))
            .collect::<Vec<_>>()
    };
    for (name, files) in LAYOUTS {
        assert_reads(name, &below(files, ""));
    }
    for (name, raw) in YEARS {
        assert_reads(name, &below(&SECTIONS, raw));
    }
}

#[test]
fn the_ready_manifests_are_valid_and_say_what_is_missing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/datasets");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut manifest: Manifest = config::load(&path).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), Some(manifest.name.as_str()));
        assert_eq!(manifest.problems(), [], "{}", path.display());
        manifest.root = elsewhere.path().join("nothing");
        let error = Dataset::open(&manifest, &elsewhere.path().join("index.json")).unwrap_err().to_string();
        assert!(error.contains(&manifest.published) && error.contains("no such folder"), "{error}");
        count += 1;
    }
    assert_eq!(count, LAYOUTS.len() + YEARS.len());
}
