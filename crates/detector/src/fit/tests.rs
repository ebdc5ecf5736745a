//! Fits to a few seconds of noise.

use std::path::{Path, PathBuf};

use features::audio::write_wav_i16;
use features::rng::{Purpose, stream};
use losses::ObjectiveName;
use rand::RngExt;

use super::*;

/// Noise through a resonance, which is a machine's.
fn machine(path: &Path, seconds: f64, index: u64) {
    let mut rng = stream(1, Purpose::Synth, index);
    let (mut one, mut two) = (0.0, 0.0);
    let samples: Vec<f32> = (0..(seconds * 16_000.0) as usize)
        .map(|_| {
            let next = 1.8 * one - 0.9 * two + 0.01 * (2.0 * rng.random::<f32>() - 1.0);
            (two, one) = (one, next);
            next
        })
        .collect();
    write_wav_i16(path, &samples, 16_000).unwrap();
}

/// A net that trains in no time.
fn settings() -> FitSettings {
    let mut settings = FitSettings::new(ObjectiveName::find("RE").unwrap());
    settings.front_end = FrontEnd::new(8, 1);
    settings.hidden = vec![8, 4, 8];
    settings.rows = 64;
    settings.patience.most = 200;
    settings
}

fn recordings(folder: &Path, count: u64, seconds: f64) -> Vec<PathBuf> {
    (0..count).for_each(|index| machine(&folder.join(format!("{index}.wav")), seconds, index));
    vec![folder.to_owned()]
}

/// A detector of little worth.
pub(crate) fn fitted() -> Detector {
    let folder = tempfile::tempdir().unwrap();
    fit(&recordings(folder.path(), 10, 7.0), &[], &settings()).unwrap().detector
}

#[test]
fn the_same_recordings_give_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path(), 10, 7.0);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&recordings, &[], &settings())).unwrap().detector.to_bytes()
    };
    let alone = on(1);
    assert_eq!(alone, on(3));
    // Elsewhere, too.
    let other = tempfile::tempdir().unwrap();
    let moved = tests::recordings(other.path(), 10, 7.0);
    assert_eq!(alone, fit(&moved, &[], &settings()).unwrap().detector.to_bytes());
}

#[test]
fn every_recording_is_held_out_once() {
    let detector = fitted();
    let expected: Vec<u32> = (0..10).collect();
    assert_eq!(detector.calibration().recordings, expected);
    assert!(detector.calibration().whole);
    assert_eq!(detector.trained_on.len(), 10);
}

#[test]
fn a_few_recordings_are_cut_into_parts_that_share_no_frame() {
    let folder = tempfile::tempdir().unwrap();
    let fit = fit(&recordings(folder.path(), 2, 64.0), &[], &settings()).unwrap();
    assert!(!fit.detector.calibration().whole);
    assert_eq!(fit.detector.calibration().scores.len(), 32);
    assert!(
        fit.warnings.iter().any(|line| line.contains("too few to hold whole ones out")),
        "{:?}",
        fit.warnings
    );
}

#[test]
fn a_net_is_never_trained_on_what_it_is_held_against() {
    let folder = tempfile::tempdir().unwrap();
    let material = Material::load(&recordings(folder.path(), 9, 7.0), &[], &settings()).unwrap();
    let parts = Parts::of(&material);
    for fold in (0..FOLDS).map(Some).chain([None]) {
        let (training, stopping) = parts.training(fold);
        assert!(!training.is_empty() && !stopping.is_empty());
        assert!(training.iter().chain(&stopping).all(|part| Some(part.fold) != fold));
        assert!(training.iter().all(|part| !stopping.contains(part)));
        let open = parts.all.iter().filter(|part| Some(part.fold) != fold).count();
        assert_eq!(training.len() + stopping.len(), open);
    }
}

#[test]
fn recordings_that_teach_nothing_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path(), 10, 7.0);
    machine(&folder.path().join("twice.wav"), 7.0, 3);
    write_wav_i16(&folder.path().join("silent.wav"), &[0.0; 80_000], 16_000).unwrap();
    let fit = fit(&recordings, &[], &settings()).unwrap();
    assert_eq!(fit.detector.training().recordings, 10);
    for (name, why) in [("twice.wav", "the same samples"), ("silent.wav", "silent")] {
        assert!(
            fit.warnings.iter().any(|line| line.contains(name) && line.contains(why)),
            "{:?}",
            fit.warnings
        );
    }
}
