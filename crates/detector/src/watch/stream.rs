//! Scores a stream as it comes: the same scores as of a file.

use anyhow::{Result, ensure};
use features::context::Edges;
use features::log_mel::Centring;
use features::resample::ResampledStream;

use super::event::{Event, What};
use super::input::InputFormat;
use crate::calibration::BLOCK_S;
use crate::detector::Detector;
use crate::health::{Channels, vitals};
use crate::score::{Band, HOLD_S, Scorer};
use crate::stretches::{Change, Hysteresis, Stretch};

/// What is told of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamSettings {
    /// Seconds above the threshold before a stretch is told of.
    pub least_s: f64,
    /// Seconds of sound between heartbeats; none where 0.
    pub heartbeat_s: f64,
}

/// A stream that is watched. Its memory does not grow with the stream.
pub struct Watcher<'a> {
    scorer: Scorer<'a>,
    format: InputFormat,
    settings: StreamSettings,
    resampled: ResampledStream,
    hysteresis: Hysteresis,
    /// Bytes of a frame that is not whole yet.
    partial: Vec<u8>,
    /// Samples at the rate of the front end from the next frame on.
    samples: Vec<f32>,
    /// Log-mel of the last frames, as many as a moment is made of.
    frames: Vec<f32>,
    /// Scores of the last rows, one fewer than a moment has.
    rows: Vec<f32>,
    /// The block that is being heard, at the rate of the input, and the energy of each channel.
    block: Vec<f32>,
    energies: Vec<f64>,
    trusted: bool,
    /// Frames of samples that came, and moments that were scored.
    heard: u64,
    moments: usize,
    /// The largest score over the threshold since the last heartbeat, and when that was.
    largest: f32,
    beat: u64,
    band: Option<Band>,
    /// Whether a stretch was told of.
    pub anomaly: bool,
}

impl<'a> Watcher<'a> {
    /// Begins.
    ///
    /// # Errors
    /// An impossible format; a detector whose frames are not made of what came before them alone.
    pub fn new(detector: &'a Detector, format: InputFormat, settings: StreamSettings) -> Result<Self> {
        format.check()?;
        let front_end = detector.settings.front_end;
        ensure!(
            front_end.edges == Edges::Full && front_end.centring == Centring::None,
            "the detector's frames reach beyond the ends of a sound, expected one that `detector fit` made"
        );
        let channel = front_end.channel.unwrap_or(0);
        ensure!(
            channel < format.channels,
            "channel {channel} was asked for, the stream has {}",
            format.channels
        );
        let scorer = Scorer::new(detector)?;
        let [hold, least] = [HOLD_S, settings.least_s].map(|seconds| scorer.moments_of(seconds));
        Ok(Self {
            hysteresis: Hysteresis::new(detector.threshold().value, hold, least),
            resampled: ResampledStream::new(format.rate, front_end.rate)?,
            energies: vec![0.0; usize::from(format.channels)],
            scorer,
            format,
            settings,
            partial: Vec::new(),
            samples: Vec::new(),
            frames: Vec::new(),
            rows: Vec::new(),
            block: Vec::new(),
            trusted: true,
            heard: 0,
            moments: 0,
            largest: 0.0,
            beat: 0,
            band: None,
            anomaly: false,
        })
    }

    /// Seconds of sound that came.
    pub fn seconds(&self) -> f64 {
        self.heard as f64 / f64::from(self.format.rate)
    }

    /// An event that is none of the sound's own.
    pub fn event(&self, what: What) -> Event {
        Event::now(what, self.seconds(), self.ratio())
    }

    fn ratio(&self) -> f64 {
        f64::from(self.largest / self.scorer.detector.threshold().value)
    }

