//! What lies in a results folder.

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

/// Everything in a results folder that has to be the same for every run with the same settings: its files without
/// those that tell of the clock or the machine, and the report up to its provenance.
pub fn results(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = contents(out);
    found.retain(|path, _| !TELLING.iter().any(|name| path.ends_with(name)));
    for (path, bytes) in &mut found {
        if path.ends_with("history.csv") {
            *bytes = without_clock(bytes);
        }
    }
    if let Some(report) = found.get_mut(Path::new("report.html")) {
        let heading = b"<h2>Provenance</h2>";
        let end = report.windows(heading.len()).position(|part| part == heading);
        report.truncate(end.expect("the report tells its provenance"));
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

/// Folders of cells in a results folder, sorted: finished ones, set aside ones, and hidden ones in training.
pub fn cells(out: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(out.join("cells")) else { return Vec::new() };
    let mut cells: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    cells.sort();
    cells
}

/// Where cells in training have their checkpoints, once there are any.
pub fn checkpoints(out: &Path) -> Vec<PathBuf> {
    let paths = cells(out).into_iter().map(|cell| cell.join("checkpoint.safetensors"));
    paths.filter(|path| path.exists()).collect()
}

/// The one folder of a cell whose name begins with `stem`, such as `ring-bu-s0`.
pub fn cell(out: &Path, stem: &str) -> PathBuf {
    let prefix = format!("{stem}-");
    let name = |path: &PathBuf| path.file_name().expect("a cell has a name").to_string_lossy().into_owned();
    let is_it = |path: &PathBuf| {
        name(path).strip_prefix(&prefix).is_some_and(|hash| hash.len() == 8 && !hash.contains('.'))
    };
    let found: Vec<PathBuf> = cells(out).into_iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "cells {stem}: {found:?}");
    found[0].clone()
}
