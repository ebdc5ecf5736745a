//! What the model sees of a sound: its wave, its spectrogram and its log-mel features, on one axis of time.

use plotters::element::Rectangle;
use plotters::prelude::DrawingBackend;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::Axes;
use super::pen::{Dash, MEDIUM, SMALL, image, image_at, line, px, text, verbatim, wrapped, write};
use super::ticks::{number, ticks};
use super::{Area, Drawn, Picture, color};

const WIDTH: f64 = 980.0;
const LEFT: f64 = 64.0;
const PLANE: f64 = 800.0;
const TOP: f64 = 52.0;
const WAVE: f64 = 110.0;
const MAP: f64 = 170.0;
const GAP: f64 = 62.0;
const BAR: (f64, f64) = (LEFT + PLANE + 22.0, 14.0);

/// A sound as it is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// One or two lines above the picture.
    pub title: &'a str,
    /// Samples; at least one, all finite.
    pub samples: &'a [f32],
    /// Samples a second, in Hz.
    pub rate: f64,
    /// Magnitudes in dB.
    pub spectrogram: Spectra<'a>,
    /// The features ψ.
    pub log_mel: Spectra<'a>,
}

/// Spectra one after another.
#[derive(Clone, Copy, Debug)]
pub struct Spectra<'a> {
    /// (frames x bands), row-major, all finite.
    pub values: &'a [f32],
    /// Values of one spectrum, the lowest frequency first.
    pub bands: usize,
    /// Time of the first spectrum's centre, in seconds.
    pub first_s: f64,
    /// Time from one spectrum to the next, in seconds.
    pub step_s: f64,
    /// Name and ends of the vertical axis.
    pub axis: (&'a str, f64, f64),
    /// Places on it and what stands there; round numbers where there are none.
    pub ticks: &'a [(f64, String)],
    /// Name of the values.
    pub name: &'a str,
    /// Colours reach from the highest value down by this much at most.
    pub range: f64,
}

impl Spectra<'_> {
    /// Ends of the colour scale, whole numbers.
    fn scale(&self) -> (f64, f64) {
        let highest = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let lowest = self.values.iter().copied().fold(f32::INFINITY, f32::min);
        let top = f64::from(highest).ceil();
        (f64::from(lowest).floor().max(top - self.range).min(top - 1.0), top)
    }

    /// The spectra whose centres are nearest to the moments between two, in seconds.
    fn frames(&self, from_s: f64, to_s: f64) -> std::ops::Range<usize> {
        let last = self.values.len() / self.bands - 1;
        let nearest = |moment_s: f64| ((moment_s - self.first_s) / self.step_s).round().max(0.0) as usize;
        let first = nearest(from_s).min(last);
        first..nearest(to_s).clamp(first + 1, last + 1)
    }
}

impl Sound<'_> {
    fn seconds(&self) -> f64 {
        self.samples.len() as f64 / self.rate
    }

    fn axes<'b>(
        &self,
        top: f64,
        height: f64,
        (y_name, low, high): (&'b str, f64, f64),
        x_name: &'b str,
    ) -> Axes<'b> {
        Axes {
            corner: (LEFT, top),
            size: (PLANE, height),
            x: (0.0, self.seconds()),
            x_ticks: ticks((0.0, self.seconds()), 12),
            y: (low, high),
            y_ticks: ticks((low, high), 7),
            x_name,
            y_name,
            title: String::new(),
        }
    }

    /// The extremes of the samples under each half pixel, as bars: a line up and down has joints that stick out.
    fn wave<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let peak = self.samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let limit = if peak <= 1.0 { 1.0 } else { f64::from(peak) };
        let axes = self.axes(TOP, WAVE, ("sample", -limit, limit), "");
        let chart = axes.plane(area)?;
        let (columns, len) = ((2.0 * PLANE) as usize, self.samples.len());
        let (step_s, half_pixel) = (self.seconds() / columns as f64, limit / WAVE);
        for column in 0..columns {
            let (from, to) = (column * len / columns, ((column + 1) * len / columns).min(len - 1));
            // The first sample of the next bar belongs to this one too, so that a steep wave has no gaps.
            let under = &self.samples[from..=to];
            let low = f64::from(under.iter().copied().fold(f32::INFINITY, f32::min)) - half_pixel;
            let high = f64::from(under.iter().copied().fold(f32::NEG_INFINITY, f32::max)) + half_pixel;
            let start_s = column as f64 * step_s;
            let corners = [(start_s, low.max(-limit)), (start_s + step_s, high.min(limit))];
            chart.plotting_area().draw(&Rectangle::new(corners, color::WAVE.filled()))?;
        }
        axes.draw(area)
    }

    fn map<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        top: f64,
        spectra: &Spectra<'_>,
        x_name: &str,
    ) -> Drawn {
        let mut axes = self.axes(top, MAP, spectra.axis, x_name);
        if !spectra.ticks.is_empty() {
            axes.y_ticks = spectra.ticks.to_vec();
        }
        let (low, high) = spectra.scale();
        let (width, height) = (px(PLANE) as u32, px(MAP) as u32);
        let second = |x: u32| self.seconds() * f64::from(x) / f64::from(width);
        let columns: Vec<_> = (0..width).map(|x| spectra.frames(second(x), second(x + 1))).collect();
        let image = image((width, height), |x, y| {
            let band = (height - 1 - y) as usize * spectra.bands / height as usize;
            // Of many spectra under one column the highest value is seen: a click stays visible.
            let frames = columns[x as usize].clone();
            let values = frames.map(|frame| spectra.values[frame * spectra.bands + band]);
            color::viridis((f64::from(values.fold(f32::NEG_INFINITY, f32::max)) - low) / (high - low))
        });
        area.draw(&image_at((px(LEFT), px(top)), (width, height), image)?)?;
        axes.draw(area)?;
        bar(area, top, spectra.name, (low, high))
    }
}

