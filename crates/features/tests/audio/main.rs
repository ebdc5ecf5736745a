//! Sound files of every kind that is read, of every kind that is not, and ten thousand broken ones.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod flac;
mod good;
mod mutations;
mod refused;
mod sndfile;
mod wav;
