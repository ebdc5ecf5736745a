//! What a device does for a stack: batched products, and what lies between them.

use super::plan::{Buffer, Plan};
use crate::ModelError;

/// Matrices in a buffer, one for each net: row-major, `stride` numbers apart, their rows `ld` apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrices {
    pub(super) buffer: Buffer,
    /// Where the first starts.
    pub(super) offset: usize,
    /// From one to the next; 0: the same for all.
    pub(super) stride: usize,
    pub(super) ld: usize,
    /// Whether the transposed matrix enters the product.
    pub(super) transposed: bool,
}

/// C = A B for `count` nets; C is (m, n), A (m, k), B (k, n).
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) count: usize,
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) a: Matrices,
    pub(super) b: Matrices,
    pub(super) c: Matrices,
}

/// A device with the buffers of a stack.
pub(super) trait Backend: std::fmt::Debug + Send {
    /// Bytes of all buffers.
    fn memory(&self) -> usize;

    /// Writes `values` to `buffer` from `offset` on.
    fn upload(&mut self, buffer: Buffer, offset: usize, values: &[f32]) -> Result<(), ModelError>;

    /// The `length` numbers of `buffer` from `offset` on, when all that was asked for before is done.
    fn download(&mut self, buffer: Buffer, offset: usize, length: usize) -> Result<Vec<f32>, ModelError>;

    fn product(&mut self, product: &Product) -> Result<(), ModelError>;

    /// Rows from frames.
    fn gather(&mut self, plan: &Plan) -> Result<(), ModelError>;

    /// w of the normal rows for each density; 0 for others.
    fn weights(&mut self, plan: &Plan) -> Result<(), ModelError>;

    /// h = f(z) of `layer`, in place.
    fn activate(&mut self, plan: &Plan, layer: usize) -> Result<(), ModelError>;

    /// ∂J/∂z in place of the units of `layer`, from ∂J/∂h.
    fn differentiate(&mut self, plan: &Plan, layer: usize) -> Result<(), ModelError>;

    /// Reconstruction minus row in place of the reconstruction, and A(x) (Eq. 5).
    fn residuals(&mut self, plan: &Plan) -> Result<(), ModelError>;

    /// w of the normal rows for each net whose weights read its scores.
    fn own_weights(&mut self, plan: &Plan) -> Result<(), ModelError>;

    /// Each net's objective into line `update` of the values, and its derivative by each score.
    fn objective(&mut self, plan: &Plan, update: usize) -> Result<(), ModelError>;

    /// ∂J/∂y, y the reconstruction, in place of the residuals.
    fn scale(&mut self, plan: &Plan) -> Result<(), ModelError>;

    /// AMSGrad on every net that has not failed.
    fn amsgrad(&mut self, plan: &Plan) -> Result<(), ModelError>;
}
