//! Sound and ring data to feature rows: WAV I/O, STFT, mel, context, mixing, datasets, batches.

pub mod audio;
pub mod batch;
pub mod context;
pub mod dataset;
pub mod files;
pub mod level;
pub mod log_mel;
pub mod mel;
pub mod mix;
pub mod resample;
pub mod ring;
pub mod rng;
pub mod stft;
pub mod testset;
