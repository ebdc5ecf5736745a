//! In which operation the scores of normal files are highest, beside how long each operation lasts.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::Axes;
use super::layout::{Layout, Panels};
use super::legend::Key;
use super::loss::Loss;
use super::pen::{SMALL, fill, text, verbatim, write};
use super::scale::Scale;
use super::ticks::{number, ticks};
use super::{Area, Drawing, Drawn, Picture, color, drawn, font};
use crate::EvalError;
use crate::error::all_finite;

/// One operation of the machine and how often scores are highest in it.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationMaxima {
    /// The operation.
    pub operation: String,
    /// Whether it counts as rare.
    pub rare: bool,
    /// Share of the normal test sound that it fills, in `[0, 1]`.
    pub share_of_time: f64,
    /// For each loss, by name: share of the normal files whose highest score (Eq. 11) falls in it, in `[0, 1]`.
    pub share_of_maxima: Vec<(Loss, f64)>,
}

/// Draws the shares of operations: a panel for each loss, a row for each operation.
///
/// # Errors
/// When there is no operation or no loss, operations differ in their losses, a share is not in
/// `[0, 1]`, or it cannot be drawn.
pub fn maxima_by_operation(operations: &[OperationMaxima], caption: &str) -> Result<Drawing, EvalError> {
    drawn(&Maxima::new(operations, caption)?)
}

const ROW: f64 = 38.0;
const BAR: f64 = 12.0;

struct Maxima<'a> {
    operations: &'a [OperationMaxima],
    /// Names of the operations as they are written.
    names: Vec<String>,
    /// Right end of the axes, in percent.
    end: f64,
    layout: Layout,
}

impl<'a> Maxima<'a> {
    fn new(operations: &'a [OperationMaxima], caption: &str) -> Result<Self, EvalError> {
        let Some(first) = operations.first().filter(|first| !first.share_of_maxima.is_empty()) else {
            return Err(EvalError::TooFew { what: "operations and losses", found: 0, needed: 1 });
        };
        operations.iter().try_for_each(|operation| operation.check(first))?;
        let shares = operations.iter().flat_map(OperationMaxima::shares);
        let name = |of: &OperationMaxima| verbatim(&of.operation) + if of.rare { " (rare)" } else { "" };
        let names: Vec<String> = operations.iter().map(name).collect();
        let widths = names.iter().map(|name| f64::from(font::layout(name, SMALL as f32).width));
        let panels = Panels {
            count: first.share_of_maxima.len(),
            columns: first.share_of_maxima.len(),
            left: 24.0 + widths.fold(0.0, f64::max),
            size: (230.0, ROW * operations.len() as f64),
            gap: (40.0, 62.0),
        };
        let losses: Vec<Loss> = first.share_of_maxima.iter().map(|(loss, _)| *loss).collect();
        let maxima = losses
            .iter()
            .map(|loss| (Key::Patch(loss.color()), format!("highest scores of normal files, {}", loss.name)));
        let keys = maxima.chain([(Key::Patch(color::NORMAL), "time".to_owned())]);
        let keys: Vec<(Key, String)> = keys.collect();
        // Room beside the longest bar for its number.
        let end = Scale::from_zero(shares.map(|share| 120.0 * share)).ends.1.min(118.0);
        Ok(Self { operations, names, end, layout: Layout::new(panels, keys, caption) })
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        index: usize,
        loss: Loss,
    ) -> Drawn {
        let rows = self.operations.len() as f64;
        let middles = (0..self.operations.len()).map(|row| row as f64 + 0.5);
        let leftmost = self.layout.leftmost(index);
        let name = |name: &String| if leftmost { name.clone() } else { String::new() };
        let axes = Axes {
            corner: self.layout.corner(index),
            size: self.layout.plane(),
            x: (0.0, self.end),
            x_ticks: ticks((0.0, self.end), 6),
            y: (rows, 0.0),
            y_ticks: middles.zip(self.names.iter().map(name)).collect(),
            x_name: "share / %",
            y_name: "",
            title: loss.name.to_owned(),
        };
        for (row, operation) in self.operations.iter().enumerate() {
            let row = row as f64;
            if operation.rare {
                fill(area, [axes.at(0.0, row), axes.at(self.end, row + 1.0)], &color::RARE)?;
            }
            let (_, middle) = axes.at(0.0, row + 0.5);
            let of_maxima = operation.share_of_maxima[index].1;
            self.bar(area, &axes, (middle - BAR - 0.5, of_maxima, loss.color()))?;
            self.bar(area, &axes, (middle + 0.5, operation.share_of_time, color::NORMAL))?;
        }
        axes.draw(area)
    }

    /// A bar downwards from `top` with its number beside it.
    fn bar<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        axes: &Axes<'_>,
        (top, share, color): (f64, f64, RGBColor),
    ) -> Drawn {
        let ((left, _), (right, _)) = (axes.at(0.0, 0.0), axes.at(100.0 * share, 0.0));
        fill(area, [(left, top), (right, top + BAR)], &color)?;
        let beside = text(SMALL - 1.0, color::INK, HPos::Left, VPos::Center);
        let percent = number((1_000.0 * share).round() / 10.0);
        write(area, &percent, (right + 4.0, top + BAR / 2.0), &beside)
    }
}

impl Picture for Maxima<'_> {
    const NAME: &'static str = "maxima by operation";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        for (index, (loss, _)) in self.operations[0].share_of_maxima.iter().enumerate() {
            self.panel(area, index, *loss)?;
        }
        self.layout.draw(area)
    }
}

impl OperationMaxima {
    fn shares(&self) -> impl Iterator<Item = f64> {
        self.share_of_maxima.iter().map(|(_, share)| *share).chain([self.share_of_time])
    }

    fn check(&self, first: &Self) -> Result<(), EvalError> {
        let of = format!("the shares of \"{}\"", self.operation);
        let refused = |reason| Err(EvalError::Draw { figure: Maxima::NAME, reason });
        let losses = |of: &Self| of.share_of_maxima.iter().map(|(loss, _)| loss.name).collect::<Vec<_>>();
        if losses(self) != losses(first) {
            let (found, expected) = (losses(self).join(", "), losses(first).join(", "));
            return refused(format!("{of} are those of {found}, expected {expected}"));
        }
        all_finite(&of, &self.shares().collect::<Vec<_>>())?;
        match self.shares().find(|share| !(0.0..=1.0).contains(share)) {
            Some(share) => refused(format!("{of} hold {share}, expected numbers between 0 and 1")),
            None => Ok(()),
        }
    }
}
