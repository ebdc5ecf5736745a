//! Rows of a struct as CSV: quoted where a name holds a comma, numbers to the last bit.

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a CSV file with a line for each of `rows`.
///
/// # Errors
/// Rows that have no columns.
pub fn to_csv(rows: impl IntoIterator<Item = impl Serialize>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}

/// Reads what [`to_csv`] wrote.
///
/// # Errors
/// Bytes that hold other columns.
pub fn read_csv<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>> {
    Ok(csv::Reader::from_reader(bytes).deserialize().collect::<Result<_, _>>()?)
}
