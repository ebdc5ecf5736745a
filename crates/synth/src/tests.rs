//! What every set holds to, checked on a small one.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::ThreadPoolBuilder;

use super::anomaly::CLASSES;
use super::clips::kinds;
use super::lock::Lock;
use super::oscillator::BLOCK;
use super::plan::{Amounts, File, files};
use super::writer::{Outcome, Request};
use super::{RATE, SynthError, VERSION, make};

const SMALL: Amounts = Amounts { minutes: 1, test_files: 4, test_noise_s: 5, clips: 1, anomalies: 2 };

fn write_set(out: &Path, request: &Request, files: &[File]) -> Result<Outcome, SynthError> {
    super::writer::write_set(out, request, files, &|_, _| {})
}

fn request(seed: u64) -> Request {
    Request { version: VERSION, seed, minutes: SMALL.minutes }
}

/// All files under a folder, by path, with their bytes.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(root).unwrap().to_path_buf(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// (start, end) in samples, and the operation.
fn labels(csv: &str) -> Vec<(usize, usize, String)> {
    let sample = |seconds: &str| (seconds.parse::<f64>().unwrap() * f64::from(RATE)).round() as usize;
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (sample(cells[0]), sample(cells[1]), cells[2].to_owned())
    };
    csv.lines().skip(1).map(row).collect()
}

fn car_files() -> Vec<File> {
    files(SMALL).into_iter().filter(|file| file.path.starts_with("car")).collect()
}

#[test]
fn a_set_is_the_same_to_the_byte_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let made = [1, 2].map(|threads| {
        let out = folder.path().join(threads.to_string());
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let outcome = pool.install(|| write_set(&out, &request(3), &files(SMALL))).unwrap();
        assert_eq!(outcome, Outcome::Made);
        contents(&out)
    });
    assert_eq!(made[0].len(), files(SMALL).len() + car_files().len() + 1);
    assert!(made[0] == made[1]);
    // Nothing is left beside the sets.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn seeds_differ_in_every_file() {
    for file in files(SMALL) {
        assert!(file.make(0).samples != file.make(1).samples, "{}", file.path.display());
    }
}

