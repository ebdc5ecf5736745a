//! The files that the tools of the DCASE challenge, task 2, read: scores, decisions and areas by machine and number.
//!
//! For each net with each loss and seed a folder `dcase/<front end>-<network>-<loss>-s<seed>` with, for all machines
//! together, `anomaly_score_<machine>_id_<id>.csv` (`basename,score`), `decision_result_<machine>_id_<id>.csv`
//! (`basename,0|1`), both without a head, and `result.csv`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eval::auc::{auc, partial_auc};
use eval::stats::{mean, quantile};
use features::files::write_whole;
use harness::Folder;
use serde::Serialize;

use super::results::{Results, Run};
use super::scores::ScoredFile;
use crate::config::{ScoringConfig, folded};

/// Share of the training sounds that a decision calls normal, as the challenge's baseline has it.
const NORMAL: f64 = 0.9;

/// Writes the files of every net whose cells know their machine; the folders.
pub(super) fn write(out: &Folder, results: &Results) -> Result<Vec<PathBuf>> {
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
        let mut result = String::new();
        for run in runs {
            result += &machine(&folder, run, &run.cell.scoring)?;
        }
        write_bytes(&folder.join("result.csv"), result.as_bytes())?;
        Ok(folder)
    };
    nets.into_iter().map(write).collect()
}

/// Writes the files of one machine; its lines of `result.csv`.
fn machine(folder: &Path, run: &Run, scoring: &ScoringConfig) -> Result<String> {
    let score = |file: &ScoredFile| file.by(scoring.file);
    let name = run.cell.machine.as_deref().unwrap_or_default();
    let training: Vec<f64> = run.scores.training.iter().map(score).collect();
    let threshold = quantile(&training, NORMAL)?;
    let mut by_id = BTreeMap::<&str, Vec<&ScoredFile>>::new();
    run.scores.files.iter().for_each(|file| by_id.entry(&file.id).or_default().push(file));
    let (mut lines, mut areas) = (format!("{name}\nid,AUC,pAUC\n"), [Vec::new(), Vec::new()]);
    for (id, files) in by_id {
        let decided = |file: &ScoredFile| u8::from(score(file) >= threshold);
        let paths: Vec<&str> = files.iter().map(|file| file.file.as_str()).collect();
        let names = || basenames(&paths).into_iter();
        let scores = lines_of(names().zip(files.iter().map(|file| score(file))))?;
        let decisions = lines_of(names().zip(files.iter().map(|file| decided(file))))?;
        write_bytes(&folder.join(format!("anomaly_score_{name}_id_{id}.csv")), &scores)?;
        write_bytes(&folder.join(format!("decision_result_{name}_id_{id}.csv")), &decisions)?;
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
