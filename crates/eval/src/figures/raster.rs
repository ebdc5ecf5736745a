//! A plotters backend for pixels: drawn at twice the size, halved, and encoded as PNG.

use plotters::prelude::BitMapBackend;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::font;
use super::svg::{anchor_offset, text_size};

/// Plotters' bitmap backend with text laid out from the bundled font to a fraction of a unit.
pub(super) struct Raster<'a>(BitMapBackend<'a>);

type Failure<'a> = <BitMapBackend<'a> as DrawingBackend>::ErrorType;
type Drawn<'a> = Result<(), DrawingErrorKind<Failure<'a>>>;

impl<'a> Raster<'a> {
    /// A backend that draws into `rgb`, three bytes a unit, row by row.
    pub(super) fn new(rgb: &'a mut [u8], size: (u32, u32)) -> Self {
        Self(BitMapBackend::with_buffer(rgb, size))
    }
}

impl<'a> DrawingBackend for Raster<'a> {
    type ErrorType = Failure<'a>;

    fn get_size(&self) -> (u32, u32) {
        self.0.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<'a> {
        self.0.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<'a> {
        self.0.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn<'a> {
        self.0.draw_pixel(point, color)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<'a> {
        self.0.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn blit_bitmap(&mut self, at: BackendCoord, size: (u32, u32), rgb: &[u8]) -> Drawn<'a> {
        self.0.blit_bitmap(at, size, rgb)
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn<'a> {
        let size = style.size() as f32;
        let line = font::layout(text, size);
        let (dx, dy) = anchor_offset(style, line.width, size);
        let (color, transform, (width, height)) = (style.color(), style.transform(), self.get_size());
        for glyph in line.rasterised() {
            let corner = glyph.px_bounds().min;
            let (left, top) = ((corner.x + dx).round() as i32, (corner.y + dy).round() as i32);
            let mut covered = Vec::new();
            glyph.draw(|x, y, coverage| covered.push((left + x as i32, top + y as i32, coverage)));
            for (x, y, coverage) in covered {
                let (x, y) = transform.transform(x, y);
                let (x, y) = (at.0 + x, at.1 + y);
                if (0..width as i32).contains(&x) && (0..height as i32).contains(&y) {
                    self.draw_pixel((x, y), color.mix(f64::from(coverage)))?;
                }
            }
        }
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Failure<'a>>> {
        Ok(text_size(text, style))
    }
}

/// An RGB image at half its width and height: the mean of each 2 x 2 square (an odd last row or column falls away).
pub(super) fn halved((width, height): (u32, u32), rgb: &[u8]) -> ((u32, u32), Vec<u8>) {
    let (columns, rows, stride) = (width as usize / 2, height as usize / 2, width as usize * 3);
    let mut halved = Vec::with_capacity(columns * rows * 3);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let corner = 2 * row * stride + 6 * column + channel;
                let square = [corner, corner + 3, corner + stride, corner + stride + 3];
                let sum: u32 = square.into_iter().map(|i| u32::from(rgb[i])).sum();
                halved.push(((sum + 2) / 4) as u8);
            }
        }
    }
    ((width / 2, height / 2), halved)
}

/// Encodes an RGB image as PNG.
pub(super) fn encode_png((width, height): (u32, u32), rgb: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::Adaptive);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(rgb));
    written.expect("an RGB image of its stated size can be encoded into memory");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_takes_the_mean_of_squares() {
        let rgb = [0, 0, 0, 4, 8, 12, 9, 9, 9, 4, 8, 12, 8, 16, 24, 9, 9, 9];
        assert_eq!(halved((3, 2), &rgb), ((1, 1), vec![4, 8, 12]));
    }
}