#[test]
fn nothing_is_clipped_offset_silent_or_not_a_number() {
    for file in files(SMALL) {
        let samples = file.make(0).samples;
        let path = file.path.display();
        // No comparison holds for NaN.
        assert!(samples.iter().all(|x| x.abs() <= 0.900_01), "{path}");
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        let rms = (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt();
        assert!(rms > 0.002, "{path}: rms {rms}");
        assert!(mean.abs() < 0.01 * rms, "{path}: mean {mean}, rms {rms}");
    }
}

#[test]
fn labels_cover_each_file_without_a_gap() {
    for file in car_files() {
        let made = file.make(0);
        let labels = labels(&made.labels.unwrap());
        assert_eq!(labels[0].0, 0);
        assert_eq!(labels[labels.len() - 1].1, made.samples.len(), "{}", file.path.display());
        assert!(labels.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }
}

/// The jump at a sample beside the jumps of 0.1 s around it.
fn relative_jump(samples: &[f32], at: usize) -> f32 {
    let jumps: Vec<f32> = samples.windows(2).map(|w| w[1] - w[0]).collect();
    let around = &jumps[at.saturating_sub(800)..(at + 800).min(jumps.len())];
    let rms = (around.iter().map(|j| j * j).sum::<f32>() / around.len() as f32).sqrt();
    jumps[at - 1].abs() / rms
}

#[test]
fn operations_join_without_a_click() {
    let mut joins = 0;
    for file in car_files() {
        let made = file.make(0);
        for (start, ..) in &labels(&made.labels.unwrap())[1..] {
            let mut samples = made.samples.clone();
            assert!(relative_jump(&samples, *start) < 4.0, "{} at {start}", file.path.display());
            joins += 1;
            // The check would see a small step.
            samples[*start..].iter_mut().for_each(|x| *x += 0.2);
            assert!(relative_jump(&samples, *start) > 4.0, "{} at {start}", file.path.display());
        }
    }
    assert!(joins > 20);
}

#[test]
fn blocks_of_synthesis_join_without_a_trace() {
    // Over all cars, since a tone of 250 Hz keeps step with the blocks.
    let mut power = [0.0; BLOCK];
    for file in car_files() {
        for (i, pair) in file.make(0).samples.windows(2).enumerate() {
            power[(i + 1) % BLOCK] += f64::from((pair[1] - pair[0]).powi(2));
        }
    }
    let mean = power.iter().sum::<f64>() / BLOCK as f64;
    assert!((power[0] / mean - 1.0).abs() < 0.1, "{}", power[0] / mean);
}

#[test]
fn clips_are_short_and_end_in_silence() {
    for file in files(SMALL) {
        if file.path.starts_with("anomaly") || file.path.starts_with("something_else") {
            let samples = file.make(5).samples;
            let seconds = samples.len() as f32 / RATE;
            assert!((0.02..5.0).contains(&seconds), "{}: {seconds} s", file.path.display());
            let peak = samples.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
            assert!(samples[0].abs() < 0.02 * peak && samples[samples.len() - 1].abs() < 0.03 * peak);
        }
    }
}

#[test]
fn a_whole_set_has_all_names_and_counts() {
    let all = files(Amounts::whole(40));
    let count = |prefix: &str| all.iter().filter(|file| file.path.starts_with(prefix)).count();
    for car in 1..=4 {
        assert_eq!(count(&format!("car/car{car}/train")), 20);
        assert_eq!(count(&format!("car/car{car}/test")), 70);
    }
    for split in ["train", "test"] {
        for noise in 1..=4 {
            assert_eq!(count(&format!("noise/{split}/noise{noise}.wav")), 1);
        }
    }
    for class in ["doorslam", "knock", "keysDrop", "keyboard", "drawer", "pageturn", "phone"] {
        assert_eq!(count(&format!("anomaly/{class}")), 20);
        assert_eq!(count(&format!("anomaly/{class}/{class}_19.wav")), 1);
    }
    let names: HashSet<&str> = kinds().map(|kind| kind.name).collect();
    assert!(names.len() == kinds().count() && names.len() >= 36);
    assert!(CLASSES.iter().all(|class| !names.contains(class.name)));
    assert_eq!(count("something_else"), 7 * names.len());
    assert_eq!(all.iter().map(|file| &file.path).collect::<HashSet<_>>().len(), all.len());
    assert_eq!(all.iter().map(|file| file.stream).collect::<HashSet<_>>().len(), all.len());
}

#[test]
fn minutes_are_those_asked_for() {
    for minutes in [1, 3] {
        let train =
            |file: &File| file.path.starts_with("car") && file.path.iter().any(|part| part == "train");
        let samples: usize = files(Amounts { minutes, ..SMALL })
            .iter()
            .filter(|f| train(f))
            .map(|f| f.make(0).samples.len())
            .sum();
        assert_eq!(samples, minutes as usize * 60 * RATE as usize);
    }
}

#[test]
fn a_set_that_is_there_is_left_alone_and_another_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/set");
    let files: Vec<File> = files(SMALL).into_iter().filter(|file| file.path.starts_with("anomaly")).collect();
    assert_eq!(write_set(&out, &request(0), &files).unwrap(), Outcome::Made);
    let before = contents(&out);
    assert_eq!(write_set(&out, &request(0), &files).unwrap(), Outcome::Found);
    let refusal = write_set(&out, &request(1), &files).unwrap_err().to_string();
    assert!(refusal.contains("found seed 0") && refusal.contains("expected seed 1"), "{refusal}");
    assert!(contents(&out) == before);

    fs::remove_file(out.join(&files[3].path)).unwrap();
    let refusal = write_set(&out, &request(0), &files).unwrap_err().to_string();
    assert!(refusal.contains("has lost 1 of its 14 files"), "{refusal}");
    fs::write(out.join("dataset.json"), "{").unwrap();
    let refusal = write_set(&out, &request(0), &files).unwrap_err().to_string();
    assert!(refusal.contains("no description of a synthetic set"), "{refusal}");
}

#[test]
fn bad_requests_are_refused_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |out: PathBuf| {
        let error = make(&out, &Request::new(0, 1), &|_, _| {}).unwrap_err();
        assert!(matches!(error, SynthError::Refused(_)), "{error}");
        error.to_string()
    };
    let mine = folder.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("precious.wav"), "mine").unwrap();
    assert!(refusal(mine.clone()).contains("is no synthetic set"));
    assert_eq!(fs::read_to_string(mine.join("precious.wav")).unwrap(), "mine");

    let below_a_file = mine.join("precious.wav/set");
    assert!(refusal(below_a_file).contains("precious.wav"));
    assert!(refusal(PathBuf::from("/")).contains("is no synthetic set"));
    assert!(refusal(PathBuf::from("/proc/set")).contains("/proc/.set-partial: cannot be made"));
    assert!(refusal(folder.path().join("gone/..")).contains("does not name a folder"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_a_killed_run_left_is_cleared_and_a_live_run_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (out, partial) = (folder.path().join("set"), folder.path().join(".set-partial"));
    let files: Vec<File> = files(SMALL).into_iter().filter(|file| file.path.starts_with("anomaly")).collect();
    let half_made = partial.join("set/anomaly/half.wav");
    fs::create_dir_all(half_made.parent().unwrap()).unwrap();
    fs::write(&half_made, "RIFF").unwrap();

    let live = Lock::take(&partial).unwrap();
    let refusal = write_set(&out, &request(0), &files).unwrap_err();
    assert!(
        matches!(refusal, SynthError::Refused(_)) && refusal.to_string().contains("in use by process"),
        "{refusal}"
    );
    assert_eq!(fs::read_to_string(&half_made).unwrap(), "RIFF");
    assert!(!out.exists());

    // The lock goes with the process that held it; the folder stays.
    drop(live);
    assert_eq!(write_set(&out, &request(0), &files).unwrap(), Outcome::Made);
    assert!(!out.join("anomaly/half.wav").exists());
    assert_eq!(contents(&out).len(), files.len() + 1);
    assert!(!partial.exists());
}

#[test]
fn a_run_that_fails_leaves_no_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    // One path as a file and as a folder: the second cannot be written.
    let mut files: Vec<File> = files(SMALL).into_iter().filter(|f| f.path.starts_with("anomaly")).collect();
    files[1].path = files[0].path.join("below.wav");
    let error = write_set(&out, &request(0), &files).unwrap_err();
    assert!(!matches!(error, SynthError::Refused(_)), "{error}");
    assert!(!out.exists() && !folder.path().join(".set-partial/set").exists());
}
