//! The chunks of a WAV file up to its samples, each length held against the file's.
//!
//! What a header says twice is taken from where readers agree that it stands: the size of a frame from channels and
//! bits (not from the block size), the rate from its own field (not from the byte rate).

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::super::error::AudioError;
use super::super::format::Format;
use super::samples::Encoding;

/// Bytes of the longest `fmt ` chunk that is read; what stands behind the first 40 has no meaning here.
const MAX_FMT: u64 = 1 << 16;
/// What programs write for the length of a recording whose end they do not know yet, and never come back to: up to the
/// end of the file.
const UNFINISHED: [u64; 3] = [0xffff_ffff, 0x7fff_ffff, 0x7fff_f000];
/// Format tags: PCM, IEEE float, and WAVE_FORMAT_EXTENSIBLE, which tells them apart by a GUID.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;
/// What follows the tag in the GUIDs of WAVE_FORMAT_EXTENSIBLE: of any sound, and of an ambisonic one.
const GUIDS: [[u8; 14]; 2] = [
    [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71],
    [0, 0, 0, 0x21, 7, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0],
];

/// What a WAV header says.
pub(in super::super) struct Header {
    pub(in super::super) format: Format,
    pub(super) encoding: Encoding,
}

/// Reads the header; leaves `file` at the first byte of the samples.
pub(in super::super) fn read(path: &Path, file: &mut BufReader<File>) -> Result<Header, AudioError> {
    let len =
        file.get_ref().metadata().map_err(|source| AudioError::Open { path: path.into(), source })?.len();
    let Chunks { fmt, data_len } = Walk { path, file, len, at: 0 }.up_to_data()?;
    let fmt = Fmt::parse(path, &fmt)?;
    let frame = u64::from(fmt.channels) * fmt.encoding.bytes() as u64;
    let format = Format {
        channels: fmt.channels,
        rate: fmt.rate,
        bits: fmt.bits,
        float: fmt.encoding.is_float(),
        frames: data_len / frame,
        dropped: data_len % frame,
    };
    Ok(Header { format: format.checked(path)?, encoding: fmt.encoding })
}

/// The two chunks that matter.
struct Chunks {
    fmt: Vec<u8>,
    data_len: u64,
}

/// A walk along the chunks of a file.
struct Walk<'a> {
    path: &'a Path,
    file: &'a mut BufReader<File>,
    /// Bytes of the file, and how many of them are behind.
    len: u64,
    at: u64,
}

