//! Published lists of what unlabelled files are.

use super::*;

const CHALLENGE: &str = r#"{
    "name": "challenge", "published": "https://example.org", "root": "data", "ground_truth": "list.csv",
    "sources": [
        {"files": ["eval/{machine}/test/section_{section}_????.wav"], "role": "unlabelled-test", "contains": "tests"},
        {"files": ["eval/{machine}/test_rename/section_{section}_{domain}_test_normal_????_{attributes}.wav"],
         "role": "normal-test", "contains": "normal tests", "optional": true},
        {"files": ["eval/{machine}/test_rename/section_{section}_{domain}_test_anomaly_????_{attributes}.wav"],
         "role": "anomaly-test", "contains": "anomalies", "optional": true}
    ]
}"#;

/// Two machines with a file of one name, and one that no list knows.
fn challenge() -> (Folder, Manifest) {
    let folder = Folder::new();
    for name in ["fan/test/section_00_0000", "fan/test/section_00_0001", "pump/test/section_00_0000"] {
        folder.wav(&format!("eval/{name}.wav"), 0.5);
    }
    let mut manifest: Manifest = serde_json::from_str(CHALLENGE).unwrap();
    manifest.root = folder.0.path().to_owned();
    (folder, manifest)
}

const LIST: &str = "fan\nsection_00_0000.wav,section_00_target_test_anomaly_0000_vel_6.wav\npump\n\
                    section_00_0000.wav,section_00_source_test_normal_0000_car_A.wav\n";

#[test]
fn a_list_tells_role_and_labels_and_leaves_the_names() {
    let (folder, manifest) = challenge();
    assert_eq!(folder.open_as(&manifest).unwrap().role(Role::UnlabelledTest).count(), 3, "there is no list");
    fs::write(folder.path("list.csv"), LIST).unwrap();
    let set = folder.open_as(&manifest).unwrap();
    let told = |role| -> Vec<String> {
        let label = |file: &SoundFile| {
            let labels = [Label::Machine, Label::Domain, Label::Section, Label::Attributes];
            format!("{} {}", file.name, labels.map(|label| file.label(label)).join(" "))
        };
        set.role(role).map(label).collect()
    };
    assert_eq!(told(Role::NormalTest), ["eval/pump/test/section_00_0000.wav pump source 00 car_A"]);
    assert_eq!(told(Role::AnomalyTest), ["eval/fan/test/section_00_0000.wav fan target 00 vel_6"]);
    assert_eq!(told(Role::UnlabelledTest), ["eval/fan/test/section_00_0001.wav fan  00 "]);
}

#[test]
fn files_that_were_renamed_too_stay_as_they_are_and_a_list_that_is_none_is_told() {
    let (folder, manifest) = challenge();
    fs::write(folder.path("list.csv"), LIST).unwrap();
    folder.wav("eval/fan/test_rename/section_00_target_test_anomaly_0000_vel_6.wav", 0.5);
    let set = folder.open_as(&manifest).unwrap();
    assert_eq!(set.role(Role::AnomalyTest).count(), 1);
    assert_eq!(set.role(Role::UnlabelledTest).count(), 2, "no sound is tested twice");
    fs::write(folder.path("list.csv"), "name,true name\n").unwrap();
    let error = folder.open_as(&manifest).unwrap_err().to_string();
    assert!(error.contains("list.csv: found `name,true name` in line 1 before any machine"), "{error}");
}
