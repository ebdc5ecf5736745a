//! Figure 2: the densities `q_θ` of the losses side by side, with one colour scale.

use plotters::prelude::DrawingBackend;
use plotters::style::WHITE;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::{Axes, Curve};
use super::loss::Loss;
use super::pen::{Dash, MEDIUM, SMALL, caption, image, image_at, line, px, text, wrapped, write};
use super::ticks::ticks;
use super::{Area, Drawn, Picture, RingScores, color};
use crate::ring::Density;
use crate::{EvalError, Grid};

const SIDE: f64 = 240.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 34.0;
const PITCH: f64 = 290.0;
/// Between the last map and the bar of colours, and the width of that with its numbers.
const GAP: f64 = 22.0;
const BAR: f64 = 14.0;
const NUMBERS: f64 = 66.0;
const CAPTION: f64 = TOP + SIDE + 62.0;

/// The maps, ready to be drawn.
pub(super) struct Figure2<'a> {
    grid: &'a Grid,
    border: f64,
    maps: Vec<(&'static str, Vec<f32>)>,
    top: f64,
    caption: Vec<String>,
}

impl<'a> Figure2<'a> {
    pub(super) fn new(scores: &RingScores<'a>, caption: &str) -> Result<Self, EvalError> {
        let map = |(loss, scores_of_loss): &(Loss, &[f32])| {
            let density = Density::from_scores(scores.grid, scores_of_loss)?;
            Ok((loss.name, density.values().into_iter().map(|q| q as f32).collect::<Vec<f32>>()))
        };
        let maps = scores.losses.iter().map(map).collect::<Result<Vec<_>, EvalError>>()?;
        let top = maps.iter().flat_map(|(_, values)| values).copied().fold(0.0, f32::max).into();
        let caption = wrapped(caption, SMALL, width(maps.len()) - 2.0 * LEFT);
        Ok(Self { grid: scores.grid, border: scores.border, maps, top, caption })
    }

    fn map<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        column: usize,
        loss: &str,
        values: &[f32],
    ) -> Drawn {
        let half_width = self.grid.half_width();
        let extent = (-half_width, half_width);
        let axes = Axes {
            corner: (LEFT + column as f64 * PITCH, TOP),
            size: (SIDE, SIDE),
            x: extent,
            x_ticks: ticks(extent, 7),
            y: extent,
            y_ticks: ticks(extent, 7),
            x_name: "x₁",
            y_name: if column == 0 { "x₂" } else { "" },
            title: loss.to_owned(),
        };
        let chart = axes.plane(area)?;
        let side = px(SIDE) as u32;
        let place = |unit: u32| half_width * ((2.0 * f64::from(unit) + 1.0) / f64::from(side) - 1.0);
        let image = image((side, side), |x, y| {
            color::viridis(self.grid.interpolate(values, place(x), -place(y)) / self.top)
        });
        area.draw(&image_at((px(axes.corner.0), px(axes.corner.1)), (side, side), image)?)?;
        let degrees = (0..=360).map(|degree| f64::from(degree).to_radians());
        let circle: Curve = degrees.map(|a| (self.border * a.cos(), self.border * a.sin())).collect();
        line(chart.plotting_area(), &circle, WHITE, 1.5, Dash::Dotted)?;
        axes.draw(area)
    }

    fn bar<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let (left, width) = (right(self.maps.len()) + GAP, BAR);
        let size = (px(width) as u32, px(SIDE) as u32);
        let image = image(size, |_, y| color::viridis(1.0 - (f64::from(y) + 0.5) / f64::from(size.1)));
        area.draw(&image_at((px(left), px(TOP)), size, image)?)?;
        let labels = text(SMALL, color::INK, HPos::Left, VPos::Center);
        let frame =
            [(left, TOP), (left + width, TOP), (left + width, TOP + SIDE), (left, TOP + SIDE), (left, TOP)];
        line(area, &frame.map(|(x, y)| (px(x), px(y))), color::INK, 1.0, Dash::Solid)?;
        for (value, label) in ticks((0.0, self.top), 10) {
            let y = TOP + SIDE * (1.0 - value / self.top);
            let ends = [left + width, left + width + 4.0].map(|x| (px(x), px(y)));
            line(area, &ends, color::INK, 1.0, Dash::Solid)?;
            write(area, &label, (left + width + 7.0, y), &labels)?;
        }
        let name = text(MEDIUM, color::INK, HPos::Center, VPos::Bottom);
        write(area, "q_θ(x)", (left + width / 2.0 + 4.0, TOP - 9.0), &name)
    }
}

/// Right end of the last of `maps` maps.
fn right(maps: usize) -> f64 {
    LEFT + (maps as f64 - 1.0) * PITCH + SIDE
}

/// Width of a picture of `maps` maps.
fn width(maps: usize) -> f64 {
    right(maps) + GAP + BAR + NUMBERS
}

impl Picture for Figure2<'_> {
    const NAME: &'static str = "Figure 2";

    fn size(&self) -> (u32, u32) {
        (width(self.maps.len()) as u32, (CAPTION + 15.0 * self.caption.len() as f64) as u32)
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        for (column, (loss, values)) in self.maps.iter().enumerate() {
            self.map(area, column, loss, values)?;
        }
        self.bar(area)?;
        caption(area, &self.caption, (LEFT, CAPTION))
    }
}
