//! Training curves: what each loss made of the normal part of its objective, epoch by epoch.

use plotters::element::Polygon;
use plotters::prelude::DrawingBackend;
use plotters::style::Color;

use super::chart::{Axes, Curve};
use super::layout::{Layout, Panels, in_order};
use super::legend::{Key, ring};
use super::loss::{Loss, STROKE};
use super::pen::{line, verbatim};
use super::scale::Scale;
use super::ticks::ticks;
use super::{Area, Drawing, Drawn, Picture, drawn};
use crate::EvalError;
use crate::error::all_finite;

/// How the training of one autoencoder with one loss went.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingCurve {
    /// The autoencoder: a panel.
    pub model: String,
    /// RE, SNP or BU.
    pub loss: Loss,
    /// The normal part of the objective in epochs 1, 2, 3, ...: mean over seeds.
    pub mean: Vec<f64>,
    /// Lowest and highest over seeds, one pair for each epoch; none from a single seed.
    pub band: Option<Vec<(f64, f64)>>,
}

/// Draws training curves, with a logarithmic axis in a panel whose values are all
/// positive.
///
/// # Errors
/// When there is no curve, a curve has no epoch or a band of another length, a value is not
/// finite, or it cannot be drawn.
pub fn training_curves(curves: &[TrainingCurve], caption: &str) -> Result<Drawing, EvalError> {
    drawn(&TrainingCurves::new(curves, caption)?)
}

struct TrainingCurves<'a> {
    curves: &'a [TrainingCurve],
    models: Vec<&'a str>,
    layout: Layout,
}

impl<'a> TrainingCurves<'a> {
    fn new(curves: &'a [TrainingCurve], caption: &str) -> Result<Self, EvalError> {
        if curves.is_empty() {
            return Err(EvalError::TooFew { what: "training curves", found: 0, needed: 1 });
        }
        curves.iter().try_for_each(TrainingCurve::check)?;
        let models = in_order(curves.iter().map(|curve| curve.model.as_str()));
        let panels = Panels {
            count: models.len(),
            columns: models.len().min(2),
            left: 62.0,
            size: (396.0, 200.0),
            gap: (68.0, 62.0),
        };
        let shown = Loss::distinct(curves.iter().map(|curve| curve.loss)).into_iter();
        let keys = shown.map(|loss| (Key::Line(loss.color(), loss.dash()), loss.name));
        Ok(Self { curves, models, layout: Layout::new(panels, keys, caption) })
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>, index: usize) -> Drawn {
        let model = self.models[index];
        let curves: Vec<&TrainingCurve> = self.curves.iter().filter(|curve| curve.model == model).collect();
        let scale = Scale::around(curves.iter().flat_map(|curve| curve.values()));
        let epochs = curves.iter().map(|curve| curve.mean.len()).max().unwrap_or(1) as f64;
        let x = if epochs > 1.0 { (1.0, epochs) } else { (0.5, 1.5) };
        let axes = Axes {
            corner: self.layout.corner(index),
            size: self.layout.plane(),
            x,
            x_ticks: ticks(x, (epochs as usize - 1).clamp(1, 8)),
            y: scale.ends,
            y_ticks: scale.ticks.clone(),
            x_name: if self.layout.lowest(index) { "epoch" } else { "" },
            y_name: if self.layout.leftmost(index) { "normal part of objective" } else { "" },
            title: verbatim(model),
        };
        let of = |loss: Loss| {
            curves.iter().filter(move |curve| curve.loss == loss).map(move |curve| (loss, *curve))
        };
        let losses = Loss::distinct(curves.iter().map(|curve| curve.loss));
        let curves: Vec<(Loss, &TrainingCurve)> = losses.into_iter().flat_map(of).collect();
        let epoch = |index: usize| (index + 1) as f64;
        for (loss, curve) in &curves {
            let band: Vec<_> = curve.band.iter().flatten().enumerate().collect();
            let upper = band.iter().map(|(index, (_, high))| (epoch(*index), scale.at(*high)));
            let lower = band.iter().rev().map(|(index, (low, _))| (epoch(*index), scale.at(*low)));
            area.draw(&Polygon::new(axes.units(upper.chain(lower)), loss.color().mix(0.2).filled()))?;
        }
        for (loss, curve) in &curves {
            let values = curve.mean.iter().enumerate().map(|(index, value)| (epoch(index), scale.at(*value)));
            let values: Curve = values.collect();
            match values[..] {
                [(x, y)] => ring(area, axes.at(x, y), loss.color())?,
                _ => line(area, &axes.units(values), loss.color(), STROKE, loss.dash())?,
            }
        }
        axes.draw(area)
    }
}

impl Picture for TrainingCurves<'_> {
    const NAME: &'static str = "training curves";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        (0..self.models.len()).try_for_each(|index| self.panel(area, index))?;
        self.layout.draw(area)
    }
}

impl TrainingCurve {
    fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.band.iter().flatten().flat_map(|(low, high)| [*low, *high]);
        self.mean.iter().copied().chain(band)
    }

    fn check(&self) -> Result<(), EvalError> {
        let what = format!("training curve of {} with {}", self.model, self.loss.name);
        if self.mean.is_empty() {
            return Err(EvalError::Length { what, found: 0, expected: 1 });
        }
        if let Some(band) = self.band.as_ref().filter(|band| band.len() != self.mean.len()) {
            let what = format!("band of the {what}");
            return Err(EvalError::Length { what, found: band.len(), expected: self.mean.len() });
        }
        all_finite(&what, &self.values().collect::<Vec<_>>())
    }
}
