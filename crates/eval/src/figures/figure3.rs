//! Figure 3: anomaly scores on the cut `x2 = 0`, and against the distance from the origin.

use plotters::element::{Polygon, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::Color;

use super::chart::{Axes, Chart, Curve, below};
use super::legend::legend;
use super::loss::{Loss, STROKE};
use super::pen::{SMALL, caption, line, wrapped};
use super::ticks::{round_up, ticks};
use super::{Area, Drawn, Picture, RingScores, color};
use crate::Grid;
use crate::stats::quantile_of_sorted;

const WIDTH: f64 = 980.0;
const SIZE: (f64, f64) = (400.0, 250.0);
const LEFT: f64 = 58.0;
const PITCH: f64 = 470.0;
const TOP: f64 = 34.0;
const CAPTION: f64 = TOP + SIZE.1 + 62.0;
/// Share of the values on a circle that lies below, and above, the band.
const TAIL: f64 = 0.05;
const ANGLES: usize = 360;
const RADII: usize = 151;

/// The curves of one loss.
struct Curves {
    loss: Loss,
    cut: Curve,
    /// Radius, then 5 % quantile, mean and 95 % quantile over angles.
    rings: Vec<(f64, [f64; 3])>,
}

/// Both charts, ready to be drawn.
pub(super) struct Figure3 {
    half_width: f64,
    border: f64,
    losses: Vec<Curves>,
    top: f64,
    caption: Vec<String>,
}

impl Figure3 {
    pub(super) fn new(scores: &RingScores<'_>, caption: &str) -> Self {
        let grid = scores.grid;
        let losses: Vec<Curves> = scores
            .losses
            .iter()
            .map(|(loss, scores)| Curves {
                loss: *loss,
                cut: cut(grid, scores),
                rings: (0..RADII).map(|k| ring(grid, scores, k as f64 / (RADII - 1) as f64)).collect(),
            })
            .collect();
        // Scores of anomalies are up to ten times those of normal samples, which are what the figure is about.
        let normal = losses.iter().flat_map(|curves| &curves.rings).filter(|(r, _)| *r <= scores.border);
        let highest = normal.map(|(_, [_, _, high])| *high).fold(0.0, f64::max);
        let caption = wrapped(caption, SMALL, WIDTH - 2.0 * LEFT);
        Self {
            half_width: grid.half_width(),
            border: scores.border,
            losses,
            top: top_above(highest),
            caption,
        }
    }

    fn axes(&self, column: usize) -> Axes<'static> {
        let corner = (LEFT + column as f64 * PITCH, TOP);
        let (size, y) = (SIZE, (0.0, self.top));
        let (x, steps, x_name, title) = match column {
            0 => ((-self.half_width, self.half_width), 7, "x₁", "On the cut x₂ = 0"),
            _ => ((0.0, self.half_width), 4, "r", "Over all angles: mean, and band of 5–95 %"),
        };
        let (x_ticks, y_ticks) = (ticks(x, steps), ticks(y, 7));
        Axes {
            corner,
            size,
            x,
            x_ticks,
            y,
            y_ticks,
            x_name,
            y_name: "anomaly score A(x)",
            title: title.to_owned(),
        }
    }

    fn anomalous<DB: DrawingBackend<ErrorType: 'static>>(&self, chart: &Chart<DB>, sign: f64) -> Drawn {
        let corners = [(sign * self.border, 0.0), (sign * self.half_width, self.top)];
        Ok(chart.plotting_area().draw(&Rectangle::new(corners, color::ANOMALOUS.filled()))?)
    }

    fn curve<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        chart: &Chart<DB>,
        of: &Curves,
        curve: &[(f64, f64)],
    ) -> Drawn {
        below(curve, self.top)
            .iter()
            .try_for_each(|part| line(chart.plotting_area(), part, of.loss.color(), STROKE, of.loss.dash()))
    }

    fn band<DB: DrawingBackend<ErrorType: 'static>>(&self, chart: &Chart<DB>, of: &Curves) -> Drawn {
        let upper = of.rings.iter().map(|(r, [_, _, high])| (*r, high.min(self.top)));
        let lower = of.rings.iter().rev().map(|(r, [low, _, _])| (*r, low.min(self.top)));
        let outline: Curve = upper.chain(lower).collect();
        Ok(chart.plotting_area().draw(&Polygon::new(outline, of.loss.color().mix(0.2).filled()))?)
    }

    fn legend<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let corner = (LEFT + SIZE.0 / 2.0 - 38.0, TOP + 18.0);
        legend(area, self.losses.iter().map(|curves| (curves.loss, curves.loss.name)), corner, (0.0, 18.0))
    }
}

impl Picture for Figure3 {
    const NAME: &'static str = "Figure 3";

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, (CAPTION + 15.0 * self.caption.len() as f64) as u32)
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let [left, right] = [self.axes(0), self.axes(1)];
        let chart = left.plane(area)?;
        self.anomalous(&chart, -1.0)?;
        self.anomalous(&chart, 1.0)?;
        self.losses.iter().try_for_each(|curves| self.curve(&chart, curves, &curves.cut))?;
        left.draw(area)?;
        self.legend(area)?;
        let chart = right.plane(area)?;
        self.anomalous(&chart, 1.0)?;
        self.losses.iter().try_for_each(|curves| self.band(&chart, curves))?;
        for curves in &self.losses {
            let mean: Curve = curves.rings.iter().map(|(r, [_, mean, _])| (*r, *mean)).collect();
            self.curve(&chart, curves, &mean)?;
        }
        right.draw(area)?;
        caption(area, &self.caption, (LEFT, CAPTION))
    }
}

/// Where the vertical axis ends: at least twice the highest normal score, and a whole number of round steps.
fn top_above(highest: f64) -> f64 {
    let highest = highest.max(1e-6);
    let step = round_up(highest / 2.5);
    (2.0 * highest / step).ceil() * step
}

fn cut(grid: &Grid, scores: &[f32]) -> Curve {
    (0..grid.side()).map(|k| grid.coordinate(k)).map(|x1| (x1, grid.interpolate(scores, x1, 0.0))).collect()
}

/// Score on the circle at `share` of the grid's half-width: 5 % quantile, mean, 95 % quantile.
fn ring(grid: &Grid, scores: &[f32], share: f64) -> (f64, [f64; 3]) {
    let r = share * grid.half_width();
    let angles = (0..ANGLES).map(|k| std::f64::consts::TAU * k as f64 / ANGLES as f64);
    let mut values: Vec<f64> = angles.map(|a| grid.interpolate(scores, r * a.cos(), r * a.sin())).collect();
    values.sort_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / ANGLES as f64;
    (r, [quantile_of_sorted(&values, TAIL), mean, quantile_of_sorted(&values, 1.0 - TAIL)])
}
