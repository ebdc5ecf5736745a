//! What a network is trained to minimise, as functions of feature rows and anomaly scores; and the score of a file.
//!
//! An objective is a [`Weighting`] of the normal samples and a [`Term`] of the anomalous ones; [`ObjectiveName`] lists
//! those that have a name. Nothing here knows a network or a file. Rows are `f32`, row-major, (M, D): M samples of D
//! features. With the feature `candle`, each part has a twin on candle's tensors.

mod file_score;
pub mod kde;
mod objective;
mod quantity;
mod registry;
pub mod simd;
mod term;
mod weighting;

pub use file_score::FileScore;
pub use kde::{Kde, KdeConfig, KdeError};
pub use objective::{Objective, Value};
pub use quantity::Quantity;
pub use registry::{ObjectiveName, SettingError, Settings, Sizes};
pub use term::Term;
pub use weighting::{Weigher, Weighting};
