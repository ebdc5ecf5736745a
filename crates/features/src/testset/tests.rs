//! Test sets on disk: what is mixed where, and at which ratio.

use std::fs;
use std::path::Path;

use super::*;
use crate::audio::write_wav_i16;
use crate::dataset::{Manifest, default_index};
use crate::mix::power;

fn wav(root: &Path, name: &str, len: usize) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let key = name.bytes().fold(7u64, |key, byte| key.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut rng = stream(key, Purpose::Data, 0);
    let samples: Vec<f32> = (0..len).map(|_| rng.random_range(-0.5..0.5)).collect();
    write_wav_i16(&path, &samples, 16_000).unwrap();
}

fn manifest(root: &Path, mixing: &str) -> Manifest {
    let text = format!(
        r#"{{"name": "toycar", "published": "nowhere", "root": {root:?}, "mixing": {mixing}, "sources": [
            {{"files": ["car/{{car}}/*.wav"], "role": "normal-test", "contains": "cars"}},
            {{"files": ["noise/*.wav"], "role": "noise", "contains": "noise"}},
            {{"files": ["anomaly/{{class}}_*.wav"], "role": "anomaly-test", "contains": "anomalies"}}]}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn toy_car(root: &Path) {
    wav(root, "car/car1/001.wav", 40_000);
    wav(root, "car/car2/001.wav", 30_000);
    wav(root, "noise/fan.wav", 12_000);
    wav(root, "anomaly/knock_01.wav", 6_000);
    wav(root, "anomaly/phone_01.wav", 32_000);
    fs::write(root.join("car/car1/001.labels.csv"), "start_s,end_s,operation\n0,1.25,idle\n1.25,2.5,gear\n")
        .unwrap();
}

fn load(root: &Path, mixing: &str) -> Result<TestSet, DatasetError> {
    let manifest = manifest(root, mixing);
    // A row of FCN64, which is longer than the row of FCN40 that a set is held to when it is opened.
    TestSet::load(&Dataset::open(&manifest, &default_index(&manifest))?, 16_000, 5_632)
}

const MIXING: &str = r#"{"noise_snr_db": 0, "anr_db": [-10, -20]}"#;

#[test]
fn anomalies_are_mixed_once_for_each_ratio() {
    let root = tempfile::tempdir().unwrap();
    toy_car(root.path());
    let set = load(root.path(), MIXING).unwrap();
    let told: Vec<String> = set
        .items()
        .iter()
        .map(|item| {
            let (class, anr_db) = (item.label(Label::Class), item.anr_db.unwrap_or_default());
            format!("{} {} {class} {anr_db}", item.name, item.truth.name())
        })
        .collect();
    assert_eq!(
        told,
        [
            "car/car1/001.wav normal  0",
            "car/car2/001.wav normal  0",
            "anomaly/knock_01.wav anomalous knock -10",
            "anomaly/phone_01.wav anomalous phone -10",
            "anomaly/knock_01.wav anomalous knock -20",
            "anomaly/phone_01.wav anomalous phone -20",
        ]
    );
    // One sound alone is longer than the phone.
    assert_eq!(
        (set.items()[3].label(Label::Car), set.sound_name(&set.items()[3])),
        ("car1", "car/car1/001.wav")
    );
    assert_eq!(set.operation_at(&set.items()[3], 30_000), Some("gear"));
}

#[test]
fn a_mixture_has_the_asked_ratio_and_differs_nowhere_else() {
    let root = tempfile::tempdir().unwrap();
    toy_car(root.path());
    let set = load(root.path(), MIXING).unwrap();
    let (mut mixed, mut normal) = (vec![1.0], Vec::new());
    for item in set.items().iter().filter(|item| item.truth == Truth::Anomalous) {
        let extent = item.extent.clone().unwrap();
        set.render(item, &mut mixed).unwrap();
        let host = set.items().iter().find(|host| host.name == set.sound_name(item)).unwrap();
        set.render(host, &mut normal).unwrap();
        assert_eq!(mixed.len(), normal.len());
        let added: Vec<f32> = mixed.iter().zip(&normal).map(|(mixed, normal)| mixed - normal).collect();
        let measured = 10.0 * (power(&added[extent.clone()]) / power(&normal[extent.clone()])).log10();
        assert!((measured - item.anr_db.unwrap()).abs() < 0.01, "{measured} dB in {item:?}");
        assert!(added[..extent.start].iter().chain(&added[extent.end..]).all(|&sample| sample == 0.0));
    }
    let [_, _, at_10, _, at_20, _] = set.items() else { panic!() };
    assert_eq!((&at_10.extent, set.sound_name(at_10)), (&at_20.extent, set.sound_name(at_20)));
}

