//! The upper triangle of the Gram matrix, cut into strips whose sums are combined in a fixed order.
//!
//! The kernel is symmetric, so a pair (i, j) is computed once and counted for both i and j. A strip is a few rows
//! against a run of columns at or right of the diagonal; it yields a sum for each of its rows and, right of the
//! diagonal block, a sum for each of its columns. Strips are dealt to threads in turn, and their sums are added in
//! the order of the strips: the same bytes for any number of threads.

use std::ops::Range;

use rayon::prelude::*;

/// Rows and columns are padded to a multiple of this, the widest vector register in floats.
pub(super) const LANES: usize = 16;

/// Part of the upper triangle: `rows` against `cols`, where `cols` begin at `rows` or right of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strip {
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
}

impl Strip {
    /// Columns of the diagonal block, which holds each of its pairs twice: sums over rows suffice there.
    pub(super) fn diagonal(&self) -> Range<usize> {
        if self.cols.start == self.rows.start { self.rows.clone() } else { self.cols.start..self.cols.start }
    }
}

/// What fills a strip: the kernel exp(-σ |x_i - x_j|²) summed over its pairs.
pub(super) trait StripKernel: Sync {
    /// Rows of a strip; a multiple of [`LANES`].
    const HEIGHT: usize;
    /// Most columns of a strip; a multiple of `HEIGHT`.
    const WIDTH: usize;
    /// Floats of scratch that a strip needs, if any.
    const SCRATCH: usize;

    /// Writes the sum of each row over `strip.cols` into `row_sums`, and the sum of each column right of the
    /// diagonal block into `col_sums`, indexed from `strip.cols.start`.
    fn sums(&self, strip: &Strip, scratch: &mut [f32], row_sums: &mut [f32], col_sums: &mut [f32]);
}

/// The strips of a number of rows, and the buffers they need; kept from call to call.
#[derive(Debug, Default)]
pub(super) struct Strips {
    rows: usize,
    threads: usize,
    strips: Vec<Strip>,
    /// For each thread its strips' row and column sums, one after the other.
    sums: Vec<f32>,
    scratch: Vec<f32>,
    /// Sums of each row, with the padding.
    totals: Vec<f32>,
}

impl Strips {
    /// Plans `rows` rows for `K` on at most `threads` threads, unless that is the plan already.
    fn plan<K: StripKernel>(&mut self, rows: usize, threads: usize) {
        if self.rows == rows {
            return;
        }
        self.rows = rows;
        let padded = rows.next_multiple_of(LANES);
        self.strips.clear();
        for top in (0..padded).step_by(K::HEIGHT) {
            let rows = top..(top + K::HEIGHT).min(padded);
            for left in (top..padded).step_by(K::WIDTH) {
                self.strips.push(Strip { rows: rows.clone(), cols: left..(left + K::WIDTH).min(padded) });
            }
        }
        self.threads = threads.clamp(1, self.strips.len());
        let (_, share) = self.slots::<K>();
        self.sums.resize(self.threads * share, 0.0);
        self.scratch.resize(self.threads * K::SCRATCH.max(1), 0.0);
        self.totals.resize(padded, 0.0);
    }

    /// Sums of the kernel over all pairs, for each of `count` rows, on at most `threads` threads.
    pub(super) fn run<K: StripKernel>(&mut self, kernel: &K, count: usize, threads: usize) -> &[f32] {
        self.plan::<K>(count, threads);
        self.fill(kernel);
        self.combine::<K>();
        &self.totals[..count]
    }

    /// Floats of a strip's sums, and of a thread's.
    fn slots<K: StripKernel>(&self) -> (usize, usize) {
        let slot = K::HEIGHT + K::WIDTH;
        (slot, self.strips.len().div_ceil(self.threads) * slot)
    }

    /// Has each thread compute the sums of its strips: strip i falls to thread i mod `threads`.
    fn fill<K: StripKernel>(&mut self, kernel: &K) {
        let (slot, share) = self.slots::<K>();
        let (strips, threads) = (&self.strips, self.threads);
        let work = |thread: usize, sums: &mut [f32], scratch: &mut [f32]| {
            for (strip, slot) in strips.iter().skip(thread).step_by(threads).zip(sums.chunks_exact_mut(slot))
            {
                let (row_sums, col_sums) = slot.split_at_mut(K::HEIGHT);
                kernel.sums(
                    strip,
                    scratch,
                    &mut row_sums[..strip.rows.len()],
                    &mut col_sums[..strip.cols.len()],
                );
            }
        };
        if threads == 1 {
            work(0, &mut self.sums, &mut self.scratch);
        } else {
            let shares = self.sums.par_chunks_mut(share).zip(self.scratch.par_chunks_mut(K::SCRATCH.max(1)));
            shares.enumerate().for_each(|(thread, (sums, scratch))| work(thread, sums, scratch));
        }
    }

    /// Adds the sums up in the order of the strips.
    fn combine<K: StripKernel>(&mut self) {
        let (slot, share) = self.slots::<K>();
        self.totals.fill(0.0);
        for (index, strip) in self.strips.iter().enumerate() {
            let start = index % self.threads * share + index / self.threads * slot;
            let (row_sums, col_sums) = self.sums[start..start + slot].split_at(K::HEIGHT);
            add(&mut self.totals[strip.rows.clone()], row_sums);
            let right = strip.diagonal().end;
            add(&mut self.totals[right..strip.cols.end], &col_sums[right - strip.cols.start..]);
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

    impl StripKernel for Ones {
        const HEIGHT: usize = 32;
        const WIDTH: usize = 64;
        const SCRATCH: usize = 0;

        fn sums(&self, strip: &Strip, _: &mut [f32], row_sums: &mut [f32], col_sums: &mut [f32]) {
            row_sums.fill(strip.cols.len() as f32);
            col_sums.fill(strip.rows.len() as f32);
        }
    }

    #[test]
    fn every_pair_counts_once_for_each_of_its_rows() {
        let mut strips = Strips::default();
        for threads in [1, 2, 3, 8] {
            for rows in [1_usize, 16, 17, 31, 33, 100, 500, 100] {
                let padded = rows.next_multiple_of(LANES);
                assert_eq!(
                    strips.run(&Ones, rows, threads),
                    vec![padded as f32; rows],
                    "{rows} rows, {threads} threads"
                );
            }
        }
    }
}
