//! From a manifest's patterns to files with role, split and labels.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::ground_truth;
use super::manifest::{Manifest, Role, Source, Split};
use super::pattern::{Labels, Pattern};
use super::problem::Problem;
use crate::audio;

/// A file that a manifest names, not yet read.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    /// The path to open.
    pub(super) path: PathBuf,
    /// The path below the manifest's root, with `/` between its parts.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) split: Option<Split>,
    pub(super) labels: Labels,
    pub(super) channel: Option<u16>,
    pub(super) shorter_than_s: Option<f64>,
}

/// All files of a (checked) manifest, sorted by role and name, and all that is wrong with the folders.
pub(super) fn resolve(manifest: &Manifest) -> (Vec<Resolved>, Vec<Problem>) {
    let mut problems = Vec::new();
    if let Some(problem) = root_problem(manifest) {
        return (Vec::new(), vec![problem]);
    }
    let mut files = Vec::new();
    for source in &manifest.sources {
        let (found, wrong) = search(manifest, source);
        problems.extend(wrong);
        files.extend(assign(source, &manifest.root, found));
    }
    problems.extend(ground_truth::apply(manifest, &mut files));
    problems.extend(used_twice(&files));
    files.sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
    (files, problems)
}

/// The sounds below the root that no pattern takes: how many there are and how many are taken, or nothing.
pub(super) fn untaken(manifest: &Manifest, files: &[Resolved]) -> Option<String> {
    let taken: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let mut others = Vec::new();
    for entry in visible(&manifest.root, usize::MAX, |name| !name.starts_with('.')).flatten() {
        let name = below(&manifest.root, &entry);
        if audio::has_sound_name(entry.path()) && !taken.contains(&*name) {
            others.push(name);
        }
    }
    let first = others.first()?;
    let (root, others, all) = (manifest.root.display(), others.len(), taken.len() + others.len());
    Some(format!(
        "{root}: {others} of {all} sounds there are taken by no pattern of the manifest, such as {first}"
    ))
}

fn root_problem(manifest: &Manifest) -> Option<Problem> {
    let found = match fs::metadata(&manifest.root) {
        Ok(metadata) if metadata.is_dir() => return None,
        Ok(_) => "no folder but a file".to_owned(),
        Err(error) => no_folder(&error),
    };
    let mut contents: Vec<&str> = Vec::new();
    for source in manifest.sources.iter().filter(|source| !source.optional) {
        if !contents.contains(&source.contains.as_str()) {
            contents.push(&source.contains);
        }
    }
    let expected = format!("a folder with {}; published at {}", contents.join(", "), manifest.published);
    Some(Problem::at(&manifest.root, found, expected))
}

fn no_folder(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such folder".to_owned(),
        _ => format!("a folder that cannot be read ({error})"),
    }
}

/// What the patterns of a source take, by name, and what is wrong: each pattern is another place where its files may
/// be, so that it is enough for one of them to match.
fn search(manifest: &Manifest, source: &Source) -> (BTreeMap<String, Labels>, Vec<Problem>) {
    let mut found = BTreeMap::new();
    let mut problems = Vec::new();
    let mut missing = Vec::new();
    for text in &source.files {
        let Ok(pattern) = Pattern::parse(text) else { continue };
        let base = manifest.root.join(pattern.base());
        let before = found.len();
        match fs::metadata(&base) {
            Err(error) => missing.push((base, no_folder(&error))),
            Ok(_) => {
                problems.extend(collect(&manifest.root, &pattern, &base, &mut found));
                if found.len() == before {
                    missing.push((base, format!("nothing that matches `{text}`")));
                }
            }
        }
    }
    if found.is_empty() && problems.is_empty() && !source.optional {
        let published = source.published.as_ref().unwrap_or(&manifest.published);
        let expected = format!("{}; published at {published}", source.contains);
        problems.extend(missing.into_iter().map(|(base, what)| Problem::at(&base, what, &expected)));
    }
    (found, problems)
}

