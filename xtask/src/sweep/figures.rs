//! Figure 4 and what stands behind it, drawn from the finished cells.

use anyhow::Result;
use eval::auc::{auc, roc, threshold_at_tpr};
use eval::figures::{
    AucBar, CurveAxis, Drawing, LossCurve, OperationMaxima, RocCurve, ScoreHistogram, figure4, loss_curves,
    maxima_by_operation, roc_curves, score_histograms, score_timeline,
};
use eval::stats::quantile;

use losses::ObjectiveName;

use super::metrics::{Condition, conditions};
use super::results::{Results, Run};
use super::tables::{ConditionRow, Tables};
use super::timeline::timeline;
use super::training::{Stretch, history};
use crate::config::Model;
use crate::report::{counted_seeds, look};
use crate::run_args::Places;

/// A drawn figure: `<name>.png` and `<name>.svg`, and what it says of itself.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) caption: String,
    pub(super) png: Vec<u8>,
}

/// How tables and figures call a test condition.
pub(super) fn condition_name(anr_db: Option<f64>) -> String {
    anr_db.map_or_else(|| "recorded".to_owned(), |anr_db| format!("{anr_db} dB").replace('-', "−"))
}

/// Draws every figure that the finished cells give.
pub(super) fn draw(places: &Places, results: &Results, tables: &Tables) -> Result<Vec<Figure>> {
    if results.runs.is_empty() {
        return Ok(Vec::new());
    }
    let mut figures = Vec::new();
    let longest = results.longest();
    let shown: Vec<&ConditionRow> =
        tables.conditions.iter().filter(|row| longest.contains(&row.model)).collect();
    if let Some(ConditionRow { model, .. }) = shown.first() {
        figures.push(draw_figure4(places, &shown)?);
        figures.extend(draw_length(places, tables)?);
        figures.push(draw_roc(places, results)?);
        figures.extend(draw_histograms(places, results, model)?);
        figures.extend(draw_timeline(places, results, model)?);
    }
    figures.push(draw_training(places, results)?);
    figures.extend(draw_maxima(places, results, tables)?);
    Ok(figures)
}

/// The caption of a figure that `draw` made.
fn drawn(
    places: &Places,
    name: &'static str,
    caption: String,
    draw: impl FnOnce(&str) -> Result<Drawing, eval::EvalError>,
) -> Result<Figure> {
    let Drawing { png, svg } = draw(&caption)?;
    places.folder.write(&format!("{name}.png"), &png)?;
    places.folder.write(&format!("{name}.svg"), svg.as_bytes())?;
    Ok(Figure { name, caption, png })
}

fn draw_figure4(places: &Places, rows: &[&ConditionRow]) -> Result<Figure> {
    let bar = |row: &&ConditionRow| AucBar {
        model: row.model.to_string(),
        loss: look(row.loss),
        condition: condition_name(row.anr_db),
        mean: row.auc.mean,
        interval: row.auc.interval.map(|interval| (interval.low, interval.high)),
    };
    let bars: Vec<AucBar> = rows.iter().map(bar).collect();
    let over = counted_seeds(rows.iter().map(|row| row.seeds));
    let several = rows.iter().any(|row| row.seeds > 1);
    let over = if several { format!("mean over {over}") } else { over };
    let whiskers = if several { ", with the 95 % interval of Student's t" } else { "" };
    let caption = format!("AUC of test files by autoencoder, ANR and loss: {over}{whiskers}.");
    drawn(places, "figure4", caption, |caption| figure4(&bars, caption))
}

/// The seed that the figures of single runs show: the first that has all losses of the model, or the first at all.
fn shown<'a>(results: &'a Results, model: &Model) -> Vec<&'a Run> {
    let runs = |seed: u64| -> Vec<&Run> {
        let of_seed = |run: &&Run| run.cell.seed() == seed && run.cell.model == *model;
        results.runs.iter().filter(of_seed).collect()
    };
    let seeds = results.runs.iter().map(|run| run.cell.seed());
    seeds
        .map(runs)
        .max_by_key(|runs| (runs.len(), std::cmp::Reverse(runs.first().map(|run| run.cell.seed()))))
        .unwrap_or_default()
}

