//! Where the panels of a figure lie: rows of keys, rows of panels of one size, a caption.

use plotters::prelude::DrawingBackend;

use super::legend::{Key, Keys};
use super::pen::{SMALL, caption, wrapped};
use super::{Area, Drawn};

const KEYS: f64 = 16.0;
const TITLE: f64 = 24.0;
const NAMES: f64 = 62.0;
/// Room right of the last column.
pub(super) const RIGHT: f64 = 22.0;

/// Panels of one size in rows. Lengths are pixels.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    /// How many there are.
    pub(super) count: usize,
    /// How many stand in a row.
    pub(super) columns: usize,
    /// Room left of the first column.
    pub(super) left: f64,
    /// Width and height of a panel's plane.
    pub(super) size: (f64, f64),
    /// Room between the planes of neighbours.
    pub(super) gap: (f64, f64),
}

/// A figure of panels with keys above and a caption below.
pub(super) struct Layout {
    panels: Panels,
    keys: Keys,
    caption: Vec<String>,
}

impl Layout {
    pub(super) fn new<S: Into<String>>(
        panels: Panels,
        keys: impl IntoIterator<Item = (Key, S)>,
        caption: &str,
    ) -> Self {
        let width = panels.width();
        Self { panels, keys: Keys::new(keys, width), caption: wrapped(caption, SMALL, width) }
    }

    /// Upper left corner of a panel's plane.
    pub(super) fn corner(&self, index: usize) -> (f64, f64) {
        let Panels { columns, left, size, gap, .. } = self.panels;
        let (column, row) = ((index % columns) as f64, (index / columns) as f64);
        (left + column * (size.0 + gap.0), self.top() + row * (size.1 + gap.1))
    }

    /// Width and height of a panel's plane.
    pub(super) fn plane(&self) -> (f64, f64) {
        self.panels.size
    }

    /// Whether a panel is the first of its row.
    pub(super) fn leftmost(&self, index: usize) -> bool {
        index.is_multiple_of(self.panels.columns)
    }

    /// Whether no panel stands below.
    pub(super) fn lowest(&self, index: usize) -> bool {
        index + self.panels.columns >= self.panels.count
    }

    /// Width and height of the figure.
    pub(super) fn size(&self) -> (u32, u32) {
        let height = self.bottom() + NAMES + 15.0 * self.caption.len() as f64;
        ((self.panels.left + self.panels.width() + RIGHT).ceil() as u32, height.ceil() as u32)
    }

    /// Keys and caption.
    pub(super) fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        self.keys.draw(area, (self.panels.left, KEYS))?;
        caption(area, &self.caption, (self.panels.left, self.bottom() + NAMES))
    }

    fn top(&self) -> f64 {
        KEYS + self.keys.height + TITLE
    }

    fn bottom(&self) -> f64 {
        let rows = self.panels.count.div_ceil(self.panels.columns) as f64;
        self.top() + rows * (self.panels.size.1 + self.panels.gap.1) - self.panels.gap.1
    }
}

impl Panels {
    /// From the first plane's left edge to the last one's right.
    fn width(&self) -> f64 {
        let columns = self.columns as f64;
        columns * (self.size.0 + self.gap.0) - self.gap.0
    }
}

/// Names in the order in which they first appear.
pub(super) fn in_order<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
