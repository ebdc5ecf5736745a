//! Figure 4: the AUC of each autoencoder, anomaly-to-normal ratio and loss.

use plotters::prelude::DrawingBackend;
use plotters::style::WHITE;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::Axes;
use super::layout::{Layout, Panels, in_order};
use super::legend::Key;
use super::loss::Loss;
use super::pen::{Dash, MEDIUM, fill, line, signed, text, units, verbatim, write};
use super::ticks::ticks;
use super::{Area, Drawing, Drawn, Picture, color, drawn, hatch};
use crate::EvalError;
use crate::error::all_finite;

/// The AUC of one autoencoder and loss under one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct AucBar {
    /// The autoencoder, such as `FCN40-large`: a panel.
    pub model: String,
    /// The loss that trained it: a bar.
    pub loss: Loss,
    /// The test condition, such as `-10 dB`: a group of bars.
    pub condition: String,
    /// Mean over seeds.
    pub mean: f64,
    /// 95 % interval of the mean; none from a single seed.
    pub interval: Option<(f64, f64)>,
}

/// Draws Figure 4: a panel for each autoencoder, in it a group of bars for each
/// condition, in the order in which they first appear in `bars`.
///
/// A bar that others of its panel lead one to expect, but that is not there, is marked by a small cross, and the caption says so.
///
/// # Errors
/// When there is no bar or one stands twice, an AUC or the end of an interval is not finite, an
/// AUC is not in `[0, 1]`, an interval has its ends reversed, or it cannot be drawn.
pub fn figure4(bars: &[AucBar], caption: &str) -> Result<Drawing, EvalError> {
    drawn(&Figure4::new(bars, caption)?)
}

const MISSING: &str = " A cross (×) stands for an AUC that is missing.";
const CHANCE: f64 = 0.5;
/// Share of a group's room that its bars fill.
const GROUP: f64 = 0.84;
const VALUES: f64 = 9.0;

struct Figure4<'a> {
    bars: &'a [AucBar],
    models: Vec<&'a str>,
    conditions: Vec<&'a str>,
    /// Of each model.
    losses: Vec<Vec<Loss>>,
    bottom: f64,
    layout: Layout,
}

impl<'a> Figure4<'a> {
    fn new(bars: &'a [AucBar], caption: &str) -> Result<Self, EvalError> {
        if bars.is_empty() {
            return Err(EvalError::TooFew { what: "bars of Figure 4", found: 0, needed: 1 });
        }
        for (index, bar) in bars.iter().enumerate() {
            bar.check(&bars[..index])?;
        }
        let models = in_order(bars.iter().map(|bar| bar.model.as_str()));
        let conditions = in_order(bars.iter().map(|bar| bar.condition.as_str()));
        let of_model =
            |model: &&str| Loss::distinct(bars.iter().filter(|bar| bar.model == *model).map(|bar| bar.loss));
        let losses: Vec<Vec<Loss>> = models.iter().map(of_model).collect();
        let places = conditions.len() * losses.iter().map(Vec::len).sum::<usize>();
        let shown = Loss::distinct(bars.iter().map(|bar| bar.loss)).into_iter();
        let keys = shown.map(|loss| (Key::Bar(loss), loss.name));
        let keys = keys.chain([(Key::Line(color::INK, Dash::Dashed), "chance")]);
        let panels = Panels {
            count: models.len(),
            columns: models.len().min(2),
            left: 58.0,
            size: (400.0_f64.max(110.0 * conditions.len() as f64), 210.0),
            gap: (64.0, 62.0),
        };
        let missing = if bars.len() < places { MISSING } else { "" };
        let layout = Layout::new(panels, keys, &format!("{caption}{missing}"));
        Ok(Self { bars, models, conditions, losses, bottom: bottom_below(bars), layout })
    }

