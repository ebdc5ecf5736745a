//! The files that the tools of the DCASE challenge, task 2, read: scores, decisions and areas by machine and number.
//!
//! For each net with each loss and seed a folder `dcase/<front end>-<network>-<loss>-s<seed>` with, for all machines
//! together, `anomaly_score_<machine>_<part>.csv` (`basename,score`), `decision_result_<machine>_<part>.csv`
//! (`basename,0|1`), both without a head. Of 2020 a part is `id_<id>`, and `result.csv` holds the areas; later it is
//! `section_<section>_test`, with a table of areas a machine, as the official baseline writes it, and
//! `official_score.csv`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eval::auc::{auc, partial_auc};
use eval::dcase::{Scored, Section, evaluator_interval, official_interval, official_score, result_csv};
use eval::stats::{Interval, mean, quantile};
use features::files::write_whole;
use harness::Folder;
use serde::Serialize;

use super::results::{Results, Run};
use super::scores::ScoredFile;
use crate::config::{ScoringConfig, folded};

/// Share of the training sounds that a decision calls normal, as the challenge's baseline has it.
const NORMAL: f64 = 0.9;

/// Writes the files of every net whose cells know their machine; the folders.
pub(super) fn write(out: &Folder, set: &str, results: &Results) -> Result<Vec<PathBuf>> {
    let mut nets = BTreeMap::<String, Vec<&Run>>::new();
    // The challenge mixes nothing: a clip that is tested at several ANRs has no score of its own.
    let mixed = |run: &&Run| run.scores.files.iter().any(|file| file.anr_db.is_some());
    for run in results.runs.iter().filter(|run| run.cell.machine.is_some() && !mixed(run)) {
        let cell = &run.cell;
        let varied: String = cell.model.point.iter().map(|at| format!("-{}", folded(&at.value))).collect();
        let name =
            format!("{}-{}{varied}-s{}", cell.network, cell.loss.to_string().to_lowercase(), cell.seed());
        nets.entry(name).or_default().push(run);
    }
    let write = |(name, runs): (String, Vec<&Run>)| {
        let folder = out.path().join("dcase").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        write_net(&folder, set, &runs)?;
        Ok(folder)
    };
    nets.into_iter().map(write).collect()
}

/// Writes the files of a net.
fn write_net(folder: &Path, set: &str, runs: &[&Run]) -> Result<()> {
    let (mut result, mut sections) = (String::new(), Vec::new());
    for run in runs {
        if run.scores.files.iter().any(|file| !file.section.is_empty()) {
            sections.extend(machine_of_sections(folder, set, run)?);
        } else {
            result += &machine_of_ids(folder, run, &run.cell.scoring)?;
        }
    }
    if !result.is_empty() {
        write_bytes(&folder.join("result.csv"), result.as_bytes())?;
    }
    if !sections.is_empty() {
        write_bytes(&folder.join("official_score.csv"), official(&sections)?.as_bytes())?;
    }
    Ok(())
}

/// The official score of all sections of all machines, and how sure it is.
fn official(sections: &[(Section, Vec<Scored>)]) -> Result<String> {
    let (measured, files): (Vec<Section>, Vec<Vec<Scored>>) = sections.iter().cloned().unzip();
    let score = official_score(&measured)?;
    let Interval { low, high } = official_interval(&files)?;
    let evaluators = evaluator_interval(&files)?;
    Ok(format!(
        "measure,value\nofficial score,{score}\ninterval95 low (bootstrap by section domain and label),{low}\ninterval95 high (bootstrap by section domain and label),{high}\nofficial score ci95 (as the evaluators of 2023 and 2024; too narrow),{evaluators}\n"
    ))
}

/// A file's score above which it is called anomalous.
fn threshold(run: &Run) -> Result<f64> {
    let training: Vec<f64> = run.scores.training.iter().map(|file| file.by(run.cell.scoring.file)).collect();
    Ok(quantile(&training, NORMAL)?)
}

/// Writes scores and decisions of a part of a machine's files.
fn write_part(folder: &Path, run: &Run, part: &str, files: &[&ScoredFile], threshold: f64) -> Result<()> {
    let score = |file: &ScoredFile| file.by(run.cell.scoring.file);
    let name = run.cell.machine.as_deref().unwrap_or_default();
    let paths: Vec<&str> = files.iter().map(|file| file.file.as_str()).collect();
    let names = || basenames(&paths).into_iter();
    let scores = lines_of(names().zip(files.iter().map(|file| score(file))))?;
    let decisions = lines_of(names().zip(files.iter().map(|file| u8::from(score(file) > threshold))))?;
    write_bytes(&folder.join(format!("anomaly_score_{name}_{part}.csv")), &scores)?;
    write_bytes(&folder.join(format!("decision_result_{name}_{part}.csv")), &decisions)
}