#[test]
fn the_set_depends_on_content_and_seed_alone() {
    let root = tempfile::tempdir().unwrap();
    toy_car(root.path());
    let render = |set: &TestSet, name: &str| {
        let mut samples = Vec::new();
        let item = set.items().iter().find(|item| item.name == name).unwrap();
        set.render(item, &mut samples).unwrap();
        samples
    };
    let first = load(root.path(), MIXING).unwrap();
    wav(root.path(), "car/car0/001.wav", 20_000);
    let second = load(root.path(), MIXING).unwrap();
    assert_eq!(
        render(&first, "car/car1/001.wav"),
        render(&second, "car/car1/001.wav"),
        "another file moved it"
    );
    let other = load(root.path(), r#"{"noise_snr_db": 0, "anr_db": [-10], "seed": 1}"#).unwrap();
    assert_ne!(render(&first, "car/car1/001.wav"), render(&other, "car/car1/001.wav"));
}

#[test]
fn without_a_ratio_anomalies_are_recordings() {
    let root = tempfile::tempdir().unwrap();
    toy_car(root.path());
    let set = load(root.path(), "{}").unwrap();
    let truths: Vec<Truth> = set.items().iter().map(|item| item.truth).collect();
    assert_eq!(truths, [Truth::Normal, Truth::Normal, Truth::Anomalous, Truth::Anomalous]);
    let mut samples = Vec::new();
    set.render(&set.items()[2], &mut samples).unwrap();
    assert_eq!((samples.len(), set.items()[2].extent.is_none()), (6_000, true));
}

#[test]
fn what_does_not_fit_is_told_at_once() {
    let root = tempfile::tempdir().unwrap();
    toy_car(root.path());
    wav(root.path(), "car/car3/short.wav", 5_631);
    wav(root.path(), "anomaly/phone_02.wav", 40_001);
    let Err(error) = load(root.path(), MIXING) else { panic!("accepted") };
    let places: Vec<&str> = error.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["anomaly/phone_02.wav", "car/car3/short.wav"]);
    let manifest = manifest(root.path(), MIXING);
    let before = problems(&Dataset::open(&manifest, &default_index(&manifest)).unwrap(), 16_000);
    assert_eq!(before.len(), 1, "{before:?}");
    assert!(before[0].place.ends_with(places[0]) && before[0].what == error.problems[0].what, "{before:?}");
    assert!(error.to_string().contains("found 0.351 s of sound, expected at least 0.352 s"), "{error}");
}

#[test]
fn a_clip_that_falls_on_silence_is_put_elsewhere() {
    let root = tempfile::tempdir().unwrap();
    toy_car(root.path());
    // Sound in a tenth of the only host: most places of a clip are silent.
    let mut rng = stream(0, Purpose::Data, 0);
    let mut gated = vec![0.0; 320_000];
    gated[..32_000].fill_with(|| rng.random_range(-0.5..0.5));
    for car in ["car1", "car2"] {
        write_wav_i16(&root.path().join(format!("car/{car}/001.wav")), &gated, 16_000).unwrap();
    }
    for clip in 0..20 {
        wav(root.path(), &format!("anomaly/knock_{clip:02}.wav"), 6_000 + clip);
    }
    let set = load(root.path(), r#"{"anr_db": [-10]}"#).unwrap();
    let mut samples = Vec::new();
    for item in set.items() {
        set.render(item, &mut samples).unwrap();
    }
    for car in ["car1", "car2"] {
        write_wav_i16(&root.path().join(format!("car/{car}/001.wav")), &[0.0; 40_000], 16_000).unwrap();
    }
    let Err(error) = load(root.path(), r#"{"anr_db": [-10]}"#) else { panic!("accepted") };
    assert_eq!(error.problems.len(), 21, "each clip: {error}");
    assert!(
        error.to_string().contains("anomaly/knock_00.wav: found silence in all of 1000 places"),
        "{error}"
    );
}
