//! A machine that is made up: noise through a resonance; and a detector that was fitted to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use features::audio::write_wav_i16;
use features::rng::{Purpose, stream};
use rand::RngExt;
use tests::Outcome;

/// Samples a second.
pub(crate) const RATE: u32 = 16_000;

/// The program.
pub(crate) fn detector() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detector"));
    command.stdin(Stdio::null());
    command
}

/// Normal running; no two `index`es sound alike.
pub(crate) fn running(seconds: f64, index: u64) -> Vec<f32> {
    let mut rng = stream(1, Purpose::Synth, index);
    let (mut one, mut two) = (0.0, 0.0);
    let next = |_| {
        let next = 1.8 * one - 0.9 * two + 0.01 * (2.0 * rng.random::<f32>() - 1.0);
        (two, one) = (one, next);
        next
    };
    (0..(seconds * f64::from(RATE)) as usize).map(next).collect()
}

/// Adds a whistle between two moments.
pub(crate) fn whistle(samples: &mut [f32], from_s: f64, to_s: f64) {
    let at = |seconds: f64| (seconds * f64::from(RATE)) as usize;
    for (n, sample) in samples[at(from_s)..at(to_s)].iter_mut().enumerate() {
        *sample += 0.05 * (std::f32::consts::TAU * 5_000.0 * n as f32 / RATE as f32).sin();
    }
}

/// Writes a recording of 16 bits.
pub(crate) fn write(path: &Path, samples: &[f32]) {
    write_wav_i16(path, samples, RATE).unwrap();
}

/// A folder of `count` recordings of normal running.
pub(crate) fn recordings(folder: &Path, count: u64, seconds: f64) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    (0..count).for_each(|index| write(&folder.join(format!("{index:03}.wav")), &running(seconds, index)));
    folder.to_owned()
}

/// `fit` with a net that trains in a second.
pub(crate) fn fit(recordings: &Path, out: &Path) -> Command {
    let mut command = detector();
    command.args(["fit", "--updates", "200"]).arg(recordings).arg("-o").arg(out);
    command
}

/// A detector that was fitted to twelve recordings, once for all tests.
pub(crate) fn fitted() -> &'static Path {
    static FITTED: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("machine.detector");
        Outcome::success(&mut fit(&recordings(&folder.path().join("normal"), 12, 8.0), &out));
        (folder, out)
    };
    &FITTED.get_or_init(make).1
}
