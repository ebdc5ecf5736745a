//! What is odd about a set that can be used is told.

use super::*;

#[test]
fn hidden_names_are_no_part_of_a_set_and_what_no_pattern_takes_is_counted() {
    let folder = Folder::new();
    folder.toy_car();
    for name in
        ["car/car1/train/.n.wav", "anomaly/.Trash-1000/files/knock.wav", "anomaly/knock/.git/a/knock_K.wav"]
    {
        folder.wav(name, 0.5);
    }
    assert_eq!(folder.open().unwrap().warnings, Vec::<String>::new());
    folder.wav("anomaly/laughter001.wav", 0.25);
    folder.wav("anomaly/one/too/many.FLAC", 0.25);
    fs::write(folder.path("anomaly/notes.txt"), "no sound").unwrap();
    let set = folder.open().unwrap();
    assert_eq!(set.warnings.len(), 1);
    let told =
        "2 of 13 sounds there are taken by no pattern of the manifest, such as anomaly/laughter001.wav";
    assert!(set.warnings[0].ends_with(told), "{:?}", set.warnings);
    assert_eq!(set.files.len(), 10);
}

#[test]
fn channels_that_cancel_are_told_with_the_way_out() {
    let folder = Folder::new();
    folder.toy_car();
    let (path, spec) = (
        folder.path("car/car1/train/001.wav"),
        hound::WavSpec {
            channels: 2,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        },
    );
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for t in 0..8_000 {
        let sample = (10_000.0 * (0.3 * t as f32).sin()) as i16;
        writer.write_sample(sample).unwrap();
        writer.write_sample(-sample).unwrap();
    }
    writer.finalize().unwrap();
    let problems = folder.problems();
    assert!(problems.len() == 1 && problems[0].contains("2 channels, which cancel"), "{problems:?}");
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    let warnings = folder.open_as(&manifest).unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("`channel: 0`"), "{warnings:?}");
    manifest.sources[0].channel = Some(0);
    folder.wav("car/car2/train/001.wav", 0.5);
    let mono = folder.open_as(&manifest).unwrap();
    assert_eq!(mono.warnings, Vec::<String>::new());
}

#[test]
fn silent_sounds_are_told_in_a_line_and_silence_in_clips_is_not() {
    let folder = Folder::new();
    folder.toy_car();
    let silent = |name: &str, step: f32| {
        let sample = |t: u16| if t < 4_000 { 0.5 * (step * f32::from(t)).sin() } else { 0.0 };
        write_wav_i16(&folder.path(name), &(0..16_000).map(sample).collect::<Vec<_>>(), 16_000).unwrap();
    };
    silent("anomaly/knock/knock_01.wav", 0.1);
    assert_eq!(folder.open().unwrap().warnings, Vec::<String>::new());
    silent("car/car1/train/001.wav", 0.2);
    silent("car/car2/train/001.wav", 0.3);
    let warnings = folder.open().unwrap().warnings;
    let told = " % of it is silent; 2 of 2 sounds of normal-train are like this";
    assert!(warnings.len() == 1 && warnings[0].contains(told), "{warnings:?}");
}

#[test]
fn the_same_sound_in_training_and_test_is_told() {
    let folder = Folder::new();
    folder.toy_car();
    fs::copy(folder.path("car/car1/train/001.wav"), folder.path("car/car1/test/002.wav")).unwrap();
    let warnings = folder.open().unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("car1/test/002.wav: 1 of 3"), "{warnings:?}");
}

#[test]
fn the_same_sound_as_normal_and_as_anomaly_is_told() {
    let folder = Folder::new();
    folder.toy_car();
    fs::copy(folder.path("car/car1/test/001.wav"), folder.path("anomaly/knock/knock_02.wav")).unwrap();
    let warnings = folder.open().unwrap().warnings;
    let told = "1 of 2 sounds of anomaly-test are those of normal-test too, this one as ";
    assert!(warnings.len() == 1 && warnings[0].contains(told), "{warnings:?}");
}
