//! What the figures share: pixels to units, text, axes, lines cut at the top of a chart.

use std::error::Error;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::CoordTranslate;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingArea;
use plotters::element::{BitMapElement, DashedPathElement, PathElement, Rectangle, Text};
use plotters::prelude::{Cartesian2d, DrawingBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::{Area, Drawn, UNITS, color, font};

/// Size of tick labels and legends, in pixels.
pub(super) const SMALL: f64 = 11.0;
/// Size of axis names and titles, in pixels.
pub(super) const MEDIUM: f64 = 13.0;

pub(super) type Chart<DB> = ChartContext<'static, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub(super) type Curve = Vec<(f64, f64)>;

/// Pixels as drawing units.
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * f64::from(UNITS)).round() as i32
}

/// A line style of a width in pixels.
pub(super) fn stroke(color: &impl Color, width: f64) -> ShapeStyle {
    color.stroke_width(px(width) as u32)
}

/// A text style of a size in pixels, placed by `horizontal` and `vertical`.
pub(super) fn text(size: f64, color: RGBColor, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    (font::FAMILY, px(size)).into_font().color(&color).pos(Pos::new(horizontal, vertical))
}

/// Writes a line of text at a place in pixels.
pub(super) fn write<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    line: &str,
    (x, y): (f64, f64),
    style: &TextStyle<'_>,
) -> Drawn {
    Ok(area.draw(&Text::new(line.to_owned(), (px(x), px(y)), style.clone()))?)
}

/// Writes the lines of a caption downwards from a place in pixels.
pub(super) fn caption<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    lines: &[String],
    (x, y): (f64, f64),
) -> Drawn {
    let style = text(SMALL, color::FAINT, HPos::Left, VPos::Top);
    lines
        .iter()
        .enumerate()
        .try_for_each(|(row, words)| write(area, words, (x, y + 15.0 * row as f64), &style))
}

/// Breaks `words` into lines of at most `width` pixels.
pub(super) fn wrapped(words: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|line| f64::from(font::layout(line, size as f32).width) <= width) {
            Some(line) => *lines.last_mut().expect("a longer line extends one") = line,
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Where a chart lies and what its axes say. Lengths are pixels.
pub(super) struct Axes<'a> {
    /// Upper left corner of the plane between the axes.
    pub(super) corner: (f64, f64),
    /// Width and height of the plane.
    pub(super) size: (f64, f64),
    /// Lowest and highest `x`.
    pub(super) x: (f64, f64),
    /// Ticks on the horizontal axis, at most.
    pub(super) x_ticks: usize,
    /// Lowest and highest `y`.
    pub(super) y: (f64, f64),
    /// Name under the horizontal axis.
    pub(super) x_name: &'a str,
    /// Name beside the vertical axis; empty for none.
    pub(super) y_name: &'a str,
    /// Line above the chart.
    pub(super) title: &'a str,
}

const LABELS_LEFT: f64 = 44.0;
const LABELS_BELOW: f64 = 36.0;
const TICK: f64 = 4.0;

impl Axes<'_> {
    /// The plane without its axes: what is drawn now lies beneath them.
    pub(super) fn plane<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
    ) -> Result<Chart<DB>, Box<dyn Error>> {
        let corner = (px(self.corner.0 - LABELS_LEFT), px(self.corner.1));
        let size = (px(self.size.0 + LABELS_LEFT), px(self.size.1 + LABELS_BELOW));
        Ok(ChartBuilder::on(&area.clone().shrink(corner, size))
            .x_label_area_size(px(LABELS_BELOW))
            .y_label_area_size(px(LABELS_LEFT))
            .build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)?)
    }

    /// Frame, ticks, names and title around a plane.
    pub(super) fn draw<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        chart: &mut Chart<DB>,
    ) -> Drawn {
        let labels = text(SMALL, color::INK, HPos::Center, VPos::Top);
        let names = text(MEDIUM, color::INK, HPos::Center, VPos::Top);
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(stroke(&color::INK, 1.0))
            .set_all_tick_mark_size(px(TICK))
            .x_labels(self.x_ticks)
            .y_labels(7)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .label_style(labels)
            .axis_desc_style(names.clone())
            .x_desc(self.x_name)
            .y_desc(self.y_name)
            .draw()?;
        let corners = [(self.x.0, self.y.0), (self.x.1, self.y.1)];
        chart.plotting_area().draw(&Rectangle::new(corners, stroke(&color::INK, 1.0)))?;
        let middle = (self.corner.0 + self.size.0 / 2.0, self.corner.1 - 9.0);
        write(area, self.title, middle, &names.pos(Pos::new(HPos::Center, VPos::Bottom)))
    }
}

