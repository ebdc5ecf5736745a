//! Helpers of the end-to-end tests: they run the program as its users do, and look at what it leaves.

pub mod files;
mod kill;
mod program;
mod python;

pub use kill::killed_at_any_moment;
pub use program::{Outcome, Running, repository, sounds, sweep, verify, xtask};
pub use python::python;
