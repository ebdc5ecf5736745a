//! How each loss looks in every figure: its name, colour and line.

use plotters::style::RGBColor;

use super::color;
use super::pen::Dash;
use crate::EvalError;

/// Width of a curve in pixels.
pub(super) const STROKE: f64 = 2.0;

/// A loss and how it is drawn.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) name: &'static str,
    pub(super) color: RGBColor,
    pub(super) dash: Dash,
}

/// RE (Eq. 7), SNP (Eq. 9) and BU (Eq. 16), in the order in which figures show them.
pub(super) static LOSSES: [Loss; 3] = [
    Loss { name: "RE", color: color::RE, dash: Dash::Dotted },
    Loss { name: "SNP", color: color::SNP, dash: Dash::Dashed },
    Loss { name: "BU", color: color::BU, dash: Dash::Solid },
];

impl Loss {
    /// The place of a loss in [`LOSSES`]; `figure` is named in the message for a loss that is none of them.
    pub(super) fn place(figure: &'static str, name: &str) -> Result<usize, EvalError> {
        let place = LOSSES.iter().position(|loss| loss.name == name);
        place.ok_or_else(|| EvalError::Draw {
            figure,
            reason: format!("found the loss \"{name}\", expected RE, SNP or BU"),
        })
    }
}