/// A number beside a tick: up to three digits after the point, a proper minus.
pub(super) fn tick(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.replace('-', "\u{2212}") }
}

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// Draws a line of `width` pixels through points of any coordinate system.
pub(super) fn line<DB, CT>(
    area: &DrawingArea<DB, CT>,
    points: &[CT::From],
    color: RGBColor,
    width: f64,
    dash: Dash,
) -> Drawn
where
    DB: DrawingBackend<ErrorType: 'static>,
    CT: CoordTranslate<From: Clone + 'static>,
{
    let style = stroke(&color, width);
    let dashes = |on: f64, off: f64| {
        area.draw(&DashedPathElement::new(points.to_vec(), px(on * width), px(off * width), style))
    };
    match dash {
        Dash::Solid => area.draw(&PathElement::new(points.to_vec(), style))?,
        Dash::Dashed => dashes(4.0, 2.0)?,
        Dash::Dotted => dashes(1.0, 1.4)?,
    }
    Ok(())
}

/// The parts of a curve at or below `top`, cut where it crosses.
pub(super) fn below(curve: &[(f64, f64)], top: f64) -> Vec<Curve> {
    let mut parts: Vec<Curve> = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    for &(x, y) in curve {
        let inside = y <= top;
        if let Some((x0, y0)) = last.filter(|(_, y0)| (*y0 <= top) != inside) {
            let crossing = (x0 + (x - x0) * (top - y0) / (y - y0), top);
            match parts.last_mut().filter(|_| !inside) {
                Some(part) => part.push(crossing),
                None => parts.push(vec![crossing]),
            }
        } else if inside && last.is_none() {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| inside) {
            part.push((x, y));
        }
        last = Some((x, y));
    }
    parts
}

/// The next number of the form 1, 2, 5 or 10 times a power of ten, at or above `value`.
pub(super) fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.max(f64::MIN_POSITIVE).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    power * steps.into_iter().find(|step| step * power >= value * (1.0 - 1e-12)).unwrap_or(10.0)
}

/// The multiples of a round step from zero up to `top`, five to eleven of them, with labels of equal precision.
pub(super) fn ticks(top: f64) -> Vec<(f64, String)> {
    let step = round_up(top / 10.0);
    let digits = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    let values = (0..=10).map(|k| f64::from(k) * step).take_while(|value| *value <= top * (1.0 + 1e-9));
    values.map(|value| (value, format!("{value:.digits$}"))).collect()
}

/// An RGB image of `size` from the colour of each pixel.
pub(super) fn image((width, height): (u32, u32), color: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| color(x, y)).collect()
}

/// An image with its upper left corner at a place, both in drawing units.
pub(super) fn image_at(
    corner: (i32, i32),
    size: (u32, u32),
    rgb: Vec<u8>,
) -> Result<BitMapElement<'static, (i32, i32)>, Box<dyn Error>> {
    BitMapElement::with_owned_buffer(corner, size, rgb).ok_or_else(|| "image of another size".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_cut_where_they_cross_the_top() {
        let curve = [(0.0, 0.0), (1.0, 2.0), (2.0, 0.0), (3.0, 1.0), (4.0, 3.0)];
        let expected = [vec![(0.0, 0.0), (0.5, 1.0)], vec![(1.5, 1.0), (2.0, 0.0), (3.0, 1.0), (3.0, 1.0)]];
        assert_eq!(below(&curve, 1.0), expected);
        assert_eq!(below(&curve, 5.0), [curve.to_vec()]);
        assert!(below(&curve, -1.0).is_empty());
        assert_eq!(below(&[(0.0, 2.0), (1.0, 0.0)], 1.0), [vec![(0.5, 1.0), (1.0, 0.0)]]);
    }

    #[test]
    fn ticks_are_round_numbers() {
        for (value, end) in [(0.0931, 0.1), (7.8, 10.0), (1.0, 1.0), (104.0, 200.0), (2.6, 5.0)] {
            assert!((round_up(value) / end - 1.0).abs() < 1e-9, "{value} {}", round_up(value));
        }
        let labels = |top| ticks(top).into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ");
        assert_eq!(labels(7.8), "0 1 2 3 4 5 6 7");
        assert_eq!(labels(0.117), "0.00 0.02 0.04 0.06 0.08 0.10");
        assert_eq!(labels(100.0), "0 10 20 30 40 50 60 70 80 90 100");
        assert_eq!([-3.0, 0.0, -0.0, 0.06000000001, 0.125].map(tick).join(" "), "\u{2212}3 0 0 0.06 0.125");
    }

    #[test]
    fn long_captions_are_wrapped() {
        let lines = wrapped("one two three four five six seven eight nine ten", 10.0, 80.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four five six seven eight nine ten");
        assert!(lines.iter().all(|line| font::layout(line, 10.0).width <= 80.0));
    }
}
