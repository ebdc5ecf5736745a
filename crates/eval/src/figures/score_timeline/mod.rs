//! The anomaly score of one file over time, with what the machine did and where the anomaly is.

mod input;

pub use input::{FrameScores, OperationSpan, ScoreTimeline};

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use crate::EvalError;
use crate::figures::chart::{Axes, Curve};
use crate::figures::layout::{Layout, Panels, in_order};
use crate::figures::legend::{Key, ring};
use crate::figures::pen::{Dash, MEDIUM, SMALL, fill, line, text, verbatim, write};
use crate::figures::scale::Scale;
use crate::figures::ticks::ticks;
use crate::figures::{Area, Drawing, Drawn, Picture, color, drawn, font};

/// Draws scores over time: a panel for each loss with a scale of its own, the
/// operations as bands of colour above them, the anomaly in yellow, the highest score (Eq. 11) in a ring.
///
/// # Errors
/// When there is no loss, one has no score, a number is not finite, a length of time is not positive, a
/// stretch of time or a frame does not lie within the file, or a picture cannot be written.
pub fn score_timeline(timeline: &ScoreTimeline, caption: &str) -> Result<Drawing, EvalError> {
    drawn(&Timeline::new(timeline, caption)?)
}

const PLANE: (f64, f64) = (860.0, 120.0);
/// Height of the bands of operations, and their distance from the uppermost plane.
const BAND: (f64, f64) = (16.0, 5.0);
const THIN: f64 = 1.3;

struct Timeline<'a> {
    timeline: &'a ScoreTimeline,
    operations: Vec<&'a str>,
    layout: Layout,
}

impl<'a> Timeline<'a> {
    fn new(timeline: &'a ScoreTimeline, caption: &str) -> Result<Self, EvalError> {
        timeline.check(Self::NAME)?;
        let operations = in_order(timeline.operations.iter().map(|span| span.name.as_str()));
        let patches = operations.iter().enumerate().map(|(k, name)| (Key::Patch(tint(k)), verbatim(name)));
        let mut keys: Vec<(Key, String)> = patches.collect();
        if timeline.anomaly.is_some() {
            keys.push((Key::Patch(color::ANOMALOUS), "anomaly".to_owned()));
        }
        if timeline.losses.iter().any(|of| of.threshold.is_some()) {
            keys.push((Key::Line(color::INK, Dash::Dashed), "threshold φ".to_owned()));
        }
        keys.push((Key::Ring, "highest score".to_owned()));
        let count = timeline.losses.len();
        let panels = Panels { count, columns: 1, left: 62.0, size: PLANE, gap: (0.0, 20.0) };
        Ok(Self { timeline, operations, layout: Layout::new(panels, keys, caption) })
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>, index: usize) -> Drawn {
        let FrameScores { loss, scores, threshold } = &self.timeline.losses[index];
        // Room above for the ring.
        let scale = Scale::from_zero(scores.iter().chain(threshold).map(|score| 1.06 * score));
        let (x, lowest) = ((0.0, self.timeline.seconds), self.layout.lowest(index));
        // One axis of time: its numbers stand under the lowest panel alone.
        let times = ticks(x, 12).into_iter();
        let axes = Axes {
            corner: self.layout.corner(index),
            size: self.layout.plane(),
            x,
            x_ticks: times.map(|(at, time)| (at, if lowest { time } else { String::new() })).collect(),
            y: scale.ends,
            y_ticks: scale.ticks.clone(),
            x_name: if lowest { "time / s" } else { "" },
            y_name: "A(x)",
            title: String::new(),
        };
        let (bottom, top) = scale.ends;
        if let Some((start_s, end_s)) = self.timeline.anomaly {
            fill(area, [axes.at(start_s.min(x.1), bottom), axes.at(end_s.min(x.1), top)], &color::ANOMALOUS)?;
        }
        for span in &self.timeline.operations {
            let border = [bottom, top].map(|y| (span.start_s.min(x.1), y));
            line(area, &axes.units(border), color::GRID, 1.0, Dash::Solid)?;
        }
        if let Some(threshold) = threshold {
            let level = [x.0, x.1].map(|x| (x, scale.at(*threshold)));
            line(area, &axes.units(level), color::INK, 1.0, Dash::Dashed)?;
        }
        let frames: Curve =
            scores.iter().zip(0..).map(|(score, frame)| self.frame(&scale, frame, *score)).collect();
        line(area, &axes.units(frames.iter().copied()), loss.color(), THIN, Dash::Solid)?;
        if let Some((x, y)) =
            frames.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })
        {
            ring(area, axes.at(x, y), color::INK)?;
        }
        let name = text(MEDIUM, loss.color(), HPos::Left, VPos::Top);
        write(area, loss.name, (axes.corner.0 + 8.0, axes.corner.1 + 8.0), &name)?;
        axes.draw(area)
    }

    /// Where a frame lies in its panel.
    fn frame(&self, scale: &Scale, frame: u32, score: f64) -> (f64, f64) {
        let time_s = self.timeline.first_s + f64::from(frame) * self.timeline.step_s;
        (time_s.min(self.timeline.seconds), scale.at(score))
    }

    /// What the machine did, above the uppermost panel; a name where it fits.
    fn bands<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        let (left, top) = self.layout.corner(0);
        let (upper, lower) = (top - BAND.0 - BAND.1, top - BAND.1);
        let style = text(SMALL, color::INK, HPos::Center, VPos::Center);
        for span in &self.timeline.operations {
            let [from, to] =
                [span.start_s, span.end_s].map(|at| left + PLANE.0 * (at / self.timeline.seconds).min(1.0));
            let place = self.operations.iter().position(|name| *name == span.name).unwrap_or(0);
            fill(area, [(from, upper), (to, lower)], &tint(place))?;
            let name = verbatim(&span.name);
            if f64::from(font::layout(&name, SMALL as f32).width) + 6.0 <= to - from {
                write(area, &name, ((from + to) / 2.0, (upper + lower) / 2.0), &style)?;
            }
        }
        Ok(())
    }
}

impl Picture for Timeline<'_> {
    const NAME: &'static str = "score timeline";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        self.bands(area)?;
        (0..self.timeline.losses.len()).try_for_each(|index| self.panel(area, index))?;
        self.layout.draw(area)
    }
}

fn tint(place: usize) -> RGBColor {
    color::OPERATIONS[place % color::OPERATIONS.len()]
}
