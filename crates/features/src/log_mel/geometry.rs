//! Which samples frames and rows cover, and how many of them a sound has.

use std::ops::Range;

use super::config::{Centring, FrontEnd};
use crate::context::Edges;
use crate::mel::hz_to_mel;

impl FrontEnd {
    /// Length of a row, D = M(2C + 1).
    pub fn dim(&self) -> usize {
        self.bands * (2 * self.context + 1)
    }

    /// Where the frequency `hz` lies among the mel bands: at k + 0.5 is the peak of band k.
    pub fn band_at(&self, hz: f64) -> f64 {
        let mel = |hz| hz_to_mel(hz, self.scale);
        let step = (mel(self.fmax) - mel(self.fmin)) / (self.bands + 1) as f64;
        (mel(hz) - mel(self.fmin)) / step - 0.5
    }

    /// Samples that one row covers: 2C hops and a frame.
    pub fn row_span(&self) -> usize {
        2 * self.context * self.hop + self.fft
    }

    /// Samples before a sound's start at which frame 0 and row 0 begin: half a frame where frames are centred, and C
    /// hops more with [`Edges::ZeroPad`]. Frame t covers the samples [t · hop - lead, t · hop - lead + fft).
    pub fn lead(&self) -> usize {
        self.reach() + if self.edges == Edges::ZeroPad { self.context * self.hop } else { 0 }
    }

    /// Samples beyond a sound's ends that frames hold because they are centred.
    pub(super) fn reach(&self) -> usize {
        if self.centring == Centring::None { 0 } else { self.fft / 2 }
    }

    /// Frames that the rows of a sound of `samples` samples are made of, with [`Edges::ZeroPad`] those of the silence
    /// around it too.
    pub fn frames(&self, samples: usize) -> usize {
        if samples < self.shortest() { 0 } else { (samples + 2 * self.lead() - self.fft) / self.hop + 1 }
    }

    /// Length of the shortest sound that has a frame.
    fn shortest(&self) -> usize {
        match self.centring {
            Centring::None => self.fft,
            Centring::Zeros => 1,
            // A sound is mirrored by samples of its own.
            Centring::Reflect => self.fft / 2 + 1,
        }
    }

    /// Rows of a sound of `samples` samples, 2C fewer than [`Self::frames`]; none where it is shorter than
    /// [`Self::least_samples`].
    pub fn rows(&self, samples: usize) -> usize {
        self.frames(samples).saturating_sub(2 * self.context)
    }

    /// Length of the shortest sound that has a row.
    pub fn least_samples(&self) -> usize {
        self.row_span().saturating_sub(2 * self.lead()).max(self.shortest())
    }

    /// The sample in the middle of row `row`.
    pub fn middle(&self, row: usize) -> usize {
        row * self.hop + self.row_span() / 2 - self.lead()
    }

    /// The rows of a sound of `samples` samples that cover any sample of `extent`, which are neighbours: where `extent` is
    /// that of a clip mixed into the sound, these rows count as anomalous and the others as normal.
    pub fn rows_touching(&self, samples: usize, extent: Range<usize>) -> Range<usize> {
        let (hop, span, lead) = (self.hop, self.row_span(), self.lead());
        let rows = self.rows(samples);
        if extent.is_empty() {
            return 0..0;
        }
        // Row r covers [r · hop - lead, r · hop - lead + span).
        let first = (extent.start + lead + 1).saturating_sub(span).div_ceil(hop).min(rows);
        let end = (extent.end + lead).div_ceil(hop).min(rows);
        first..end.max(first)
    }
}
