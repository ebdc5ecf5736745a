//! What holds for every sound: Parseval, linearity, shift, gain; and for every length: geometry, errors, memory.

use std::f64::consts::TAU;

use features::context::Edges;
use features::log_mel::{Centring, Floor, FrontEnd, LogMel, LogMelError};
use features::mel::MelBank;
use features::rng::{Purpose, stream};
use features::stft::{Stft, Window};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::RngExt;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0),
        ..ProptestConfig::with_cases(cases)
    }
}

fn noise(seed: u64, len: usize, level: f32) -> Vec<f32> {
    let mut rng = stream(seed, Purpose::Data, 0);
    (0..len).map(|_| level * rng.random_range(-1.0_f32..1.0)).collect()
}

fn magnitudes(frame: &[f32]) -> Vec<f32> {
    Stft::new(frame.len(), Window::Hann).powers(frame).map(|power| power.sqrt() as f32).collect()
}

/// Energy of a real signal's spectrum; the bins between the first and the last stand for two.
fn energy(magnitudes: &[f32]) -> f64 {
    let square = |m: f32| f64::from(m) * f64::from(m);
    let (first, last) = (magnitudes[0], magnitudes[magnitudes.len() - 1]);
    2.0 * magnitudes.iter().map(|&m| square(m)).sum::<f64>() - square(first) - square(last)
}

fn log_mel(samples: &[f32]) -> Vec<f32> {
    // A floor too low to show: it is what keeps a gain from adding a constant to a quiet band.
    let config = FrontEnd { floor: Floor::Add(1e-30), ..FrontEnd::fcn64() };
    let mut front_end = LogMel::new(&config).unwrap();
    let mut out = vec![f32::NAN; front_end.frames(samples.len()) * 64];
    front_end.log_mel(samples, &mut out).unwrap();
    out
}

