//! One sound as the model sees it: a line of facts, a picture, frames and feature rows.

use std::path::{Path, PathBuf};

use eval::Table;
use eval::figures::{self, Spectra};
use features::audio::{self, Channel, Recording, Sound};
use features::files::write_whole;
use features::level::Level;
use features::log_mel::{FrontEnd, LogMel};
use features::stft::{Stft, Window};

/// The picture shows magnitudes down to this below the highest, in dB, and features down to the same in nepers.
const RANGE_DB: f64 = 80.0;
const RANGE_LN: f64 = 10.0;
/// Frequencies that are marked beside the mel bands.
const MARKS_KHZ: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0];
/// The longest sound that is drawn, in seconds: its rows of features alone take 400 MB.
const LONGEST_S: f64 = 1200.0;

/// How sounds are looked at.
pub(super) struct View {
    pub(super) config: FrontEnd,
    pub(super) channel: Option<u16>,
}

/// Why there is nothing to see.
pub(super) enum Unseen {
    /// The sound is bad; the message names the file.
    Sound(String),
    /// A picture or a table cannot be made or written.
    Result(anyhow::Error),
}

impl View {
    /// Writes `<stem>.png`, `<stem>.frames.parquet` and `<stem>.rows.parquet`; gives the line of facts.
    pub(super) fn inspect(&self, path: &Path, stem: &Path) -> Result<String, Unseen> {
        let channel = self.channel.map_or(Channel::Mean, Channel::Index);
        let bad = |error: audio::AudioError| Unseen::Sound(error.to_string());
        let format = audio::probe(path).map_err(bad)?;
        if format.seconds() > LONGEST_S {
            let (path, seconds) = (path.display(), format.seconds());
            return Err(Unseen::Sound(format!(
                "{path}: {seconds:.0} s long, expected {LONGEST_S} s at most to draw: cut it into pieces"
            )));
        }
        let recording = audio::read(path, channel).map_err(bad)?;
        let facts = facts(path, &recording);
        let sound = recording.sound.at_rate(path, self.config.rate).map_err(bad)?;
        if sound.samples.len() < self.config.least_samples() {
            let needed = self.config.least_samples() as f64 / f64::from(self.config.rate);
            let message =
                format!("{facts}: shorter than one row of features, expected at least {needed:.3} s");
            return Err(Unseen::Sound(message));
        }
        self.write(&sound, &facts, stem).map_err(Unseen::Result)?;
        Ok(facts)
    }

    fn write(&self, sound: &Sound, title: &str, stem: &Path) -> anyhow::Result<()> {
        let mut front = LogMel::new(&self.config)?;
        let len = sound.samples.len();
        let mut log_mel = vec![0.0; self.config.frames(len) * self.config.bands];
        front.frames_into(&sound.samples, &mut log_mel)?;
        let count = self.config.rows(len);
        let mut rows = vec![0.0; count * self.config.dim()];
        front.rows_into(&sound.samples, 0..count, &mut rows)?;
        write_whole(&with_suffix(stem, "png"), &self.picture(sound, title, &log_mel)?)?;
        write_whole(&with_suffix(stem, "frames.parquet"), &self.frames_table(&log_mel).to_parquet()?)?;
        write_whole(&with_suffix(stem, "rows.parquet"), &self.rows_table(&rows).to_parquet()?)?;
        Ok(())
    }

    fn picture(&self, sound: &Sound, title: &str, log_mel: &[f32]) -> anyhow::Result<Vec<u8>> {
        let FrontEnd { rate, fft, hop, bands, .. } = self.config;
        let (rate, bins) = (f64::from(rate), fft / 2 + 1);
        let magnitudes = magnitudes_db(sound, fft, hop);
        let (first_s, step_s) = (fft as f64 / 2.0 / rate, hop as f64 / rate);
        let heard: Vec<(f64, String)> = MARKS_KHZ
            .map(|khz| (self.config.band_at(1000.0 * khz), khz.to_string()))
            .into_iter()
            .filter(|(band, _)| (0.0..=bands as f64).contains(band))
            .collect();
        let magnitudes = Spectra {
            values: &magnitudes,
            bands: bins,
            first_s,
            step_s,
            axis: ("frequency / kHz", 0.0, rate / 2000.0),
            ticks: &[],
            name: "magnitude |X| / dB",
            range: RANGE_DB,
        };
        let log_mel = Spectra {
            values: log_mel,
            bands,
            axis: ("mel band at / kHz", 0.0, bands as f64),
            ticks: &heard,
            name: "feature ψ: ln of the mel band",
            range: RANGE_LN,
            ..magnitudes
        };
        let picture =
            figures::Sound { title, samples: &sound.samples, rate, spectrogram: magnitudes, log_mel };
        Ok(figures::sound(&picture)?)
    }

