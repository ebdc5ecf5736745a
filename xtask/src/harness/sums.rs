//! `SHA256SUMS` of a cell's folder: tells a whole cell from a damaged one.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use eval::atomic::write_atomically;
use features::dataset::hexadecimal;
use sha2::{Digest, Sha256};

/// The file of the sums.
pub(super) const SUMS: &str = "SHA256SUMS";

fn sum(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(hexadecimal(&Sha256::digest(bytes)))
}

/// Writes the sums of `files`, each synced before.
pub(super) fn write_sums(folder: &Path, files: &[&str]) -> Result<()> {
    let mut sums = String::new();
    for file in files {
        let path = folder.join(file);
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.with_context(|| format!("{}: cannot be synced", path.display()))?;
        sums += &format!("{}  {file}\n", sum(&path).map_err(anyhow::Error::msg)?);
    }
    Ok(write_atomically(&folder.join(SUMS), |out| out.write_all(sums.as_bytes()))?)
}

/// Compares `files` of `folder` with their sums, as `sha256sum --check` does; all of them, and no others.
pub(super) fn check_sums(folder: &Path, files: &[&str]) -> Result<(), String> {
    let sums = fs::read_to_string(folder.join(SUMS)).map_err(|error| format!("{SUMS}: {error}"))?;
    let found: Vec<(&str, &str)> = sums.lines().filter_map(|line| line.split_once("  ")).collect();
    if !found.iter().map(|(_, file)| file).eq(files) || sums.lines().count() != found.len() {
        return Err(format!(
            "{SUMS}: found the lines of other files, expected those of {}",
            files.join(", ")
        ));
    }
    for (expected, file) in found {
        let found = sum(&folder.join(file))?;
        if found != expected {
            return Err(format!("{file}: found sha256 {found}, expected {expected}"));
        }
    }
    Ok(())
}
