//! Figures of the ring and of the toy-car experiment as PNG and SVG, and the picture of a sound.
//!
//! A figure is a function generic over the plotters backend, in units of a quarter pixel. `Svg` divides by
//! four; `Raster` halves, so that a PNG has two pixels a picture pixel. Text comes from the bundled font in
//! both and needs none of the system's.

mod chart;
mod color;
mod figure2;
mod figure3;
mod figure4;
mod font;
mod hatch;
mod layout;
mod legend;
mod loss;
mod loss_curves;
mod maxima_by_operation;
mod pen;
mod raster;
mod roc_curves;
mod scale;
mod score_histograms;
mod score_timeline;
mod sound;
mod svg;
mod ticks;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::DrawingBackend;
use std::error::Error;

pub use figure4::{AucBar, figure4};
pub use loss::Loss;
pub use loss_curves::{CurveAxis, LossCurve, loss_curves};
pub use maxima_by_operation::{OperationMaxima, maxima_by_operation};
pub use roc_curves::{RocCurve, roc_curves};
pub use score_histograms::{ScoreHistogram, score_histograms};
pub use score_timeline::{FrameScores, OperationSpan, ScoreTimeline, score_timeline};
pub use sound::{Sound, Spectra};

use crate::error::all_finite;
use crate::{EvalError, Grid};

/// Drawing units of a picture's pixel.
const UNITS: u32 = 4;

type Area<DB> = DrawingArea<DB, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// Anomaly scores of one seed's nets on a grid: what Figures 2 and 3 show.
#[derive(Clone, Copy, Debug)]
pub struct RingScores<'a> {
    /// The nodes on which scores were taken.
    pub grid: &'a Grid,
    /// Radius of the border between normal and anomalous; [`crate::ring::BORDER`] in the paper.
    pub border: f64,
    /// Scores of the net that each loss trained, one a node.
    pub losses: &'a [(Loss, &'a [f32])],
}

/// Draws Figure 2: `q_θ` of each loss as maps with one colour scale.
///
/// `caption` stands below, wrapped to the width; `_` makes the character after it a subscript.
///
/// # Errors
/// When scores are not finite or not one a node, or it cannot be drawn.
pub fn figure2(scores: &RingScores<'_>, caption: &str) -> Result<Drawing, EvalError> {
    scores.check()?;
    drawn(&figure2::Figure2::new(scores, caption)?)
}

/// Draws Figure 3: anomaly scores on the cut `x2 = 0`, and against the radius.
///
/// # Errors
/// As [`figure2`].
pub fn figure3(scores: &RingScores<'_>, caption: &str) -> Result<Drawing, EvalError> {
    scores.check()?;
    drawn(&figure3::Figure3::new(scores, caption))
}

/// A picture of a sound as PNG: wave, spectrogram and log-mel features on one axis of time.
///
/// # Errors
/// When it holds no sample or no spectrum, or it cannot be drawn.
pub fn sound(sound: &Sound<'_>) -> Result<Vec<u8>, EvalError> {
    let empty =
        sound.samples.is_empty() || sound.spectrogram.values.is_empty() || sound.log_mel.values.is_empty();
    let png = if empty { Err("it is shorter than one spectrum".into()) } else { to_png(sound) };
    png.map_err(|source| EvalError::Draw { figure: Sound::NAME, reason: source.to_string() })
}

impl RingScores<'_> {
    fn check(&self) -> Result<(), EvalError> {
        for (loss, scores) in self.losses {
            let what = format!("anomaly scores of {} on a grid of {1} x {1}", loss.name, self.grid.side());
            if scores.len() != self.grid.len() {
                return Err(EvalError::Length { what, found: scores.len(), expected: self.grid.len() });
            }
            all_finite(&what, &scores.iter().map(|&score| f64::from(score)).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// Something that draws itself on any backend.
trait Picture {
    /// What error messages and the SVG's title call it.
    const NAME: &'static str;

    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws on a white area of [`Picture::size`].
    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn;
}

/// A figure, drawn twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The bytes of a PNG file.
    pub png: Vec<u8>,
    /// The text of an SVG file.
    pub svg: String,
}

fn drawn<P: Picture>(picture: &P) -> Result<Drawing, EvalError> {
    let failed = |source: Box<dyn Error>| EvalError::Draw { figure: P::NAME, reason: source.to_string() };
    Ok(Drawing { png: to_png(picture).map_err(failed)?, svg: to_svg(picture).map_err(failed)? })
}

fn in_units(picture: &impl Picture) -> (u32, u32) {
    let (width, height) = picture.size();
    (width * UNITS, height * UNITS)
}

fn to_svg<P: Picture>(picture: &P) -> Result<String, Box<dyn Error>> {
    let (size, mut body) = (in_units(picture), String::new());
    let area = svg::Svg::new(&mut body, size).into_drawing_area();
    area.fill(&plotters::style::WHITE)?;
    picture.draw(&area)?;
    area.present()?;
    drop(area);
    Ok(svg::document(&body, size, P::NAME))
}

fn to_png<P: Picture>(picture: &P) -> Result<Vec<u8>, Box<dyn Error>> {
    let size = in_units(picture);
    let mut rgb = vec![255; size.0 as usize * size.1 as usize * 3];
    let area = raster::Raster::new(&mut rgb, size).into_drawing_area();
    picture.draw(&area)?;
    area.present()?;
    drop(area);
    let (size, rgb) = raster::halved(size, &rgb);
    Ok(raster::encode_png(size, &rgb))
}
