//! What makes a set unusable is told, all of it at once.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;

#[test]
fn a_missing_set_says_where_to_get_it() {
    let folder = Folder::new();
    let mut manifest = folder.manifest();
    manifest.root = folder.path("nothing-here");
    let text = folder.open_as(&manifest).unwrap_err().to_string();
    for part in
        ["nothing-here", "no such folder", "toy-car sounds", "factory noise", "https://example.org/toycar"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = Folder::new();
    folder.toy_car();
    fs::write(folder.path("car/car1/train/text.wav"), "no sound").unwrap();
    fs::write(folder.path("car/car1/train/empty.wav"), "").unwrap();
    fs::remove_dir_all(folder.path("anomaly")).unwrap();
    fs::remove_file(folder.path("noise/test/car1.wav")).unwrap();
    fs::remove_file(folder.path("noise/test/car2.wav")).unwrap();
    write_wav_i16(&folder.path("something_else/none_01.wav"), &[0.0; 4000], 16_000).unwrap();
    fs::write(folder.path("car/car2/test/001.labels.csv"), "start_s,end_s,operation\n0,9,idle\n").unwrap();
    let bytes = std::ffi::OsStr::from_bytes(b"car/car2/train/\xff.wav");
    fs::copy(folder.path("car/car1/train/001.wav"), folder.0.path().join(bytes)).unwrap();
    symlink(folder.path("car"), folder.path("car/car2/train/up")).unwrap();
    symlink(folder.path("gone.wav"), folder.path("car/car1/test/dangling.wav")).unwrap();

    let problems = folder.problems();
    let expected = [
        ("anomaly", "no such folder, expected anomalies; published at https://example.org/anomalies"),
        ("car/car1/test/dangling.wav", "unreadable"),
        ("car/car1/train/empty.wav", "0 bytes long"),
        ("car/car1/train/text.wav", "WAV"),
        ("car/car2/test/001.labels.csv", "`0,9,idle` in line 2"),
        ("car/car2/train/up", "without a loop"),
        ("car/car2/train/\u{fffd}.wav", "not UTF-8"),
        ("noise/test", "nothing that matches `noise/test/{class}.wav`, expected factory noise"),
        ("something_else/none_01.wav", "silence"),
    ];
    for (place, what) in expected {
        let place = folder.path(place).display().to_string();
        assert!(
            problems.iter().any(|told| told.starts_with(&format!("{place}: ")) && told.contains(what)),
            "{place} {what}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn sounds_too_short_for_a_row_are_told_and_clips_may_be_short() {
    let folder = Folder::new();
    folder.toy_car();
    let short = ["anomaly/knock/knock_02.wav", "car/car1/test/002.wav", "car/car1/train/002.wav"];
    for name in short.iter().chain(&["something_else/tick_01.wav", "noise/train/hum.wav"]) {
        folder.wav(name, 3_071.5 / 16e3);
    }
    folder.wav("car/car1/train/003.wav", 3_072.5 / 16e3);
    let told = |name: &str| {
        let path = folder.path(name);
        let what = "found 0.191 s of sound, expected at least 0.192 s, what one row of features covers";
        format!("{}: {what}", path.display())
    };
    assert_eq!(folder.problems(), [told(short[1]), told(short[2])]);

    // Without a ratio, anomalies are recordings, and are scored whole.
    let mut manifest = folder.manifest();
    manifest.mixing.anr_db.clear();
    let problems = folder.open_as(&manifest).unwrap_err().problems;
    assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), short.map(told));
}

#[test]
fn a_loop_of_links_ends() {
    let folder = Folder::new();
    folder.wav("a/001.wav", 0.5);
    symlink(folder.path("a"), folder.path("a/again")).unwrap();
    let mut manifest = folder.manifest();
    manifest.mixing = Mixing::default();
    manifest.sources.truncate(1);
    manifest.sources[0].files = vec!["**/*.wav".to_owned()];
    let text = folder.open_as(&manifest).unwrap_err().to_string();
    assert!(text.contains("a/again") && text.contains("without a loop"), "{text}");
}

#[test]
fn an_unreadable_folder_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.toy_car();
    let locked = folder.path("car/car1/train");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&locked).is_ok() {
        return; // The superuser may read everything.
    }
    let problems = folder.problems();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(problems[0].contains("car1/train") && problems[0].contains("unreadable"), "{problems:#?}");
}

#[test]
fn a_file_has_one_role() {
    let folder = Folder::new();
    folder.toy_car();
    let mut manifest = folder.manifest();
    manifest.sources.push(Source { role: Role::NormalTest, ..manifest.sources[0].clone() });
    symlink(folder.path("anomaly/knock/knock_01.wav"), folder.path("something_else/same_01.wav")).unwrap();
    let text = folder.open_as(&manifest).unwrap_err().to_string();
    for part in ["car/car2/train/001.wav", "normal-train", "normal-test", "same_01.wav", "knock_01.wav"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_bad_manifest_is_told_key_by_key() {
    let folder = Folder::new();
    let mut manifest = folder.manifest();
    manifest.sources[0].files.push("/abs/*.wav".to_owned());
    manifest.sources[0].labels.insert(Label::Machine, "../fan".to_owned());
    manifest.sources[1].split = Some(Split::Train);
    manifest.sources[4].shorter_than_s = Some(-1.0);
    manifest.sources[5].hold_out_every = Some(1);
    manifest.sources[5].labels.insert(Label::Class, "knock".to_owned());
    manifest.sources.remove(3);
    manifest.mixing.anr_db = vec![-10.0, f64::NAN];
    let places: Vec<String> =
        folder.open_as(&manifest).unwrap_err().problems.into_iter().map(|problem| problem.place).collect();
    assert_eq!(
        places,
        [
            "mixing.anr_db",
            "mixing.noise_snr_db",
            "sources[0].files",
            "sources[0].labels.machine",
            "sources[1].split",
            "sources[3].shorter_than_s",
            "sources[4].hold_out_every",
            "sources[4].hold_out_every",
            "sources[4].labels",
        ]
    );
}

#[test]
fn noise_that_is_not_there_is_told() {
    let folder = Folder::new();
    folder.toy_car();
    fs::remove_dir_all(folder.path("noise/train")).unwrap();
    let mut manifest = folder.manifest();
    manifest.sources[2].optional = true;
    let set = folder.open_as(&manifest).unwrap();
    assert!(set.load(Role::NormalTest, 16_000).is_ok());
    let error = set.load(Role::NormalTrain, 16_000).unwrap_err().to_string();
    assert!(error.contains("found no noise for sounds of normal-train, expected one at least"), "{error}");
}
