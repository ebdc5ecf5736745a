//! The front end: held against librosa's numbers, and against the properties that it must have.

mod librosa;
mod properties;
