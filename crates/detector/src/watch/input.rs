//! Samples from a pipe: raw, or behind a WAV header whose lengths are not believed.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use features::audio::{MAX_RATE, MIN_RATE};

/// How a sample is stored, by the names that `arecord -f` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Unsigned bytes.
    U8,
    /// 16 bits.
    S16Le,
    /// 24 bits in three bytes.
    S24Le3,
    /// 32 bits.
    S32Le,
    /// Floats of 32 bits.
    FloatLe,
}

impl SampleFormat {
    /// Every format with its name.
    pub const ALL: [(&str, Self); 5] = [
        ("U8", Self::U8),
        ("S16_LE", Self::S16Le),
        ("S24_3LE", Self::S24Le3),
        ("S32_LE", Self::S32Le),
        ("FLOAT_LE", Self::FloatLe),
    ];

    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16Le => 2,
            Self::S24Le3 => 3,
            Self::S32Le | Self::FloatLe => 4,
        }
    }

    fn decode(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::U8, [byte]) => (f32::from(*byte) - 128.0) / 128.0,
            (Self::S16Le, [a, b]) => f32::from(i16::from_le_bytes([*a, *b])) / 32768.0,
            (Self::S24Le3, [a, b, c]) => i32::from_le_bytes([0, *a, *b, *c]) as f32 / 2_147_483_648.0,
            (Self::S32Le, [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]) as f32 / 2_147_483_648.0,
            (Self::FloatLe, [a, b, c, d]) => f32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0.0, // a caller cuts samples as long as `bytes` says
        }
    }
}

/// What a stream is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputFormat {
    /// Samples a second of a channel, in Hz.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Samples.
    pub sample: SampleFormat,
}

impl InputFormat {
    /// Bytes of a frame: a sample of each channel.
    pub fn frame(&self) -> usize {
        usize::from(self.channels) * self.sample.bytes()
    }

    /// Refuses what is no sound.
    ///
    /// # Errors
    /// No channel, or an impossible rate.
    pub fn check(&self) -> Result<()> {
        ensure!(self.channels > 0, "found 0 channels, expected one at least");
        let rate = self.rate;
        ensure!(
            (MIN_RATE..=MAX_RATE).contains(&rate),
            "found {rate} Hz, expected {MIN_RATE} to {MAX_RATE} Hz"
        );
        Ok(())
    }

    /// Decodes whole frames: `take` gets the samples of each.
    pub(crate) fn frames(&self, bytes: &[u8], mut take: impl FnMut(&[f32])) {
        let mut frame = Vec::with_capacity(usize::from(self.channels));
        for bytes in bytes.chunks_exact(self.frame()) {
            frame.clear();
            frame.extend(bytes.chunks_exact(self.sample.bytes()).map(|sample| self.sample.decode(sample)));
            take(&frame);
        }
    }
}

/// Reads a WAV header behind its first four bytes, `RIFF`, up to the first sample.
///
/// # Errors
/// A header that ends early, or an encoding that is not read.
pub fn wav_header(input: &mut impl Read) -> Result<InputFormat> {
    let mut take = |count: usize| -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        input.read_exact(&mut bytes).context("the stream ends within its WAV header")?;
        Ok(bytes)
    };
    ensure!(take(8)?.ends_with(b"WAVE"), "found RIFF without WAVE, expected a WAV header or raw samples");
    let mut format = None;
    loop {
        let head = take(8)?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        match &head[..4] {
            b"data" => return format.context("found a WAV header without a format before its samples"),
            _ if length > 1 << 20 => {
                bail!("found a chunk of {length} bytes in a WAV header, expected samples by then")
            }
            b"fmt " if length >= 16 => format = Some(wav_format(&take(length + length % 2)?)?),
            _ => drop(take(length + length % 2)?),
        }
    }
}

fn wav_format(chunk: &[u8]) -> Result<InputFormat> {
    let short = |at: usize| u16::from_le_bytes([chunk[at], chunk[at + 1]]);
    let rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
    let tag = if short(0) == 0xfffe && chunk.len() >= 26 { short(24) } else { short(0) };
    let sample = match (tag, short(14)) {
        (1, 8) => SampleFormat::U8,
        (1, 16) => SampleFormat::S16Le,
        (1, 24) => SampleFormat::S24Le3,
        (1, 32) => SampleFormat::S32Le,
        (3, 32) => SampleFormat::FloatLe,
        (tag, bits) => {
            bail!("found format {tag} of {bits} bits, expected PCM of 8 to 32 bits or floats of 32")
        }
    };
    Ok(InputFormat { rate, channels: short(2), sample })
}
