//! FLAC, decoded by claxon.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::downmix::{Channel, Downmix};
use super::error::AudioError;
use super::format::{Format, MAX_FRAMES};

type Reader = claxon::FlacReader<BufReader<File>>;

/// The number of frames where the header leaves it open.
const OPEN: u64 = 0;

/// Frames that are made room for on the header's word alone; 4 MiB. A few bytes can claim any number.
const BELIEVED: u64 = 1 << 20;

/// Reads the header; of a file whose header leaves its length open, as an encoder that writes to a pipe does, all of it.
pub(super) fn probe(path: &Path, file: BufReader<File>) -> Result<Format, AudioError> {
    let (format, reader) = open(path, file)?;
    match format.frames {
        OPEN => decode(path, (format, reader), Channel::Mean).map(|(format, _)| format),
        _ => format.checked(path),
    }
}

/// Reads all samples.
pub(super) fn read(
    path: &Path,
    file: BufReader<File>,
    channel: Channel,
) -> Result<(Format, Downmix), AudioError> {
    decode(path, open(path, file)?, channel)
}

/// What the header says, which may leave the length [`OPEN`].
fn open(path: &Path, file: BufReader<File>) -> Result<(Format, Reader), AudioError> {
    let reader =
        claxon::FlacReader::new(file).map_err(|source| AudioError::Flac { path: path.into(), source })?;
    let info = reader.streaminfo();
    let format = Format {
        channels: info.channels as u16,
        rate: info.sample_rate,
        bits: info.bits_per_sample as u16,
        float: false,
        frames: info.samples.unwrap_or(OPEN),
        dropped: 0,
    };
    Ok((format, reader))
}

fn decode(
    path: &Path,
    (format, mut reader): (Format, Reader),
    channel: Channel,
) -> Result<(Format, Downmix), AudioError> {
    let most = if format.frames == OPEN { MAX_FRAMES } else { format.checked(path)?.frames };
    let mut mixed = Downmix::new(path, channel, format.channels, format.frames.min(BELIEVED) as usize)?;
    let scale = 0.5_f32.powi(i32::from(format.bits) - 1);
    let mut blocks = reader.blocks();
    let mut buffer = Vec::new();
    loop {
        let next = blocks.read_next_or_eof(buffer);
        let Some(block) = next.map_err(|source| AudioError::Flac { path: path.into(), source })? else {
            break;
        };
        for at in 0..block.duration() {
            mixed.push((0..block.channels()).map(|channel| block.sample(channel, at) as f32 * scale));
        }
        if mixed.frames() > most {
            break;
        }
        buffer = block.into_buffer();
    }
    if format.frames != OPEN && mixed.frames() != format.frames {
        return Err(AudioError::Header {
            path: path.into(),
            found: format!("{} samples where its header claims {}", mixed.frames(), format.frames),
            expected: "all of them: the file is truncated or damaged",
        });
    }
    Ok((Format { frames: mixed.frames(), ..format }.checked(path)?, mixed))
}
