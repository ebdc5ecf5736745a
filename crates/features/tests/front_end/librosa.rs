//! Agreement with librosa; `tests/fixtures/librosa/make.py` made the numbers.

use std::path::PathBuf;

use features::context::Edges;
use features::log_mel::{Centring, Floor, FrontEnd, Log, Spectrum};
use features::mel::{MelNorm, MelScale};
use features::stft::Window;
use safetensors::SafeTensors;

use crate::{frames_of, rows_of};

/// The front ends of the fixture.
fn front_ends() -> [(&'static str, FrontEnd); 7] {
    let paper = FrontEnd::new(40, 2);
    let slaney = FrontEnd { scale: MelScale::Slaney, ..paper };
    let other = FrontEnd {
        fft: 401,
        hop: 160,
        window: Window::Hamming,
        centring: Centring::Zeros,
        spectrum: Spectrum::Power,
        norm: MelNorm::Slaney,
        fmin: 100.0,
        fmax: 7_000.0,
        log: Log::Log10,
        floor: Floor::Maximum(1e-6),
        ..FrontEnd::new(23, 0)
    };
    [
        ("paper", paper),
        ("paper64", FrontEnd::new(64, 2)),
        ("slaney", slaney),
        ("area", FrontEnd { norm: MelNorm::Slaney, ..slaney }),
        ("other", other),
        ("reflect", FrontEnd { centring: Centring::Reflect, ..paper }),
        ("dcase", FrontEnd::dcase()),
    ]
}

/// The fixture's tensor `name`.
fn tensor(name: &str) -> Vec<f32> {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../tests/fixtures/librosa/librosa.safetensors"].iter().collect();
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor(name).unwrap().data().to_vec();
    data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[track_caller]
fn assert_agree(name: &str, width: usize, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let (row, column) = (index / width, index % width);
        assert!((ours - theirs).abs() <= 1e-4, "{name}, {row}, {column}: {ours}, librosa {theirs}");
    }
}

#[test]
fn banks_agree_to_the_last_digit() {
    for (name, front_end) in front_ends() {
        let (ours, theirs) = (front_end.bank().unwrap().dense(), tensor(&format!("bank.{name}")));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            // A power of ten may differ in its last bit between libraries of mathematics.
            let allowed = f32::EPSILON * theirs;
            assert!((ours - theirs).abs() <= allowed, "{name}, weight {index}: {ours}, librosa {theirs}");
        }
    }
}

#[test]
fn log_mel_agrees_to_1e_4() {
    let sound = tensor("sound");
    for (name, front_end) in front_ends() {
        let expected = tensor(&format!("log_mel.{name}"));
        assert_agree(name, front_end.bands, &frames_of(&front_end, &sound), &expected);
    }
}

#[test]
fn rows_are_dcases_vectors() {
    let expected = tensor("vectors.dcase");
    assert_agree("vectors", 640, &rows_of(&FrontEnd::dcase(), &tensor("sound")), &expected);
}

#[test]
fn rows_are_librosas_frames_with_their_context() {
    let (sound, expected) = (tensor("sound"), tensor("log_mel.paper"));
    let frames = expected.len() / 40;
    for (edges, count, centre) in [(Edges::Full, frames - 4, 2), (Edges::ZeroPad, frames, 0)] {
        let rows = rows_of(&FrontEnd { edges, ..FrontEnd::new(40, 2) }, &sound);
        assert_eq!(rows.len(), count * 200);
        for (r, row) in rows.chunks_exact(200).enumerate() {
            for c in 0..5 {
                // ψ_{t,c} is band for band the frame t + c, where the sound has one.
                let Some(t) = (r + centre + c).checked_sub(2).filter(|&t| t < frames) else { continue };
                assert_agree("row", 40, &row[c * 40..][..40], &expected[t * 40..][..40]);
            }
        }
    }
}
