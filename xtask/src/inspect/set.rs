//! What a set of sounds holds, as text: tables by role and by label, and what is odd.

use std::collections::BTreeMap;

use eval::Table;
use features::dataset::{Dataset, Role, SoundFile, Split};

/// Bands of features above half a file's rate hold nothing.
const FEATURE_RATE: u32 = 16_000;

/// Counts, hours, rates and levels by role and by label; warnings; the data hash.
pub(super) fn report(set: &Dataset) -> String {
    let by_role = grouped(&set.files, |file| (file.role, file.split, String::new()));
    let by_label = grouped(&set.files, |file| (file.role, file.split, labels(file)));
    let mut text = format!("{}: {} sounds\n", set.name, set.files.len());
    if set.files.is_empty() {
        return text;
    }
    text += &format!("\n{}", table(&by_role));
    if by_label.len() > by_role.len() {
        text += &format!("\n{}", table(&by_label));
    }
    if !set.left_out.is_empty() {
        text += &format!("\n{} files are left out: longer than the manifest allows\n", set.left_out.len());
    }
    let warnings: Vec<String> = set.warnings.iter().cloned().chain(low_rates(set)).collect();
    if !warnings.is_empty() {
        text += &format!("\nodd, but no error:\n  {}\n", warnings.join("\n  "));
    }
    text + &format!("\ndata hash {}\n", set.hash())
}

type Key = (Role, Option<Split>, String);

fn grouped(files: &[SoundFile], key: impl Fn(&SoundFile) -> Key) -> BTreeMap<Key, Vec<&SoundFile>> {
    let mut groups: BTreeMap<Key, Vec<&SoundFile>> = BTreeMap::new();
    for file in files {
        groups.entry(key(file)).or_default().push(file);
    }
    groups
}

/// The labels of a file, such as `machine fan, id 00`.
pub(super) fn labels(file: &SoundFile) -> String {
    let labels = file.labels.iter().map(|(label, text)| format!("{} {text}", label.name()));
    labels.collect::<Vec<_>>().join(", ")
}

fn table(groups: &BTreeMap<Key, Vec<&SoundFile>>) -> String {
    let real = |of: fn(&[&SoundFile]) -> f64| groups.values().map(move |files| of(files));
    let labelled = groups.keys().any(|(_, _, labels)| !labels.is_empty());
    let mut table = Table::new()
        .text("role", groups.keys().map(|(role, _, _)| role.name()))
        .text("split", groups.keys().map(|(_, split, _)| split.map_or("both", Split::name)));
    if labelled {
        table = table.text("labels", groups.keys().map(|(_, _, labels)| labels.as_str()));
    }
    table
        .integer("files", groups.values().map(|files| files.len() as i64))
        .real("hours", real(|files| files.iter().map(|file| file.facts.seconds()).sum::<f64>() / 3600.0))
        .real("shortest_s", real(|files| lowest(files, |file| file.facts.seconds())))
        .real("longest_s", real(|files| -lowest(files, |file| -file.facts.seconds())))
        .text("rate_hz", groups.values().map(|files| distinct(files, |file| file.facts.rate)))
        .text("channels", groups.values().map(|files| distinct(files, |file| file.facts.channels)))
        .real("rms_dbfs", real(mean_dbfs))
        .real("quietest_dbfs", real(|files| lowest(files, |file| file.facts.level.rms_dbfs())))
        .real("loudest_dbfs", real(|files| -lowest(files, |file| -file.facts.level.rms_dbfs())))
        .real("peak_dbfs", real(|files| -lowest(files, |file| -file.facts.level.peak_dbfs())))
        .integer("clipped_files", groups.values().map(|files| clipped(files)))
        .to_text(2)
}

fn lowest(files: &[&SoundFile], of: impl Fn(&SoundFile) -> f64) -> f64 {
    files.iter().map(|file| of(file)).fold(f64::INFINITY, f64::min)
}

/// Level of all samples together.
fn mean_dbfs(files: &[&SoundFile]) -> f64 {
    let energy: f64 = files.iter().map(|file| file.facts.level.power * file.facts.frames as f64).sum();
    10.0 * (energy / files.iter().map(|file| file.facts.frames as f64).sum::<f64>()).log10()
}

/// Files with a clipped sample.
fn clipped(files: &[&SoundFile]) -> i64 {
    files.iter().filter(|file| file.facts.level.clipped > 0).count() as i64
}

/// The values that occur, each with its count where there are several.
fn distinct<T: Ord + ToString>(files: &[&SoundFile], of: impl Fn(&SoundFile) -> T) -> String {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    files.iter().for_each(|file| *counts.entry(of(file)).or_default() += 1);
    let one = counts.len() == 1;
    let told =
        counts.iter().map(
            |(value, count)| {
                if one { value.to_string() } else { format!("{} ({count})", value.to_string()) }
            },
        );
    told.collect::<Vec<_>>().join(", ")
}

fn low_rates(set: &Dataset) -> Option<String> {
    let is_low = |file: &&SoundFile| file.facts.rate < FEATURE_RATE;
    let file = set.files.iter().find(is_low)?;
    let (path, rate, count) = (file.path.display(), file.facts.rate, set.files.iter().filter(is_low).count());
    let what = format!("{path}: {rate} Hz, of which features above {} Hz hold nothing", rate / 2);
    Some(format!("{what}; {count} of {} sounds have less than {FEATURE_RATE} Hz", set.files.len()))
}
