//! Legends: lines, or patches of colour, and what they mean.

use plotters::element::Circle;
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::loss::{Loss, STROKE};
use super::pen::{Dash, SMALL, fill, line, px, stroke, text, units, write};
use super::{Area, Drawn, color, font, hatch};

/// The lines of losses and their names, the first at `(x, y)` and each `pitch` further on, in pixels.
pub(super) fn legend<'a, DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    entries: impl IntoIterator<Item = (Loss, &'a str)>,
    (mut x, mut y): (f64, f64),
    pitch: (f64, f64),
) -> Drawn {
    let names = text(SMALL, color::INK, HPos::Left, VPos::Center);
    for (loss, name) in entries {
        line(area, &[(x, y), (x + 36.0, y)].map(units), loss.color(), STROKE, loss.dash())?;
        write(area, name, (x + 44.0, y), &names)?;
        (x, y) = (x + pitch.0, y + pitch.1);
    }
    Ok(())
}

/// What stands beside a name in a row of keys.
pub(super) enum Key {
    /// A patch of colour.
    Patch(RGBColor),
    /// The bar of a loss.
    Bar(Loss),
    /// A thin line.
    Line(RGBColor, Dash),
    /// A ring around a point.
    Ring,
}

const KEY: f64 = 16.0;
const ROW: f64 = 18.0;

/// Keys and their names in rows of at most `width` pixels, ready to be drawn.
pub(super) struct Keys {
    /// Each key with its place from the middle of the first row's left end.
    placed: Vec<(Key, String, (f64, f64))>,
    /// Height of all rows.
    pub(super) height: f64,
}

impl Keys {
    pub(super) fn new<S: Into<String>>(entries: impl IntoIterator<Item = (Key, S)>, width: f64) -> Self {
        let (mut x, mut y) = (0.0, 0.0);
        let placed = entries.into_iter().map(|(key, name)| {
            let name = name.into();
            let wide = KEY + 29.0 + f64::from(font::layout(&name, SMALL as f32).width);
            if x > 0.0 && x + wide > width {
                (x, y) = (0.0, y + ROW);
            }
            x += wide;
            (key, name, (x - wide, y))
        });
        Self { placed: placed.collect(), height: y + ROW }
    }

    /// Draws the keys with the middle of the first row's left end at a place in pixels.
    pub(super) fn draw<DB: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &Area<DB>,
        (left, top): (f64, f64),
    ) -> Drawn {
        let names = text(SMALL, color::INK, HPos::Left, VPos::Center);
        for (key, name, (x, y)) in &self.placed {
            let (x, y) = (left + x, top + y);
            match key {
                Key::Bar(loss) => hatch::bar(area, [(x, y + 6.0), (x + KEY, y - 6.0)], *loss)?,
                Key::Patch(color) => fill(area, [(x, y - 5.0), (x + KEY, y + 5.0)], color)?,
                Key::Line(color, dash) => {
                    line(area, &[(x, y), (x + KEY, y)].map(units), *color, 1.2, *dash)?;
                }
                Key::Ring => ring(area, (x + KEY / 2.0, y), color::INK)?,
            }
            write(area, name, (x + KEY + 6.0, y), &names)?;
        }
        Ok(())
    }
}

/// A ring around a point in pixels.
pub(super) fn ring<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    point: (f64, f64),
    color: RGBColor,
) -> Drawn {
    Ok(area.draw(&Circle::new(units(point), px(4.0), stroke(&color, 1.3)))?)
}
