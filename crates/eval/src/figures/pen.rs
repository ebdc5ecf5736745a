//! What figures are drawn with: pixels to units, text, lines, images.

use std::error::Error;

use plotters::coord::CoordTranslate;
use plotters::drawing::DrawingArea;
use plotters::element::{BitMapElement, DashedPathElement, PathElement, Rectangle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::{Area, Drawn, UNITS, color, font};

/// Size of tick labels and legends, in pixels.
pub(super) const SMALL: f64 = 11.0;
/// Size of axis names and titles, in pixels.
pub(super) const MEDIUM: f64 = 13.0;

/// Pixels as drawing units.
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * f64::from(UNITS)).round() as i32
}

/// A place in pixels as one in drawing units.
pub(super) fn units((x, y): (f64, f64)) -> (i32, i32) {
    (px(x), px(y))
}

/// A line style of a width in pixels.
pub(super) fn stroke(color: &impl Color, width: f64) -> ShapeStyle {
    color.stroke_width(px(width) as u32)
}

/// A text style of a size in pixels, placed by `horizontal` and `vertical`.
pub(super) fn text(size: f64, color: RGBColor, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    (font::FAMILY, px(size)).into_font().color(&color).pos(Pos::new(horizontal, vertical))
}

/// A name as it is: a single `_` would make the character after it a subscript.
pub(super) fn verbatim(name: &str) -> String {
    name.replace('_', "__")
}

/// [`verbatim`] with a proper minus before a number, as in `-10 dB`.
pub(super) fn signed(name: &str) -> String {
    match name.strip_prefix('-') {
        Some(number) => format!("\u{2212}{}", verbatim(number)),
        None => verbatim(name),
    }
}

/// Writes a line of text at a place in pixels.
pub(super) fn write<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    line: &str,
    (x, y): (f64, f64),
    style: &TextStyle<'_>,
) -> Drawn {
    Ok(area.draw(&Text::new(line.to_owned(), (px(x), px(y)), style.clone()))?)
}

/// Writes the lines of a caption downwards from a place in pixels.
pub(super) fn caption<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    lines: &[String],
    (x, y): (f64, f64),
) -> Drawn {
    let style = text(SMALL, color::FAINT, HPos::Left, VPos::Top);
    lines
        .iter()
        .enumerate()
        .try_for_each(|(row, words)| write(area, words, (x, y + 15.0 * row as f64), &style))
}

/// Breaks `words` into lines of at most `width` pixels.
pub(super) fn wrapped(words: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|line| f64::from(font::layout(line, size as f32).width) <= width) {
            Some(line) => *lines.last_mut().expect("a longer line extends one") = line,
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// Draws a line of `width` pixels through points of any coordinate system.
pub(super) fn line<DB, CT>(
    area: &DrawingArea<DB, CT>,
    points: &[CT::From],
    color: RGBColor,
    width: f64,
    dash: Dash,
) -> Drawn
where
    DB: DrawingBackend<ErrorType: 'static>,
    CT: CoordTranslate<From: Clone + 'static>,
{
    let style = stroke(&color, width);
    let dashes = |on: f64, off: f64| {
        area.draw(&DashedPathElement::new(points.to_vec(), px(on * width), px(off * width), style))
    };
    match dash {
        Dash::Solid => area.draw(&PathElement::new(points.to_vec(), style))?,
        Dash::Dashed => dashes(4.0, 2.0)?,
        Dash::Dotted => dashes(1.0, 1.4)?,
    }
    Ok(())
}

/// Fills the rectangle between two corners in pixels.
pub(super) fn fill<DB: DrawingBackend<ErrorType: 'static>>(
    area: &Area<DB>,
    corners: [(f64, f64); 2],
    color: &impl Color,
) -> Drawn {
    let [(x0, y0), (x1, y1)] = corners;
    // plotters wants the upper left corner first.
    let corners = [(x0.min(x1), y0.min(y1)), (x0.max(x1), y0.max(y1))].map(units);
    Ok(area.draw(&Rectangle::new(corners, color.filled()))?)
}

/// An RGB image of `size` from the colour of each pixel.
pub(super) fn image((width, height): (u32, u32), color: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| color(x, y)).collect()
}

/// An image with its upper left corner at a place, both in drawing units.
pub(super) fn image_at(
    corner: (i32, i32),
    size: (u32, u32),
    rgb: Vec<u8>,
) -> Result<BitMapElement<'static, (i32, i32)>, Box<dyn Error>> {
    BitMapElement::with_owned_buffer(corner, size, rgb).ok_or_else(|| "image of another size".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_captions_are_wrapped() {
        let lines = wrapped("one two three four five six seven eight nine ten", 10.0, 80.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four five six seven eight nine ten");
        assert!(lines.iter().all(|line| font::layout(line, 10.0).width <= 80.0));
    }
}