/// ψ by its definition, in `f64`.
fn log_mel_f64(samples: &[f32], config: &FrontEnd) -> Vec<f64> {
    let FrontEnd { fft, hop, .. } = *config;
    let Floor::Add(floor) = config.floor else { panic!("a floor that is added") };
    let bank = MelBank::new(config).unwrap().dense();
    let turns: Vec<(f64, f64)> = (0..fft).map(|n| (TAU * n as f64 / fft as f64).sin_cos()).collect();
    let mut features = Vec::new();
    for frame in samples.windows(fft).step_by(hop) {
        let windowed: Vec<f64> =
            frame.iter().zip(&turns).map(|(&x, (_, cos))| (0.5 - 0.5 * cos) * f64::from(x)).collect();
        let magnitude = |bin: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, x) in windowed.iter().enumerate() {
                let (sin, cos) = turns[bin * n % fft];
                (re, im) = (re + x * cos, im - x * sin);
            }
            re.hypot(im)
        };
        let magnitudes: Vec<f64> = (0..=fft / 2).map(magnitude).collect();
        for weights in bank.chunks_exact(magnitudes.len()) {
            let sum: f64 = weights.iter().zip(&magnitudes).map(|(&weight, m)| f64::from(weight) * m).sum();
            features.push((sum + floor).ln());
        }
    }
    features
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_loud_tone_leaves_a_quiet_band_exact(
        seed: u64,
        fft in prop::sample::select(vec![256_usize, 400, 512]),
        hz in 30.0_f64..400.0,
        offset in -0.5_f64..0.5,
        below_db in 60.0_f64..140.0,
    ) {
        let quiet = noise(seed, 20 * 160, 10_f32.powf(-below_db as f32 / 20.0));
        let samples: Vec<f32> = quiet.iter().enumerate().map(|(n, &quiet)| {
            (offset + 0.5 * (TAU * hz * n as f64 / 16_000.0).sin() + f64::from(quiet)) as f32
        }).collect();
        let config = FrontEnd { bands: 20, fft, hop: 160, floor: Floor::Add(1e-30), ..FrontEnd::fcn40() };
        let mut front_end = LogMel::new(&config).unwrap();
        let mut ours = vec![f32::NAN; front_end.frames(samples.len()) * config.bands];
        front_end.log_mel(&samples, &mut ours).unwrap();
        let expected = log_mel_f64(&samples, &config);
        prop_assert_eq!(ours.len(), expected.len());
        for (index, (ours, expected)) in ours.iter().zip(expected).enumerate() {
            // What rounding to f32 may change: magnitudes, weights, sums over a band and the logarithm, none of
            // which knows how loud the other bands are.
            let (t, band) = (index / config.bands, index % config.bands);
            let gap = (f64::from(*ours) - expected).abs();
            prop_assert!(gap <= 5e-6, "frame {t}, band {band}: {ours}, not {expected}");
        }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn parseval(seed: u64, half in 8_usize..600, level in 1e-3_f32..1e3) {
        let frame = noise(seed, 2 * half, level);
        let windowed = frame.iter().enumerate().map(|(n, &x)| {
            let hann = 0.5 - 0.5 * (TAU * n as f64 / frame.len() as f64).cos();
            (hann * f64::from(x)).powi(2)
        });
        let in_time = windowed.sum::<f64>() * frame.len() as f64;
        let in_frequency = energy(&magnitudes(&frame));
        prop_assert!((in_frequency / in_time - 1.0).abs() < 1e-5, "{in_frequency} and {in_time}");
    }

    #[test]
    fn linearity(seed: u64, gain in -100.0_f32..100.0) {
        let (x, y) = (noise(seed, 512, 1.0), noise(seed ^ 1, 512, 1.0));
        let combine = |gain: f32| magnitudes(&x.iter().zip(&y).map(|(x, y)| x + gain * y).collect::<Vec<_>>());
        // Only a linear map has |X + Y|² + |X - Y|² = 2|X|² + 2|Y|² in every bin.
        let (sum, difference, x, y) = (combine(1.0), combine(-1.0), magnitudes(&x), magnitudes(&y));
        for bin in 0..257 {
            let left = sum[bin].powi(2) + difference[bin].powi(2);
            let right = 2.0 * (x[bin].powi(2) + y[bin].powi(2));
            prop_assert!((left - right).abs() <= 1e-4 * right.max(1.0), "bin {bin}: {left} and {right}");
        }
        let scaled = magnitudes(&noise(seed ^ 1, 512, 1.0).iter().map(|y| gain * y).collect::<Vec<_>>());
        for bin in 0..257 {
            prop_assert!((scaled[bin] - gain.abs() * y[bin]).abs() <= 1e-4 * gain.abs());
        }
    }

    #[test]
    fn a_shift_by_a_hop_is_a_shift_by_a_frame(seed: u64, len in 768_usize..6_000) {
        let samples = noise(seed, len, 0.3);
        let (whole, shifted) = (log_mel(&samples), log_mel(&samples[256..]));
        prop_assert_eq!(&whole[64..], &shifted[..]);
    }

    #[test]
    fn a_gain_adds_a_constant(seed: u64, db in -20.0_f32..40.0) {
        let gain = 10.0_f32.powf(db / 20.0);
        let samples = noise(seed, 2_048, 1.0);
        let (quiet, loud) = (log_mel(&samples), log_mel(&samples.iter().map(|x| gain * x).collect::<Vec<_>>()));
        let largest = quiet.iter().copied().fold(f32::MIN, f32::max);
        for (quiet, loud) in quiet.iter().zip(loud) {
            // Samples and sums are rounded in proportion to the loudest band, which a quiet band shows more.
            let allowed = 1e-5 + 1e-6 * (largest - quiet).exp();
            let added = loud - quiet;
            prop_assert!((added - gain.ln()).abs() < allowed, "{added} added to {quiet}, not {}", gain.ln());
        }
    }

    #[test]
    fn a_row_is_anomalous_when_any_of_its_samples_is(
        len in 0_usize..6_000,
        hop in 1_usize..=512,
        context in 0_usize..6,
        pad: bool,
        centred: bool,
        start in 0_usize..6_000,
        clip in 0_usize..900,
    ) {
        let edges = if pad { Edges::ZeroPad } else { Edges::Full };
        let centring = if centred { Centring::Zeros } else { Centring::None };
        let config = FrontEnd { hop, edges, centring, ..FrontEnd::new(10, context) };
        let front_end = LogMel::new(&config).unwrap();
        let (start, end) = (start.min(len), (start + clip).min(len));
        let lead = if pad { context * hop } else { 0 } + if centred { 256 } else { 0 };
        let touched: Vec<usize> = (0..front_end.rows(len))
            .filter(|row| {
                let mut window = row * hop..row * hop + 2 * context * hop + 512;
                window.any(|at| at >= lead && (start..end).contains(&(at - lead)))
            })
            .collect();
        prop_assert_eq!(front_end.rows_touching(len, start..end).collect::<Vec<_>>(), touched);
    }
}

