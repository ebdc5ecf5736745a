//! Measures, tables and figures of finished runs. Knows no model.

pub mod atomic;
pub mod auc;
pub mod claims;
mod error;
pub mod figures;
mod grid;
pub mod paired;
pub mod ring;
pub mod stats;
mod table;

pub use error::EvalError;
pub use grid::Grid;
pub use table::{CSV_DIGITS, Table};
