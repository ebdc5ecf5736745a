//! WAV: a header that is walked chunk by chunk, and the samples behind it.

pub(super) mod header;
mod samples;

pub(super) use samples::read;