    /// Takes the next bytes, any number, and gives what they tell.
    ///
    /// # Errors
    /// A sample that is no number.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        // Cut where a block ends, so that nothing depends on how the bytes come.
        while !bytes.is_empty() {
            let left = (self.block_frames() - self.block.len()) * self.format.frame() - self.partial.len();
            let (part, rest) = bytes.split_at(left.min(bytes.len()));
            events.extend(self.push_part(part)?);
            bytes = rest;
        }
        Ok(events)
    }

    /// Frames of samples of a block.
    fn block_frames(&self) -> usize {
        (BLOCK_S * f64::from(self.format.rate)) as usize
    }

    fn push_part(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        self.partial.extend_from_slice(bytes);
        let whole = self.partial.len() - self.partial.len() % self.format.frame();
        let mut taken: Vec<u8> = self.partial.split_off(whole);
        std::mem::swap(&mut taken, &mut self.partial);
        let mut mixed = Vec::with_capacity(whole / self.format.frame());
        let channel = self.scorer.detector.settings.front_end.channel.map(usize::from);
        let energies = &mut self.energies;
        self.format.frames(&taken, |frame| {
            let wide = frame.iter().map(|sample| f64::from(*sample));
            energies.iter_mut().zip(wide.clone()).for_each(|(energy, sample)| *energy += sample * sample);
            let mean = || (wide.sum::<f64>() / frame.len() as f64) as f32;
            mixed.push(channel.map_or_else(mean, |channel| frame[channel]));
        });
        let wrong = mixed.iter().position(|sample| sample.is_nan() || sample.abs() > 1e10);
        ensure!(
            wrong.is_none(),
            "sample {} is no number within ±1e10",
            self.heard + wrong.unwrap_or(0) as u64
        );
        self.heard += mixed.len() as u64;
        let mut events = self.health(&mixed);
        self.resampled.push(&mixed, &mut self.samples)?;
        self.score(&mut events)?;
        let beat = self.settings.heartbeat_s;
        if beat > 0.0 && (self.seconds() / beat) as u64 > self.beat {
            self.beat = (self.seconds() / beat) as u64;
            events.push(self.event(What::Alive));
            self.largest = 0.0;
        }
        Ok(events)
    }

    /// Ends the stream.
    pub fn end(&mut self) -> Vec<Event> {
        let open = self.hysteresis.end().and_then(|change| self.told(change));
        let mut end = self.event(What::End);
        if !self.partial.is_empty() {
            end.note = Some(format!("within a frame: {} bytes of it were dropped", self.partial.len()));
        }
        open.into_iter().chain([end]).collect()
    }

    /// Scores all frames that are whole by now.
    fn score(&mut self, events: &mut Vec<Event>) -> Result<()> {
        let detector = self.scorer.detector;
        let front_end = detector.settings.front_end;
        let (bands, moment) = (front_end.bands, detector.settings.moment_frames);
        let count = front_end.frames(self.samples.len());
        if count == 0 {
            return Ok(());
        }
        let used = front_end.fft + (count - 1) * front_end.hop;
        let frames = self.scorer.scorer.frames(&self.samples[..used])?;
        self.samples.drain(..count * front_end.hop);
        for frame in frames.chunks_exact(bands) {
            self.frames.extend_from_slice(frame);
            let span = (2 * front_end.context + 1) * bands;
            let Some(start) = self.frames.len().checked_sub(span) else { continue };
            let row = self.scorer.scorer.row_scores(&self.frames[start..])?;
            self.rows.extend(row);
            if self.rows.len() < moment {
                continue;
            }
            let sum: f64 = self.rows.iter().map(|row| f64::from(*row)).sum();
            let score = (sum / moment as f64) as f32;
            self.rows.remove(0);
            let most = (2 * front_end.context + moment) * bands;
            self.frames.drain(..self.frames.len().saturating_sub(most));
            self.largest = self.largest.max(score);
            self.moments += 1;
            let change = self.hysteresis.push(score);
            events.extend(change.and_then(|change| self.told(change)));
        }
        Ok(())
    }

    fn told(&mut self, change: Change) -> Option<Event> {
        let (what, Stretch { from, to, score, .. }) = match change {
            Change::Began(stretch) => (What::Began, stretch),
            Change::Ended(stretch) => (What::Ended, stretch),
        };
        if what == What::Began {
            self.anomaly = true;
            self.band = Some(self.scorer.band(&self.frames, 0));
        }
        let moment = self.scorer.detector.settings.moment_frames;
        let threshold = self.scorer.detector.threshold().value;
        let mut event = Event::now(what, self.seconds(), f64::from(score / threshold));
        event.from_s = Some(self.scorer.middle(from, moment));
        event.to_s = (what == What::Ended).then(|| self.scorer.middle(to - 1, moment));
        event.band = self.band;
        Some(event)
    }

    /// Measures each block of ten seconds; tells when trust is lost or comes back.
    fn health(&mut self, mixed: &[f32]) -> Vec<Event> {
        self.block.extend_from_slice(mixed);
        if self.block.len() < self.block_frames() {
            return Vec::new();
        }
        let detector = self.scorer.detector;
        let count = self.block.len() as f64;
        let channels = Channels {
            powers: self.energies.iter().map(|energy| energy / count).collect(),
            mixed: self.block.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / count,
            is_mean: detector.settings.front_end.channel.is_none(),
        };
        let measured = vitals(&self.block, self.format.rate, &channels);
        let between = [self.seconds() - count / f64::from(self.format.rate), self.seconds()];
        let complaints = detector.health().map_or(Vec::new(), |ranges| ranges.complaints(&measured, between));
        self.block.clear();
        self.energies.fill(0.0);
        let trusted = complaints.is_empty();
        if trusted == self.trusted {
            return Vec::new();
        }
        self.trusted = trusted;
        let mut event = self.event(if trusted { What::Trusted } else { What::Microphone });
        event.health = complaints;
        vec![event]
    }

    /// Whether the last block was to be trusted.
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }
}
