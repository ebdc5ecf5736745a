//! Curves of each loss by updates: how a training went, or what its length is worth.

use plotters::element::Polygon;
use plotters::prelude::DrawingBackend;
use plotters::style::Color;

use super::chart::{Axes, Curve};
use super::layout::{Layout, Panels, in_order};
use super::legend::{Key, ring};
use super::loss::{Loss, STROKE};
use super::pen::{line, verbatim};
use super::scale::Scale;
use super::{Area, Drawing, Drawn, Picture, drawn};
use crate::EvalError;
use crate::error::all_finite;

/// What one loss comes to as its training grows.
#[derive(Clone, Debug, PartialEq)]
pub struct LossCurve {
    /// The panel that it is drawn in.
    pub panel: String,
    /// What is minimised.
    pub loss: Loss,
    /// Updates, and the value there: mean over seeds.
    pub points: Vec<(f64, f64)>,
    /// Lowest and highest, one pair for each point; none from a single seed.
    pub band: Option<Vec<(f64, f64)>>,
}

/// An axis of such curves.
#[derive(Clone, Copy, Debug)]
pub struct CurveAxis {
    /// What is written at it.
    pub name: &'static str,
    /// Whether it is logarithmic in a panel whose values are all positive.
    pub log: bool,
}

/// Draws such curves, a panel for each name, in their order.
///
/// # Errors
/// When there is no curve, a curve has no point or a band of another length, a value is not finite, or it cannot be
/// drawn.
pub fn loss_curves(curves: &[LossCurve], axes: [CurveAxis; 2], caption: &str) -> Result<Drawing, EvalError> {
    drawn(&LossCurves::new(curves, axes, caption)?)
}

struct LossCurves<'a> {
    curves: &'a [LossCurve],
    axes: [CurveAxis; 2],
    panels: Vec<&'a str>,
    layout: Layout,
}

impl<'a> LossCurves<'a> {
    fn new(curves: &'a [LossCurve], axes: [CurveAxis; 2], caption: &str) -> Result<Self, EvalError> {
        if curves.is_empty() {
            return Err(EvalError::TooFew { what: "curves", found: 0, needed: 1 });
        }
        curves.iter().try_for_each(LossCurve::check)?;
        let names = in_order(curves.iter().map(|curve| curve.panel.as_str()));
        let panels = Panels {
            count: names.len(),
            columns: names.len().min(2),
            left: 62.0,
            size: (396.0, 200.0),
            gap: (68.0, 62.0),
        };
        let shown = Loss::distinct(curves.iter().map(|curve| curve.loss)).into_iter();
        let keys = shown.map(|loss| (Key::Line(loss.color(), loss.dash()), loss.name));
        Ok(Self { curves, axes, panels: names, layout: Layout::new(panels, keys, caption) })
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>, index: usize) -> Drawn {
        let name = self.panels[index];
        let curves: Vec<&LossCurve> = self.curves.iter().filter(|curve| curve.panel == name).collect();
        let [across, up] = self.axes;
        let x = Scale::of(across.log, curves.iter().flat_map(|curve| curve.points.iter().map(|(x, _)| *x)));
        let y = Scale::of(up.log, curves.iter().flat_map(|curve| curve.values()));
        let axes = Axes {
            corner: self.layout.corner(index),
            size: self.layout.plane(),
            x: x.ends,
            x_ticks: x.ticks.clone(),
            y: y.ends,
            y_ticks: y.ticks.clone(),
            x_name: if self.layout.lowest(index) { across.name } else { "" },
            y_name: if self.layout.leftmost(index) { up.name } else { "" },
            title: verbatim(name),
        };
        let of = |loss: Loss| {
            curves.iter().filter(move |curve| curve.loss == loss).map(move |curve| (loss, *curve))
        };
        let losses = Loss::distinct(curves.iter().map(|curve| curve.loss));
        let curves: Vec<(Loss, &LossCurve)> = losses.into_iter().flat_map(of).collect();
        for (loss, curve) in &curves {
            let band: Vec<_> = curve.points.iter().zip(curve.band.iter().flatten()).collect();
            let upper = band.iter().map(|((at, _), (_, high))| (x.at(*at), y.at(*high)));
            let lower = band.iter().rev().map(|((at, _), (low, _))| (x.at(*at), y.at(*low)));
            area.draw(&Polygon::new(axes.units(upper.chain(lower)), loss.color().mix(0.2).filled()))?;
        }
        for (loss, curve) in &curves {
            let values: Curve = curve.points.iter().map(|(at, value)| (x.at(*at), y.at(*value))).collect();
            match values[..] {
                [(x, y)] => ring(area, axes.at(x, y), loss.color())?,
                _ => line(area, &axes.units(values), loss.color(), STROKE, loss.dash())?,
            }
        }
        axes.draw(area)
    }
}

impl Picture for LossCurves<'_> {
    const NAME: &'static str = "curves of losses";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        (0..self.panels.len()).try_for_each(|index| self.panel(area, index))?;
        self.layout.draw(area)
    }
}

impl LossCurve {
    fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.band.iter().flatten().flat_map(|(low, high)| [*low, *high]);
        self.points.iter().map(|(_, value)| *value).chain(band)
    }

    fn check(&self) -> Result<(), EvalError> {
        let what = format!("curve of {} in {}", self.loss.name, self.panel);
        if self.points.is_empty() {
            return Err(EvalError::Length { what, found: 0, expected: 1 });
        }
        if let Some(band) = self.band.as_ref().filter(|band| band.len() != self.points.len()) {
            let what = format!("band of the {what}");
            return Err(EvalError::Length { what, found: band.len(), expected: self.points.len() });
        }
        let places = self.points.iter().map(|(at, _)| *at);
        all_finite(&what, &self.values().chain(places).collect::<Vec<_>>())
    }
}
