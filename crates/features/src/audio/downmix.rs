//! One channel out of many: one of them, or their mean.

use std::path::Path;

use super::error::AudioError;

/// What becomes of a file's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// One channel, counted from 0.
    Index(u16),
    /// The mean of all channels.
    #[default]
    Mean,
}

/// Takes frames of all channels and keeps what was asked for.
pub(super) struct Downmix {
    channel: Channel,
    samples: Vec<f32>,
    /// Sum of the squares of each channel's samples.
    energies: Vec<f64>,
}

impl Downmix {
    /// For a file of so many channels and, as far as its header is to be believed, frames.
    pub(super) fn new(
        path: &Path,
        channel: Channel,
        channels: u16,
        frames: usize,
    ) -> Result<Self, AudioError> {
        match channel {
            Channel::Index(asked) if asked >= channels => {
                Err(AudioError::Channel { path: path.into(), asked, channels })
            }
            _ => {
                let (samples, energies) = (Vec::with_capacity(frames), vec![0.0; usize::from(channels)]);
                Ok(Self { channel, samples, energies })
            }
        }
    }

    /// Adds one frame: a sample of each channel.
    pub(super) fn push(&mut self, frame: impl IntoIterator<Item = f32>) {
        let mut sum = 0.0;
        let mut channels = 0_u16;
        let mut chosen = 0.0;
        for (sample, energy) in frame.into_iter().zip(&mut self.energies) {
            let wide = f64::from(sample);
            sum += wide;
            *energy += wide * wide;
            if self.channel == Channel::Index(channels) {
                chosen = sample;
            }
            channels += 1;
        }
        let mean = (sum / f64::from(channels)) as f32;
        self.samples.push(if self.channel == Channel::Mean { mean } else { chosen });
    }

    /// Multiplies all that was taken so far by `gain`.
    pub(super) fn amplify(&mut self, gain: f32) {
        self.samples.iter_mut().for_each(|sample| *sample *= gain);
        self.energies.iter_mut().for_each(|energy| *energy *= f64::from(gain) * f64::from(gain));
    }

    /// The samples, and the mean square of those of each channel.
    pub(super) fn finish(self) -> (Vec<f32>, Vec<f64>) {
        let frames = self.samples.len().max(1) as f64;
        (self.samples, self.energies.iter().map(|energy| energy / frames).collect())
    }

    /// How many frames were taken.
    pub(super) fn frames(&self) -> u64 {
        self.samples.len() as u64
    }
}
