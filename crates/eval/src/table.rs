//! Result tables: columns in, CSV, Parquet and aligned text out.

use polars::prelude::{
    Column as FrameColumn, CsvWriter, DataFrame, IntoColumn, NamedFrom, SerWriter, Series,
};

use crate::error::all_finite;
use crate::{EvalError, parquet};

/// Digits after the point of a real number in CSV. Parquet keeps every bit.
pub const CSV_DIGITS: usize = 6;

/// A table of named columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Column {
    Text(Vec<String>),
    Integer(Vec<i64>),
    Real(Vec<Option<f64>>),
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of text.
    #[must_use]
    pub fn text<S: Into<String>>(self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.with(name, Column::Text(values.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of integers.
    #[must_use]
    pub fn integer(self, name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        self.with(name, Column::Integer(values.into_iter().collect()))
    }

    /// Adds a column of real numbers.
    #[must_use]
    pub fn real(self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.optional(name, values.into_iter().map(Some))
    }

    /// Adds a column of real numbers some of which may be missing (empty in CSV, null in Parquet).
    #[must_use]
    pub fn optional(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.with(name, Column::Real(values.into_iter().collect()))
    }

    fn with(mut self, name: &str, column: Column) -> Self {
        self.columns.push((name.to_owned(), column));
        self
    }

    /// What its columns are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The bytes of a CSV file with a header line.
    ///
    /// Real numbers have [`CSV_DIGITS`] digits after the point, so that equal tables are equal bytes.
    ///
    /// # Errors
    /// When columns differ in length or share a name, or a number is NaN or infinite.
    pub fn to_csv(&self) -> Result<Vec<u8>, EvalError> {
        let mut bytes = Vec::new();
        let written =
            CsvWriter::new(&mut bytes).with_float_precision(Some(CSV_DIGITS)).finish(&mut self.to_frame()?);
        written.map(|()| bytes).map_err(EvalError::table)
    }

    /// The bytes of a Parquet file.
    ///
    /// # Errors
    /// As [`Table::to_csv`].
    pub fn to_parquet(&self) -> Result<Vec<u8>, EvalError> {
        parquet::to_parquet(&self.to_frame()?).map_err(EvalError::table)
    }

    fn to_frame(&self) -> Result<DataFrame, EvalError> {
        let columns = self.columns.iter().map(|(name, column)| column.to_frame(name));
        let columns = columns.collect::<Result<Vec<FrameColumn>, EvalError>>()?;
        DataFrame::new_infer_height(columns).map_err(EvalError::table)
    }

    /// The table as lines of text for a terminal: numbers to the right with `digits` after the point, text to
    /// the left, a rule under the header, `-` for a missing number.
    pub fn to_text(&self, digits: usize) -> String {
        let columns: Vec<TextColumn> =
            self.columns.iter().map(|(name, column)| TextColumn::new(name, column, digits)).collect();
        let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
        let line = |row: usize| {
            let cells: Vec<String> = columns.iter().map(|column| column.cell(row)).collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        let rule: Vec<String> = columns.iter().map(|column| "─".repeat(column.width)).collect();
        let lines: Vec<String> = (0..rows).map(line).collect();
        match lines.split_first() {
            Some((header, body)) => format!("{header}{}\n{}", rule.join("  "), body.concat()),
            None => String::new(),
        }
    }
}

impl Column {
    fn to_frame(&self, name: &str) -> Result<FrameColumn, EvalError> {
        let series = match self {
            Self::Text(values) => Series::new(name.into(), values),
            Self::Integer(values) => Series::new(name.into(), values),
            Self::Real(values) => {
                let present: Vec<f64> = values.iter().map(|value| value.unwrap_or(0.0)).collect();
                all_finite(&format!("column {name}"), &present)?;
                Series::new(name.into(), values)
            }
        };
        Ok(series.into_column())
    }

    fn to_text(&self, digits: usize) -> Vec<String> {
        match self {
            Self::Text(values) => values.clone(),
            Self::Integer(values) => values.iter().map(i64::to_string).collect(),
            Self::Real(values) => values
                .iter()
                .map(|value| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}")))
                .collect(),
        }
    }
}

/// A column as text, header first.
struct TextColumn {
    cells: Vec<String>,
    width: usize,
    left: bool,
}

impl TextColumn {
    fn new(name: &str, column: &Column, digits: usize) -> Self {
        let mut cells = vec![name.to_owned()];
        cells.extend(column.to_text(digits));
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        Self { cells, width, left: matches!(column, Column::Text(_)) }
    }

    fn cell(&self, row: usize) -> String {
        let (text, width) = (self.cells.get(row).map_or("", String::as_str), self.width);
        if self.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{AnyValue, CsvReader, SerReader};
    use std::io::Cursor;

    fn table() -> Table {
        Table::new()
            .text("loss", ["RE", "SNP", "quoted, \"BU\""])
            .integer("seeds", [10, 10, -3])
            .real("kld_u", [0.912_345_678_9, 1e-9, -2.5])
            .optional("paper", [Some(0.913), None, Some(0.083)])
    }

    #[test]
    fn csv_has_a_fixed_precision_and_reads_back() {
        let csv = table().to_csv().unwrap();
        let expected = "loss,seeds,kld_u,paper\nRE,10,0.912346,0.913000\nSNP,10,0.000000,\n\
                        \"quoted, \"\"BU\"\"\",-3,-2.500000,0.083000\n";
        assert_eq!(String::from_utf8(csv.clone()).unwrap(), expected);
        let read = CsvReader::new(Cursor::new(csv)).finish().unwrap();
        assert_eq!(read.shape(), (3, 4));
        assert_eq!(read.column("loss").unwrap().get(2).unwrap(), AnyValue::String("quoted, \"BU\""));
        assert!(read.column("paper").unwrap().get(1).unwrap().is_null());
    }

    #[test]
    fn parquet_is_the_same_bytes_each_time_and_holds_every_bit() {
        // That others read it, `tests/tests/parquet.rs` shows.
        let parquet = table().to_parquet().unwrap();
        assert_eq!(parquet, table().to_parquet().unwrap());
        assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
        let bits = 0.912_345_678_9_f64.to_le_bytes();
        assert!(parquet.windows(8).any(|window| window == bits));
        assert!(Table::new().text("loss", [""; 0]).to_parquet().unwrap().ends_with(b"PAR1"));
    }

    #[test]
    fn a_column_of_missing_numbers_stays_one_of_numbers() {
        let table = Table::new().text("loss", ["BU"]).integer("seeds", [1]).optional("auc_sd", [None]);
        assert_eq!(table.to_csv().unwrap(), b"loss,seeds,auc_sd\nBU,1,\n");
        let frame = table.to_frame().unwrap();
        assert_eq!(frame.column("auc_sd").unwrap().f64().unwrap().get(0), None);
    }

    #[test]
    fn text_is_aligned() {
        let expected = "\
loss          seeds   kld_u  paper
────────────  ─────  ──────  ─────
RE               10   0.912  0.913
SNP              10   0.000      -
quoted, \"BU\"     -3  -2.500  0.083
";
        assert_eq!(table().to_text(3), expected);
        assert_eq!(Table::new().to_text(3), "");
    }

    #[test]
    fn impossible_tables_are_refused() {
        let not_finite = Table::new().real("kld_u", [0.5, f64::NAN]);
        let message = not_finite.to_csv().unwrap_err().to_string();
        assert_eq!(message, "column kld_u: value 1 is NaN, expected a finite number");
        let ragged = Table::new().real("a", [1.0]).real("b", [1.0, 2.0]);
        assert!(ragged.to_csv().unwrap_err().to_string().starts_with("cannot make the table"));
        let twice = Table::new().real("a", [1.0]).real("a", [2.0]);
        assert!(twice.to_parquet().is_err());
    }
}
