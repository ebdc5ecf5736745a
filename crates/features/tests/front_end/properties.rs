//! What holds for every sound: Parseval, linearity, shift, gain; and for every length: geometry, errors, memory.

use std::f64::consts::TAU;

use features::context::Edges;
use features::log_mel::{Centring, Floor, FrontEnd, LogMel, LogMelError};
use features::rng::{Purpose, stream};
use features::stft::{Stft, Window};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::RngExt;

use crate::{frames_of, rows_of};

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
    frames_of(&FrontEnd { floor: Floor::Add(1e-30), ..FrontEnd::fcn64() }, samples)
}

/// ψ by its definition, in `f64`.
fn log_mel_f64(samples: &[f32], config: &FrontEnd) -> Vec<f64> {
    let FrontEnd { fft, hop, .. } = *config;
    let Floor::Add(floor) = config.floor else { panic!("a floor that is added") };
    let bank = config.bank().unwrap().dense();
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
        fft in prop::sample::select(vec![256_usize, 401, 512]),
        hz in 30.0_f64..400.0,
        offset in -0.5_f64..0.5,
        below_db in 60.0_f64..140.0,
    ) {
        let quiet = noise(seed, 20 * 160, 10_f32.powf(-below_db as f32 / 20.0));
        let samples: Vec<f32> = quiet.iter().enumerate().map(|(n, &quiet)| {
            (offset + 0.5 * (TAU * hz * n as f64 / 16_000.0).sin() + f64::from(quiet)) as f32
        }).collect();
        let config = FrontEnd { bands: 20, fft, hop: 160, floor: Floor::Add(1e-30), ..FrontEnd::fcn40() };
        let ours = frames_of(&config, &samples);
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
        let front_end = FrontEnd { hop, edges, centring, ..FrontEnd::new(10, context) };
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
    let front_end = FrontEnd::fcn64();
    assert_eq!((front_end.dim(), front_end.row_span()), (1344, 20 * 256 + 512));
    assert_eq!((FrontEnd::fcn40().dim(), FrontEnd::fcn40().row_span()), (440, 10 * 256 + 512));
    let counts = [0, 511, 512, 767, 768, 5_631, 5_632, 5_887, 5_888]
        .map(|len| (front_end.frames(len), front_end.rows(len)));
    assert_eq!(counts, [(0, 0), (0, 0), (1, 0), (1, 0), (2, 0), (20, 0), (21, 1), (21, 1), (22, 2)]);
    // A sound shorter than one context window has no row, and that is no error here.
    assert!(rows_of(&front_end, &noise(0, 5_631, 1.0)).is_empty());
}

#[test]
fn no_shorter_sound_than_the_least_has_a_row() {
    for centring in [Centring::None, Centring::Zeros, Centring::Reflect] {
        for edges in [Edges::Full, Edges::ZeroPad] {
            for (fft, hop, context) in [(512, 256, 5), (401, 160, 2), (64, 64, 0)] {
                let front_end = FrontEnd { centring, edges, fft, hop, ..FrontEnd::new(10, context) };
                let least = front_end.least_samples();
                let (shorter, rows) = (front_end.rows(least - 1), front_end.rows(least));
                assert!(
                    shorter == 0 && rows > 0,
                    "{front_end:?}: {rows} of {least} samples, {shorter} of one less"
                );
            }
        }
    }
}

#[test]
fn silence_is_the_floor() {
    for edges in [Edges::Full, Edges::ZeroPad] {
        let rows = rows_of(&FrontEnd { edges, ..FrontEnd::fcn40() }, &[0.0; 16_000]);
        assert!(!rows.is_empty() && rows.iter().all(|feature| (feature - 1e-8_f32.ln()).abs() < 1e-5));
    }
}

#[test]
fn zero_padding_is_a_sound_with_zeros_around_it() {
    let samples = noise(3, 4_000, 1.0);
    let padded_by_hand = [&[0.0; 5 * 256][..], &samples, &[0.0; 5 * 256]].concat();
    let padded = FrontEnd { edges: Edges::ZeroPad, ..FrontEnd::fcn40() };
    assert_eq!(rows_of(&padded, &samples), rows_of(&FrontEnd::fcn40(), &padded_by_hand));
}

