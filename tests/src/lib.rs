//! Helpers of the end-to-end tests: they run the program as its users do, and look at what it leaves.

pub mod files;
mod program;

pub use program::{Outcome, Running, repository, sounds, sweep, verify, xtask};