/// The colour scale beside a map.
fn bar<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    top: f64,
    name: &str,
    (low, high): (f64, f64),
) -> Drawn {
    let (left, width) = BAR;
    let size = (px(width) as u32, px(MAP) as u32);
    let image = image(size, |_, y| color::viridis(1.0 - (f64::from(y) + 0.5) / f64::from(size.1)));
    area.draw(&image_at((px(left), px(top)), size, image)?)?;
    let frame = [(left, top), (left + width, top), (left + width, top + MAP), (left, top + MAP), (left, top)];
    line(area, &frame.map(|(x, y)| (px(x), px(y))), color::INK, 1.0, Dash::Solid)?;
    let labels = text(SMALL, color::INK, HPos::Left, VPos::Center);
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        let y = top + MAP * (1.0 - share);
        let ends = [left + width, left + width + 4.0].map(|x| (px(x), px(y)));
        line(area, &ends, color::INK, 1.0, Dash::Solid)?;
        write(area, &number(low + share * (high - low)), (left + width + 7.0, y), &labels)?;
    }
    let end = text(SMALL, color::INK, HPos::Right, VPos::Bottom);
    write(area, name, (left + width + 36.0, top - 9.0), &end)
}

impl Picture for Sound<'_> {
    const NAME: &'static str = "sound";

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, (TOP + WAVE + 2.0 * MAP + 2.0 * GAP) as u32)
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let style = text(MEDIUM, color::INK, HPos::Left, VPos::Top);
        for (row, words) in wrapped(&verbatim(self.title), MEDIUM, PLANE).iter().take(2).enumerate() {
            write(area, words, (LEFT, 10.0 + 18.0 * row as f64), &style)?;
        }
        self.wave(area)?;
        self.map(area, TOP + WAVE + GAP - 22.0, &self.spectrogram, "")?;
        self.map(area, TOP + WAVE + MAP + 2.0 * GAP - 44.0, &self.log_mel, "time / s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectra(values: &[f32]) -> Spectra<'_> {
        Spectra {
            values,
            bands: 2,
            first_s: 0.5,
            step_s: 1.0,
            axis: ("band", 0.0, 2.0),
            ticks: &[],
            name: "ψ",
            range: 80.0,
        }
    }

    #[test]
    fn a_moment_is_drawn_with_the_nearest_spectrum() {
        let values = [0.0; 6];
        let spectra = spectra(&values);
        assert_eq!(spectra.frames(0.0, 0.1), 0..1);
        assert_eq!(spectra.frames(1.1, 1.2), 1..2);
        assert_eq!(spectra.frames(0.0, 9.0), 0..3);
        assert_eq!(spectra.frames(7.0, 9.0), 2..3);
    }

    #[test]
    fn the_scale_spans_the_values_and_never_nothing() {
        assert_eq!(spectra(&[-3.5, 0.2]).scale(), (-4.0, 1.0));
        assert_eq!(spectra(&[-200.0, 0.0]).scale(), (-80.0, 0.0));
        assert_eq!(spectra(&[-18.0, -18.0]).scale(), (-19.0, -18.0));
    }
}
