//! Measures, tables and figures of finished runs. Knows no model.

pub mod auc;
pub mod claims;
pub mod dcase;
mod error;
pub mod estimate;
pub mod figures;
mod grid;
mod parquet;
pub mod ring;
pub mod stats;
mod table;

pub use error::EvalError;
pub use grid::Grid;
pub use table::{CSV_DIGITS, Table};