    fn axes(&self, panel: usize) -> Axes<'a> {
        let groups = (-0.5, self.conditions.len() as f64 - 0.5);
        let places = (0..self.conditions.len()).map(|k| k as f64);
        let names = self.conditions.iter().map(|name| signed(name));
        let decibels = self.conditions.iter().all(|name| name.ends_with("dB"));
        Axes {
            corner: self.layout.corner(panel),
            size: self.layout.plane(),
            x: groups,
            x_ticks: places.zip(names).collect(),
            y: (self.bottom, 1.0),
            y_ticks: ticks((self.bottom, 1.0), 10),
            x_name: if decibels && self.layout.lowest(panel) { "anomaly-to-normal ratio (ANR)" } else { "" },
            y_name: if self.layout.leftmost(panel) { "AUC" } else { "" },
            title: verbatim(self.models[panel]),
        }
    }

    /// A bar with its whisker and value, or a cross where there is none.
    fn bar<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        axes: &Axes<'_>,
        [panel, group, place]: [usize; 3],
    ) -> Drawn {
        let losses = &self.losses[panel];
        let (loss, width) = (losses[place], GROUP / losses.len() as f64);
        let left = group as f64 - GROUP / 2.0 + place as f64 * width;
        let (middle, foot) = axes.at(left + width / 2.0, self.bottom);
        let key = (self.models[panel], self.conditions[group], loss.name);
        let Some(bar) = self.bars.iter().find(|bar| bar.key() == key) else {
            let style = text(1.4 * MEDIUM, loss.color(), HPos::Center, VPos::Bottom);
            return write(area, "×", (middle, foot - 4.0), &style);
        };
        let (right, top) = axes.at(left + width, bar.mean);
        let edge = axes.at(left, self.bottom).0;
        hatch::bar(area, [(edge, foot), (right - 1.5, top)], loss)?;
        let value = text(VALUES, WHITE, HPos::Center, VPos::Bottom);
        if foot - top > 2.0 * VALUES {
            // No hatch under the value.
            fill(area, [(edge, foot), (right - 1.5, foot - 1.6 * VALUES)], &loss.color())?;
            write(area, &format!("{:.3}", bar.mean), (middle - 0.75, foot - 5.0), &value)?;
        }
        bar.interval.map_or(Ok(()), |ends| self.whisker(area, axes, (middle - 0.75, ends)))
    }

    /// The interval as a line with a cap at each end that lies within the axis.
    fn whisker<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        axes: &Axes<'_>,
        (x, (low, high)): (f64, (f64, f64)),
    ) -> Drawn {
        let [from, to] = [low, high].map(|end| axes.at(0.0, end.clamp(self.bottom, 1.0)).1);
        line(area, &[(x, from), (x, to)].map(units), color::INK, 1.2, Dash::Solid)?;
        for (end, y) in [(low, from), (high, to)] {
            if (self.bottom..=1.0).contains(&end) {
                line(area, &[(x - 4.0, y), (x + 4.0, y)].map(units), color::INK, 1.2, Dash::Solid)?;
            }
        }
        Ok(())
    }
}

impl Picture for Figure4<'_> {
    const NAME: &'static str = "Figure 4";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        for panel in 0..self.models.len() {
            let axes = self.axes(panel);
            for group in 0..self.conditions.len() {
                (0..self.losses[panel].len())
                    .try_for_each(|place| self.bar(area, &axes, [panel, group, place]))?;
            }
            let chance = axes.units([axes.x.0, axes.x.1].map(|x| (x, CHANCE)));
            line(area, &chance, color::INK, 1.0, Dash::Dashed)?;
            axes.draw(area)?;
        }
        self.layout.draw(area)
    }
}

impl AucBar {
    fn key(&self) -> (&str, &str, &str) {
        (&self.model, &self.condition, self.loss.name)
    }

    fn check(&self, earlier: &[Self]) -> Result<(), EvalError> {
        let of = format!("the AUC of {} with {} at {}", self.model, self.loss.name, self.condition);
        let refused = |reason| Err(EvalError::Draw { figure: Figure4::NAME, reason });
        let (low, high) = self.interval.unwrap_or((self.mean, self.mean));
        all_finite(&of, &[self.mean, low, high])?;
        if !(0.0..=1.0).contains(&self.mean) {
            return refused(format!("{of} is {}, expected a number between 0 and 1", self.mean));
        }
        if low > high {
            return refused(format!("the interval of {of} is [{low}, {high}], expected its lower end first"));
        }
        if earlier.iter().any(|bar| bar.key() == self.key()) {
            return refused(format!("{of} is there twice, expected one bar"));
        }
        Ok(())
    }
}

/// Where the vertical axis begins: a multiple of 0.1 that leaves chance in sight.
fn bottom_below(bars: &[AucBar]) -> f64 {
    let lows = bars.iter().map(|bar| bar.interval.map_or(bar.mean, |(low, _)| low));
    let lowest = lows.fold(CHANCE - 0.1, f64::min);
    ((lowest * 10.0 + 1e-9).floor() / 10.0).max(0.0)
}
