//! What lies in a results root: nets, scores, and a folder of tables an experiment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that tell of the clock or the machine, beside `report.html`, of which a part does.
const TELLING: [&str; 4] = ["log.txt", "env.json", "SHA256SUMS", ".lock"];

/// A CSV file whose values hold no commas: the names of its columns, and its rows.
pub fn csv(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = text(path);
    let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect());
    (rows.next().expect("there is a header"), rows.collect())
}

/// The text of a file.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `folder` by its path there.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = path.strip_prefix(folder).expect("the file lies below the folder");
                found.insert(name.to_owned(), bytes);
            }
        }
    }
    found
}

/// Everything in a results root that has to be the same for every run with the same settings: its files without those
/// that tell of the clock or the machine, nets without where they were trained, and reports up to their provenance.
pub fn results(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = contents(out);
    found.retain(|path, _| !TELLING.iter().any(|name| path.ends_with(name)));
    for (path, bytes) in &mut found {
        if path.ends_with("history.csv") {
            *bytes = without_clock(bytes);
        }
        let end = if path.ends_with("report.html") {
            ">Provenance</h2>"
        } else if path.ends_with("net.json") {
            "\"trained_on\""
        } else {
            continue;
        };
        let end = bytes.windows(end.len()).position(|part| part == end.as_bytes());
        bytes.truncate(
            end.unwrap_or_else(|| panic!("{}: expected it to tell where it came from", path.display())),
        );
    }
    found
}

/// A history without its column `rows_per_second`, the last, which tells of the machine.
fn without_clock(history: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(history.to_owned()).expect("a history is text");
    if !text.lines().next().is_some_and(|head| head.ends_with(",rows_per_second")) {
        return history.to_owned();
    }
    let line = |line: &str| line.rsplit_once(',').map_or(String::new(), |(line, _)| format!("{line}\n"));
    text.lines().map(line).collect::<String>().into_bytes()
}

/// Holds two results folders against each other, file by file.
pub fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    for (path, bytes) in expected {
        assert!(found[path] == *bytes, "{} has other bytes", path.display());
    }
}

/// Folders of nets in a results root, sorted: finished ones, set aside ones, and hidden ones in training.
pub fn nets(out: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(out.join("nets")) else { return Vec::new() };
    let mut nets: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    nets.retain(|path| path.is_dir());
    nets.sort();
    nets
}

/// Where nets in training have their checkpoints, once there are any.
pub fn checkpoints(out: &Path) -> Vec<PathBuf> {
    nets(out).into_iter().map(|net| net.join("checkpoint")).filter(|path| path.exists()).collect()
}

/// What the tables of the experiment in the folder `tables` call `label`: its place among the nets (1) or scores (2).
fn place(tables: &Path, label: &str, column: usize, shelf: &str) -> PathBuf {
    let (_, rows) = csv(&tables.join("cells.csv"));
    let row = rows.into_iter().find(|row| row[0] == label).unwrap_or_else(|| panic!("no cell {label}"));
    tables.parent().expect("an experiment lies in a results root").join(shelf).join(&row[column])
}

/// The folder of the net that the tables in `tables` call `label`, such as `ring-bu-s0`.
pub fn net(tables: &Path, label: &str) -> PathBuf {
    place(tables, label, 1, "nets")
}

/// The folder of its score.
pub fn score(tables: &Path, label: &str) -> PathBuf {
    place(tables, label, 2, "scores")
}
