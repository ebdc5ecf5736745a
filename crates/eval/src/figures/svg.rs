//! A plotters backend for SVG: quarter-pixel coordinates, text as outlines, bitmaps as embedded PNG.

use std::convert::Infallible;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::raster::{encode_png, halved};
use super::{UNITS, font};

/// Collects the elements of an SVG document. Plotters' own SVG backend has whole-pixel coordinates, and its text
/// looks different wherever another font is installed.
pub(super) struct Svg<'a> {
    body: &'a mut String,
    size: (u32, u32),
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> Svg<'a> {
    /// A backend of `size` units that appends elements to `body`.
    pub(super) fn new(body: &'a mut String, size: (u32, u32)) -> Self {
        Self { body, size }
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) -> Drawn {
        self.body.write_fmt(element).expect("writing to a string cannot fail");
        self.body.push('\n');
        Ok(())
    }
}

/// Wraps elements into a document of `size` units.
pub(super) fn document(body: &str, size: (u32, u32), title: &str) -> String {
    let (width, height) = (pixels(size.0 as i32), pixels(size.1 as i32));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n{body}</svg>\n",
        escaped(title)
    )
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let paint = if fill { filled(style.color()) } else { stroked(style) };
        let (x, y, width, height) = (pixels(left), pixels(top), pixels(right - left), pixels(bottom - top));
        self.element(format_args!(r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" {paint}/>"#))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let paint = stroked(style);
        self.element(format_args!(r#"<path d="{}" {paint}/>"#, path_data(path)))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let paint = if fill { filled(style.color()) } else { stroked(style) };
        let (x, y, r) = (pixels(x), pixels(y), pixels(radius as i32));
        self.element(format_args!(r#"<circle cx="{x}" cy="{y}" r="{r}" {paint}/>"#))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Drawn {
        let paint = filled(style.color());
        self.element(format_args!(r#"<path d="{}Z" {paint}/>"#, path_data(vertices)))
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let size = style.size() as f32 / UNITS as f32;
        let line = font::layout(text, size);
        let (dx, dy) = anchor_offset(style, line.width, size);
        let angle = match style.transform() {
            FontTransform::None => 0,
            FontTransform::Rotate90 => 90,
            FontTransform::Rotate180 => 180,
            FontTransform::Rotate270 => 270,
        };
        let rotate = if angle == 0 { String::new() } else { format!(" rotate({angle})") };
        self.element(format_args!(
            r#"<path aria-label="{}" transform="translate({} {}){rotate} translate({dx:.2} {dy:.2})" d="{}" {}/>"#,
            escaped(&plain(text)),
            pixels(x),
            pixels(y),
            line.svg_path(),
            filled(style.color())
        ))
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok(text_size(text, style))
    }

    fn blit_bitmap(&mut self, (x, y): BackendCoord, size: (u32, u32), rgb: &[u8]) -> Drawn {
        // One image pixel to a picture's pixel is enough for a smooth map.
        let (image_size, rgb) = halved(size, rgb);
        let (image_size, rgb) = halved(image_size, &rgb);
        let data = STANDARD.encode(encode_png(image_size, &rgb));
        let (width, height) = (pixels(size.0 as i32), pixels(size.1 as i32));
        let (x, y) = (pixels(x), pixels(y));
        self.element(format_args!(
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/png;base64,{data}"/>"#
        ))
    }
}

/// Size of a line of text in whole units, as both backends report it to plotters.
pub(super) fn text_size<T: BackendTextStyle>(text: &str, style: &T) -> (u32, u32) {
    let size = style.size() as f32;
    (font::layout(text, size).width.round() as u32, (font::CAP_HEIGHT * size).round() as u32)
}

/// Where the left end of the baseline lies from the anchor of a line that is `width` wide.
pub(super) fn anchor_offset<T: BackendTextStyle>(style: &T, width: f32, size: f32) -> (f32, f32) {
    let dx = match style.anchor().h_pos {
        HPos::Left => 0.0,
        HPos::Center => -width / 2.0,
        HPos::Right => -width,
    };
    let dy = match style.anchor().v_pos {
        VPos::Top => font::CAP_HEIGHT * size,
        VPos::Center => font::CAP_HEIGHT * size / 2.0,
        VPos::Bottom => 0.0,
    };
    (dx, dy)
}

fn pixels(units: i32) -> f64 {
    f64::from(units) / f64::from(UNITS)
}

fn path_data(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let points: Vec<String> =
        points.into_iter().map(|(x, y)| format!("{} {}", pixels(x), pixels(y))).collect();
    format!("M{}", points.join("L"))
}

fn hex(BackendColor { rgb: (r, g, b), .. }: BackendColor) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn opacity(kind: &str, alpha: f64) -> String {
    if alpha < 1.0 { format!(r#" {kind}-opacity="{alpha:.3}""#) } else { String::new() }
}

fn filled(color: BackendColor) -> String {
    format!(r#"fill="{}"{}"#, hex(color), opacity("fill", color.alpha))
}

fn stroked<S: BackendStyle>(style: &S) -> String {
    let (color, width) = (style.color(), pixels(style.stroke_width() as i32));
    let opacity = opacity("stroke", color.alpha);
    format!(r#"fill="none" stroke="{}" stroke-width="{width}" stroke-linejoin="round"{opacity}"#, hex(color))
}

/// A line without the marks of its subscripts; `__` is an underscore.
fn plain(text: &str) -> String {
    text.split("__").map(|part| part.replace('_', "")).collect::<Vec<_>>().join("_")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
