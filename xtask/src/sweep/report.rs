//! `report.html` of a sweep, and what is printed at its end.

use anyhow::Result;
use eval::stats::{Interval, quantile};
use harness::provenance::Provenance;

use super::claims::{Claims, Difference};
use super::figures::{Figure, condition_name};
use super::results::{Results, Run};
use super::scores::ScoredFile;
use super::sounds::{Sounds, UNDEFINED};
use super::tables::{ConditionRow, Tables};
use super::training::TrainingRow;
use crate::config::{Model, SweepExperiment, Varied};
use crate::html::Page;
use crate::report::{add_claims, add_failures, claims_text};
use crate::run_args::Places;
use crate::spread::Spread;

const CLAIMS: &str = "Claims of Sec. 4.2.3 and of the title";

/// The same on sounds that are not the paper's kind: what it claims of its own.
const CLAIMS_ELSEWHERE: &str = "What the paper claims of its toy car, on these sounds";

/// Sets of the paper's sounds, or made like them.
const PAPERS: [&str; 2] = ["toycar-paper", "toycar-synth"];

/// The heading of the claims about a set.
fn claims_of(set: &str) -> &'static str {
    if PAPERS.contains(&set) { CLAIMS } else { CLAIMS_ELSEWHERE }
}

/// Headings above figures.
const HEADINGS: [(&str, &str); 5] = [
    ("figure4", "Figure 4"),
    ("length", "AUC against length"),
    ("roc", "ROC curves and scores"),
    ("training", "Training"),
    ("maxima", "Where scores of normal sounds are highest"),
];

/// What the report tells.
pub(super) struct Content<'a> {
    pub(super) experiment: &'a Varied<SweepExperiment>,
    pub(super) sounds: &'a Sounds,
    pub(super) results: &'a Results,
    pub(super) tables: &'a Tables,
    pub(super) claims: &'a Claims,
    pub(super) training: &'a [TrainingRow],
    pub(super) figures: &'a [Figure],
    pub(super) provenance: &'a Provenance,
}

/// The AUC table and the score card for a terminal.
pub(super) fn text(set: &str, results: &Results, tables: &Tables, claims: &Claims) -> String {
    if results.runs.is_empty() {
        return "No cell is finished.\n".to_owned();
    }
    let undefined = undefined(results).map_or(String::new(), |line| line + "\n");
    if tables.conditions.is_empty() {
        return undefined;
    }
    let counted: String = claims.counted().iter().map(|line| format!("{line}\n")).collect();
    format!(
        "AUC over seeds\n{}{undefined}{}{counted}{}\n",
        tables.auc_table().to_text(3),
        claims_text(claims_of(set), &claims.decided),
        length(set, results)
    )
}

/// A training of fewer updates shows that everything works, and nothing else: at 1,000 no loss differs from another.
const LEAST_UPDATES: u64 = 1000;

/// How long the nets were trained, and what that allows to say.
fn length(set: &str, results: &Results) -> String {
    let lengths = || results.runs.iter().map(|run| run.cell.cell.net.settings.schedule.length());
    let (Some(least), Some(most)) = (lengths().min(), lengths().max()) else { return String::new() };
    let updates = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let warning = if most < LEAST_UPDATES { " This is too short to mean anything." } else { "" };
    let paper = if PAPERS.contains(&set) { "; the paper trains 100000" } else { "" };
    format!("Trained for {updates} updates a net{paper}.{warning}")
}

/// Of which models the test set holds no anomaly, and what that means.
fn undefined(results: &Results) -> Option<String> {
    let anomalous = |run: &Run| run.scores.files.iter().any(|file| file.label == "anomalous");
    let has_none = |model: &Model| !results.runs.iter().any(|run| run.cell.model == *model && anomalous(run));
    let models: Vec<String> =
        results.models().iter().filter(|model| has_none(model)).map(Model::to_string).collect();
    (!models.is_empty()).then(|| format!("No anomaly in the test set of {}: {UNDEFINED}.", models.join(", ")))
}

