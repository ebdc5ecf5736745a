//! A mini-batch: its rows, or the frames that they are gathered out of.

use crate::context::gather;

/// One mini-batch as rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// (normal + anomalous, D), row-major: the normal rows x^(u), then the anomalous rows x^(a), each kind in the
    /// order of time.
    pub rows: Vec<f32>,
    /// D.
    pub dim: usize,
    /// M_u: rows without a sample of the clip in their context.
    pub normal: usize,
    /// M_a: the other rows.
    pub anomalous: usize,
}

impl Batch {
    /// The normal rows, (normal, D).
    pub fn normal_rows(&self) -> &[f32] {
        &self.rows[..self.normal * self.dim]
    }

    /// The anomalous rows, (anomalous, D).
    pub fn anomalous_rows(&self) -> &[f32] {
        &self.rows[self.normal * self.dim..]
    }
}

/// One mini-batch as frames, a row's length shorter than its rows: for a device that gathers rows itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameBatch {
    /// ψ, (T, M), row-major, in the order of time.
    pub frames: Vec<f32>,
    /// M.
    pub bands: usize,
    /// 2C + 1, frames of a row.
    pub span: usize,
    /// Of each row of the batch, in the order of [`Batch::rows`], its first frame t - C: the row is the frames from
    /// there to t + C, one after the other.
    pub starts: Vec<u32>,
    /// M_u: so many of `starts` are those of normal rows.
    pub normal: usize,
}

impl FrameBatch {
    /// Writes its rows to `batch`, whatever that held before.
    pub fn rows_into(&self, batch: &mut Batch) {
        batch.dim = self.bands * self.span;
        batch.normal = self.normal;
        batch.anomalous = self.starts.len() - self.normal;
        batch.rows.resize(self.starts.len() * batch.dim, 0.0);
        let starts = self.starts.iter().map(|&start| start as usize);
        gather(&self.frames, self.bands, starts, &mut batch.rows, batch.dim);
    }
}
