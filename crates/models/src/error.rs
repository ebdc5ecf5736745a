//! What goes wrong with a network.

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Layer sizes of which no autoencoder can be made.
    #[error("layer sizes: found {found:?}, expected {expected}")]
    Sizes {
        /// The sizes.
        found: Vec<usize>,
        /// What they have to be.
        expected: &'static str,
    },
    /// A batch that does not fit the network.
    #[error("batch: found {found}, expected {expected}")]
    Batch {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A loss that is no longer a finite number.
    #[error(
        "the objective became {value} at step {step} (learning rate {learning_rate}): training has diverged"
    )]
    Diverged {
        /// Updates made before.
        step: u64,
        /// The learning rate of the step.
        learning_rate: f64,
        /// What the objective became.
        value: f64,
    },
    /// A parameter that is no longer a finite number.
    #[error(
        "a parameter became {value} at step {step} (learning rate {learning_rate}): training has diverged"
    )]
    DivergedParameter {
        /// Updates made.
        step: u64,
        /// The learning rate of the step.
        learning_rate: f64,
        /// What the parameter became.
        value: f32,
    },
    /// A checkpoint that cannot be used.
    #[error("{0}")]
    Checkpoint(String),
    /// Settings of the objective.
    #[error(transparent)]
    Setting(#[from] losses::SettingError),
    /// Nets that cannot be trained side by side.
    #[error("stack: found {found}, expected {expected}")]
    Stack {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A device that is not there, too small, or failed.
    #[error("{device}: {what}")]
    Device {
        /// The device.
        device: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The candle engine.
    #[cfg(feature = "candle")]
    #[error("candle: {0}")]
    Candle(#[from] candle_core::Error),
}
