//! The facts in a WAV header, each held against the file before anything relies on it.
//!
//! The decoder (hound) believes a header: it ignores the pad byte after a chunk of odd length and the length of
//! the file. So the chunks are walked here, and the decoder gets a header in which only `fmt ` and `data` are left.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use super::error::AudioError;

/// The lowest sampling rate that is taken for sound, in Hz.
pub const MIN_RATE: u32 = 4_000;
/// The highest sampling rate that is taken for sound, in Hz.
pub const MAX_RATE: u32 = 384_000;
/// Bytes of the longest `fmt ` chunk: that of WAVE_FORMAT_EXTENSIBLE has 40, those of compressed sound a few more.
const MAX_FMT: u64 = 64;

/// Format tags: PCM, IEEE float, and WAVE_FORMAT_EXTENSIBLE, which tells them apart by a GUID.
const TAGS: [u16; 3] = [1, 3, EXTENSIBLE];
const EXTENSIBLE: u16 = 0xfffe;

/// What the header of a WAV file says, checked against the file's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WavFacts {
    /// Channels, at least 1.
    pub channels: u16,
    /// Samples a second in each channel, in Hz; [`MIN_RATE`] to [`MAX_RATE`].
    pub rate: u32,
    /// Bits of a sample: 8, 16, 24 or 32.
    pub bits: u16,
    /// Whether samples are floats; integers otherwise.
    pub float: bool,
    /// Samples in each channel, at least 1.
    pub frames: u32,
}

impl WavFacts {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        f64::from(self.frames) / f64::from(self.rate)
    }
}

/// Reads the header of a WAV file and holds its lengths against the file's; decodes no sample.
///
/// # Errors
/// As [`super::read_wav`], but for what only the samples tell.
pub fn probe(path: &Path) -> Result<WavFacts, AudioError> {
    open(path).map(|(facts, _)| facts)
}

/// A rebuilt header followed by the file's sample bytes, and not one byte more.
pub(super) type CheckedReader = io::Chain<Cursor<Vec<u8>>, io::Take<BufReader<File>>>;

/// Opens a WAV file for decoding, its header checked.
pub(super) fn open(path: &Path) -> Result<(WavFacts, hound::WavReader<CheckedReader>), AudioError> {
    let unreadable = |source| AudioError::Open { path: path.into(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        // Opening a pipe would wait for a writer for ever.
        let found = if metadata.is_dir() { "a folder" } else { "neither a file nor a folder" };
        return Err(AudioError::NotAFile { path: path.into(), found });
    }
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut chunks = walk(path, &mut file, metadata.len())?;
    check_fmt(path, &chunks.fmt)?;
    widen(&mut chunks.fmt);
    let data = file.take(u64::from(chunks.data_len));
    let reader = hound::WavReader::new(Cursor::new(chunks.header()).chain(data))
        .map_err(|source| refused(path, &source))?;
    let facts = facts(path, &reader)?;
    Ok((facts, reader))
}

/// Refuses a rate that no sound has.
pub(super) fn check_rate(path: &Path, rate: u32) -> Result<(), AudioError> {
    if (MIN_RATE..=MAX_RATE).contains(&rate) {
        Ok(())
    } else {
        Err(AudioError::Rate { path: path.into(), rate })
    }
}

/// The two chunks that matter.
struct Chunks {
    fmt: Vec<u8>,
    data_len: u32,
}

impl Chunks {
    /// A WAV header of just these chunks, up to the first byte of samples.
    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(28 + self.fmt.len());
        // The decoder does not read this length; it is kept right within 32 bits.
        let riff_len = self.data_len.saturating_add(20 + self.fmt.len() as u32);
        header.extend_from_slice(b"RIFF");
        header.extend_from_slice(&riff_len.to_le_bytes());
        header.extend_from_slice(b"WAVEfmt ");
        header.extend_from_slice(&(self.fmt.len() as u32).to_le_bytes());
        header.extend_from_slice(&self.fmt);
        header.extend_from_slice(b"data");
        header.extend_from_slice(&self.data_len.to_le_bytes());
        header
    }
}