fn draw_roc(places: &Places, results: &Results) -> Result<Figure> {
    let mut curves = Vec::new();
    for run in results.longest().iter().flat_map(|model| shown(results, model)) {
        for Condition { anr_db, normal, anomalous } in conditions(&run.scores.files, run.cell.scoring.file) {
            curves.push(RocCurve {
                model: run.cell.model.to_string(),
                loss: look(run.cell.loss),
                condition: condition_name(anr_db),
                points: roc(&normal, &anomalous)?,
                auc: auc(&normal, &anomalous)?,
            });
        }
    }
    let mut seeds: Vec<u64> = results
        .longest()
        .iter()
        .filter_map(|model| shown(results, model).first().map(|run| run.cell.seed()))
        .collect();
    seeds.dedup();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let caption = format!("ROC curves of seed {}, by autoencoder and ANR.", seeds.join(", "));
    drawn(places, "roc", caption, |caption| roc_curves(&curves, caption))
}

fn draw_training(places: &Places, results: &Results) -> Result<Figure> {
    let mut curves = Vec::new();
    for model in results.longest() {
        for loss in ObjectiveName::all() {
            let runs = results.of(&model, loss);
            let histories = runs.iter().map(|run| history(&places.nets, run));
            let histories: Vec<Vec<Stretch>> = histories.collect::<Result<_>>()?;
            let length = histories.iter().map(Vec::len).min().unwrap_or(0);
            if length == 0 {
                continue;
            }
            let at = |index: usize| histories.iter().map(move |history| history[index].normal);
            let mean = |index: usize| at(index).sum::<f64>() / histories.len() as f64;
            let range = |index: usize| {
                (at(index).fold(f64::INFINITY, f64::min), at(index).fold(f64::NEG_INFINITY, f64::max))
            };
            curves.push(LossCurve {
                panel: model.to_string(),
                loss: look(loss),
                points: (0..length).map(|index| (histories[0][index].update as f64, mean(index))).collect(),
                band: (histories.len() > 1).then(|| (0..length).map(range).collect()),
            });
        }
    }
    let caption = "The first term of the objective (weighted for BU) in the updates until then: mean over seeds, and their range.";
    let axes = [
        CurveAxis { name: "updates", log: false },
        CurveAxis { name: "normal part of objective", log: true },
    ];
    drawn(places, "training", caption.to_owned(), |caption| loss_curves(&curves, axes, caption))
}

/// What the length of the training is worth, where that varies.
fn draw_length(places: &Places, tables: &Tables) -> Result<Option<Figure>> {
    let mut curves: Vec<LossCurve> = Vec::new();
    let mut bands = Vec::new();
    for row in &tables.conditions {
        let Some(until) = row.model.until() else { continue };
        let panel = format!("{}, {}", row.model.whole(), condition_name(row.anr_db));
        let loss = look(row.loss);
        let index = curves.iter().position(|curve| curve.panel == panel && curve.loss == loss);
        let index = index.unwrap_or_else(|| {
            curves.push(LossCurve { panel, loss, points: Vec::new(), band: None });
            bands.push(Vec::new());
            curves.len() - 1
        });
        curves[index].points.push((until as f64, row.auc.mean));
        bands[index].extend(row.auc.interval.map(|interval| (interval.low, interval.high)));
    }
    for (curve, band) in curves.iter_mut().zip(bands) {
        curve.band = (band.len() == curve.points.len()).then_some(band);
    }
    if curves.is_empty() {
        return Ok(None);
    }
    let over = counted_seeds(tables.conditions.iter().map(|row| row.seeds));
    let caption = format!(
        "AUC of test files against the updates of the training, which is looked at along the way: {over}, with the 95 % interval of Student's t."
    );
    let axes = [CurveAxis { name: "updates", log: true }, CurveAxis { name: "AUC", log: false }];
    drawn(places, "length", caption, |caption| loss_curves(&curves, axes, caption)).map(Some)
}