    /// ψ frame by frame: where each begins and its bands.
    fn frames_table(&self, log_mel: &[f32]) -> Table {
        let bands = self.config.bands;
        let count = log_mel.len() / bands;
        let table = Table::new()
            .integer("frame", 0..count as i64)
            .real("start_s", (0..count).map(|frame| self.second(frame * self.config.hop)))
            .real("end_s", (0..count).map(|frame| self.second(frame * self.config.hop + self.config.fft)));
        (0..bands)
            .fold(table, |table, band| table.real(&format!("mel_{band:02}"), column(log_mel, bands, band)))
    }

    /// x_t row by row: its centre frame, the time it covers and its features, a column for each band and offset.
    fn rows_table(&self, rows: &[f32]) -> Table {
        let FrontEnd { hop, bands, context, .. } = self.config;
        let dim = self.config.dim();
        let count = rows.len() / dim;
        let table = Table::new()
            .integer("row", 0..count as i64)
            .integer("centre_frame", (0..count).map(|row| (row + context) as i64))
            .real("start_s", (0..count).map(|row| self.second(row * hop)))
            .real("end_s", (0..count).map(|row| self.second(row * hop + self.config.row_span())));
        (0..dim).fold(table, |table, feature| {
            let (band, offset) = (feature % bands, (feature / bands) as i64 - context as i64);
            table.real(&format!("mel_{band:02}_t{offset:+}"), column(rows, dim, feature))
        })
    }

    fn second(&self, sample: usize) -> f64 {
        sample as f64 / f64::from(self.config.rate)
    }
}

/// One column of a row-major matrix.
fn column(values: &[f32], width: usize, index: usize) -> impl Iterator<Item = f64> + '_ {
    values.iter().skip(index).step_by(width).map(|&value| f64::from(value))
}

/// `<stem>.<suffix>`, whatever points are in the stem.
fn with_suffix(stem: &Path, suffix: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    path.into()
}

/// (frames x bins): magnitudes in dB; those of silence have -200.
fn magnitudes_db(sound: &Sound, fft: usize, hop: usize) -> Vec<f32> {
    let mut stft = Stft::new(fft, Window::Hann);
    let mut magnitudes = Vec::new();
    for frame in sound.samples.windows(fft).step_by(hop) {
        magnitudes.extend(stft.powers(frame).map(|power| 10.0 * power.max(1e-20).log10() as f32));
    }
    magnitudes
}

/// One line: rate, channels, length, level, clipping, silence. That no sample is NaN or infinite was checked.
fn facts(path: &Path, recording: &Recording) -> String {
    let Recording { sound, format, .. } = recording;
    let level = Level::of(&sound.samples);
    let kind = if format.float { "float" } else { "integer" };
    let plural = if format.channels == 1 { "" } else { "s" };
    let tenths = |db: f64| (10.0 * db).round() / 10.0 + 0.0;
    let loudness = if level.power > 0.0 {
        format!("RMS {:.1} dBFS, peak {:.1} dBFS", tenths(level.rms_dbfs()), tenths(level.peak_dbfs()))
    } else {
        "nothing but silence".to_owned()
    };
    let mut line = format!(
        "{}: {} Hz, {} channel{plural}, {}-bit {kind}, {:.3} s, {loudness}, {} clipped, {:.1} % silent, no NaN",
        path.display(),
        format.rate,
        format.channels,
        format.bits,
        format.seconds(),
        level.clipped,
        100.0 * level.silent as f64 / format.frames as f64,
    );
    if level.beyond > 0 {
        line += &format!(", {} samples beyond full scale", level.beyond);
    }
    if level.cancelled(recording.channel_power()) {
        line += ", the channels cancel in their mean: take one with --channel";
    }
    if format.dropped > 0 {
        line += &format!(", {} bytes of a frame that is not whole dropped at its end", format.dropped);
    }
    line
}
