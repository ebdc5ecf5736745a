//! A frame as the bytes of a Parquet file that everyone reads: version 1, plain pages, no codec.
//!
//! polars' own writer of frames would compile five codecs, of which tables of some kilobytes need none.

use polars::prelude::{CompatLevel, DataFrame, PolarsResult, SchemaExt};
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, StatisticsOptions, Version, WriteOptions, row_group_iter,
};

const OPTIONS: WriteOptions = WriteOptions {
    statistics: StatisticsOptions {
        min_value: true,
        max_value: true,
        distinct_count: false,
        null_count: true,
        binary_statistics_truncate_length: None,
    },
    version: Version::V1,
    compression: CompressionOptions::Uncompressed,
    data_page_size: None,
};

/// `frame` as Parquet. Text is `LargeUtf8`, which readers of any age know; equal frames are equal bytes.
///
/// # Errors
/// Those of polars.
pub(crate) fn to_parquet(frame: &DataFrame) -> PolarsResult<Vec<u8>> {
    let compatible = CompatLevel::oldest();
    let schema = frame.schema().to_arrow(compatible);
    let encodings = schema.iter_values().map(|_| vec![Encoding::Plain]).collect::<Vec<_>>();
    let mut writer = FileWriter::try_new(Vec::new(), schema, OPTIONS)?;
    for rows in frame.iter_chunks(compatible, false).filter(|rows| !rows.is_empty()) {
        let count = rows.len() as u64;
        let fields = writer.parquet_schema().fields().to_vec();
        writer.write(count, row_group_iter(rows, encodings.clone().into(), fields, OPTIONS))?;
    }
    writer.end(None)?;
    Ok(writer.into_inner())
}