#[test]
fn lengths_around_a_row() {
    let config = FrontEnd::fcn64();
    let mut front_end = LogMel::new(&config).unwrap();
    assert_eq!((front_end.dim(), config.row_span()), (1344, 20 * 256 + 512));
    assert_eq!((FrontEnd::fcn40().dim(), FrontEnd::fcn40().row_span()), (440, 10 * 256 + 512));
    let counts = [0, 511, 512, 767, 768, 5_631, 5_632, 5_887, 5_888]
        .map(|len| (front_end.frames(len), front_end.rows(len)));
    assert_eq!(counts, [(0, 0), (0, 0), (1, 0), (1, 0), (2, 0), (20, 0), (21, 1), (21, 1), (22, 2)]);
    // A sound shorter than one context window has no row, and that is no error here.
    front_end.rows_into(&noise(0, 5_631, 1.0), &mut []).unwrap();
}

#[test]
fn silence_is_the_floor() {
    for edges in [Edges::Full, Edges::ZeroPad] {
        let mut front_end = LogMel::new(&FrontEnd { edges, ..FrontEnd::fcn40() }).unwrap();
        let mut rows = vec![f32::NAN; front_end.rows(16_000) * 440];
        front_end.rows_into(&[0.0; 16_000], &mut rows).unwrap();
        assert!(rows.iter().all(|feature| (feature - 1e-8_f32.ln()).abs() < 1e-5));
    }
}

#[test]
fn zero_padding_is_a_sound_with_zeros_around_it() {
    let samples = noise(3, 4_000, 1.0);
    let mut padded_by_hand = vec![0.0; 4_000 + 10 * 256];
    padded_by_hand[5 * 256..][..4_000].copy_from_slice(&samples);
    let rows_of = |edges, samples: &[f32]| {
        let mut front_end = LogMel::new(&FrontEnd { edges, ..FrontEnd::fcn40() }).unwrap();
        let mut rows = vec![f32::NAN; front_end.rows(samples.len()) * 440];
        front_end.rows_into(samples, &mut rows).unwrap();
        rows
    };
    assert_eq!(rows_of(Edges::ZeroPad, &samples), rows_of(Edges::Full, &padded_by_hand));
}

#[test]
fn a_centred_frame_is_one_of_the_sound_with_its_ends_put_on() {
    let samples = noise(4, 4_000, 1.0);
    let frames_of = |centring, samples: &[f32]| {
        let mut front_end = LogMel::new(&FrontEnd { centring, ..FrontEnd::fcn40() }).unwrap();
        let mut frames = vec![f32::NAN; front_end.frames(samples.len()) * 40];
        front_end.log_mel(samples, &mut frames).unwrap();
        frames
    };
    let zeros = [&[0.0; 256][..], &samples, &[0.0; 256]].concat();
    assert_eq!(frames_of(Centring::Zeros, &samples), frames_of(Centring::None, &zeros));
    let before: Vec<f32> = samples[1..=256].iter().rev().copied().collect();
    let after: Vec<f32> = samples[4_000 - 257..3_999].iter().rev().copied().collect();
    let mirrored = [&before[..], &samples, &after].concat();
    assert_eq!(frames_of(Centring::Reflect, &samples), frames_of(Centring::None, &mirrored));
}

