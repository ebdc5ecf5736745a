//! Ten thousand random mutations of valid files: never a panic, never much more memory than the file has bytes.

use features::audio::{Channel, probe, read_at};
use features::rng::{Purpose, stream};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::wav::{Wav, chunk};

/// Read buffers, error messages and the resampler's plan (44.1 to 16 kHz), which do not grow with the file.
const FIXED_COST: u64 = 1 << 20;
/// A byte of 8-bit sound becomes 4 of `f32`, and resampling from 4 to 16 kHz makes 4 samples of one; a copy more.
const COST_PER_BYTE: u64 = 4 + 4 * 4 + 4;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let noise: Vec<u8> = (0..4_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let finite = (0..1_000).flat_map(|n| ((n as f32 * 0.1).sin()).to_le_bytes()).collect();
    let extra = [chunk(b"LIST", b"INFOIART\x03\0\0\0me\0\0"), chunk(b"fact", &[1, 0, 0, 0])].concat();
    vec![
        Wav::pcm(16, noise.clone()).bytes(),
        Wav { channels: 2, rate: 44_100, extra, ..Wav::pcm(24, noise[..3_996].to_vec()) }.bytes(),
        Wav { tag: 3, ..Wav::pcm(32, finite) }.bytes(),
        Wav { tag: 0xfffe, extensible: Some(1), channels: 4, ..Wav::pcm(8, noise) }.bytes(),
    ]
}

/// One to four changes, half of them in the header.
pub(crate) fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..=4) {
        let end = if rng.random_bool(0.5) { bytes.len().min(80) } else { bytes.len() };
        if end < 4 {
            return;
        }
        let at = rng.random_range(0..end - 3);
        match rng.random_range(0..6) {
            0 => bytes[at] = rng.random(),
            1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => bytes[at..at + 4].copy_from_slice(&rng.random::<u32>().to_le_bytes()),
            3 => bytes[at..at + 4].copy_from_slice(&[0xff; 4]),
            4 => bytes.truncate(at),
            _ => bytes.splice(at..at, (0..rng.random_range(1..9)).map(|_| 0)).for_each(drop),
        }
    }
}

#[test]
fn ten_thousand_mutations_neither_panic_nor_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mutated.wav");
    let seeds = seeds();
    let (mut read, mut refused) = (0, 0);
    for index in 0..10_000 {
        let mut rng = stream(0, Purpose::Data, index);
        let mut bytes = seeds[index as usize % seeds.len()].clone();
        mutate(&mut bytes, &mut rng);
        std::fs::write(&path, &bytes).unwrap();
        let mut result = None;
        let allocated = allocation_counter::measure(|| {
            let facts = probe(&path);
            result = Some((facts, read_at(&path, Channel::Mean, 16_000)));
        });
        let (facts, sound) = result.unwrap();
        let allowed = FIXED_COST + COST_PER_BYTE * bytes.len() as u64;
        // Rates that share no divisor need a long filter, whose bound is the rate and not the file.
        let odd_rate = facts.as_ref().is_ok_and(|facts| !facts.rate.is_multiple_of(100));
        let allowed = if odd_rate { allowed + 100 * 384_000 } else { allowed };
        assert!(
            allocated.bytes_max <= allowed,
            "mutation {index}: {} bytes for a file of {}",
            allocated.bytes_max,
            bytes.len()
        );
        match sound {
            Ok(sound) => {
                assert!(
                    facts.is_ok() && sound.samples.iter().all(|sample| sample.is_finite()),
                    "mutation {index}"
                );
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    // Both ways are taken often, or the test would show nothing.
    assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
}
