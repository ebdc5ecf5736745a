//! The upper triangle of the Gram matrix, cut into tiles whose sums are combined in a fixed order.
//!
//! The kernel is symmetric, so a pair (i, j) is computed once and counted for both i and j. A tile is a run of rows
//! against a run of columns at or right of the diagonal; it yields a sum for each of its rows and each of its
//! columns. Tiles are dealt to threads in turn, and their sums are added in the order of the tiles: the same bytes
//! for any number of threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::simd::Lines;

/// The widest vector register in floats.
pub(super) const LANES: usize = 16;

/// Part of the upper triangle: `rows` against `cols`, where `cols` begin at `rows` or right of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
}

impl Tile {
    /// Columns, from the first, of the square on the diagonal, which holds each of its pairs twice; 0 right of it.
    pub(super) fn diagonal(&self) -> usize {
        if self.cols.start == self.rows.start { self.rows.len() } else { 0 }
    }
}

/// What fills a tile: the kernel exp(-σ |x_i - x_j|²) summed over its pairs.
pub(super) trait TileKernel: Sync {
    /// Rows and columns are padded to a multiple of this.
    const PADDING: usize;

    /// What the pair of a row with itself adds beyond the tiles' sums.
    const OWN: f32;

    /// Most rows and most columns of a tile for so many padded rows, multiples of `PADDING`.
    fn tile(&self, padded: usize) -> [usize; 2];

    /// Writes the sum of each row of `tile` over the tile's columns into `row_sums`, and the sum of each column
    /// over its rows into `col_sums`. On the diagonal the two together count each pair once for each of its rows.
    fn sums(&self, tile: &Tile, row_sums: &mut [f32], col_sums: &mut [f32]);
}

/// The tiles of a number of rows, and the buffers they need; kept from call to call.
#[derive(Debug)]
pub(super) struct Tiles {
    rows: usize,
    /// Threads that have a tile at least.
    threads: usize,
    tiles: Vec<Tile>,
    /// Most rows and columns of a tile.
    size: [usize; 2],
    /// For each thread its tiles' row and column sums, one after the other.
    sums: Lines,
    /// Sums of each row, with the padding.
    totals: Vec<f32>,
}

impl Tiles {
    pub(super) fn new() -> Self {
        let (sums, totals) = (Lines::new(0), Vec::new());
        Self { rows: 0, threads: 1, tiles: Vec::new(), size: [0; 2], sums, totals }
    }

    /// Sums of the kernel over all pairs, for each of `count` rows, on at most `threads` threads.
    pub(super) fn run<K: TileKernel>(&mut self, kernel: &K, count: usize, threads: usize) -> &[f32] {
        self.plan(kernel, count, threads);
        self.fill(kernel);
        self.combine::<K>();
        &self.totals[..count]
    }

    /// Plans `rows` rows for `kernel` on at most `threads` threads, unless that is the plan already.
    fn plan<K: TileKernel>(&mut self, kernel: &K, rows: usize, threads: usize) {
        if self.rows == rows {
            return;
        }
        self.rows = rows;
        let padded = rows.next_multiple_of(K::PADDING);
        let [height, width] = kernel.tile(padded);
        self.size = [height, width];
        self.tiles.clear();
        for top in (0..padded).step_by(height) {
            let rows = top..(top + height).min(padded);
            for left in (top..padded).step_by(width) {
                self.tiles.push(Tile { rows: rows.clone(), cols: left..(left + width).min(padded) });
            }
        }
        self.threads = threads.clamp(1, self.tiles.len());
        let (_, share) = self.slots();
        self.sums.resize(self.threads * share, 0.0);
        self.totals.resize(padded, 0.0);
    }

    /// Floats of a tile's sums, and of a thread's.
    fn slots(&self) -> (usize, usize) {
        let slot = self.size[0] + self.size[1];
        (slot, self.tiles.len().div_ceil(self.threads) * slot)
    }

    /// Has each thread compute the sums of its tiles: tile i falls to thread i mod `threads`.
    fn fill<K: TileKernel>(&mut self, kernel: &K) {
        let (slot, share) = self.slots();
        let (tiles, threads, [height, _]) = (&self.tiles, self.threads, self.size);
        let work = |(thread, sums): (usize, &mut [f32])| {
            for (tile, slot) in tiles.iter().skip(thread).step_by(threads).zip(sums.chunks_exact_mut(slot)) {
                let (row_sums, col_sums) = slot.split_at_mut(height);
                kernel.sums(tile, &mut row_sums[..tile.rows.len()], &mut col_sums[..tile.cols.len()]);
            }
        };
        if threads == 1 {
            work((0, &mut self.sums));
        } else {
            self.sums.par_chunks_mut(share).enumerate().for_each(work);
        }
    }

    /// Adds the sums up in the order of the tiles.
    fn combine<K: TileKernel>(&mut self) {
        let (slot, share) = self.slots();
        self.totals.fill(K::OWN);
        for (index, tile) in self.tiles.iter().enumerate() {
            let start = index % self.threads * share + index / self.threads * slot;
            let (row_sums, col_sums) = self.sums[start..start + slot].split_at(self.size[0]);
            add(&mut self.totals[tile.rows.clone()], row_sums);
            add(&mut self.totals[tile.cols.clone()], col_sums);
        }
    }
}

fn add(totals: &mut [f32], sums: &[f32]) {
    totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;

    impl TileKernel for Ones {
        const PADDING: usize = LANES;
        const OWN: f32 = 1.0;

        fn tile(&self, _: usize) -> [usize; 2] {
            [32, 64]
        }

        fn sums(&self, tile: &Tile, row_sums: &mut [f32], col_sums: &mut [f32]) {
            row_sums.fill(0.0);
            col_sums.fill(0.0);
            for (row, row_sum) in tile.rows.clone().zip(row_sums) {
                for (_, col_sum) in tile.cols.clone().zip(&mut *col_sums).filter(|(col, _)| *col > row) {
                    *row_sum += 1.0;
                    *col_sum += 1.0;
                }
            }
        }
    }

    #[test]
    fn every_pair_counts_once_for_each_of_its_rows() {
        let mut tiles = Tiles::new();
        for threads in [1, 2, 3, 8] {
            for rows in [1_usize, 16, 17, 31, 33, 100, 500, 100] {
                let padded = rows.next_multiple_of(LANES);
                assert_eq!(
                    tiles.run(&Ones, rows, threads),
                    vec![padded as f32; rows],
                    "{rows} rows, {threads} threads"
                );
            }
        }
    }
}
