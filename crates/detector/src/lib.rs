//! Learns the normal sounds of a machine, and tells of recordings and streams whether they are normal.
//!
//! An autoencoder is trained on recordings of normal running. The *score of a frame* is its reconstruction error (Eq.
//! 5); the *score of a moment* the mean over some frames around it; the *score of a file* its largest moment. Above the
//! threshold it is an anomaly: so a file is anomalous where a moment is, and a stream is scored as a file is.

mod band_errors;
mod calibrate;
mod calibration;
mod detector;
mod file;
mod fit;
mod from_net;
mod health;
mod model;
mod onnx;
mod plot;
mod progress;
mod recordings;
mod report;
mod score;
mod stretches;
mod tell;
mod threshold;
pub mod watch;

pub use calibrate::calibrate;
pub use calibration::{BLOCK_S, Calibration, Unit};
pub use detector::{Detector, Network, TrainingFacts};
pub use fit::{Fit, FitSettings, fit};
pub use from_net::from_net;
pub use health::{Complaint, Ranges};
pub use recordings::find as find_recordings;
pub use score::{Band, Part, Report, Scorer, Verdict};
pub use stretches::{Change, Hysteresis, Stretch};
pub use threshold::{FalseAlarms, Threshold};
