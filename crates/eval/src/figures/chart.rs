//! A chart: a plane of two axes with ticks, names and a title; and curves cut at its top.

use std::error::Error;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::types::RangedCoordf64;
use plotters::element::Rectangle;
use plotters::prelude::{Cartesian2d, DrawingBackend};
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font::layout;
use super::layout::RIGHT;
use super::pen::{Dash, MEDIUM, SMALL, line, px, stroke, text, units, write};
use super::ticks::Tick;
use super::{Area, Drawn, UNITS, color};

pub(super) type Chart<DB> = ChartContext<'static, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub(super) type Curve = Vec<(f64, f64)>;

/// Where a chart lies and what its axes say. Lengths are pixels.
pub(super) struct Axes<'a> {
    /// Upper left corner of the plane between the axes.
    pub(super) corner: (f64, f64),
    /// Width and height of the plane.
    pub(super) size: (f64, f64),
    /// Lowest and highest `x`.
    pub(super) x: (f64, f64),
    /// Ticks on the horizontal axis.
    pub(super) x_ticks: Vec<Tick>,
    /// Lowest and highest `y`.
    pub(super) y: (f64, f64),
    /// Ticks on the vertical axis.
    pub(super) y_ticks: Vec<Tick>,
    /// Name under the horizontal axis.
    pub(super) x_name: &'a str,
    /// Name beside the vertical axis; empty for none.
    pub(super) y_name: &'a str,
    /// Line above the chart.
    pub(super) title: String,
}

/// From the plane to the far side of the vertical axis's name: at least, and beyond the widest label.
const LABELS_LEFT: f64 = 44.0;
const BEYOND_LABELS: f64 = 23.0;
const LABELS_BELOW: f64 = 36.0;
const TICK: f64 = 4.0;

impl Axes<'_> {
    /// The plane without its axes: what is drawn now lies beneath them.
    pub(super) fn plane<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
    ) -> Result<Chart<DB>, Box<dyn Error>> {
        let corner = (px(self.corner.0), px(self.corner.1));
        let size = (px(self.size.0), px(self.size.1));
        let plane = area.clone().shrink(corner, size);
        Ok(ChartBuilder::on(&plane).build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)?)
    }

    /// Where a point of the plane lies, in pixels.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let share = |value: f64, (low, high): (f64, f64)| (value - low) / (high - low);
        let ((left, top), (right, bottom)) = (self.corner, self.end());
        (left + (right - left) * share(x, self.x), bottom - (bottom - top) * share(y, self.y))
    }

    /// Lower right corner of the plane in pixels: plotters has the highest `x` on its last unit, not behind it.
    fn end(&self) -> (f64, f64) {
        let unit = 1.0 / f64::from(UNITS);
        (self.corner.0 + self.size.0 - unit, self.corner.1 + self.size.1 - unit)
    }

    /// A curve of the plane in drawing units.
    pub(super) fn units(&self, curve: impl IntoIterator<Item = (f64, f64)>) -> Vec<(i32, i32)> {
        curve.into_iter().map(|(x, y)| units(self.at(x, y))).collect()
    }

    /// Frame, ticks, names and title around the plane.
    pub(super) fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let ((left, top), (width, height)) = (self.corner, self.size);
        let (right, bottom) = self.end();
        area.draw(&Rectangle::new([(left, top), (right, bottom)].map(units), stroke(&color::INK, 1.0)))?;
        let tick = |from: (f64, f64), to: (f64, f64)| {
            line(area, &[from, to].map(units), color::INK, 1.0, Dash::Solid)
        };
        let below = text(SMALL, color::INK, HPos::Center, VPos::Top);
        for (value, label) in &self.x_ticks {
            let (x, _) = self.at(*value, self.y.0);
            tick((x, bottom), (x, bottom + TICK))?;
            write(area, label, (x, bottom + 2.0 * TICK), &below)?;
        }
        let beside = text(SMALL, color::INK, HPos::Right, VPos::Center);
        for (value, label) in &self.y_ticks {
            let (_, y) = self.at(self.x.0, *value);
            tick((left - TICK, y), (left, y))?;
            write(area, label, (left - 2.0 * TICK, y), &beside)?;
        }
        let name = text(MEDIUM, color::INK, HPos::Center, VPos::Bottom);
        // A title that goes beyond the figure would be cut there.
        let wide = f64::from(layout(&self.title, MEDIUM as f32).width).max(1.0);
        let fitting = MEDIUM * ((width + 2.0 * RIGHT) / wide).min(1.0);
        let title = text(fitting, color::INK, HPos::Center, VPos::Bottom);
        write(area, &self.title, (left + width / 2.0, top - 9.0), &title)?;
        write(area, self.x_name, (left + width / 2.0, bottom + LABELS_BELOW), &name)?;
        let upwards = name.transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Top));
        let widths = self.y_ticks.iter().map(|(_, label)| f64::from(layout(label, SMALL as f32).width));
        let distance = LABELS_LEFT.max(BEYOND_LABELS + widths.fold(0.0, f64::max));
        write(area, self.y_name, (left - distance, top + height / 2.0), &upwards)
    }
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
}
