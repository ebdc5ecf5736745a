//! How the scores of normal and of anomalous files are spread, with one panel for each loss.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::chart::{Axes, Curve};
use super::layout::{Layout, Panels};
use super::legend::Key;
use super::loss::Loss;
use super::pen::{Dash, line};
use super::scale::Scale;
use super::{Area, Drawing, Drawn, Picture, color, drawn};
use crate::EvalError;
use crate::error::all_finite;

/// File scores of one loss.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreHistogram {
    /// RE, SNP or BU.
    pub loss: Loss,
    /// Scores of the normal files.
    pub normal: Vec<f64>,
    /// Scores of the anomalous files.
    pub anomalous: Vec<f64>,
    /// The threshold `φ` of Eq. 4 that is set by the anomalies, drawn as a dashed line.
    pub threshold: f64,
    /// The threshold that is set by training sounds, which needs no anomaly: a dotted line.
    pub deployed: f64,
}

/// Draws histograms of file scores on one axis for all losses. Bins are even on a logarithmic axis where all scores are
/// positive, else on a plain one.
///
/// # Errors
/// When there is no loss, one has no score of a kind, a number is not finite, or a file cannot be
/// written.
pub fn score_histograms(histograms: &[ScoreHistogram], caption: &str) -> Result<Drawing, EvalError> {
    drawn(&ScoreHistograms::new(histograms, caption)?)
}

const BINS: usize = 40;

struct ScoreHistograms {
    losses: Vec<Bins>,
    /// The horizontal axis of all panels.
    scores: Scale,
    /// The vertical axis of all panels.
    shares: Scale,
    layout: Layout,
}

/// The histograms of one loss, in percent of the files of a kind.
struct Bins {
    loss: Loss,
    /// Normal files, and anomalous ones.
    counts: [usize; 2],
    normal: Vec<f64>,
    anomalous: Vec<f64>,
    threshold: f64,
    deployed: f64,
}

impl ScoreHistograms {
    fn new(histograms: &[ScoreHistogram], caption: &str) -> Result<Self, EvalError> {
        if histograms.is_empty() {
            return Err(EvalError::TooFew { what: "score histograms", found: 0, needed: 1 });
        }
        histograms.iter().try_for_each(ScoreHistogram::check)?;
        let all = histograms.iter().flat_map(|of| {
            of.normal.iter().chain(&of.anomalous).chain([&of.threshold, &of.deployed]).copied()
        });
        let scores = Scale::around(all);
        let losses: Vec<Bins> = histograms.iter().map(|of| Bins::new(of, &scores)).collect();
        let shares = losses.iter().flat_map(|bins| bins.normal.iter().chain(&bins.anomalous));
        let shares = Scale::from_zero(shares.copied());
        let panels = Panels {
            count: losses.len(),
            columns: losses.len().min(3),
            left: 58.0,
            size: (264.0, 200.0),
            gap: (44.0, 62.0),
        };
        let keys = [
            (Key::Patch(color::NORMAL), "normal files"),
            (Key::Patch(color::ANOMALY), "anomalous files"),
            (Key::Line(color::INK, Dash::Dashed), "threshold by anomalies"),
            (Key::Line(color::INK, Dash::Dotted), "threshold by training sounds"),
        ];
        Ok(Self { losses, scores, shares, layout: Layout::new(panels, keys, caption) })
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>, index: usize) -> Drawn {
        let bins = &self.losses[index];
        let axes = Axes {
            corner: self.layout.corner(index),
            size: self.layout.plane(),
            x: self.scores.ends,
            x_ticks: self.scores.ticks.clone(),
            y: self.shares.ends,
            y_ticks: self.shares.ticks.clone(),
            x_name: "anomaly score of the file",
            y_name: if self.layout.leftmost(index) { "share of files / %" } else { "" },
            title: format!("{}, n = {} + {}", bins.loss.name, bins.counts[0], bins.counts[1]),
        };
        // Steps without a filling: neither hides the other, in print either.
        for (shares, color, width) in
            [(&bins.anomalous, color::ANOMALY, 2.6), (&bins.normal, darker(color::NORMAL), 1.3)]
        {
            line(area, &axes.units(outline(self.scores.ends, shares)), color, width, Dash::Solid)?;
        }
        for (threshold, dash) in [(bins.threshold, Dash::Dashed), (bins.deployed, Dash::Dotted)] {
            let ends = [axes.y.0, axes.y.1].map(|y| (threshold, y));
            line(area, &axes.units(ends), color::INK, 1.2, dash)?;
        }
        axes.draw(area)
    }
}

impl Picture for ScoreHistograms {
    const NAME: &'static str = "score histograms";

    fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &Area<DB>) -> Drawn {
        (0..self.losses.len()).try_for_each(|index| self.panel(area, index))?;
        self.layout.draw(area)
    }
}

impl ScoreHistogram {
    fn check(&self) -> Result<(), EvalError> {
        let Self { loss, normal, anomalous, threshold, deployed } = self;
        for (kind, scores) in [("normal", normal), ("anomalous", anomalous)] {
            let what = format!("{kind} file scores of {}", loss.name);
            if scores.is_empty() {
                return Err(EvalError::Length { what, found: 0, expected: 1 });
            }
            all_finite(&what, scores)?;
        }
        all_finite(&format!("threshold of {}", loss.name), &[*threshold, *deployed])
    }
}

impl Bins {
    fn new(histogram: &ScoreHistogram, scale: &Scale) -> Self {
        let ScoreHistogram { loss, normal, anomalous, threshold, deployed } = histogram;
        let shares = |scores: &[f64]| {
            let (mut counts, (low, high)) = (vec![0.0; BINS], scale.ends);
            for score in scores {
                let place = (scale.at(*score) - low) / (high - low) * BINS as f64;
                counts[(place as usize).min(BINS - 1)] += 100.0 / scores.len() as f64;
            }
            counts
        };
        Self {
            loss: *loss,
            counts: [normal.len(), anomalous.len()],
            normal: shares(normal),
            anomalous: shares(anomalous),
            threshold: scale.at(*threshold),
            deployed: scale.at(*deployed),
        }
    }
}

/// The steps of a histogram over an axis of these ends, from the axis up and back down to it.
fn outline((low, high): (f64, f64), shares: &[f64]) -> Curve {
    let edge = |index: usize| low + (high - low) * index as f64 / BINS as f64;
    let steps = shares.iter().enumerate().flat_map(|(k, share)| [(edge(k), *share), (edge(k + 1), *share)]);
    [(low, 0.0)].into_iter().chain(steps).chain([(high, 0.0)]).collect()
}

fn darker(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let [r, g, b] = [r, g, b].map(|channel| (f64::from(channel) * 0.7) as u8);
    RGBColor(r, g, b)
}
