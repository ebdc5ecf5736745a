//! The samples of a WAV file as `f32`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::super::downmix::{Channel, Downmix};
use super::super::error::AudioError;
use super::super::format::Format;
use super::header;

/// About so many bytes are read at once.
const BLOCK: usize = 1 << 16;

/// How a sample is stored, little end first. Fewer bits than bytes hold stand at the upper end, the others being 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    U8,
    I16,
    I24,
    /// 24 bits in 4 bytes without a word on where: at the upper end if all lowest bytes are 0, at the lower if all
    /// samples fit there.
    I24In32,
    I32,
    F32,
    F64,
}

impl Encoding {
    /// Bytes of a sample.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I24In32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

/// Reads all samples.
pub(in super::super) fn read(
    path: &Path,
    mut file: BufReader<File>,
    channel: Channel,
) -> Result<(Format, Downmix), AudioError> {
    let header::Header { format, encoding } = header::read(path, &mut file)?;
    let mut mixed = Downmix::new(path, channel, format.channels, format.frames as usize)?;
    match encoding {
        Encoding::U8 => each(path, file, &format, &mut mixed, |[byte]| (f32::from(byte) - 128.0) / 128.0)?,
        Encoding::I16 => {
            each(path, file, &format, &mut mixed, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32768.0)?;
        }
        Encoding::I24 => each(path, file, &format, &mut mixed, |[a, b, c]| scaled([0, a, b, c]))?,
        Encoding::I24In32 => {
            let (mut lowest, mut fits) = (0, true);
            each(path, file, &format, &mut mixed, |bytes| {
                lowest |= bytes[0];
                fits &= (-0x80_0000..0x80_0000).contains(&i32::from_le_bytes(bytes));
                scaled(bytes)
            })?;
            if lowest != 0 && fits {
                mixed.amplify(256.0);
            }
        }
        Encoding::I32 => each(path, file, &format, &mut mixed, scaled)?,
        Encoding::F32 => each(path, file, &format, &mut mixed, f32::from_le_bytes)?,
        Encoding::F64 => each(path, file, &format, &mut mixed, |bytes| f64::from_le_bytes(bytes) as f32)?,
    }
    Ok((format, mixed))
}

fn scaled(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}

/// Decodes frame by frame; the samples have `N` bytes each.
fn each<const N: usize>(
    path: &Path,
    mut file: BufReader<File>,
    format: &Format,
    mixed: &mut Downmix,
    mut decode: impl FnMut([u8; N]) -> f32,
) -> Result<(), AudioError> {
    let frame = N * usize::from(format.channels);
    let at_once = (BLOCK / frame).max(1) as u64;
    let mut block = Vec::new();
    let mut left = format.frames;
    while left > 0 {
        let frames = left.min(at_once);
        block.resize(frames as usize * frame, 0);
        file.read_exact(&mut block).map_err(|source| AudioError::Open { path: path.into(), source })?;
        for frame in block.chunks_exact(frame) {
            mixed.push(frame.as_chunks::<N>().0.iter().map(|bytes| decode(*bytes)));
        }
        left -= frames;
    }
    Ok(())
}
