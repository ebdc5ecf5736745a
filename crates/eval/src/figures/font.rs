//! The bundled font: text measured and outlined from its own glyphs, so that pictures need no font of the system.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, GlyphId, OutlineCurve, OutlinedGlyph, Point, PxScale, point};
use plotters::style::{FontStyle, register_font};

/// Inter Regular, SIL Open Font License 1.1 (`assets/OFL.txt`).
static INTER: &[u8] = include_bytes!("../../assets/Inter-Regular.otf");

/// Family under which plotters knows the font.
pub(super) const FAMILY: &str = "sans-serif";

/// Height of a capital letter in ems. Text is placed by its capitals: the box of a line reaches from the
/// baseline to this height.
pub(super) const CAP_HEIGHT: f32 = 0.727;

const SUBSCRIPT_SIZE: f32 = 0.72;
const SUBSCRIPT_DROP: f32 = 0.18;

/// A line of text with its glyphs in place. The origin is the left end of the baseline, y points down.
pub(super) struct Line {
    glyphs: Vec<Glyph>,
    /// Advance of the line, in the unit of the size asked for.
    pub(super) width: f32,
}

/// The font, registered with plotters at the first call.
fn font() -> &'static FontRef<'static> {
    static FONT: OnceLock<FontRef<'static>> = OnceLock::new();
    FONT.get_or_init(|| {
        // plotters measures some text by itself; its error type has no Debug, and a failure shows there anyway.
        let _ = register_font(FAMILY, FontStyle::Normal, INTER);
        FontRef::try_from_slice(INTER).expect("the bundled font is a valid OpenType file")
    })
}

/// Places the glyphs of `text` at `size` units per em. `_` makes the character after it a subscript: `q_θ`.
pub(super) fn layout(text: &str, size: f32) -> Line {
    let font = font();
    let units_per_em = font.units_per_em().unwrap_or(1000.0);
    let mut line = Line { glyphs: Vec::new(), width: 0.0 };
    let mut previous: Option<GlyphId> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let (character, size, drop) = match character {
            '_' => (characters.next().unwrap_or('_'), size * SUBSCRIPT_SIZE, size * SUBSCRIPT_DROP),
            plain => (plain, size, 0.0),
        };
        let (id, to_size) = (font.glyph_id(character), size / units_per_em);
        line.width += previous.map_or(0.0, |before| font.kern_unscaled(before, id) * to_size);
        let scale = PxScale::from(font.height_unscaled() * to_size);
        line.glyphs.push(id.with_scale_and_position(scale, point(line.width, drop)));
        line.width += font.h_advance_unscaled(id) * to_size;
        previous = Some(id);
    }
    line
}

impl Line {
    /// Glyphs ready to be rasterised; spaces have none.
    pub(super) fn rasterised(self) -> impl Iterator<Item = OutlinedGlyph> {
        self.glyphs.into_iter().filter_map(|glyph| font().outline_glyph(glyph))
    }

    /// The outlines as the `d` attribute of an SVG path.
    pub(super) fn svg_path(&self) -> String {
        let font = font();
        let mut path = String::new();
        for glyph in &self.glyphs {
            let Some(outline) = font.outline(glyph.id) else { continue };
            let factor = glyph.scale.y / font.height_unscaled();
            let place = |p: Point| {
                let (x, y) = (glyph.position.x + p.x * factor, glyph.position.y - p.y * factor);
                format!("{} {}", hundredths(x), hundredths(y))
            };
            let mut pen = None;
            for curve in outline.curves {
                let (start, controls, end) = match curve {
                    OutlineCurve::Line(start, end) => (start, format!("L{}", place(end)), end),
                    OutlineCurve::Quad(start, c, end) => {
                        (start, format!("Q{} {}", place(c), place(end)), end)
                    }
                    OutlineCurve::Cubic(start, c1, c2, end) => {
                        (start, format!("C{} {} {}", place(c1), place(c2), place(end)), end)
                    }
                };
                if pen != Some(start) {
                    path.push_str(&format!("M{}", place(start)));
                }
                path.push_str(&controls);
                pen = Some(end);
            }
        }
        path
    }
}

/// Two digits after the point, without trailing zeros or a negative zero.
fn hundredths(value: f32) -> f32 {
    (value * 100.0).round() / 100.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_the_figures_has_a_glyph() {
        for character in
            "RE SNP BU q_θ(x₁, x₂) A(x) φ D(U‖q) −3 0.25 10⁻⁹ ⁰¹²³⁴⁵⁶⁷⁸ ± ≤ × µ σ λ · – — %".chars()
        {
            assert_ne!(font().glyph_id(character).0, 0, "no glyph for {character}");
        }
    }

    #[test]
    fn a_subscript_is_smaller_than_the_plain_character() {
        let (plain, lowered) = (layout("qθ", 10.0), layout("q_θ", 10.0));
        assert!(lowered.width < plain.width && lowered.width > layout("q", 10.0).width);
        assert!((layout("MM", 10.0).width - 2.0 * layout("M", 10.0).width).abs() < 0.5);
    }

    #[test]
    fn capitals_are_as_tall_as_text_is_placed_by() {
        let top = layout("H", 1000.0).rasterised().next().map(|glyph| -glyph.px_bounds().min.y);
        assert!((top.unwrap() / 1000.0 - CAP_HEIGHT).abs() < 0.005, "{top:?}");
    }

    #[test]
    fn outlines_are_closed_paths() {
        let path = layout("i", 10.0).svg_path();
        assert!(path.starts_with('M') && path.matches('M').count() == 2, "{path}");
    }
}
