//! How the sources are kept: layout, lints, dependencies, sizes.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::files::text;
use tests::repository;

/// What every .rs opens with, and the most lines it has.
const OPENING: &str = "//! ";
const MOST_LINES: usize = 500;

const TOP_LEVEL: [&str; 15] = [
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "experiments",
    "results",
    "rustfmt.toml",
    "tests",
    "xtask",
];

/// Which members each may depend on: `xtask -> eval`, `xtask -> harness -> models -> losses`,
/// `xtask, harness -> features`, `xtask -> synth -> features`, `detector -> models, losses, features`.
const DEPENDENCIES: [(&str, &[&str]); 9] = [
    ("crates/detector", &["features", "losses", "models", "tests"]),
    ("crates/eval", &[]),
    ("crates/features", &[]),
    ("crates/harness", &["features", "losses", "models"]),
    ("crates/losses", &[]),
    ("crates/models", &["losses"]),
    ("crates/synth", &["features"]),
    ("tests", &[]),
    ("xtask", &["eval", "features", "harness", "losses", "models", "synth"]),
];

/// Files of the repository that are or would be committed; none where there is no git to ask.
fn files() -> Option<Vec<PathBuf>> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let output = Command::new("git").current_dir(repository()).args(list).output().ok()?;
    let names = output.status.success().then(|| String::from_utf8(output.stdout).unwrap())?;
    Some(
        names
            .split_terminator('\0')
            .map(PathBuf::from)
            .filter(|path| repository().join(path).exists())
            .collect(),
    )
}

#[test]
fn the_top_level_is_what_the_map_says() {
    let Some(files) = files() else {
        println!("skipped: not in a git working tree");
        return;
    };
    let first = |path: &PathBuf| path.iter().next().unwrap().to_str().unwrap().to_owned();
    let found: BTreeSet<String> = files.iter().map(first).filter(|name| !name.starts_with('.')).collect();
    assert_eq!(found, TOP_LEVEL.map(str::to_owned).into());
}

/// Every .rs below a folder that holds sources.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["crates", "tests", "xtask"].map(|name| repository().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 100, "{} sources", found.len());
    found
}

#[test]
fn every_source_opens_with_what_it_is_and_is_of_readable_length() {
    for path in sources() {
        let text = text(&path);
        assert!(text.starts_with(OPENING), "{}: expected `//!` and a line of words first", path.display());
        let lines = text.lines().count();
        assert!(
            lines <= MOST_LINES,
            "{}: found {lines} lines, expected {MOST_LINES} at most",
            path.display()
        );
    }
}

/// Lines of a table of a manifest, such as `dependencies`.
fn table<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("[{name}]");
    let body = manifest.lines().skip_while(|line| *line != head).skip(1);
    body.take_while(|line| !line.starts_with('[')).filter(|line| !line.trim().is_empty()).collect()
}

fn manifest(member: &str) -> String {
    text(&repository().join(member).join("Cargo.toml"))
}

#[test]
fn all_members_are_known() {
    let mut found: Vec<String> = fs::read_dir(repository().join("crates"))
        .unwrap()
        .map(|entry| format!("crates/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect();
    found.extend(["tests", "xtask"].map(str::to_owned));
    found.sort();
    assert_eq!(found, DEPENDENCIES.map(|(member, _)| member));
}

#[test]
fn every_member_inherits_lints_and_versions() {
    for (member, _) in DEPENDENCIES {
        let manifest = manifest(member);
        assert_eq!(table(&manifest, "lints"), ["workspace = true"], "{member}");
        for key in ["edition", "rust-version", "license", "publish"] {
            let line = format!("{key}.workspace = true");
            assert!(table(&manifest, "package").contains(&line.as_str()), "{member}: {line}");
        }
        for kind in ["dependencies", "dev-dependencies"] {
            for line in table(&manifest, kind) {
                let inherits = line.ends_with(".workspace = true") || line.contains("{ workspace = true,");
                assert!(inherits, "{member}: {line}");
            }
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    let members: Vec<&str> = DEPENDENCIES.map(|(member, _)| member.rsplit('/').next().unwrap()).into();
    for (member, expected) in DEPENDENCIES {
        let manifest = manifest(member);
        let lines = ["dependencies", "dev-dependencies", "build-dependencies"]
            .map(|kind| table(&manifest, kind))
            .concat();
        let mut found: Vec<&str> = lines
            .iter()
            .map(|line| line.split(['.', ' ', '=']).next().unwrap())
            .filter(|name| members.contains(name))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{member}");
    }
}

#[test]
fn nothing_needs_a_folder_of_its_own_machine() {
    let home = |path: &Path| ["/home/", "/Users/", "/root/"].iter().any(|home| text(path).contains(home));
    let sources = sources();
    let found: Vec<&PathBuf> =
        sources.iter().filter(|path| !path.ends_with("tidy.rs") && home(path)).collect();
    assert!(found.is_empty(), "{found:?}");
}
