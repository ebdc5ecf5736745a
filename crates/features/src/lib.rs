//! Sound and ring data to feature rows: WAV I/O, STFT, mel, context, mixing, datasets, batches.

pub mod ring;
pub mod audio;
pub mod context;
mod ln;
pub mod log_mel;
pub mod mel;
pub mod mix;
pub mod resample;
pub mod rng;
pub mod stft;
pub mod dataset;
pub mod level;
pub mod batch;
pub mod testset;
