//! How a loss looks in every figure: its name, colour and line.

use plotters::style::RGBColor;

use super::pen::Dash;

/// Width of a curve in pixels.
pub(super) const STROKE: f64 = 2.0;

/// A loss and how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Its name.
    pub name: &'static str,
    /// Red, green, blue.
    pub color: [u8; 3],
    /// Its place among all losses: figures show them in this order, with lines that take turns.
    pub order: usize,
}

impl Loss {
    pub(super) fn color(self) -> RGBColor {
        let [red, green, blue] = self.color;
        RGBColor(red, green, blue)
    }

    pub(super) fn dash(self) -> Dash {
        [Dash::Dotted, Dash::Dashed, Dash::Solid][self.order % 3]
    }

    /// Those of `losses`, each once, in order.
    pub(super) fn distinct(losses: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut found: Vec<Self> = losses.collect();
        found.sort_by_key(|loss| loss.order);
        found.dedup();
        found
    }
}
