//! The same files read by libsndfile: no other length or level, and nothing refused without a reason that is true.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use features::audio::{AudioError, Channel, Recording, read};
use features::rng::{Purpose, stream};
use serde::Deserialize;

use crate::mutations::{mutate, seeds};
use crate::wav::{Wav, chunk};

/// What libsndfile reads of a file.
#[derive(Debug, Deserialize)]
struct Reading {
    rate: u32,
    channels: u16,
    frames: u64,
    subtype: String,
    power: f64,
    peak: f64,
}

/// What libsndfile reads of each of `files`, or nothing where there is no Python with soundfile: in the path, or named
/// by `PYTHON`. With `REQUIRE_SOUNDFILE` set, that fails.
fn sndfile(files: &[String]) -> Option<Vec<Option<Reading>>> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let installed = Command::new(&python).args(["-c", "import soundfile"]).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("REQUIRE_SOUNDFILE").is_none(), "{python} has no soundfile");
        eprintln!("LEFT OUT: {python} has no soundfile, so that nothing was compared with libsndfile");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio/sndfile.py");
    let mut python = Command::new(python);
    let mut python = python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut names = python.stdin.take().unwrap();
    let text = files.join("\n") + "\n";
    let writer = std::thread::spawn(move || names.write_all(text.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    let outcomes: Vec<Option<Reading>> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes.len(), files.len());
    Some(outcomes)
}

/// What is wrong with our reading of a file, given libsndfile's.
fn disagreement(ours: &Result<Recording, AudioError>, theirs: &Reading) -> Option<String> {
    match ours {
        Ok(Recording { sound, format, .. }) => {
            let same = (format.rate, format.channels, format.frames)
                == (theirs.rate, theirs.channels, theirs.frames);
            let power =
                sound.samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / format.frames as f64;
            let close = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-5 * theirs.abs() + 1e-12;
            let alike = close(power, theirs.power) && close(f64::from(sound.peak()), theirs.peak);
            (!(same && alike)).then(|| format!("{format:?}, power {power}, peak {}", sound.peak()))
        }
        Err(error) => {
            let true_reason = match error {
                AudioError::Truncated { .. } | AudioError::Rate { .. } | AudioError::Sample { .. } => true,
                AudioError::Empty { .. } => theirs.frames == 0,
                AudioError::Encoding { .. } => {
                    !["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"].contains(&&*theirs.subtype)
                }
                AudioError::Header { found, .. } => {
                    // libsndfile takes no length for a length of 0, and the ds64 chunk's over the other.
                    theirs.frames == 0
                        || found.starts_with("a data chunk of ")
                        || found.starts_with("starts with")
                }
                _ => false,
            };
            (!true_reason).then(|| error.to_string())
        }
    }
}

