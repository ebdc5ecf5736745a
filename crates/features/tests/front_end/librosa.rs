//! Agreement with librosa; `tests/fixtures/librosa/make.py` made the numbers.

use std::path::PathBuf;

use features::context::Edges;
use features::log_mel::{FrontEnd, LogMel};
use features::mel::{MelBank, MelNorm, MelScale};
use features::stft::{Stft, Window};
use safetensors::SafeTensors;

const BANKS: [(&str, MelScale, MelNorm, usize); 4] = [
    ("htk.none.40", MelScale::Htk, MelNorm::None, 40),
    ("htk.none.64", MelScale::Htk, MelNorm::None, 64),
    ("slaney.none.40", MelScale::Slaney, MelNorm::None, 40),
    ("slaney.slaney.40", MelScale::Slaney, MelNorm::Slaney, 40),
];

/// The fixture's tensor `name`.
fn tensor(name: &str) -> Vec<f32> {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../tests/fixtures/librosa/librosa.safetensors"].iter().collect();
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor(name).unwrap().data().to_vec();
    data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn config(scale: MelScale, norm: MelNorm, bands: usize) -> FrontEnd {
    FrontEnd { scale, norm, ..FrontEnd::new(bands, 2) }
}

#[test]
fn magnitudes_agree_to_1e_5() {
    let (sound, expected) = (tensor("sound"), tensor("magnitudes"));
    let mut stft = Stft::new(512, Window::Hann);
    assert_eq!(expected.len(), 257 * ((sound.len() - 512) / 256 + 1));
    for (t, expected) in expected.chunks_exact(257).enumerate() {
        let powers = stft.powers(&sound[t * 256..][..512]);
        for (bin, (ours, theirs)) in powers.map(|power| power.sqrt() as f32).zip(expected).enumerate() {
            let allowed = 1e-5 * theirs;
            assert!((ours - theirs).abs() <= allowed, "frame {t}, bin {bin}: {ours}, librosa {theirs}");
        }
    }
}

#[test]
fn banks_agree_to_the_last_digit() {
    for (name, scale, norm, bands) in BANKS {
        let bank = MelBank::new(&config(scale, norm, bands)).unwrap();
        assert_eq!((bank.bands(), bank.bins()), (bands, 257));
        let expected = tensor(&format!("bank.{name}"));
        assert_eq!(bank.dense().len(), expected.len());
        for (index, (ours, theirs)) in bank.dense().iter().zip(expected).enumerate() {
            // A power of ten may differ in its last bit between libraries of mathematics.
            let allowed = f32::EPSILON * theirs;
            assert!((ours - theirs).abs() <= allowed, "{name}, weight {index}: {ours}, librosa {theirs}");
        }
    }
}

#[test]
fn dcases_front_end_agrees_to_1e_4() {
    let (sound, expected) = (tensor("sound"), tensor("dcase"));
    let mut front_end = LogMel::new(&FrontEnd::dcase()).unwrap();
    let mut ours = vec![f32::NAN; front_end.frames(sound.len()) * 128];
    front_end.log_mel(&sound, &mut ours).unwrap();
    assert_eq!(ours.len(), expected.len());
    for (index, (ours, theirs)) in ours.iter().zip(&expected).enumerate() {
        let (t, band) = (index / 128, index % 128);
        assert!((ours - theirs).abs() <= 1e-4, "frame {t}, band {band}: {ours}, librosa {theirs}");
    }
}

#[test]
fn log_mel_agrees_to_1e_4() {
    let sound = tensor("sound");
    for (name, scale, norm, bands) in BANKS {
        let mut front_end = LogMel::new(&config(scale, norm, bands)).unwrap();
        let expected = tensor(&format!("log_mel.{name}"));
        let mut ours = vec![f32::NAN; front_end.frames(sound.len()) * bands];
        front_end.log_mel(&sound, &mut ours).unwrap();
        assert_eq!(ours.len(), expected.len());
        for (index, (ours, theirs)) in ours.iter().zip(&expected).enumerate() {
            let (t, band) = (index / bands, index % bands);
            assert!(
                (ours - theirs).abs() <= 1e-4,
                "{name}, frame {t}, band {band}: {ours}, librosa {theirs}"
            );
        }
    }
}

#[test]
fn rows_are_librosas_frames_with_their_context() {
    let sound = tensor("sound");
    let expected = tensor("log_mel.htk.none.40");
    let frames = expected.len() / 40;
    for edges in [Edges::Full, Edges::ZeroPad] {
        let config = FrontEnd { edges, ..config(MelScale::Htk, MelNorm::None, 40) };
        let mut front_end = LogMel::new(&config).unwrap();
        let dim = front_end.dim();
        let mut rows = vec![f32::NAN; front_end.rows(sound.len()) * dim];
        front_end.rows_into(&sound, &mut rows).unwrap();
        assert_eq!((dim, rows.len() / dim), (200, if edges == Edges::Full { frames - 4 } else { frames }));
        let centre = if edges == Edges::Full { 2 } else { 0 };
        for (r, row) in rows.chunks_exact(dim).enumerate() {
            for c in 0..5 {
                // ψ_{t,c} is band for band the frame t + c, where the sound has one.
                let Some(t) = (r + centre + c).checked_sub(2).filter(|&t| t < frames) else { continue };
                let pairs = row[c * 40..][..40].iter().zip(&expected[t * 40..][..40]);
                assert!(pairs.clone().all(|(ours, theirs)| (ours - theirs).abs() <= 1e-4), "row {r}, c {c}");
            }
        }
    }
}
