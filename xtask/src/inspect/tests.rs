//! The command on files and sets on disk.

use std::fs;

use features::audio::{write_wav_f32, write_wav_i16};
use features::dataset::{Role, Source};

use super::*;

pub(super) fn chirp(len: usize) -> Vec<f32> {
    (0..len).map(|t| 0.5 * (t as f32 * (0.05 + 1e-5 * t as f32)).sin()).collect()
}

fn args(files: Vec<PathBuf>, out: &Path) -> InspectArgs {
    InspectArgs {
        files,
        dataset: None,
        root: None,
        out: out.to_owned(),
        features: Preset::Fcn40,
        channel: None,
        index: None,
    }
}

#[test]
fn each_file_gets_a_picture_and_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a/001.wav"), folder.path().join("b/001.wav"));
    for path in [&one, &two] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_wav_i16(path, &chirp(8_000), 16_000).unwrap();
    }
    write_wav_i16(&folder.path().join("c.wav"), &chirp(44_100), 44_100).unwrap();
    let out = folder.path().join("out");
    run(&args(vec![one, two, folder.path().join("c.wav")], &out)).unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 9, "{names:?}");
    for suffix in ["a-001.png", "b-001.png", "c.png", "c.frames.parquet", "c.rows.parquet"] {
        assert!(names.iter().any(|name| name.ends_with(suffix)), "{suffix}: {names:?}");
    }
    assert!(fs::read(out.join("c.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn no_two_files_have_results_of_one_name() {
    let files = ["a/001.wav", "b/001.wav", "a-001.wav", "../a/001.wav", "a-001-2.wav", "c.wav"];
    let names = stems(&files.map(PathBuf::from));
    assert_eq!(names, ["a-001", "b-001", "a-001-2", "a-001-3", "a-001-2-2", "c"]);
}

#[test]
fn a_file_given_twice_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("ok.wav"), folder.path().join("out"));
    write_wav_i16(&path, &chirp(8_000), 16_000).unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    for again in [path.clone(), folder.path().join("below/../ok.wav")] {
        let error = run(&args(vec![path.clone(), again], &out)).unwrap_err();
        assert!(error.is::<BadInput>(), "{error:#}");
        for part in ["ok.wav: found it as ", "expected each file once"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    assert!(!out.exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ok.wav");
    write_wav_i16(&path, &chirp(8_000), 16_000).unwrap();
    for out in [path.clone(), path.join("out"), PathBuf::from("/proc"), PathBuf::from("/proc/out")] {
        let error = run(&args(vec![path.clone()], &out)).unwrap_err();
        assert!(error.is::<BadInput>() && error.to_string().contains("cannot be written"), "{error:#}");
    }
}

#[test]
fn facts_say_what_is_odd() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.wav");
    let mut samples = vec![0.0; 16_000];
    samples[0] = 1.0;
    write_wav_f32(&path, &samples, 16_000).unwrap();
    let view = sound::View { config: FrontEnd::fcn40(), channel: None };
    let Ok(line) = view.inspect(&path, &folder.path().join("odd")) else { panic!() };
    let told =
        "16000 Hz, 1 channel, 32-bit float, 1.000 s, RMS -42.0 dBFS, peak 0.0 dBFS, 1 clipped, 96.8 % silent";
    assert!(line.contains(told), "{line}");
}

#[test]
fn bad_files_are_all_named_and_the_others_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text.wav"), "this is no sound at all").unwrap();
    write_wav_i16(&path("short.wav"), &chirp(3_000), 16_000).unwrap();
    write_wav_i16(&path("good.wav"), &chirp(8_000), 16_000).unwrap();
    let out = path("out");
    let files = ["text.wav", "short.wav", "good.wav", "gone.wav"].map(path).to_vec();
    let error = run(&args(files, &out)).unwrap_err();
    assert!(!error.is::<BadInput>(), "the command did its work");
    for part in ["text.wav", "short.wav", "at least 0.192 s", "gone.wav"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(out.join("good.png").exists());
    let none = path("none");
    run(&args(vec![path("text.wav")], &none)).unwrap_err();
    assert!(!none.exists(), "nothing is left where nothing can be shown");
}

fn manifest(folder: &Path) -> Manifest {
    Manifest {
        name: "own".to_owned(),
        published: "nowhere".to_owned(),
        root: folder.to_owned(),
        ground_truth: None,
        sources: vec![Source {
            files: vec!["{class}_*.wav".to_owned()],
            role: Role::NormalTrain,
            contains: "sounds".to_owned(),
            published: None,
            split: None,
            labels: Default::default(),
            channel: None,
            shorter_than_s: None,
            hold_out_every: None,
            optional: false,
        }],
        mixing: Default::default(),
    }
}

#[test]
fn a_set_is_told_alike_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..12 {
        let path = folder.path().join(format!("kind{}_{index}.wav", index % 3));
        write_wav_i16(&path, &chirp(4_000 + 100 * index), if index == 7 { 8_000 } else { 16_000 }).unwrap();
    }
    fs::write(folder.path().join("kind1_bad.wav"), "no sound").unwrap();
    let told = [1, 2, 8].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let index = folder.path().join(format!("index{threads}.json"));
        let (set, problems) = pool.install(|| Dataset::survey(&manifest(folder.path()), &index)).unwrap();
        assert!(problems.len() == 1 && problems[0].place.ends_with("kind1_bad.wav"), "{problems:?}");
        (set::report(&set), fs::read(index).unwrap())
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    for part in ["class kind2", "8000 (1), 16000 (3)", "kind1_7.wav: 8000 Hz", "data hash"] {
        assert!(told[0].0.contains(part), "{}", told[0].0);
    }
}

#[test]
fn a_sound_too_long_to_draw_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    write_wav_i16(&path, &[0.5; 4], 16_000).unwrap();
    // A header of 1,201 s, and as many bytes as it tells of, which take no place on the disk.
    let data_len = 1_201 * 16_000 * 2_u32;
    let mut bytes = fs::read(&path).unwrap();
    bytes[40..44].copy_from_slice(&data_len.to_le_bytes());
    fs::write(&path, &bytes[..44]).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(44 + u64::from(data_len)).unwrap();
    let error = run(&args(vec![path], &folder.path().join("out"))).unwrap_err().to_string();
    assert!(error.contains("1201 s long, expected 1200 s at most"), "{error}");
}
