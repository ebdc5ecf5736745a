//! The mini-batches of Sec. 4.2.1: normal sounds with one something-else clip mixed in, as features.

mod check;
mod config;
mod error;
mod forms;
mod maker;
mod prefetch;
mod sounds;

pub use check::problems;
pub use config::BatchConfig;
pub use error::BatchError;
pub use forms::{Batch, FrameBatch};
pub use maker::BatchMaker;
pub use prefetch::{Form, Prefetch};
pub use sounds::TrainingSounds;
