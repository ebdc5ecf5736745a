//! The top share of the scores: between the mean of all samples (RE) and the largest alone, which is the minimax that
//! Sec. 3.1 argues against.

#[cfg(feature = "candle")]
use candle_core::{Result, Tensor};

/// Writes the weights whose mean is that of the largest share `share` of `scores`: 1 for each of the largest, less for
/// the one in which the share ends. A share of less than one sample, such as 0, is the one largest.
pub(super) fn weigh(scores: &[f32], share: f64, weights: &mut [f32]) {
    let count = (share * scores.len() as f64).max(1.0);
    let whole = count.floor() as usize;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // Equal scores in the order of the rows, so that the same rows give the same weights.
    order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    weights.fill(0.0);
    order.iter().take(whole).for_each(|row| weights[*row] = 1.0);
    if let Some(row) = order.get(whole) {
        weights[*row] = (count - whole as f64) as f32;
    }
}

/// [`weigh`] of `scores`, (M): (M), cut off from the graph. The scores leave their device for it.
#[cfg(feature = "candle")]
pub(super) fn tensor(scores: &Tensor, share: f64) -> Result<Tensor> {
    let on_host = scores.detach().to_vec1::<f32>()?;
    let mut weights = vec![0.0; on_host.len()];
    weigh(&on_host, share, &mut weights);
    Tensor::from_vec(weights, on_host.len(), scores.device())
}
