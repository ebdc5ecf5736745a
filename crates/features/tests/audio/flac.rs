//! FLAC gives the samples that libFLAC gives; damaged files are refused.

use std::path::{Path, PathBuf};

use features::audio::{Channel, probe, read};

use crate::wav::file;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/flac").join(name)
}

#[test]
fn flac_gives_the_samples_of_libflac() {
    for (name, bits, channels) in [("stereo16", 16, 2), ("mono24", 24, 1), ("mono8", 8, 1)] {
        let flac = fixture(&format!("{name}.flac"));
        for channel in [Channel::Mean, Channel::Index(channels - 1)] {
            let sound = read(&flac, channel).unwrap().sound;
            assert_eq!(sound, read(&fixture(&format!("{name}.wav")), channel).unwrap().sound, "{name}");
            assert!(sound.samples.len() == 5_000 && sound.peak() > 0.3);
        }
        let format = probe(&flac).unwrap();
        assert_eq!((format.bits, format.channels, format.float), (bits, channels, false));
    }
}

#[test]
fn damaged_flac_is_refused() {
    let bytes = std::fs::read(fixture("stereo16.flac")).unwrap();
    for len in [4, 30, 42, 100, bytes.len() / 2, bytes.len() - 1] {
        let (_folder, path) = file("a.flac", &bytes[..len]);
        let error = read(&path, Channel::Mean).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
    }
    // Every frame carries a check sum of itself.
    for at in (bytes.len() / 2..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        let (_folder, path) = file("a.flac", &flipped);
        assert!(read(&path, Channel::Mean).is_err(), "{at}");
    }
}

#[test]
fn a_length_that_the_header_leaves_open_is_found() {
    let whole = fixture("stereo16.flac");
    let mut bytes = std::fs::read(&whole).unwrap();
    // The 36 bits before the stream's MD5 are its length.
    bytes[21] &= 0xf0;
    bytes[22..26].fill(0);
    let (_folder, path) = file("piped.flac", &bytes);
    assert_eq!(probe(&path).unwrap(), probe(&whole).unwrap());
    let samples = |path: &Path| read(path, Channel::Mean).unwrap().sound.samples;
    assert_eq!(samples(&path), samples(&whole));
    let (_folder, cut) = file("cut.flac", &bytes[..bytes.len() - 100]);
    assert!(probe(&cut).is_err() && read(&cut, Channel::Mean).is_err());
}
