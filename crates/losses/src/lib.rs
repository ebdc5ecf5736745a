//! What a network is trained to minimise: kernel density, weights, and the objectives RE, SNP and BU.
//!
//! Everything here is a function of anomaly scores and of feature rows; it knows no network and no file.
//! Rows are `f32`, row-major, (M, D): M samples of D features.

pub mod kde;
pub mod objective;
pub mod simd;
pub mod tensor;

pub use kde::{Kde, KdeConfig, KdeError};
pub use objective::{Objective, Value};