/// Holds our reading of each of `files` against libsndfile's; gives how many both read and how many we alone refuse.
fn compare(folder: &Path, files: &[Vec<u8>]) -> Option<(usize, usize)> {
    let names = (0..files.len()).map(|index| folder.join(format!("{index}.wav")).display().to_string());
    let names: Vec<String> = names.collect();
    for (name, bytes) in names.iter().zip(files) {
        std::fs::write(name, bytes).unwrap();
    }
    let outcomes = sndfile(&names)?;
    let (mut both, mut refused, mut wrong) = (0, 0, Vec::new());
    for (index, (name, outcome)) in names.iter().zip(&outcomes).enumerate() {
        let ours = read(Path::new(name), Channel::Mean);
        if let Some(theirs) = outcome {
            match &ours {
                Ok(_) => both += 1,
                Err(_) => refused += 1,
            }
            wrong.extend(
                disagreement(&ours, theirs).map(|ours| format!("{index}: {ours}; libsndfile: {theirs:?}")),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        files.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    Some((both, refused))
}

fn mutated(count: u64) -> Vec<Vec<u8>> {
    let seeds = seeds();
    let one = |index: u64| {
        let mut bytes = seeds[index as usize % seeds.len()].clone();
        mutate(&mut bytes, &mut stream(1, Purpose::Data, index));
        bytes
    };
    (0..count).map(one).collect()
}

/// `MUTATIONS` in the environment sets how many; 100,000 take minutes.
#[test]
fn mutated_files_are_read_as_libsndfile_reads_them() {
    let count = std::env::var("MUTATIONS").map_or(2_000, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    if let Some((both, refused)) = compare(folder.path(), &mutated(count)) {
        println!("{both} of {count} read by both, {refused} refused by us alone");
        assert!(4 * both > count as usize && 40 * refused > count as usize, "{both}, {refused}");
    }
}

/// Seven samples in each encoding: bits, whether floats, bytes of data.
fn encodings() -> Vec<(u16, bool, Vec<u8>)> {
    let steps = [0_i32, 1, -1, 77, -100, 127, -128];
    let little = |bytes: usize, shift: u32| -> Vec<u8> {
        steps.iter().flat_map(|step| (step << shift).to_le_bytes()[..bytes].to_vec()).collect()
    };
    let full_scale = steps.map(|step| f64::from(step) / 100.0);
    vec![
        (8, false, steps.iter().map(|step| (step + 128) as u8).collect()),
        (16, false, little(2, 8)),
        (24, false, little(3, 16)),
        (32, false, little(4, 24)),
        (32, true, full_scale.iter().flat_map(|sample| (*sample as f32).to_le_bytes()).collect()),
        (64, true, full_scale.iter().flat_map(|sample| sample.to_le_bytes()).collect()),
    ]
}

/// Every combination of tag, length of fmt, encoding, declared length, chunks before and after, RIFF and RF64.
fn table() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for (bits, float, data) in encodings() {
        let tag = if float { 3 } else { 1 };
        let wav = Wav { tag, ..Wav::pcm(bits, data.clone()) };
        let extensible = Wav { tag: 0xfffe, extensible: Some(tag), ..wav.clone() };
        let mut formats: Vec<Vec<u8>> =
            [0, 1, 2, 24, 48, 400].map(|more| [wav.fmt(), vec![0; more]].concat()).to_vec();
        formats.extend([0, 2, 24].map(|more| [extensible.fmt(), vec![0; more]].concat()));
        let mut fewer_valid_bits = extensible.fmt();
        fewer_valid_bits[18] -= 4;
        formats.push(fewer_valid_bits);
        let whole = data.len() as u32;
        let sample = u32::from(bits / 8);
        for fmt in &formats {
            for len in [0, sample, 3 * sample, 3 * sample + 1, whole, 0xffff_ffff, 0x7fff_ffff, 0x7fff_f000] {
                for (before, after) in [(false, false), (true, false), (false, true)] {
                    files.extend([false, true].map(|long| assembled(fmt, &data, len, before, after, long)));
                }
            }
        }
    }
    files
}

fn assembled(fmt: &[u8], data: &[u8], len: u32, before: bool, after: bool, long: bool) -> Vec<u8> {
    let other = chunk(b"LIST", b"INFOodd");
    let mut body = b"WAVE".to_vec();
    if long {
        let len = u64::from(if len > 0x7fff_0000 { data.len() as u32 } else { len });
        let sizes = [100_u64, len, 7].map(u64::to_le_bytes).concat();
        body.extend(chunk(b"ds64", &[sizes, vec![0; 4]].concat()));
    }
    body.extend(if before { other.clone() } else { Vec::new() });
    body.extend(chunk(b"fmt ", fmt));
    body.extend(b"data");
    body.extend(if long { u32::MAX } else { len }.to_le_bytes());
    body.extend(data);
    body.extend(if after { other } else { Vec::new() });
    let mut file = chunk(b"RIFF", &body);
    if long {
        file[..4].copy_from_slice(b"RF64");
        file[4..8].fill(0xff);
    }
    file
}

#[test]
fn every_kind_of_header_is_read_as_libsndfile_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = table();
    if let Some((both, _)) = compare(folder.path(), &files) {
        assert!(2 * both > files.len(), "{both} of {} read by both", files.len());
    }
}