/// Walks the chunks up to the samples; leaves `file` at their first byte.
fn walk(path: &Path, file: &mut BufReader<File>, file_len: u64) -> Result<Chunks, AudioError> {
    let unreadable = |source| AudioError::Open { path: path.into(), source };
    let wrong = |found: String, expected| AudioError::Header { path: path.into(), found, expected };
    if file_len < 12 {
        return Err(wrong(format!("{file_len} bytes long"), "a WAV header"));
    }
    if file_len > u64::from(u32::MAX) + 8 {
        let found = format!("{file_len} bytes long");
        return Err(wrong(found, "4 GiB at most, all that a WAV header can tell of: cut it into pieces"));
    }
    let mut riff = [0; 12];
    file.read_exact(&mut riff).map_err(unreadable)?;
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        let start = riff[..4].escape_ascii();
        return Err(wrong(format!("starts with `{start}`"), "a WAV file (`RIFF....WAVE`)"));
    }
    let mut at = 12;
    let mut fmt = None;
    while file_len - at >= 8 {
        let mut head = [0; 8];
        file.read_exact(&mut head).map_err(unreadable)?;
        at += 8;
        let name: [u8; 4] = [head[0], head[1], head[2], head[3]];
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let (declared, present) = (u64::from(len), file_len - at);
        if declared > present {
            let chunk = name.escape_ascii().to_string();
            return Err(AudioError::Truncated { path: path.into(), chunk, declared, present });
        }
        // A chunk of odd length is followed by a pad byte, which writers forget at the end of a file.
        let mut skip = (declared + declared % 2).min(present) as i64;
        match &name {
            b"fmt " if !(16..=MAX_FMT).contains(&declared) => {
                return Err(wrong(format!("its fmt chunk has {declared} bytes"), "16 to 64"));
            }
            b"fmt " => {
                let mut bytes = vec![0; len as usize];
                file.read_exact(&mut bytes).map_err(unreadable)?;
                skip -= i64::from(len);
                fmt = Some(bytes);
            }
            b"data" if declared == 0 && present > 0 => {
                let found = format!("a data chunk of 0 bytes with {present} bytes behind it");
                return Err(wrong(
                    found,
                    "its length: the header of a recording that was cut off needs repair",
                ));
            }
            b"data" => {
                let fmt =
                    fmt.ok_or_else(|| wrong("data without a fmt chunk before it".into(), "fmt, then data"))?;
                return Ok(Chunks { fmt, data_len: len });
            }
            _ => {}
        }
        at += (declared + declared % 2).min(present);
        file.seek_relative(skip).map_err(unreadable)?;
    }
    Err(wrong("no data chunk".into(), "one after the fmt chunk"))
}

/// Refuses a `fmt ` chunk (16 bytes at least) in which the decoder would see too much sense.
fn check_fmt(path: &Path, fmt: &[u8]) -> Result<(), AudioError> {
    let u16_at = |at: usize| u16::from_le_bytes([fmt[at], fmt[at + 1]]);
    let (tag, channels, block, bits) = (u16_at(0), u16_at(2), u16_at(12), u16_at(14));
    if !TAGS.contains(&tag) {
        let found = format!("compressed or unknown (format tag {tag:#06x})");
        return Err(AudioError::Encoding { path: path.into(), found });
    }
    check_rate(path, u32::from_le_bytes([fmt[4], fmt[5], fmt[6], fmt[7]]))?;
    if channels == 0 {
        let found = "0 channels".into();
        return Err(AudioError::Header { path: path.into(), found, expected: "at least 1" });
    }
    if block % channels != 0 || u32::from(block / channels) * 8 < u32::from(bits) {
        let found = format!("{channels} channels of {bits} bits in frames of {block} bytes");
        return Err(AudioError::Header { path: path.into(), found, expected: "whole samples in each frame" });
    }
    Ok(())
}

/// Has all bits of a sample's container count. Fewer valid bits stand at the upper end of it, the others being 0, where
/// the decoder takes them from the lower.
fn widen(fmt: &mut [u8]) {
    if fmt.len() >= 40 && fmt[..2] == EXTENSIBLE.to_le_bytes() {
        fmt.copy_within(14..16, 18);
    }
}

/// What the decoder understood, or why it is not read.
fn facts(path: &Path, reader: &hound::WavReader<CheckedReader>) -> Result<WavFacts, AudioError> {
    let spec = reader.spec();
    let float = spec.sample_format == hound::SampleFormat::Float;
    if !matches!((float, spec.bits_per_sample), (false, 8 | 16 | 24 | 32) | (true, 32)) {
        let kind = if float { "float" } else { "integer" };
        let found = format!("{}-bit {kind} samples", spec.bits_per_sample);
        return Err(AudioError::Encoding { path: path.into(), found });
    }
    if reader.duration() == 0 {
        return Err(AudioError::Empty { path: path.into() });
    }
    Ok(WavFacts {
        channels: spec.channels,
        rate: spec.sample_rate,
        bits: spec.bits_per_sample,
        float,
        frames: reader.duration(),
    })
}

/// The decoder's word on a header that it does not take.
fn refused(path: &Path, source: &hound::Error) -> AudioError {
    match source {
        hound::Error::Unsupported => {
            AudioError::Encoding { path: path.into(), found: "compressed or unknown".into() }
        }
        other => AudioError::Header {
            path: path.into(),
            found: other.to_string(),
            expected: "a consistent WAV header",
        },
    }
}
