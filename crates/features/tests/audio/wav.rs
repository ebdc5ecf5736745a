//! WAV files made byte by byte, so that a test does not rely on the writer or decoder that it tests.

use std::path::PathBuf;

use tempfile::TempDir;

/// The pieces of a WAV file; [`Wav::bytes`] puts them together.
#[derive(Clone)]
pub(crate) struct Wav {
    pub(crate) tag: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) bits: u16,
    /// GUID of an extensible format starts with this tag.
    pub(crate) extensible: Option<u16>,
    /// Chunks between `fmt ` and `data`.
    pub(crate) extra: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

impl Wav {
    /// Mono PCM at 16 kHz.
    pub(crate) fn pcm(bits: u16, data: Vec<u8>) -> Self {
        Self { tag: 1, channels: 1, rate: 16_000, bits, extensible: None, extra: Vec::new(), data }
    }

    pub(crate) fn fmt(&self) -> Vec<u8> {
        let block = self.channels * (self.bits / 8);
        let mut fmt = Vec::new();
        fmt.extend(self.tag.to_le_bytes());
        fmt.extend(self.channels.to_le_bytes());
        fmt.extend(self.rate.to_le_bytes());
        fmt.extend(self.rate.wrapping_mul(u32::from(block)).to_le_bytes());
        fmt.extend(block.to_le_bytes());
        fmt.extend(self.bits.to_le_bytes());
        if let Some(tag) = self.extensible {
            fmt.extend(22_u16.to_le_bytes());
            fmt.extend(self.bits.to_le_bytes());
            fmt.extend(0_u32.to_le_bytes());
            fmt.extend(tag.to_le_bytes());
            fmt.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
        }
        fmt
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let body =
            [&b"WAVE"[..], &chunk(b"fmt ", &self.fmt()), &self.extra, &chunk(b"data", &self.data)].concat();
        chunk(b"RIFF", &body)
    }
}

/// A RIFF chunk, with the pad byte after an odd length.
pub(crate) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = [&name[..], &(content.len() as u32).to_le_bytes(), content].concat();
    chunk.extend(std::iter::repeat_n(0, content.len() % 2));
    chunk
}

/// Writes `bytes` to `name` in a folder that is removed with the guard.
pub(crate) fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}
