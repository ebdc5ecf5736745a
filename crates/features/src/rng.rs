//! Random streams: one seed a cell, one independent stream for each purpose and index.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What the numbers of a stream are for. Streams of one seed never overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial parameters of a network.
    Init = 0,
    /// Samples drawn once for a cell.
    Data = 1,
    /// The order of samples; the index is the epoch.
    Shuffle = 2,
    /// Which sounds are mixed, where and how loud; the index is the batch.
    Mix = 3,
    /// Resampling for confidence intervals.
    Bootstrap = 4,
    /// Synthetic sounds; the index is the file.
    Synth = 5,
}

/// Opens stream `index` of `purpose` under `seed`.
///
/// ChaCha8 is portable: the same arguments give the same numbers on every machine. Opening a stream costs
/// nothing, so that any batch can be drawn without drawing those before it.
///
/// # Panics
/// When `index` is 2^56 or more.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    assert!(index < 1 << 56, "stream index {index} does not fit 56 bits");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((purpose as u64) << 56 | index);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_by_seed_purpose_and_index() {
        let mut first: Vec<u64> =
            [(0, Purpose::Data, 0), (1, Purpose::Data, 0), (0, Purpose::Init, 0), (0, Purpose::Data, 1)]
                .map(|(seed, purpose, index)| stream(seed, purpose, index).next_u64())
                .to_vec();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 4);
    }

    #[test]
    fn a_stream_is_portable() {
        // The first words of this stream: where they change, so does every committed result.
        let mut rng = stream(7, Purpose::Shuffle, 3);
        let words: Vec<u32> = (0..3).map(|_| rng.next_u32()).collect();
        assert_eq!(words, [585_328_217, 1_228_630_811, 1_370_550_326]);
    }
}
