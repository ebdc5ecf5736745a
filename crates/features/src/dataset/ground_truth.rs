//! What a published list says of test files whose own names do not tell what they are.
//!
//! A list as the DCASE challenge publishes it after its end: a line with a machine, then a line `name,true name` a file.

use std::collections::BTreeMap;
use std::path::Path;

use super::manifest::{Manifest, Role};
use super::pattern::Pattern;
use super::problem::Problem;
use super::resolve::Resolved;
use crate::files::read_text;

/// Gives those of `files` that nobody has labelled the role and labels that their true names have, by the manifest's
/// list, if it is there: as if they lay in a folder `test_rename` beside `test` under these names. Where they do lie
/// there too, nothing is changed.
pub(super) fn apply(manifest: &Manifest, files: &mut [Resolved]) -> Option<Problem> {
    let path = manifest.root.join(manifest.ground_truth.as_ref()?);
    if !path.exists() {
        return None;
    }
    let names = match read(&path) {
        Ok(names) => names,
        Err(problem) => return Some(problem),
    };
    let known: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    for file in files.iter_mut().filter(|file| file.role == Role::UnlabelledTest) {
        let parts: Vec<&str> = file.name.split('/').collect();
        let [.., machine, folder, name] = parts[..] else { continue };
        let Some(true_name) = names.get(&(machine.to_owned(), name.to_owned())) else { continue };
        let above = &file.name[..file.name.len() - folder.len() - 1 - name.len()];
        let renamed = format!("{above}{folder}_rename/{true_name}");
        if known.contains(&renamed) {
            continue;
        }
        let tested = manifest
            .sources
            .iter()
            .filter(|source| [Role::NormalTest, Role::AnomalyTest].contains(&source.role));
        for source in tested {
            let mut patterns = source.files.iter().rev().filter_map(|text| Pattern::parse(text).ok());
            if let Some(labels) = patterns.find_map(|pattern| pattern.matches(&renamed)) {
                file.labels = labels;
                file.labels.extend(source.labels.clone());
                (file.role, file.channel) = (source.role, source.channel);
            }
        }
    }
    None
}

/// True names by machine and name.
fn read(path: &Path) -> Result<BTreeMap<(String, String), String>, Problem> {
    let expected = "a line with a machine, then a line `name,true name` a file";
    let text =
        read_text(path).map_err(|error| Problem::at(path, format!("it unreadable ({error})"), expected))?;
    let (mut names, mut machine) = (BTreeMap::new(), None);
    for (index, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
        match (line.split_once(','), &machine) {
            (None, _) => machine = Some(line.to_owned()),
            (Some((name, true_name)), Some(machine)) => {
                names.insert((machine.clone(), name.to_owned()), true_name.to_owned());
            }
            (Some(_), None) => {
                return Err(Problem::at(
                    path,
                    format!("`{line}` in line {} before any machine", index + 1),
                    expected,
                ));
            }
        }
    }
    Ok(names)
}