/// Writes the files of a machine whose sounds come in sections, and its table; the sections that have labels.
fn machine_of_sections(folder: &Path, set: &str, run: &Run) -> Result<Vec<(Section, Vec<Scored>)>> {
    let name = run.cell.machine.as_deref().unwrap_or_default();
    let threshold = threshold(run)?;
    let mut parts = BTreeMap::<(&str, &str), Vec<&ScoredFile>>::new();
    for file in &run.scores.files {
        parts.entry((test_folder(&file.file), &file.section)).or_default().push(file);
    }
    let (mut tables, mut measured) = (BTreeMap::<&str, Vec<(String, Section)>>::new(), Vec::new());
    for ((test, section), files) in parts {
        write_part(folder, run, &format!("section_{section}_{test}"), &files, threshold)?;
        let scored = files.iter().filter(|file| file.label != "unlabelled").map(|file| Scored {
            score: file.by(run.cell.scoring.file),
            is_anomalous: file.label == "anomalous",
            is_target: file.domain == "target",
        });
        let scored: Vec<Scored> = scored.collect();
        if !(scored.iter().any(|file| file.is_anomalous) && scored.iter().any(|file| !file.is_anomalous)) {
            continue; // an evaluation set, of which nobody has said what is normal
        }
        let found = Section::measure(&scored, threshold)?;
        tables.entry(test).or_default().push((section.to_owned(), found));
        measured.push((found, scored));
    }
    // As the baseline names it where the set tells its year.
    let year = set.strip_prefix("dcase").and_then(|rest| rest.split('-').next());
    for (test, sections) in tables {
        let file = match year {
            Some(year) => format!("result_DCASE{year}T2{name}_{test}_seed{}_id(0_)_roc.csv", run.cell.seed()),
            None => format!("result_{name}_{test}_seed{}_roc.csv", run.cell.seed()),
        };
        write_bytes(&folder.join(file), result_csv(&sections).as_bytes())?;
    }
    Ok(measured)
}

/// The folder of a test file as results name it: that of files which the baseline has given their true names is `test`
/// to its tools.
fn test_folder(path: &str) -> &str {
    let folder = path.rsplit('/').nth(1).unwrap_or("test");
    folder.strip_suffix("_rename").unwrap_or(folder)
}

/// Writes the files of a machine whose sounds go by number, as in 2020; its lines of `result.csv`.
fn machine_of_ids(folder: &Path, run: &Run, scoring: &ScoringConfig) -> Result<String> {
    let score = |file: &ScoredFile| file.by(scoring.file);
    let name = run.cell.machine.as_deref().unwrap_or_default();
    let threshold = threshold(run)?;
    let mut by_id = BTreeMap::<&str, Vec<&ScoredFile>>::new();
    run.scores.files.iter().for_each(|file| by_id.entry(&file.id).or_default().push(file));
    let (mut lines, mut areas) = (format!("{name}\nid,AUC,pAUC\n"), [Vec::new(), Vec::new()]);
    for (id, files) in by_id {
        write_part(folder, run, &format!("id_{id}"), &files, threshold)?;
        let of = |label: &str| -> Vec<f64> {
            files.iter().filter(|file| file.label == label).map(|file| score(file)).collect()
        };
        let (normal, anomalous) = (of("normal"), of("anomalous"));
        if normal.is_empty() || anomalous.is_empty() {
            continue; // an evaluation set, of which nobody has said what is normal
        }
        let found = [auc(&normal, &anomalous)?, partial_auc(&normal, &anomalous, scoring.max_fpr)?];
        lines += &format!("{id},{},{}\n", found[0], found[1]);
        areas.iter_mut().zip(found).for_each(|(areas, found)| areas.push(found));
    }
    let [auc, pauc] = areas.map(|areas| mean(&areas).map_or(String::new(), |mean| mean.to_string()));
    Ok(lines + &format!("Average,{auc},{pauc}\n\n"))
}

/// What the challenge's files call the files at `paths`: the name without folders, or with them where two have the
/// same.
fn basenames<'a>(paths: &[&'a str]) -> Vec<&'a str> {
    let base = |path: &'a str| path.rsplit('/').next().unwrap_or(path);
    let mut counts = BTreeMap::<&str, usize>::new();
    paths.iter().for_each(|path| *counts.entry(base(path)).or_default() += 1);
    paths.iter().map(|path| if counts[base(path)] == 1 { base(path) } else { *path }).collect()
}

/// Lines without a head, quoted where a name holds a comma.
fn lines_of(rows: impl Iterator<Item = impl Serialize>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}

fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(write_whole(path, bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_quoted() {
        let names = basenames(&["fan/day1/001.wav", "fan/day2/001.wav", "fan/day2/run 3, cold.wav"]);
        assert_eq!(names, ["fan/day1/001.wav", "fan/day2/001.wav", "run 3, cold.wav"]);
        let lines = lines_of(names.into_iter().zip([0.5, 1.0, 2.0])).unwrap();
        let expected = "fan/day1/001.wav,0.5\nfan/day2/001.wav,1.0\n\"run 3, cold.wav\",2.0\n";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }
}
