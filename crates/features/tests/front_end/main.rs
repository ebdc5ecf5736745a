//! The front end: held against librosa's numbers, and against the properties that it must have.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod librosa;
mod properties;