/// Scores of `model`, which has anomalies in its test set.
fn draw_histograms(places: &Places, results: &Results, model: &Model) -> Result<Option<Figure>> {
    let runs = shown(results, model);
    let Some(scoring) = runs.first().map(|run| run.cell.scoring) else { return Ok(None) };
    let (mut histograms, mut anr) = (Vec::new(), None);
    for run in &runs {
        let Some(Condition { anr_db, normal, anomalous }) =
            conditions(&run.scores.files, scoring.file).into_iter().next()
        else {
            continue;
        };
        anr = anr_db;
        let threshold = threshold_at_tpr(&anomalous, scoring.tpr)?;
        let training: Vec<f64> = run.scores.training.iter().map(|file| file.by(scoring.file)).collect();
        let deployed = quantile(&training, 0.9)?;
        histograms.push(ScoreHistogram { loss: look(run.cell.loss), normal, anomalous, threshold, deployed });
    }
    if histograms.is_empty() {
        return Ok(None);
    }
    let seed = runs.first().map_or(0, |run| run.cell.seed());
    let caption = format!(
        "Scores of test files of {model}, seed {seed}, anomalies {}; n counts normal + anomalous files. Dashed: the threshold that catches {} % of the anomalies; dotted: the one that a tenth of the training sounds exceed.",
        condition_name(anr),
        100.0 * scoring.tpr
    );
    drawn(places, "histograms", caption, |caption| score_histograms(&histograms, caption)).map(Some)
}

/// A test file of `model`, which has anomalies in its test set.
fn draw_timeline(places: &Places, results: &Results, model: &Model) -> Result<Option<Figure>> {
    let runs = shown(results, model);
    let Some(scoring) = runs.first().map(|run| run.cell.scoring) else { return Ok(None) };
    let Some(timeline) = timeline(&runs, &scoring)? else { return Ok(None) };
    let (file, seed) = (&runs[0].scores.timeline[0].file, runs[0].cell.seed());
    let file = file.rsplit('/').next().unwrap_or(file).replace('_', "__"); // no subscripts
    let caption = format!(
        "Anomaly score of each frame of a test file with the anomaly {file}, {model}, seed {seed}: of the files of the first ANR, the one with the most operations. Yellow: the anomaly; dashed: the threshold that catches {} % of the anomalous files of this ANR.",
        100.0 * scoring.tpr
    );
    drawn(places, "timeline", caption, |caption| score_timeline(&timeline, caption)).map(Some)
}

fn draw_maxima(places: &Places, results: &Results, tables: &Tables) -> Result<Option<Figure>> {
    let longest = results.longest();
    let Some(first) = tables.maxima.iter().find(|row| longest.contains(&row.model)) else { return Ok(None) };
    let of_model: Vec<_> = tables.maxima.iter().filter(|row| row.model == first.model).collect();
    let mut operations: Vec<OperationMaxima> = Vec::new();
    for row in of_model {
        let share = (look(row.loss), row.share_of_maxima);
        match operations.iter_mut().find(|known| known.operation == row.operation) {
            Some(known) => known.share_of_maxima.push(share),
            None => operations.push(OperationMaxima {
                operation: row.operation.clone(),
                rare: row.rare,
                share_of_time: row.share_of_time,
                share_of_maxima: vec![share],
            }),
        }
    }
    let caption = format!(
        "Where the largest score of a normal file lies, {}, all seeds: share of files by operation, beside the operation's share of time.",
        first.model
    );
    drawn(places, "maxima", caption, |caption| maxima_by_operation(&operations, caption)).map(Some)
}