/// Adds what matches `pattern` below `base` to `found`; returns what is wrong.
fn collect(
    root: &Path,
    pattern: &Pattern,
    base: &Path,
    found: &mut BTreeMap<String, Labels>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let depth = pattern.depth_below_base().unwrap_or(usize::MAX);
    for entry in visible(base, depth, |name| pattern.looks_at(name)) {
        match entry {
            Err(error) => problems.push(walk_problem(base, &error)),
            Ok(entry) => match matched(pattern, root, &entry) {
                Ok(None) => {}
                Ok(Some((name, labels))) => {
                    found.insert(name, labels);
                }
                Err(problem) => problems.push(problem),
            },
        }
    }
    problems
}

/// The files below a folder, sorted by name, in folders that are `looked_at`.
fn visible(
    base: &Path,
    depth: usize,
    looked_at: impl Fn(&str) -> bool,
) -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    let walk = WalkDir::new(base).follow_links(true).max_depth(depth).sort_by_file_name();
    let entries = walk
        .into_iter()
        .filter_entry(move |entry| entry.depth() == 0 || looked_at(&entry.file_name().to_string_lossy()));
    entries.filter(|entry| entry.as_ref().map_or(true, |entry| !entry.file_type().is_dir()))
}

/// The entry's path below the root; what is not UTF-8 in it is replaced.
fn below(root: &Path, entry: &DirEntry) -> String {
    entry.path().strip_prefix(root).unwrap_or(entry.path()).to_string_lossy().into_owned()
}

fn matched(pattern: &Pattern, root: &Path, entry: &DirEntry) -> Result<Option<(String, Labels)>, Problem> {
    let name = below(root, entry);
    let labels = pattern.matches(&name).or_else(|| pattern.matches(&with_lower_extension(&name)));
    if labels.is_some() && entry.path().to_str().is_none() {
        return Err(Problem::at(
            entry.path(),
            "a name that is not UTF-8",
            "one that tables can hold; rename it",
        ));
    }
    Ok(labels.map(|labels| (name, labels)))
}

/// The name with its extension in lower case: recorders write `.WAV` too.
fn with_lower_extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{}", extension.to_lowercase()),
        None => name.to_owned(),
    }
}

fn walk_problem(base: &Path, error: &walkdir::Error) -> Problem {
    let path = error.path().unwrap_or(base);
    match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => Problem::at(
            path,
            format!("a link to {}, which is above it", ancestor.display()),
            "folders without a loop",
        ),
        (None, Some(io)) => Problem::at(path, format!("it unreadable ({io})"), "a readable file or folder"),
        (None, None) => Problem::at(path, error, "a readable file or folder"),
    }
}

fn assign(source: &Source, root: &Path, found: BTreeMap<String, Labels>) -> Vec<Resolved> {
    let held_out = |index: usize| source.hold_out_every.is_some_and(|every| index % every == every - 1);
    let files = found.into_iter().enumerate();
    files
        .map(|(index, (name, mut labels))| {
            labels.extend(source.labels.clone());
            let role = if held_out(index) { Role::NormalTest } else { source.role };
            Resolved {
                path: root.join(&name),
                name,
                role,
                split: role.split().or(source.split),
                labels,
                channel: source.channel,
                shorter_than_s: source.shorter_than_s,
            }
        })
        .collect()
}

/// A file that two sources name, or that is reached by two names.
fn used_twice(files: &[Resolved]) -> Vec<Problem> {
    let mut first: BTreeMap<PathBuf, &Resolved> = BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        let Ok(real) = fs::canonicalize(&file.path) else { continue };
        if let Some(other) = first.insert(real, file) {
            let found = format!("it as {}, and {} as {}", file.role.name(), other.name, other.role.name());
            problems.push(Problem::at(&file.path, found, "each file once"));
        }
    }
    problems
}
