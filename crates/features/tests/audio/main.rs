//! WAV files of every kind that is read, of every kind that is not, and ten thousand broken ones.

mod good;
mod mutations;
mod refused;
mod wav;