#[test]
fn a_centred_frame_is_one_of_the_sound_with_its_ends_put_on() {
    let samples = noise(4, 4_000, 1.0);
    let of = |centring, samples: &[f32]| frames_of(&FrontEnd { centring, ..FrontEnd::fcn40() }, samples);
    let zeros = [&[0.0; 256][..], &samples, &[0.0; 256]].concat();
    assert_eq!(of(Centring::Zeros, &samples), of(Centring::None, &zeros));
    let before: Vec<f32> = samples[1..=256].iter().rev().copied().collect();
    let after: Vec<f32> = samples[4_000 - 257..3_999].iter().rev().copied().collect();
    let mirrored = [&before[..], &samples, &after].concat();
    assert_eq!(of(Centring::Reflect, &samples), of(Centring::None, &mirrored));
}

#[test]
fn any_stretch_of_rows_is_that_of_all_rows() {
    let samples = noise(5, 6_000, 1.0);
    for (centring, edges) in [(Centring::None, Edges::Full), (Centring::Reflect, Edges::ZeroPad)] {
        let front_end = FrontEnd { centring, edges, ..FrontEnd::fcn40() };
        let mut log_mel = LogMel::new(&front_end).unwrap();
        let all = rows_of(&front_end, &samples);
        for rows in [0..1, 3..9, 0..0, front_end.rows(6_000) - 2..front_end.rows(6_000)] {
            let mut stretch = vec![f32::NAN; rows.len() * 440];
            log_mel.rows_into(&samples, rows.clone(), &mut stretch).unwrap();
            assert_eq!(stretch, all[rows.start * 440..rows.end * 440], "{rows:?}");
        }
    }
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
    let front_end = FrontEnd::fcn64();
    let mut log_mel = LogMel::new(&front_end).unwrap();
    let samples = noise(1, 48_000, 1.0);
    let rows = front_end.rows(samples.len());
    let mut out = vec![0.0; rows * front_end.dim()];
    log_mel.rows_into(&samples, 0..rows, &mut out).unwrap();
    let first = out.clone();
    let allocated = allocation_counter::measure(|| log_mel.rows_into(&samples, 0..rows, &mut out).unwrap());
    assert_eq!(allocated.count_total, 0);
    assert_eq!(out, first);
}

#[test]
fn what_is_no_sound_gives_no_features() {
    let mut log_mel = LogMel::new(&FrontEnd::fcn40()).unwrap();
    let mut rows = vec![0.0; 4 * 440];
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut samples = noise(1, 4_000, 1.0);
        samples[3_999] = value;
        let error = log_mel.rows_into(&samples, 0..4, &mut rows).unwrap_err();
        assert!(matches!(error, LogMelError::Sample { at: 3_999, .. }), "{error}");
    }
    // The largest samples still give numbers.
    log_mel.rows_into(&vec![f32::MAX; 4_000], 0..4, &mut rows).unwrap();
    assert!(rows.iter().all(|feature| feature.is_finite()));
    let error = log_mel.rows_into(&noise(1, 4_000, 1.0), 0..4, &mut rows[1..]).unwrap_err();
    assert!(error.to_string().starts_with("room for 1759 features, expected 1760: 4 of 440 each"), "{error}");
}

#[test]
fn what_is_written_is_read_back_and_holds_every_key() {
    let front_end = FrontEnd { channel: Some(1), ..FrontEnd::dcase() };
    let text = serde_json::to_string(&front_end).unwrap();
    assert_eq!(serde_json::from_str::<FrontEnd>(&text).unwrap(), front_end);
    for key in
        ["rate", "fft", "hop", "window", "centring", "spectrum", "bands", "scale", "norm", "fmin", "fmax"]
    {
        assert!(text.contains(&format!("\"{key}\":")), "{key} in {text}");
    }
    let paper: FrontEnd = serde_json::from_str(r#"{"bands": 40, "context": 5}"#).unwrap();
    assert_eq!(paper, FrontEnd::fcn40());
    assert!(serde_json::from_str::<FrontEnd>(r#"{"bands": 40, "context": 5, "shape": "snapped"}"#).is_err());
}

#[test]
fn impossible_settings_are_named() {
    let base = FrontEnd::fcn40();
    let refused = |config: FrontEnd| LogMel::new(&config).err().expect("refused").to_string();
    assert_eq!(refused(FrontEnd { rate: 0, ..base }), "`rate` is 0 Hz, expected 4000 to 384000 Hz");
    assert!(refused(FrontEnd { fft: 3, ..base }).starts_with("`fft` is 3 samples"));
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