#[test]
fn the_middle_of_a_row_is_where_it_is_said_to_be() {
    for (centring, edges, first) in [
        (Centring::None, Edges::Full, 5 * 256 + 256),
        (Centring::None, Edges::ZeroPad, 256),
        (Centring::Zeros, Edges::Full, 5 * 256),
        (Centring::Zeros, Edges::ZeroPad, 0),
    ] {
        let config = FrontEnd { centring, edges, ..FrontEnd::fcn40() };
        assert_eq!([config.middle(0), config.middle(3)], [first, first + 3 * 256], "{centring:?} {edges:?}");
    }
}

#[test]
fn no_memory_is_asked_for_after_the_first_call() {
    let mut front_end = LogMel::new(&FrontEnd::fcn64()).unwrap();
    let samples = noise(1, 48_000, 1.0);
    let mut rows = vec![0.0; front_end.rows(samples.len()) * front_end.dim()];
    front_end.rows_into(&samples, &mut rows).unwrap();
    let first = rows.clone();
    let allocated = allocation_counter::measure(|| front_end.rows_into(&samples, &mut rows).unwrap());
    assert_eq!(allocated.count_total, 0);
    assert_eq!(rows, first);
}

#[test]
fn what_is_no_sound_gives_no_features() {
    let mut front_end = LogMel::new(&FrontEnd::fcn40()).unwrap();
    let mut rows = vec![0.0; front_end.rows(4_000) * 440];
    for value in [f32::NAN, f32::INFINITY, -2e10] {
        let mut samples = noise(1, 4_000, 1.0);
        samples[3_999] = value;
        let error = front_end.rows_into(&samples, &mut rows).unwrap_err();
        assert!(matches!(error, LogMelError::Sample { at: 3_999, .. }), "{error}");
    }
    // The largest samples that are taken still give numbers.
    front_end.rows_into(&vec![1e10; 4_000], &mut rows).unwrap();
    assert!(rows.iter().all(|feature| feature.is_finite()));
    let error = front_end.rows_into(&noise(1, 4_000, 1.0), &mut rows[1..]).unwrap_err();
    assert!(error.to_string().starts_with("room for 1759 features, expected 1760: 4 of 440 each"), "{error}");
}

#[test]
fn impossible_settings_are_named() {
    let base = FrontEnd::fcn40();
    let refused = |config: FrontEnd| LogMel::new(&config).err().expect("refused").to_string();
    assert_eq!(refused(FrontEnd { rate: 0, ..base }), "`rate` is 0 Hz, expected 4000 to 384000 Hz");
    assert!(refused(FrontEnd { fft: 511, ..base }).starts_with("`fft` is 511 samples"));
    assert!(refused(FrontEnd { fft: 0, ..base }).starts_with("`fft` is 0 samples"));
    assert!(refused(FrontEnd { hop: 0, ..base }).starts_with("`hop` is 0 samples"));
    assert!(refused(FrontEnd { context: usize::MAX, ..base }).starts_with("`context` is"));
    for floor in [0.0, -1e-8, f64::NAN, f64::INFINITY, 1e-320] {
        assert!(
            refused(FrontEnd { floor: Floor::Maximum(floor), ..base }).starts_with("`floor` is"),
            "{floor}"
        );
    }
    let too_high = FrontEnd { rate: 8_000, ..base };
    assert!(
        refused(too_high).starts_with("mel bands from 0 Hz to 8000 Hz, expected 0 <= low < high <= 4000 Hz")
    );
    for bands in [0, 256, usize::MAX / 4] {
        let found = refused(FrontEnd { bands, ..base });
        assert!(found.contains("expected"), "{bands} bands: {found}");
    }
}

#[test]
fn a_front_end_written_as_yaml_or_json_is_read_back() {
    let dcase = FrontEnd::dcase();
    let yaml = serde_yaml::to_string(&dcase).unwrap();
    assert_eq!(serde_yaml::from_str::<FrontEnd>(&yaml).unwrap(), dcase, "{yaml}");
    let json = serde_json::to_string(&dcase).unwrap();
    assert_eq!(serde_json::from_str::<FrontEnd>(&json).unwrap(), dcase, "{json}");
    let by_hand: FrontEnd = serde_yaml::from_str("{bands: 40, context: 5, floor: {maximum: 1e-9}}").unwrap();
    assert_eq!(by_hand.floor, Floor::Maximum(1e-9));
}
