//! What is not a sound is refused with an error that names the file, what was found and what was expected.

use std::path::Path;

use features::audio::{AudioError, Channel, probe, read, read_at, write_wav_f32, write_wav_i16};

use crate::wav::{Wav, chunk, file};

/// The error of a file with these bytes; `probe` and `read` agree on it.
fn error(bytes: &[u8]) -> String {
    let (_folder, path) = file("a.wav", bytes);
    let error = named(&read(&path, Channel::Mean).unwrap_err(), &path);
    assert_eq!(named(&probe(&path).unwrap_err(), &path), error);
    error
}

/// The message after the file's name, which must be there.
fn named(error: &AudioError, path: &Path) -> String {
    let message = error.to_string();
    let start = format!("{}: ", path.display());
    message
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("`{message}` does not name {}", path.display()))
        .into()
}

#[test]
fn no_wav_at_all() {
    assert_eq!(error(b""), "0 bytes long, expected a WAV header");
    assert_eq!(
        error(b"Some notes on a sound."),
        "starts with `Some`, expected a WAV file (`RIFF....WAVE`) or FLAC"
    );
    assert_eq!(error(b"RIFF\x04\0\0\0WAVE"), "no data chunk, expected one after the fmt chunk");
    assert!(error(b"fLaC\x80").starts_with("no FLAC that can be decoded: "));
}

#[test]
fn no_samples() {
    assert_eq!(error(&Wav::pcm(16, Vec::new()).bytes()), "holds no samples, expected at least one");
}

#[test]
fn a_truncated_file() {
    let bytes = Wav::pcm(16, vec![0; 1_000]).bytes();
    assert_eq!(
        error(&bytes[..bytes.len() - 300]),
        "its data chunk claims 1000 bytes but 700 follow: the file is truncated, or its header was never completed"
    );
    // Cut anywhere at all, it is an error and not a shorter sound.
    for len in 0..bytes.len() {
        error(&bytes[..len]);
    }
}

#[test]
fn a_header_that_claims_four_gigabytes() {
    let mut bytes = Wav::pcm(16, vec![0; 1_000]).bytes();
    bytes[40..44].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    assert!(error(&bytes).starts_with("its data chunk claims 4294967294 bytes but 1000 follow"));
    let mut bytes = Wav { extra: chunk(b"LIST", b"INFO"), ..Wav::pcm(16, vec![0; 1_000]) }.bytes();
    bytes[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(error(&bytes).starts_with("its LIST chunk claims 4294967295 bytes but 1012 follow"));
}

#[test]
fn a_recording_that_was_cut_off_is_told() {
    let mut bytes = Wav::pcm(16, vec![1; 8]).bytes();
    bytes[40..44].fill(0);
    assert!(error(&bytes).starts_with("a data chunk of 0 bytes with 8 bytes behind it, expected its length"));
}

#[test]
fn more_than_a_header_can_tell_of_is_refused() {
    let (_folder, path) = file("a.wav", &Wav::pcm(16, vec![1; 8]).bytes());
    std::fs::File::options().write(true).open(&path).unwrap().set_len((1 << 32) + 100).unwrap();
    let error = probe(&path).unwrap_err().to_string();
    assert!(error.contains("4294967396 bytes long, expected 4 GiB at most"), "{error}");
}

#[test]
fn impossible_formats() {
    let wav = Wav::pcm(16, vec![0; 8]);
    let rate = "expected 4000 to 384000 Hz";
    assert_eq!(error(&Wav { rate: 0, ..wav.clone() }.bytes()), format!("sampling rate 0 Hz, {rate}"));
    assert_eq!(
        error(&Wav { rate: 4_000_000_000, ..wav.clone() }.bytes()),
        format!("sampling rate 4000000000 Hz, {rate}")
    );
    assert_eq!(error(&Wav { channels: 0, ..wav.clone() }.bytes()), "0 channels, expected at least 1");
    assert_eq!(
        error(&Wav { tag: 0x55, ..wav.clone() }.bytes()),
        "compressed or unknown (format tag 0x0055), expected PCM of up to 32 bits or floats of 32 or 64"
    );
    assert!(error(&Wav { bits: 16, tag: 3, ..wav.clone() }.bytes()).starts_with("16-bit float samples"));
    assert!(error(&Wav { bits: 64, ..wav }.bytes()).starts_with("64-bit integer samples"));
}

#[test]
fn samples_that_are_no_numbers() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2e10] {
        let data = [0.5, 0.25, value].iter().flat_map(|sample: &f32| sample.to_le_bytes()).collect();
        let (folder, path) = file("a.wav", &Wav { tag: 3, ..Wav::pcm(32, data) }.bytes());
        let found = named(&read(&path, Channel::Mean).unwrap_err(), &path);
        assert_eq!(found, format!("sample 2 is {value}, expected a number within ±10000000000"));
        let out = folder.path().join("out.wav");
        named(&write_wav_f32(&out, &[value], 16_000).unwrap_err(), &out);
        named(&write_wav_i16(&out, &[value], 16_000).unwrap_err(), &out);
        assert!(!out.exists());
    }
}

#[test]
fn a_channel_that_is_not_there() {
    let (_folder, path) = file("a.wav", &Wav::pcm(16, vec![0; 8]).bytes());
    let found = named(&read(&path, Channel::Index(1)).unwrap_err(), &path);
    assert_eq!(found, "channel 1 was asked for, the file has 1 (counted from 0)");
}

#[test]
fn a_rate_that_cannot_be_reached() {
    let (folder, path) = file("a.wav", &Wav::pcm(16, vec![0; 8]).bytes());
    let found = named(&read_at(&path, Channel::Mean, 0).unwrap_err(), &path);
    assert_eq!(found, "cannot resample from 16000 Hz to 0 Hz, expected rates of 4000 to 384000 Hz");
    let out = folder.path().join("out.wav");
    assert!(matches!(write_wav_i16(&out, &[0.0], 1).unwrap_err(), AudioError::Rate { rate: 1, .. }));
}

#[test]
fn a_path_that_leads_to_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.wav");
    assert!(
        named(&read(&missing, Channel::Mean).unwrap_err(), &missing).starts_with("cannot be read: No such")
    );
    let found = named(&read(folder.path(), Channel::Mean).unwrap_err(), folder.path());
    assert_eq!(found, "found a folder, expected a sound file");
    let nowhere = folder.path().join("no/such/folder.wav");
    assert!(
        named(&write_wav_i16(&nowhere, &[0.0], 16_000).unwrap_err(), &nowhere)
            .starts_with("cannot be written")
    );
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_and_a_name_that_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.wav"), folder.path().join("two.wav"));
    std::os::unix::fs::symlink(&one, &two).unwrap();
    std::os::unix::fs::symlink(&two, &one).unwrap();
    assert!(
        named(&read(&one, Channel::Mean).unwrap_err(), &one).starts_with("cannot be read: Too many levels")
    );

    let odd = folder.path().join(OsStr::from_bytes(b"caf\xe9.wav"));
    write_wav_i16(&odd, &[0.5], 16_000).unwrap();
    assert_eq!(read(&odd, Channel::Mean).unwrap().sound.samples, [0.5]);
}