/// Writes the report; the figures were drawn before.
pub(super) fn write(places: &Places, content: &Content<'_>) -> Result<()> {
    let mut page = Page::new("Batch uniformization: the objective experiment");
    page.paragraph(
        "Autoencoders on sounds, Koizumi et al. 2019, Sec. 4.2, scored on test files. RE is the mean score of normal sounds, SNP has a term of simulated anomalies beside it, and BU weights the normal sounds by the reciprocal of their density too.",
    );
    let set = content.sounds.trained_on().set;
    page.paragraph(&length(&set, content.results));
    add_failures(&mut page, &content.results.failures);
    if !content.results.missing.is_empty() {
        page.paragraph(&format!("Not trained, and in no table: {}.", content.results.missing.join(", ")));
    }
    if !content.claims.decided.is_empty() {
        add_claims(&mut page, claims_of(&set), &content.claims.decided);
    }
    content.claims.counted().iter().for_each(|line| page.paragraph(line));
    if !content.claims.differences.is_empty() {
        page.note("The counts by condition describe; the claims above decide, over all conditions together.");
    }
    if let Some(line) = undefined(content.results) {
        page.paragraph(&line);
    }
    for figure in content.figures {
        match HEADINGS.iter().find(|(name, _)| *name == figure.name) {
            Some(("figure4", _)) if !PAPERS.contains(&set.as_str()) => page.heading("AUC by autoencoder"),
            Some((_, heading)) => page.heading(heading),
            None => {}
        }
        page.picture(&figure.png, &figure.caption);
    }
    if !content.tables.conditions.is_empty() {
        add_areas(&mut page, content.tables);
        add_differences(&mut page, &content.claims.differences);
        add_false_alarms(&mut page, content.tables);
        add_runs(&mut page, content.tables);
    }
    if undefined(content.results).is_some() {
        add_normal_scores(&mut page, content.results)?;
    }
    add_operations(&mut page, content.tables);
    add_training(&mut page, content.training);
    page.heading("Sounds");
    page.table(&["what", "found"], content.sounds.facts().into_iter().map(|(what, found)| vec![what, found]));
    let names = content.results.runs.iter().map(|run| &run.cell.cell.net.name);
    crate::report::write(page, places, content.experiment, names, content.provenance)
}

const FALSE_ALARMS: &str = "False alarms: of all pairs of a normal file and a rare (frequent) operation in it, the share whose largest score reaches the threshold that catches the set share of anomalous files. An operation that fills more of a file has more frames to reach it with: rare and frequent are to be compared between losses, not with each other.";

fn number(value: f64) -> String {
    format!("{value:.3}")
}

fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}

fn spread(Spread { mean, interval, .. }: &Spread) -> String {
    let ends = |Interval { low, high }| format!("{mean:.3} [{low:.3}, {high:.3}]");
    interval.map_or_else(|| number(*mean), ends)
}

fn add_areas(page: &mut Page, tables: &Tables) {
    page.heading("AUC and pAUC");
    let row = |row: &ConditionRow| {
        let start =
            [row.model.to_string(), row.loss.to_string(), condition_name(row.anr_db), row.seeds.to_string()];
        start.into_iter().chain([spread(&row.auc), spread(&row.pauc)]).collect()
    };
    page.table(
        &["model", "loss", "ANR", "seeds", "AUC [95 % interval]", "pAUC [95 % interval]"],
        tables.conditions.iter().map(row),
    );
    page.note("Intervals are Student's t over seeds. pAUC is standardised after McClish: 0.5 at chance.");
}

fn add_differences(page: &mut Page, differences: &[Difference]) {
    page.heading("Differences in AUC, paired over seeds and test files");
    let row = |difference: &Difference| {
        let Difference { model, anr_db, a, b, seeds, auc } = difference;
        let Interval { low, high } = auc.interval();
        let share = auc.seeds.variance / (auc.seeds.variance + auc.files.variance);
        vec![
            model.to_string(),
            condition_name(*anr_db),
            format!("{b} less {a}"),
            seeds.to_string(),
            format!("{:+.3} [{low:+.3}, {high:+.3}]", auc.mean),
            if *seeds > 1 && share.is_finite() { format!("{:.0} %", 100.0 * share) } else { "-".to_owned() },
        ]
    };
    page.table(
        &["model", "ANR", "losses", "seeds", "difference [95 % interval]", "variance of seeds"],
        differences.iter().map(row),
    );
    page.note("The interval accounts for other seeds and for other test files: the variance over seeds, and DeLong's over files, less their interaction, each with its own Student's t; of one seed, for test files alone. Of so many intervals, which are not corrected, one in twenty leaves 0 out where there is no difference.");
}

fn add_false_alarms(page: &mut Page, tables: &Tables) {
    page.heading("The largest normal score, and false alarms on rare and frequent operations");
    let known = |value: &Option<Spread>| value.as_ref().map_or_else(|| "-".to_owned(), spread);
    let row = |row: &ConditionRow| {
        let start = [row.model.to_string(), row.loss.to_string(), condition_name(row.anr_db)];
        let found = [spread(&row.max_score_normal), known(&row.fpr_rare), known(&row.fpr_frequent)];
        start.into_iter().chain(found).collect()
    };
    page.table(
        &["model", "loss", "ANR", "max A normal", "false alarms, rare", "false alarms, frequent"],
        tables.conditions.iter().map(row),
    );
    page.note(&format!("Mean over seeds [95 % interval, Student's t]. {FALSE_ALARMS}"));
}

