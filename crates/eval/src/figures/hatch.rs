//! Hatches over bars: what colours tell on a screen, they tell in print.

use plotters::prelude::DrawingBackend;
use plotters::style::WHITE;

use super::loss::Loss;
use super::pen::{Dash, fill, line, units};
use super::{Area, Drawn};

/// Pixels between the lines of a hatch.
const PITCH: f64 = 6.0;

/// Fills the bar of a loss between its lower left and upper right corner in pixels: plain, or with lines that rise or
/// fall, by turns.
pub(super) fn bar<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    corners: [(f64, f64); 2],
    loss: Loss,
) -> Drawn {
    fill(area, corners, &loss.color())?;
    let [(left, bottom), (right, top)] = corners;
    let (width, height) = (right - left, bottom - top);
    let rises = match loss.order % 3 {
        0 => return Ok(()),
        turn => turn == 1,
    };
    let count = ((width + height) / PITCH) as usize;
    for start in (1..=count).map(|step| step as f64 * PITCH - height) {
        // From `start` on the lower edge, one to the right for one up, as far as it lies in the bar.
        let (from, to) = ((-start).max(0.0), (width - start).min(height));
        let across = |along: f64| if rises { left + start + along } else { right - start - along };
        if from < to {
            let ends = [(across(from), bottom - from), (across(to), bottom - to)];
            line(area, &ends.map(units), WHITE, 1.0, Dash::Solid)?;
        }
    }
    Ok(())
}
