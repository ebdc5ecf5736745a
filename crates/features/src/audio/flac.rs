//! FLAC, decoded by claxon.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::downmix::{Channel, Downmix};
use super::error::AudioError;
use super::format::Format;

type Reader = claxon::FlacReader<BufReader<File>>;

/// Frames that are made room for on the header's word alone; 4 MiB. A few bytes can claim any number.
const BELIEVED: u64 = 1 << 20;

/// Reads the header. A file whose header leaves its length open is refused.
pub(super) fn open(path: &Path, file: BufReader<File>) -> Result<(Format, Reader), AudioError> {
    let reader =
        claxon::FlacReader::new(file).map_err(|source| AudioError::Flac { path: path.into(), source })?;
    let info = reader.streaminfo();
    let Some(frames) = info.samples else {
        return Err(AudioError::Header {
            path: path.into(),
            found: "a FLAC stream of unknown length".to_owned(),
            expected: "its length in the header: encode it again into a file",
        });
    };
    let format = Format {
        channels: info.channels as u16,
        rate: info.sample_rate,
        bits: info.bits_per_sample as u16,
        float: false,
        frames,
        dropped: 0,
    };
    Ok((format.checked(path)?, reader))
}

/// Reads all samples.
pub(super) fn read(
    path: &Path,
    file: BufReader<File>,
    channel: Channel,
) -> Result<(Format, Downmix), AudioError> {
    let (format, mut reader) = open(path, file)?;
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
        if mixed.frames() > format.frames {
            break;
        }
        buffer = block.into_buffer();
    }
    if mixed.frames() != format.frames {
        return Err(AudioError::Header {
            path: path.into(),
            found: format!("{} samples where its header claims {}", mixed.frames(), format.frames),
            expected: "all of them: the file is truncated or damaged",
        });
    }
    Ok((format, mixed))
}
