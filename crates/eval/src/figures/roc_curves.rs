//! ROC curves: a row of panels for each autoencoder, a column for each condition, a line for each loss.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::Axes;
use super::layout::{Layout, Panels, in_order};
use super::legend::Key;
use super::loss::{Loss, STROKE};
use super::pen::{Dash, SMALL, line, signed, text, verbatim, write};
use super::ticks::ticks;
use super::{Area, Drawing, Drawn, Picture, color, drawn};
use crate::EvalError;
use crate::error::all_finite;

/// The ROC curve of one autoencoder and loss under one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct RocCurve {
    /// The autoencoder: a row.
    pub model: String,
    /// RE, SNP or BU.
    pub loss: Loss,
    /// The test condition: a column.
    pub condition: String,
    /// Points (false-positive rate, true-positive rate), as [`crate::auc::roc`] gives them.
    pub points: Vec<[f64; 2]>,
    /// The area that is told beside it.
    pub auc: f64,
}

/// Draws ROC curves, in the order in which autoencoders and conditions first
/// appear.
///
/// # Errors
/// When there is no curve, a curve has fewer than two points, a number is not finite or a rate not
/// in `[0, 1]`, or it cannot be drawn.
pub fn roc_curves(curves: &[RocCurve], caption: &str) -> Result<Drawing, EvalError> {
    drawn(&RocCurves::new(curves, caption)?)
}

const SIDE: f64 = 220.0;
const LINE: f64 = 15.0;

struct RocCurves<'a> {
    curves: &'a [RocCurve],
    models: Vec<&'a str>,
    conditions: Vec<&'a str>,
    layout: Layout,
}

impl<'a> RocCurves<'a> {
    fn new(curves: &'a [RocCurve], caption: &str) -> Result<Self, EvalError> {
        if curves.is_empty() {
            return Err(EvalError::TooFew { what: "ROC curves", found: 0, needed: 1 });
        }
        curves.iter().try_for_each(RocCurve::check)?;
        let models = in_order(curves.iter().map(|curve| curve.model.as_str()));
        let conditions = in_order(curves.iter().map(|curve| curve.condition.as_str()));
        let panels = Panels {
            count: models.len() * conditions.len(),
            columns: conditions.len(),
            left: 58.0,
            size: (SIDE, SIDE),
            gap: (80.0, 62.0),
        };
        let losses = Loss::distinct(curves.iter().map(|curve| curve.loss)).into_iter();
        let keys = losses.map(|loss| (Key::Line(loss.color(), loss.dash()), loss.name));
        let keys = keys.chain([(Key::Line(color::FAINT, Dash::Dashed), "chance")]);
        Ok(Self { curves, models, conditions, layout: Layout::new(panels, keys, caption) })
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>, index: usize) -> Drawn {
        let (row, column) = (index / self.conditions.len(), index % self.conditions.len());
        let (model, condition) = (self.models[row], self.conditions[column]);
        let unit = (0.0, 1.0);
        let axes = Axes {
            corner: self.layout.corner(index),
            size: self.layout.plane(),
            x: unit,
            x_ticks: ticks(unit, 5),
            y: unit,
            y_ticks: ticks(unit, 5),
            x_name: if self.layout.lowest(index) { "false-positive rate" } else { "" },
            y_name: if self.layout.leftmost(index) { "true-positive rate" } else { "" },
            title: format!("{}, {}", verbatim(model), signed(condition)),
        };
        line(area, &axes.units([(0.0, 0.0), (1.0, 1.0)]), color::FAINT, 1.0, Dash::Dashed)?;
        let here = |curve: &&RocCurve| curve.model == model && curve.condition == condition;
        let of = |loss: Loss| {
            let curve = self.curves.iter().filter(here).find(|curve| curve.loss == loss)?;
            Some((loss, curve))
        };
        let curves: Vec<(Loss, &RocCurve)> =
            Loss::distinct(self.curves.iter().map(|curve| curve.loss)).into_iter().filter_map(of).collect();
        for (loss, curve) in &curves {
            let points = axes.units(curve.points.iter().map(|[fpr, tpr]| (*fpr, *tpr)));
            line(area, &points, loss.color(), STROKE, loss.dash())?;
        }
        // The areas stand where the curves do not: below the diagonal, or above it where these lie below.
        let count = curves.len() as f64;
        let is_above = curves.iter().map(|(_, curve)| curve.auc).sum::<f64>() >= 0.5 * count;
        let ((x, y), side) = match is_above {
            true => (axes.at(1.0, 0.0), HPos::Right),
            false => (axes.at(0.0, 1.0), HPos::Left),
        };
        let (x, y) = if is_above { (x - 8.0, y - 5.0 - LINE * count) } else { (x + 8.0, y + 6.0) };
        for (row, (loss, curve)) in curves.iter().enumerate() {
            let words = format!("{} {:.3}", loss.name, curve.auc);
            let style = text(SMALL, color::INK, side, VPos::Top);
            write(area, &words, (x, y + LINE * row as f64), &style)?;
        }
        axes.draw(area)
    }
}

impl Picture for RocCurves<'_> {
    const NAME: &'static str = "ROC curves";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        (0..self.models.len() * self.conditions.len()).try_for_each(|index| self.panel(area, index))?;
        self.layout.draw(area)
    }
}

impl RocCurve {
    fn check(&self) -> Result<(), EvalError> {
        let of = format!("the ROC curve of {} with {} at {}", self.model, self.loss.name, self.condition);
        if self.points.len() < 2 {
            return Err(EvalError::Length { what: of, found: self.points.len(), expected: 2 });
        }
        let numbers: Vec<f64> = self.points.iter().flatten().copied().chain([self.auc]).collect();
        all_finite(&of, &numbers)?;
        match numbers.iter().find(|number| !(0.0..=1.0).contains(*number)) {
            Some(number) => Err(EvalError::Draw {
                figure: RocCurves::NAME,
                reason: format!("{of} holds {number}, expected numbers between 0 and 1"),
            }),
            None => Ok(()),
        }
    }
}
