//! CSV files of one cell: rows of a struct, quoted where a name holds a comma, numbers to the last bit.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a CSV file with a line for each of `rows`.
pub(super) fn to_csv(rows: impl IntoIterator<Item = impl Serialize>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}

/// Reads what [`to_csv`] wrote.
///
/// # Errors
/// A file that cannot be read, or holds other columns.
pub(super) fn read_csv<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let name = || path.display().to_string();
    let mut reader = csv::Reader::from_path(path).with_context(name)?;
    reader.deserialize().collect::<Result<_, _>>().with_context(name)
}
