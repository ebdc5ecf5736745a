//! The synthetic toy car: a set of sounds, written as WAV files in the layout of the paper's manifest.
//!
//! ```text
//! car/car1 ... car4/{train,test}/NNN.wav   running cars; NNN.labels.csv tells the operation of each moment
//! noise/{train,test}/noise1 ... noise4.wav hum, fan, conveyor, compressor
//! something_else/KIND_NN.wav               clips under 5 s, of 60 kinds
//! anomaly/CLASS/CLASS_NN.wav               seven classes, 20 each, by other generators
//! dataset.json                             seed, version, minutes and hash; written last
//! ```
//!
//! Every file has a stream of random numbers to itself, so that files are made in parallel and are the same for any
//! number of threads.
//!
//! # How hard it is, and how that was set
//! The loudness of rare operations, the variability and colour of the noises and of the cars' broadband sound, and
//! the brightness of slams and knocks were set by looking at a plain autoencoder (RE) and at nothing else: neither
//! SNP nor BU was trained on these sounds before they were settled. The aim was an AUC at -10 dB ANR between 0.65
//! and 0.95 that falls with the ANR. The first draft gave 0.58; five changes led from there.
//!
//! Measured on version 1, seed 0, 40 minutes, with a PyTorch program: cars and noise mixed at 0 dB SNR a file; 40
//! HTK bands (each band's weights sum to one) of 512/256 STFT, ln, ±5 frames of context; FCN40-small (H = 2,
//! U = 128, Z = 40), Glorot uniform, AMSGrad, learning rate 1e-3 flat for half of the updates and then linear to a
//! hundredth; rows of ten pieces of 3 s an update, all of them or 512 drawn. The score of a file is its largest frame; 280
//! normal files, and the same cars with new noise and 280 anomalies (each clip twice).
//!
//! | updates | -10 dB | -15 dB | -20 dB |
//! | --- | --- | --- | --- |
//! | 2,000, all rows | 0.773 | 0.652 | 0.555 |
//! | 4,000, 512 rows drawn | 0.755 | 0.639 | 0.550 |
//!
//! In the second run the mean score of a normal file's largest frame was 62 where that lay in cruising, 62 idling, 70 in a gear change, 102
//! in reverse and 140 in a start-up: rare operations look anomalous to RE, as the paper says they do. After 1,500
//! updates, before slams and knocks were brightened, RE had 0.692, 0.603 and 0.518.

mod anomaly;
mod car;
mod clips;
mod control;
mod drive;
mod envelope;
mod error;
mod factory;
mod filter;
mod impact;
mod lock;
mod noise;
mod operation;
mod oscillator;
mod partial;
mod plan;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use error::SynthError;
pub use writer::{Outcome, Progress, Request};

/// Samples a second of everything that is made.
const RATE: f32 = 16_000.0;

/// A change to any sound raises this number: sets made before it are other sets.
const VERSION: u32 = 1;

/// Most minutes of training sound: more would not be numbered in three digits.
pub const MOST_MINUTES: u32 = 1000;

impl Request {
    /// The set of `seed` with so many minutes of normal training sound over the four cars, by this generator.
    pub fn new(seed: u64, minutes: u32) -> Self {
        Self { version: VERSION, seed, minutes }
    }
}

/// Makes the set that `request` asks for in the folder `out`, in parallel, or finds it made.
///
/// # Errors
/// [`SynthError::Refused`] when something else is at `out`, or another run is making it; others when it cannot be
/// written.
pub fn make(out: &Path, request: &Request, progress: Progress<'_>) -> Result<Outcome, SynthError> {
    writer::write_set(out, request, &plan::files(plan::Amounts::whole(request.minutes)), progress)
}
