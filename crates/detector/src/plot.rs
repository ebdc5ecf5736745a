//! A picture of a verdict: score over time and log-mel, with the threshold and what is above it, as SVG.

use std::fmt::Write;

use base64::prelude::{BASE64_STANDARD, Engine};

use features::log_mel::FrontEnd;

use crate::calibration::maximum;
use crate::score::{Part, Report, Scorer};
use crate::threshold::digits;

/// Pixels of the picture, and of its two panels: their left and right borders, and the upper and lower of each.
const SIZE: [f64; 2] = [1000.0, 520.0];
const ACROSS: [f64; 2] = [80.0, 980.0];
const SCORES: [f64; 2] = [50.0, 230.0];
const LOG_MEL: [f64; 2] = [260.0, 470.0];
/// Most columns that a panel has: a longer recording shows the largest value of each.
const COLUMNS: usize = 900;
/// Steps from one tick of an axis to the next.
const STEPS: [f64; 13] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 600.0, 1_800.0, 7_200.0];
/// Frequencies that are written beside the log-mel.
const TICKS_HZ: [f64; 7] = [125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0];

impl Scorer<'_> {
    /// A picture of what was said of a file: above the score of its moments over the threshold, below its log-mel, dark
    /// where it is loud; stretches above the threshold are marked, and in each the band that stands out most.
    pub fn svg(&self, report: &Report) -> String {
        let mut svg = Svg::new(report.seconds, self.detector.settings.front_end);
        svg.title(report);
        svg.scores(report, |moment| self.second_of(moment, &report.moments, self.rows(report)));
        svg.log_mel(report);
        svg.stretches(report);
        svg.seconds();
        svg.text + "</svg>\n"
    }

    fn rows(&self, report: &Report) -> usize {
        let FrontEnd { bands, context, .. } = self.detector.settings.front_end;
        (report.frames.len() / bands).saturating_sub(2 * context)
    }
}

/// A picture in the making.
struct Svg {
    text: String,
    seconds: f64,
    front_end: FrontEnd,
}

