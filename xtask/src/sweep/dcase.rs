//! The files that the tools of the DCASE challenge, task 2, read: scores, decisions and areas by machine and number.
//!
//! For each net with each loss and seed a folder `dcase/<front end>-<network>-<loss>-s<seed>` with, for all machines
//! together, `anomaly_score_<machine>_id_<id>.csv` (`basename,score`), `decision_result_<machine>_id_<id>.csv`
//! (`basename,0|1`), both without a head, and `result.csv`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eval::atomic::write_atomically;
use eval::auc::{auc, partial_auc};
use eval::stats::{mean, quantile};

use super::results::{Results, Run};
use super::scores::FileScore;
use crate::config::ScoringConfig;
use crate::harness::Store;

/// Share of the training sounds that a decision calls normal, as the challenge's baseline has it.
const NORMAL: f64 = 0.9;

/// Writes the files of every net whose cells know their machine; the folders.
pub(super) fn write(store: &Store, results: &Results, scoring: &ScoringConfig) -> Result<Vec<PathBuf>> {
    let mut nets = BTreeMap::<String, Vec<&Run>>::new();
    for run in results.runs.iter().filter(|run| run.cell.machine.is_some()) {
        let cell = &run.cell;
        let name = format!("{}-{}-s{}", cell.model.name, cell.loss.to_string().to_lowercase(), cell.seed);
        nets.entry(name).or_default().push(run);
    }
    let write = |(name, runs): (String, Vec<&Run>)| {
        let folder = store.root().join("dcase").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        let mut result = String::new();
        for run in runs {
            result += &machine(&folder, run, scoring)?;
        }
        write_text(&folder.join("result.csv"), &result)?;
        Ok(folder)
    };
    nets.into_iter().map(write).collect()
}

/// Writes the files of one machine; its lines of `result.csv`.
fn machine(folder: &Path, run: &Run, scoring: &ScoringConfig) -> Result<String> {
    let score = |file: &FileScore| file.by(scoring.file);
    let name = run.cell.machine.as_deref().unwrap_or_default();
    let training: Vec<f64> = run.scores.training.iter().map(score).collect();
    let threshold = quantile(&training, NORMAL)?;
    let mut by_id = BTreeMap::<&str, Vec<&FileScore>>::new();
    run.scores.files.iter().for_each(|file| by_id.entry(&file.id).or_default().push(file));
    let (mut lines, mut areas) = (format!("{name}\nid,AUC,pAUC\n"), [Vec::new(), Vec::new()]);
    for (id, files) in by_id {
        let base = |file: &FileScore| file.file.rsplit('/').next().unwrap_or(&file.file).to_owned();
        let scores: String = files.iter().map(|file| format!("{},{}\n", base(file), score(file))).collect();
        let decided = |file: &FileScore| u8::from(score(file) >= threshold);
        let decisions: String =
            files.iter().map(|file| format!("{},{}\n", base(file), decided(file))).collect();
        write_text(&folder.join(format!("anomaly_score_{name}_id_{id}.csv")), &scores)?;
        write_text(&folder.join(format!("decision_result_{name}_id_{id}.csv")), &decisions)?;
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

fn write_text(path: &Path, text: &str) -> Result<()> {
    Ok(write_atomically(path, |out| out.write_all(text.as_bytes()))?)
}