/// What there is to tell where there is no anomaly: how normal test files lie about the threshold, and which are highest.
fn add_normal_scores(page: &mut Page, results: &Results) -> Result<()> {
    let (mut rows, mut highest) = (Vec::new(), Vec::new());
    for run in &results.runs {
        let kind = run.cell.scoring.file;
        let score = |file: &ScoredFile| file.by(kind);
        let start = || {
            [run.cell.model.to_string(), run.cell.loss.to_string(), run.cell.seed().to_string()].into_iter()
        };
        let mut normal: Vec<&ScoredFile> =
            run.scores.files.iter().filter(|file| file.label == "normal").collect();
        if normal.is_empty() {
            continue;
        }
        let training: Vec<f64> = run.scores.training.iter().map(score).collect();
        let threshold = quantile(&training, 0.9)?;
        let scores: Vec<f64> = normal.iter().map(|file| score(file)).collect();
        let above = scores.iter().filter(|score| **score > threshold).count();
        let measured = [quantile(&scores, 0.5)?, quantile(&scores, 1.0)?, threshold].map(number);
        rows.push(
            start().chain(measured).chain([format!("{above} of {}", normal.len())]).collect::<Vec<_>>(),
        );
        normal.sort_by(|a, b| score(b).total_cmp(&score(a)));
        highest.extend(normal.iter().take(HIGHEST).map(|file| {
            let told =
                [file.file.clone(), number(score(file)), number(file.max_time_s), file.operation.clone()];
            start().chain(told).collect::<Vec<_>>()
        }));
    }
    if rows.is_empty() {
        return Ok(());
    }
    page.heading("Scores of normal files and the threshold");
    page.table(&["model", "loss", "seed", "median", "largest", "threshold", "normal files above it"], rows);
    page.note("The threshold is the score that a tenth of the training sounds exceed: of normal files that are like them, about a tenth lie above it.");
    page.heading("The normal files of the highest scores");
    page.table(&["model", "loss", "seed", "file", "score", "at / s", "operation"], highest);
    Ok(())
}

/// Normal files that are listed of each net.
const HIGHEST: usize = 5;

fn add_operations(page: &mut Page, tables: &Tables) {
    if tables.maxima.is_empty() {
        return;
    }
    page.heading("The largest score of normal files, by operation");
    let rows = tables.maxima.iter().map(|row| {
        let kind = if row.rare { "rare" } else { "frequent" };
        let start = [row.model.to_string(), row.loss.to_string(), row.operation.clone(), kind.to_owned()];
        start
            .into_iter()
            .chain([row.share_of_time, row.share_of_maxima, row.mean_max_score].map(number))
            .collect()
    });
    page.table(
        &[
            "model",
            "loss",
            "operation",
            "kind",
            "share of time",
            "share of largest scores",
            "mean largest score in it",
        ],
        rows,
    );
}

fn add_training(page: &mut Page, rows: &[TrainingRow]) {
    if rows.is_empty() {
        return;
    }
    page.heading("The last stretch of training");
    let known =
        |measure: &Option<Spread>| measure.map_or_else(|| "-".to_owned(), |spread| spread.to_string());
    let row = |row: &TrainingRow| {
        let start =
            [row.model.to_string(), row.loss.to_string(), row.seeds.to_string(), row.normal.to_string()];
        let parts = [&row.anomalous_over_lambda, &row.weight_spread].map(known);
        start
            .into_iter()
            .chain(parts)
            .chain([row.mean_score, row.max_score].map(|score| score.to_string()))
            .chain([known(&row.rises)])
            .collect()
    };
    page.table(
        &[
            "model",
            "loss",
            "seeds",
            "normal term",
            "anomalous term over λ",
            "sd of weights",
            "mean A",
            "max A",
            "lines that rise",
        ],
        rows.iter().map(row),
    );
    page.note("Mean ± standard deviation over seeds, of the means over the updates of the last line of `history.csv`; max A is the largest of them. A is the score of a normal row. The anomalous term is at most λ, and its gradient is nearly gone where it stands there. The standard deviation of the weights is given over their mean. Lines that rise: of all lines of the history, the share in which the mean score of normal rows is above that of the line before, which is near 0 in a steady training and near a half in one that goes up and down.");
}

fn add_runs(page: &mut Page, tables: &Tables) {
    page.heading("Runs");
    let rows = tables.runs.iter().map(|row| {
        let start =
            [row.model.to_string(), row.loss.to_string(), row.seed.to_string(), condition_name(row.anr_db)];
        let numbers = [row.auc, row.pauc, row.max_score_normal].map(number);
        let rates = [row.fpr_rare, row.fpr_frequent].map(optional);
        let folders = [format!("../nets/{}", row.net), format!("../scores/{}", row.score)];
        start.into_iter().chain(numbers).chain(rates).chain(folders).collect()
    });
    page.table(
        &[
            "model",
            "loss",
            "seed",
            "ANR",
            "AUC",
            "pAUC",
            "max A normal",
            "false alarms, rare",
            "false alarms, frequent",
            "net",
            "score",
        ],
        rows,
    );
    page.note(FALSE_ALARMS);
}