impl Svg {
    fn new(seconds: f64, front_end: FrontEnd) -> Self {
        let [width, height] = SIZE;
        let text = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="13" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
"##
        );
        Self { text, seconds, front_end }
    }

    /// The place of a moment.
    fn x(&self, second: f64) -> f64 {
        ACROSS[0] + (ACROSS[1] - ACROSS[0]) * second / self.seconds
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        self.text.write_fmt(line).expect("a string takes all");
        self.text.push('\n');
    }

    fn title(&mut self, report: &Report) {
        let mut checks: Vec<&str> = report.health.iter().map(|complaint| complaint.check.as_str()).collect();
        checks.dedup();
        let health = if checks.is_empty() { String::new() } else { format!(" ({})", checks.join(", ")) };
        self.push(format_args!(
            r#"<text x="{}" y="28" font-size="16">{}: <tspan font-weight="bold">{}</tspan>{health}, at most {} times the threshold</text>"#,
            ACROSS[0],
            escaped(&report.file),
            report.verdict.word(),
            digits(report.ratio)
        ));
    }

    /// The score of moments over the threshold, and where that is.
    fn scores(&mut self, report: &Report, second_of: impl Fn(usize) -> f64) {
        let top = 1.1 * report.ratio.max(1.2);
        let y = |ratio: f64| SCORES[1] - (SCORES[1] - SCORES[0]) * ratio / top;
        self.frame(SCORES);
        for tick in ticks(top, &STEPS) {
            self.tick_left(y(tick), &plain(tick));
        }
        self.label_left("score / threshold", SCORES);
        let group = report.moments.len().div_ceil(COLUMNS).max(1);
        let mut points = String::new();
        for (index, moments) in report.moments.chunks(group).enumerate() {
            let second = second_of(index * group + moments.len() / 2);
            let ratio = f64::from(maximum(moments)) / report.threshold;
            write!(points, "{:.1},{:.1} ", self.x(second), y(ratio)).expect("a string takes all");
        }
        self.push(format_args!(
            r##"<polyline points="{points}" fill="none" stroke="#0072b2" stroke-width="1.5"/>"##
        ));
        let [left, right] = ACROSS;
        self.push(format_args!(
            r##"<line x1="{left}" x2="{right}" y1="{0:.1}" y2="{0:.1}" stroke="#222" stroke-dasharray="6 4"/>"##,
            y(1.0)
        ));
    }

    fn log_mel(&mut self, report: &Report) {
        let front_end = self.front_end;
        let png = image(&report.frames, front_end.bands);
        // A frame stands at its middle, and is as wide as the step from one to the next; that of row 0 is frame C.
        let hop = front_end.hop as f64 / f64::from(front_end.rate);
        let first =
            front_end.middle(0) as f64 / f64::from(front_end.rate) - (front_end.context as f64 + 0.5) * hop;
        let frames = (report.frames.len() / front_end.bands) as f64;
        let [from, to] = [first, first + frames * hop].map(|second| self.x(second));
        self.push(format_args!(
            r#"<image x="{from:.1}" y="{}" width="{:.1}" height="{}" preserveAspectRatio="none" href="data:image/png;base64,{}"/>"#,
            LOG_MEL[0],
            to - from,
            LOG_MEL[1] - LOG_MEL[0],
            BASE64_STANDARD.encode(png)
        ));
        self.frame(LOG_MEL);
        for hz in TICKS_HZ {
            let share = front_end.band_at(hz) / front_end.bands as f64;
            if (0.0..=1.0).contains(&share) {
                self.tick_left(height(share), &plain(hz));
            }
        }
        self.label_left("mel bands, Hz", LOG_MEL);
    }

    /// Marks the stretches over both panels, and in the log-mel the band that stands out.
    fn stretches(&mut self, report: &Report) {
        let front_end = self.front_end;
        for Part { from_s, to_s, band, .. } in &report.stretches {
            let from = self.x(*from_s);
            let width = (self.x(*to_s) - from).max(2.0);
            for [top, bottom] in [SCORES, LOG_MEL] {
                let height = bottom - top;
                self.push(format_args!(
                    r##"<rect x="{from:.1}" y="{top}" width="{width:.1}" height="{height}" fill="#e69f00" fill-opacity="0.25"/>"##
                ));
            }
            let at = |hz| height((front_end.band_at(hz) / front_end.bands as f64).clamp(0.0, 1.0));
            let [low, high] = [at(band.low_hz), at(band.high_hz)];
            self.push(format_args!(
                r##"<rect x="{from:.1}" y="{high:.1}" width="{width:.1}" height="{:.1}" fill="none" stroke="#d55e00" stroke-width="2"/>"##,
                low - high
            ));
        }
    }

    /// The axis of time.
    fn seconds(&mut self) {
        let y = LOG_MEL[1] + 18.0;
        for second in ticks(self.seconds, &STEPS) {
            let (x, text) = (self.x(second), plain(second));
            self.push(format_args!(r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{text}</text>"#));
        }
        let middle = f64::midpoint(ACROSS[0], ACROSS[1]);
        self.push(format_args!(r#"<text x="{middle}" y="{}" text-anchor="middle">seconds</text>"#, y + 20.0));
    }

    fn frame(&mut self, [top, bottom]: [f64; 2]) {
        let [left, right] = ACROSS;
        self.push(format_args!(
            r##"<rect x="{left}" y="{top}" width="{}" height="{}" fill="none" stroke="#888"/>"##,
            right - left,
            bottom - top
        ));
    }

    fn tick_left(&mut self, y: f64, text: &str) {
        let [x, y] = [ACROSS[0] - 6.0, y + 4.0];
        self.push(format_args!(r#"<text x="{x}" y="{y:.1}" text-anchor="end">{text}</text>"#));
    }

    fn label_left(&mut self, text: &str, [top, bottom]: [f64; 2]) {
        let y = f64::midpoint(top, bottom);
        self.push(format_args!(
            r#"<text transform="translate(22 {y}) rotate(-90)" text-anchor="middle">{text}</text>"#
        ));
    }
}

/// The place in the log-mel of a share of the mel scale, from low to high.
fn height(share: f64) -> f64 {
    LOG_MEL[1] - (LOG_MEL[1] - LOG_MEL[0]) * share
}

/// From 0 to `length`, by the first of `steps` that makes at most ten steps.
fn ticks(length: f64, steps: &[f64]) -> impl Iterator<Item = f64> + use<> {
    let step = steps.iter().copied().find(|step| length / step <= 10.0).unwrap_or(length / 10.0);
    (0..11).map(move |tick| f64::from(tick) * step).take_while(move |tick| *tick <= length)
}

/// `number` with a tenth at most.
fn plain(number: f64) -> String {
    ((number * 10.0).round() / 10.0).to_string()
}

/// A PNG of log-mel `frames`, (frames, M): low bands at the foot, black at the largest value, white at the smallest.
fn image(frames: &[f32], bands: usize) -> Vec<u8> {
    let count = frames.len() / bands;
    let group = count.div_ceil(COLUMNS).max(1);
    let columns: Vec<Vec<f32>> = frames.chunks(group * bands).map(|frames| largest(frames, bands)).collect();
    let all = || columns.iter().flatten().copied();
    let [low, high] = [all().fold(f32::INFINITY, f32::min), all().fold(f32::NEG_INFINITY, f32::max)];
    let grey = |value: f32| (255.0 * (high - value) / (high - low).max(f32::EPSILON)) as u8;
    let from_top = (0..bands).rev();
    let pixels: Vec<u8> =
        from_top.flat_map(|band| columns.iter().map(move |column| grey(column[band]))).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns.len() as u32, bands as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a picture of at least a pixel");
    writer.write_image_data(&pixels).expect("as many pixels as were promised");
    writer.finish().expect("a vector takes all");
    bytes
}

/// The largest value of each band of `frames`.
fn largest(frames: &[f32], bands: usize) -> Vec<f32> {
    let mut largest = vec![f32::NEG_INFINITY; bands];
    for frame in frames.chunks_exact(bands) {
        largest.iter_mut().zip(frame).for_each(|(largest, value)| *largest = largest.max(*value));
    }
    largest
}

/// `text` as the text of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_dark_where_it_is_loud_and_has_low_bands_at_its_foot() {
        // Two frames of three bands: the loudest value is the first frame's lowest band.
        let png = image(&[4.0, 0.0, 2.0, 0.0, 0.0, 0.0], 3);
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [127, 255, 255, 255, 0, 255]);
    }

    #[test]
    fn a_long_recording_shows_the_largest_value_of_each_column() {
        let mut frames = vec![0.0; 10 * COLUMNS];
        frames[5003] = 1.0;
        let png = image(&frames, 1);
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels.len(), COLUMNS);
        assert_eq!(pixels.iter().position(|pixel| *pixel == 0), Some(500));
    }

    #[test]
    fn an_axis_has_ten_steps_at_most() {
        assert_eq!(
            ticks(1.3, &STEPS).map(plain).collect::<Vec<_>>(),
            ["0", "0.2", "0.4", "0.6", "0.8", "1", "1.2"]
        );
        assert_eq!(ticks(11.0, &STEPS).count(), 6);
        assert_eq!(ticks(1e6, &STEPS).last(), Some(1e6));
    }
}
