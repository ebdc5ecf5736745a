//! The real program: fits, scores, watches, and what it says to bad input.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod fit;
mod from_net;
mod machine;
mod onnx;
mod python;
mod refused;
mod score;
mod threshold;
mod watch;
