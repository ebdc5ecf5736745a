//! `SHA256SUMS` of a net or score: tells a whole file from a damaged one.

use std::fs;
use std::path::Path;

use features::dataset::hexadecimal;
use sha2::{Digest, Sha256};

/// The file of the sums, as `sha256sum --check` reads it.
pub(crate) const SUMS: &str = "SHA256SUMS";

fn sum(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The line of `file`, which holds `bytes`.
pub(crate) fn line(file: &str, bytes: &[u8]) -> String {
    format!("{}  {file}\n", sum(bytes))
}

/// The bytes of `file` in `folder`, if they are those that its line of the sums tells of.
///
/// # Errors
/// What was found and expected.
pub(crate) fn read(folder: &Path, file: &str) -> Result<Vec<u8>, String> {
    let sums = fs::read_to_string(folder.join(SUMS)).map_err(|error| format!("{SUMS}: {error}"))?;
    let mut lines = sums.lines().filter_map(|line| line.split_once("  "));
    let expected = lines.find(|(_, name)| *name == file).map(|(sum, _)| sum);
    let expected = expected.ok_or_else(|| format!("{SUMS}: found no line of {file}, expected one"))?;
    let bytes = fs::read(folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
    let found = sum(&bytes);
    if found == expected {
        Ok(bytes)
    } else {
        Err(format!("{file}: found sha256 {found}, expected {expected}"))
    }
}

/// `bytes` after a line with their sum: a file that stands by itself.
pub(crate) fn sealed(bytes: &[u8]) -> Vec<u8> {
    [sum(bytes).as_bytes(), b"\n", bytes].concat()
}

/// What [`sealed`] made, if it is whole.
pub(crate) fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (found, content) = bytes.split_at_checked(64)?;
    let content = content.strip_prefix(b"\n")?;
    (sum(content).as_bytes() == found).then_some(content)
}
