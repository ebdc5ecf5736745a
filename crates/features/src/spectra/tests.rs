//! Agreement with `rustfft`.

use super::*;
use crate::rng::{Purpose, stream};
use pulp::Scalar;
use rand::RngExt;

fn noise(len: usize) -> Vec<f32> {
    let mut rng = stream(0, Purpose::Data, 0);
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn assert_agree(ours: &[f32], block: &[f32], fft: usize, hop: usize) {
    let mut stft = Stft::new(fft);
    let mut expected = vec![0.0; stft.bins()];
    assert_eq!(ours.len(), stft.bins() * LANES);
    for lane in 0..LANES {
        stft.magnitudes(&block[lane * hop..][..fft], &mut expected);
        for (bin, (expected, ours)) in expected.iter().zip(ours[lane..].iter().step_by(LANES)).enumerate() {
            let gap = (expected - ours).abs();
            assert!(gap <= 2e-7 * expected, "frame {lane} of {fft}, bin {bin}: {ours}, not {expected}");
        }
    }
}

#[test]
fn all_lanes_agree_with_rustfft_for_powers_of_two_and_other_lengths() {
    for (fft, hop) in
        [(4, 2), (8, 8), (64, 1), (256, 100), (512, 256), (1024, 512), (2048, 7), (6, 1), (400, 160)]
    {
        let block = noise((LANES - 1) * hop + fft);
        assert_agree(Spectra::new(fft).magnitudes(&block, hop), &block, fft, hop);
    }
}

/// Every instruction set that may be chosen on another machine.
#[test]
fn narrower_registers_do_the_same() {
    for fft in [8, 128, 512] {
        let block = noise((LANES - 1) * 50 + fft);
        let (mut lanes, mut magnitudes) = (Lanes::new(fft), rows(fft / 2 + 1));
        let frames = Frames { lanes: &mut lanes, block: &block, hop: 50, magnitudes: &mut magnitudes };
        frames.with_simd(Scalar);
        assert_agree(&magnitudes, &block, fft, 50);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            magnitudes.fill(f32::NAN);
            Simd::vectorize(
                avx2,
                Frames { lanes: &mut lanes, block: &block, hop: 50, magnitudes: &mut magnitudes },
            );
            assert_agree(&magnitudes, &block, fft, 50);
        }
    }
}