impl Walk<'_> {
    fn up_to_data(&mut self) -> Result<Chunks, AudioError> {
        if self.len < 12 {
            return Err(self.wrong(format!("{} bytes long", self.len), "a WAV header"));
        }
        let riff: [u8; 12] = self.take()?;
        let long = [b"RF64", b"BW64"].iter().any(|name| riff.starts_with(*name));
        if !(long || riff.starts_with(b"RIFF")) || !riff.ends_with(b"WAVE") {
            let found = format!("starts with `{}`", riff[..4].escape_ascii());
            return Err(self.wrong(found, "a WAV file (`RIFF....WAVE`) or FLAC"));
        }
        let mut fmt = None;
        let mut long_len = None;
        while self.len - self.at >= 8 {
            let head: [u8; 8] = self.take()?;
            let name = [head[0], head[1], head[2], head[3]];
            let declared = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
            if &name == b"data" {
                let data_len = self.data_len(declared, long, long_len)?;
                let fmt = fmt.ok_or_else(|| {
                    self.wrong("data without a fmt chunk before it".into(), "fmt, then data")
                })?;
                return Ok(Chunks { fmt, data_len });
            }
            let present = self.len - self.at;
            if declared > present {
                let chunk = name.escape_ascii().to_string();
                return Err(AudioError::Truncated { path: self.path.into(), chunk, declared, present });
            }
            // A chunk of odd length is followed by a pad byte, which writers forget at the end of a file.
            let end = self.at + (declared + declared % 2).min(present);
            match &name {
                b"fmt " if !(16..=MAX_FMT).contains(&declared) => {
                    return Err(self.wrong(format!("its fmt chunk has {declared} bytes"), "16 to 65536"));
                }
                b"fmt " => fmt = Some(self.take_vec(declared as usize)?),
                b"ds64" if long && declared >= 16 => {
                    let sizes: [u8; 16] = self.take()?;
                    let [.., a, b, c, d, e, f, g, h] = sizes;
                    long_len = Some(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
                }
                _ => {}
            }
            let skip = (end - self.at) as i64;
            self.file.seek_relative(skip).map_err(|source| self.unreadable(source))?;
            self.at = end;
        }
        Err(self.wrong("no data chunk".into(), "one after the fmt chunk"))
    }

    /// Bytes of samples, given what the data chunk and a ds64 chunk declare.
    fn data_len(&self, declared: u64, long: bool, long_len: Option<u64>) -> Result<u64, AudioError> {
        let present = self.len - self.at;
        let open = UNFINISHED.contains(&declared);
        let declared = match long_len {
            Some(u64::MAX) if open => return Ok(present),
            Some(long_len) if open || long_len == declared => long_len,
            Some(long_len) => {
                let found =
                    format!("a data chunk of {declared} bytes by itself and of {long_len} by the ds64 chunk");
                return Err(self.wrong(found, "one length"));
            }
            None if open => return Ok(present),
            None => declared,
        };
        if declared == 0 && present > 0 {
            let found = format!("a data chunk of 0 bytes with {present} bytes behind it");
            return Err(
                self.wrong(found, "its length: the header of a recording that was cut off needs repair")
            );
        }
        if !long && self.len > u64::from(u32::MAX) + 8 {
            let found = format!("{} bytes long", self.len);
            return Err(
                self.wrong(found, "4 GiB at most, all that a RIFF header can tell of: convert it to RF64")
            );
        }
        if declared > present {
            return Err(AudioError::Truncated {
                path: self.path.into(),
                chunk: "data".to_owned(),
                declared,
                present,
            });
        }
        Ok(declared)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], AudioError> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(|source| self.unreadable(source))?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn take_vec(&mut self, len: usize) -> Result<Vec<u8>, AudioError> {
        let mut bytes = vec![0; len];
        self.file.read_exact(&mut bytes).map_err(|source| self.unreadable(source))?;
        self.at += len as u64;
        Ok(bytes)
    }

    fn unreadable(&self, source: io::Error) -> AudioError {
        AudioError::Open { path: self.path.into(), source }
    }

    fn wrong(&self, found: String, expected: &'static str) -> AudioError {
        AudioError::Header { path: self.path.into(), found, expected }
    }
}

/// What a `fmt ` chunk says.
struct Fmt {
    channels: u16,
    rate: u32,
    bits: u16,
    encoding: Encoding,
}

impl Fmt {
    /// Reads a chunk of 16 bytes at least.
    fn parse(path: &Path, fmt: &[u8]) -> Result<Fmt, AudioError> {
        let u16_at = |at: usize| u16::from_le_bytes([fmt[at], fmt[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([fmt[at], fmt[at + 1], fmt[at + 2], fmt[at + 3]]);
        let (channels, rate, bits) = (u16_at(2), u32_at(4), u16_at(14));
        let other = |found| AudioError::Encoding { path: path.into(), found };
        let tag = match u16_at(0) {
            EXTENSIBLE if fmt.len() >= 40 && GUIDS.iter().any(|guid| fmt[26..40] == *guid) => u16_at(24),
            EXTENSIBLE => return Err(other("an extensible format without a known GUID".to_owned())),
            tag => tag,
        };
        if ![PCM, FLOAT].contains(&tag) {
            return Err(other(format!("compressed or unknown (format tag {tag:#06x})")));
        }
        if channels == 0 {
            let found = "0 channels".into();
            return Err(AudioError::Header { path: path.into(), found, expected: "at least 1" });
        }
        let encoding = match (tag, bits) {
            (PCM, 1..=8) => Encoding::U8,
            (PCM, 9..=16) => Encoding::I16,
            // 24 bits in frames of 32: believed where block size and byte rate agree on it.
            (PCM, 24)
                if u32::from(u16_at(12)) == 4 * u32::from(channels)
                    && u32_at(8) == rate.wrapping_mul(u32::from(u16_at(12))) =>
            {
                Encoding::I24In32
            }
            (PCM, 17..=24) => Encoding::I24,
            (PCM, 25..=32) => Encoding::I32,
            (FLOAT, 32) => Encoding::F32,
            (FLOAT, 64) => Encoding::F64,
            _ => {
                let kind = if tag == FLOAT { "float" } else { "integer" };
                return Err(other(format!("{bits}-bit {kind} samples")));
            }
        };
        Ok(Fmt { channels, rate, bits, encoding })
    }
}
