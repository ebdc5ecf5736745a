//! Every encoding that is read gives the samples that went in.

use features::audio::{Channel, Format, Sound, probe, read, read_at, write_wav_f32, write_wav_i16};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::wav::{Wav, chunk, file};

/// The five encodings: samples in units of full scale, and how each is stored.
fn encodings() -> Vec<(Wav, Vec<f32>)> {
    let steps = [0_i32, 1, -1, 77, -100, 127, -128];
    let little = |bytes: usize, shift: u32| -> Vec<u8> {
        steps.iter().flat_map(|step| (step << shift).to_le_bytes()[..bytes].to_vec()).collect()
    };
    let full_scale: Vec<f32> = steps.iter().map(|&step| step as f32 / 128.0).collect();
    let floats: Vec<u8> = full_scale.iter().flat_map(|sample| (3.0 * sample).to_le_bytes()).collect();
    vec![
        (Wav::pcm(8, steps.iter().map(|&step| (step + 128) as u8).collect()), full_scale.clone()),
        (Wav::pcm(16, little(2, 8)), full_scale.clone()),
        (Wav::pcm(24, little(3, 16)), full_scale.clone()),
        (Wav::pcm(32, little(4, 24)), full_scale.clone()),
        (Wav { tag: 3, ..Wav::pcm(32, floats) }, full_scale.iter().map(|sample| 3.0 * sample).collect()),
    ]
}

#[test]
fn every_encoding_gives_its_samples() {
    for (wav, samples) in encodings() {
        let extensible = Wav { tag: 0xfffe, extensible: Some(wav.tag), ..wav.clone() };
        for wav in [wav, extensible] {
            let (_folder, path) = file("a.wav", &wav.bytes());
            let expected = Sound { samples: samples.clone(), rate: 16_000 };
            assert_eq!(
                read(&path, Channel::Mean).unwrap().sound,
                expected,
                "{} bits, tag {}",
                wav.bits,
                wav.tag
            );
            let float = wav.tag == 3 || wav.extensible == Some(3);
            let format = Format { channels: 1, rate: 16_000, bits: wav.bits, float, frames: 7, dropped: 0 };
            assert_eq!(probe(&path).unwrap(), format);
        }
    }
}

#[test]
fn doubles_are_read() {
    let data = [0.25_f64, -3.0, 0.1].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (_folder, path) = file("a.wav", &Wav { tag: 3, ..Wav::pcm(64, data) }.bytes());
    assert_eq!(read(&path, Channel::Mean).unwrap().sound.samples, [0.25, -3.0, 0.1]);
}

#[test]
fn twenty_four_bits_in_frames_of_32_are_read_at_either_end() {
    let steps = [1_i32, -0x40_0000, 0x7f_ffff, 0];
    for shift in [0, 8] {
        let data = steps.iter().flat_map(|step| (step << shift).to_le_bytes()).collect();
        // Told by block size and byte rate, as no 32 bits stand anywhere in the header.
        let mut bytes = Wav::pcm(32, data).bytes();
        bytes[34] = 24;
        let (_folder, path) = file("a.wav", &bytes);
        let expected = steps.map(|step| step as f32 / 8_388_608.0);
        assert_eq!(read(&path, Channel::Mean).unwrap().sound.samples, expected, "{shift}");
    }
}

#[test]
fn half_a_frame_at_the_end_is_dropped_and_told() {
    let data = [16384_i16, 0, -16384].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (_folder, path) = file("a.wav", &Wav { channels: 2, ..Wav::pcm(16, data) }.bytes());
    let recording = read(&path, Channel::Index(0)).unwrap();
    assert_eq!((recording.sound.samples, recording.format.dropped), (vec![0.5], 2));
}

#[test]
fn a_length_that_was_never_filled_in_is_up_to_the_end() {
    for len in [0xffff_ffff_u32, 0x7fff_ffff, 0x7fff_f000] {
        let mut bytes = Wav::pcm(8, vec![128, 192, 64]).bytes();
        bytes.pop();
        bytes[40..44].copy_from_slice(&len.to_le_bytes());
        let (_folder, path) = file("a.wav", &bytes);
        assert_eq!(read(&path, Channel::Mean).unwrap().sound.samples, [0.0, 0.5, -0.5], "{len:#x}");
    }
}

#[test]
fn long_files_tell_their_length_in_a_chunk_of_its_own() {
    for name in [b"RF64", b"BW64"] {
        let wav = Wav::pcm(8, vec![128, 192, 64]);
        let sizes = [&80_u64.to_le_bytes()[..], &3_u64.to_le_bytes(), &3_u64.to_le_bytes(), &[0; 4]].concat();
        let mut bytes = wav.bytes();
        bytes[..4].copy_from_slice(name);
        bytes[40..44].fill(0xff);
        bytes.splice(12..12, chunk(b"ds64", &sizes));
        let (_folder, path) = file("a.wav", &bytes);
        assert_eq!(read(&path, Channel::Mean).unwrap().sound.samples, [0.0, 0.5, -0.5]);
    }
}

