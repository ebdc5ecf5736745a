//! Rows of a struct as CSV: quoted where a name holds a comma, numbers to the last bit.

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a CSV file with a header and a line for each of `rows`.
///
/// # Errors
/// Rows that have no columns.
pub fn to_csv<T: Serialize + Default>(rows: &[T]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if rows.is_empty() {
        // The writer knows the columns from a row alone; a file without a header is one that others cannot read.
        writer.serialize(T::default())?;
        let mut bytes = writer.into_inner()?;
        let header = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        bytes.truncate(header);
        return Ok(bytes);
    }
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Row {
        file: String,
        anr_db: Option<f64>,
    }

    #[test]
    fn rows_are_read_back_and_none_have_a_header_too() {
        let rows =
            [Row { file: "a,b.wav".into(), anr_db: None }, Row { file: "c".into(), anr_db: Some(-0.1) }];
        assert_eq!(read_csv::<Row>(&to_csv(&rows).unwrap()).unwrap(), rows);
        let none = to_csv::<Row>(&[]).unwrap();
        assert_eq!(none, b"file,anr_db\n");
        assert_eq!(read_csv::<Row>(&none).unwrap(), []);
    }
}
