//! What can go wrong between scores and figures.

/// An error of this crate: what was asked, what was found, what was expected.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A grid without extent, or with fewer than two nodes along an axis.
    #[error(
        "grid with half-width {half_width} and {points} points an axis: expected a positive, finite half-width and at least 2 points"
    )]
    Grid {
        /// Half the side of the square.
        half_width: f64,
        /// Nodes along one axis.
        points: usize,
    },
    /// A radius or cap of the ring that is not a positive number, or that holds no node of the grid.
    #[error("ring {name} = {found}: expected {expected}")]
    Ring {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        found: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// Two things that must be of one length are not.
    #[error("{what}: found {found} values, expected {expected}")]
    Length {
        /// What was counted.
        what: String,
        /// How many there were.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A NaN or an infinity where a number is needed.
    #[error("{what}: value {index} is {found}, expected a finite number")]
    NotFinite {
        /// Which values.
        what: String,
        /// Index of the first bad value.
        index: usize,
        /// The bad value.
        found: f64,
    },
    /// Too few values for the statistic.
    #[error("{what}: found {found} values, expected at least {needed}")]
    TooFew {
        /// The statistic.
        what: &'static str,
        /// How many there were.
        found: usize,
        /// How many it needs.
        needed: usize,
    },
    /// A rate outside `(0, 1]`.
    #[error("{what} is {found}, expected a number above 0 and at most 1")]
    Rate {
        /// Which rate.
        what: &'static str,
        /// The rate.
        found: f64,
    },
    /// A table that could not be made.
    #[error("cannot make the table: {reason}")]
    Table {
        /// What the table library said.
        reason: String,
    },
    /// A figure that could not be drawn.
    #[error("cannot draw {figure}: {reason}")]
    Draw {
        /// Which figure.
        figure: &'static str,
        /// What the drawing library said.
        reason: String,
    },
}

impl EvalError {
    pub(crate) fn table(error: polars::error::PolarsError) -> Self {
        Self::Table { reason: error.to_string() }
    }
}

/// Refuses the first value that is NaN or infinite; `what` names the values in the message.
pub(crate) fn all_finite(what: &str, values: &[f64]) -> Result<(), EvalError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(EvalError::NotFinite { what: what.to_owned(), index, found: values[index] }),
        None => Ok(()),
    }
}