#[test]
fn the_power_of_channels_that_cancel_is_told() {
    let data = [8192_i16, -8192].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (_folder, path) = file("a.wav", &Wav { channels: 2, ..Wav::pcm(16, data) }.bytes());
    let recording = read(&path, Channel::Mean).unwrap();
    assert_eq!(recording.channel_power(), 0.0625);
    assert_eq!((recording.sound.samples, recording.channel_powers), (vec![0.0], vec![0.0625; 2]));
}

#[test]
fn fewer_valid_bits_stand_at_the_upper_end_of_a_sample() {
    // 24 of 32 bits, as recorders with 24-bit converters write them: the lowest byte is 0.
    let data = [0, 0x4000_0000, -0x4000_0000, 0x0001_0000_i32].iter().flat_map(|sample| sample.to_le_bytes());
    let wav = Wav { tag: 0xfffe, extensible: Some(1), ..Wav::pcm(32, data.collect()) };
    let mut bytes = wav.bytes();
    let valid_bits = 12 + 8 + 18;
    bytes[valid_bits..valid_bits + 2].copy_from_slice(&24_u16.to_le_bytes());
    let (_folder, path) = file("a.wav", &bytes);
    assert_eq!(read(&path, Channel::Mean).unwrap().sound.samples, [0.0, 0.5, -0.5, 0.5_f32.powi(15)]);
}

#[test]
fn a_channel_or_the_mean_is_taken() {
    let data = [100_i16, -300, 800, 1, 2, 3].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (_folder, path) = file("a.wav", &Wav { channels: 3, ..Wav::pcm(16, data) }.bytes());
    let read_steps =
        |channel| read(&path, channel).unwrap().sound.samples.iter().map(|s| s * 32768.0).collect::<Vec<_>>();
    assert_eq!(read_steps(Channel::Index(0)), [100.0, 1.0]);
    assert_eq!(read_steps(Channel::Index(2)), [800.0, 3.0]);
    assert_eq!(read_steps(Channel::Mean), [200.0, 2.0]);
    assert_eq!(probe(&path).unwrap().frames, 2);
}

#[test]
fn other_chunks_are_passed_over_pad_bytes_included() {
    let extra = [chunk(b"LIST", b"INFOodd"), chunk(b"fact", &[7, 0, 0, 0]), chunk(b"junk", b"")].concat();
    let wav = Wav { extra, ..Wav::pcm(8, vec![128, 192, 64]) };
    // A data chunk of odd length is padded; a writer that forgets the pad at the end of the file is forgiven.
    let mut unpadded = wav.bytes();
    unpadded.pop();
    for bytes in [wav.bytes(), unpadded] {
        let (_folder, path) = file("a.wav", &bytes);
        assert_eq!(read(&path, Channel::Mean).unwrap().sound.samples, [0.0, 0.5, -0.5]);
    }
}

#[test]
fn read_at_resamples_and_leaves_the_right_rate_alone() {
    let data: Vec<u8> = (0..8_000_u32).map(|n| (128.0 + 100.0 * (f64::from(n) * 0.1).sin()) as u8).collect();
    let (_folder, path) = file("a.wav", &Wav { rate: 8_000, ..Wav::pcm(8, data) }.bytes());
    let as_is = read_at(&path, Channel::Mean, 8_000).unwrap();
    assert_eq!(as_is, read(&path, Channel::Mean).unwrap().sound);
    let sound = read_at(&path, Channel::Mean, 16_000).unwrap();
    assert_eq!((sound.samples.len(), sound.rate), (16_000, 16_000));
    for n in 1_000..7_000 {
        assert!((sound.samples[2 * n] - as_is.samples[n]).abs() < 0.005, "sample {n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(0), ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_written_is_read(samples in prop::collection::vec(-1.0_f32..=1.0, 1..300), rate in 4_000_u32..=384_000) {
        let (_folder, path) = file("a.wav", b"");
        write_wav_f32(&path, &samples, rate).unwrap();
        prop_assert_eq!(&read(&path, Channel::Mean).unwrap().sound, &Sound { samples: samples.clone(), rate });
        write_wav_i16(&path, &samples, rate).unwrap();
        let sound = read(&path, Channel::Index(0)).unwrap().sound;
        prop_assert_eq!(sound.rate, rate);
        for (read, wrote) in sound.samples.iter().zip(&samples) {
            let half_step = if *wrote > 32767.0 / 32768.0 { 1.0 } else { 0.5 } / 32768.0;
            prop_assert!((read - wrote).abs() <= half_step);
        }
    }
}
