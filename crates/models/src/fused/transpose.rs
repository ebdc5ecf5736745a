//! Transposition, with rows of the result shared out to threads.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Rows and columns of a tile: a cache line.
const TILE: usize = 16;

/// Rows and columns of a square of a tile: a small register.
const SQUARE: usize = 4;

/// Writes `source`, (M, `columns`) row-major, into `target`, whose row c, of `stride` numbers, begins with the M
/// numbers of column c.
pub(super) fn transpose(threads: usize, source: &[f32], columns: usize, target: &mut [f32], stride: usize) {
    let group = |index: usize, target: &mut [f32]| {
        Arch::new().dispatch(Group { source, columns, first: index * TILE, target, stride });
    };
    if threads == 1 {
        target.chunks_mut(TILE * stride).enumerate().for_each(|(index, target)| group(index, target));
    } else {
        target.par_chunks_mut(TILE * stride).enumerate().for_each(|(index, target)| group(index, target));
    }
}

/// The columns from `first` on, as many as `target` has rows.
struct Group<'a> {
    source: &'a [f32],
    columns: usize,
    first: usize,
    target: &'a mut [f32],
    stride: usize,
}

impl WithSimd for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { source, columns, first, target, stride } = self;
        let (width, height) = (target.len() / stride, source.len() / columns);
        for top in (0..height).step_by(TILE) {
            let source = &source[top * columns + first..];
            if width == TILE && top + TILE <= height {
                for row in (0..TILE).step_by(SQUARE) {
                    for column in (0..TILE).step_by(SQUARE) {
                        let source = &source[row * columns + column..];
                        let target = &mut target[column * stride + top + row..];
                        square(source, columns, target, stride);
                    }
                }
            } else {
                for (column, target) in target.chunks_exact_mut(stride).enumerate() {
                    let values = source[column..].iter().step_by(columns);
                    target[top..height].iter_mut().take(TILE).zip(values).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

/// A square of a tile: small enough that all of it is in registers at once.
#[inline(always)]
fn square(source: &[f32], columns: usize, target: &mut [f32], stride: usize) {
    let mut rows = [[0.0; SQUARE]; SQUARE];
    for (index, row) in rows.iter_mut().enumerate() {
        *row = *source[index * columns..].first_chunk().expect("a row of the square");
    }
    let [a, b, c, d] = rows;
    for index in 0..SQUARE {
        let target = target[index * stride..].first_chunk_mut().expect("a column of the square");
        *target = [a[index], b[index], c[index], d[index]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        for (rows, columns, stride) in [(1, 1, 1), (5, 3, 7), (16, 16, 16), (33, 47, 48), (100, 17, 112)] {
            let source: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
            for threads in [1, 2] {
                let mut target = vec![f32::NAN; columns * stride];
                transpose(threads, &source, columns, &mut target, stride);
                for (column, target) in target.chunks_exact(stride).enumerate() {
                    let expected: Vec<f32> = source.iter().skip(column).step_by(columns).copied().collect();
                    assert_eq!(target[..rows], expected, "{rows} x {columns}");
                }
            }
        }
    }
}
