//! `cargo xtask compare A B`: two results folders side by side.

mod folder;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use eval::Table;
use eval::auc::{PairedScores, difference};
use eval::estimate::Estimate;
use harness::BadInput;

use folder::{Results, Run};

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The folder of an experiment, such as results/ring
    a: PathBuf,
    /// The folder of another, of the same kind
    b: PathBuf,
    /// Write the comparison to this file too
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// Nets that differ in nothing that both folders tell of, and what is measured of them.
struct Row {
    /// The values of the columns that both have; then of those that only one has.
    key: Vec<String>,
    measure: &'static str,
    seeds: usize,
    a: f64,
    b: f64,
    /// `b` less `a`; its interval is known of two seeds or more.
    estimate: Option<Estimate>,
}

/// Runs `compare`.
///
/// # Errors
/// [`BadInput`]: a folder without results, two of different kinds, or with nothing in common.
pub(crate) fn run(args: &CompareArgs) -> Result<()> {
    let [a, b] = [Results::read(&args.a)?, Results::read(&args.b)?];
    let [at_a, at_b] = [&a, &b].map(|results| results.path.display().to_string());
    if a.kind != b.kind {
        let what =
            format!("{at_a} and {at_b}: found a {} and a {}, expected two of one kind", a.kind, b.kind);
        return Err(BadInput(what).into());
    }
    let (columns, rows) = rows(&a, &b)?;
    if rows.is_empty() {
        let what = format!(
            "{at_a} and {at_b}: found no net of the same {} and seed in both, expected one at least",
            common(&a, &b).join(", ")
        );
        return Err(BadInput(what).into());
    }
    crate::print(&format!("A is {at_a}, B is {at_b}\n\n{}", settings(&a, &b)));
    let table = table(&columns, &rows);
    crate::print(&format!("{}\n{}", table.to_text(4), note(&rows)));
    if let Some(path) = &args.csv {
        features::files::write_whole(path, &table.to_csv()?)?;
    }
    Ok(())
}

/// The settings that differ, one a line.
fn settings(a: &Results, b: &Results) -> String {
    let keys: std::collections::BTreeSet<&String> = a.settings.keys().chain(b.settings.keys()).collect();
    let of = |results: &Results, key: &String| results.settings.get(key).cloned().unwrap_or("-".to_owned());
    let differing: Vec<&String> = keys.into_iter().filter(|key| of(a, key) != of(b, key)).collect();
    if differing.is_empty() {
        return "All settings are the same.\n\n".to_owned();
    }
    let table = Table::new()
        .text("setting", differing.iter().map(|key| key.as_str()))
        .text("A", differing.iter().map(|key| of(a, key)))
        .text("B", differing.iter().map(|key| of(b, key)));
    format!("Settings that differ\n{}\n", table.to_text(3))
}

/// The columns that tell runs apart in both folders.
fn common(a: &Results, b: &Results) -> Vec<String> {
    a.columns.iter().filter(|column| b.columns.contains(column)).cloned().collect()
}

/// The runs of one folder by the values of the columns `first`, then by those of its other columns.
fn grouped<'a>(results: &'a Results, first: &[String]) -> Vec<([Vec<String>; 2], Vec<&'a Run>)> {
    let value = |run: &Run, column: &String| {
        let place = results.columns.iter().position(|other| other == column);
        place.map(|place| run.key[place].clone()).unwrap_or_default()
    };
    let mut groups: Vec<([Vec<String>; 2], Vec<&Run>)> = Vec::new();
    for run in &results.runs {
        let others = results.columns.iter().filter(|column| !first.contains(column));
        let key = [
            first.iter().map(|column| value(run, column)).collect(),
            others.map(|column| value(run, column)).collect(),
        ];
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, runs)) => runs.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    groups
}

/// All that is compared, and what the columns before the measure are called.
fn rows(a: &Results, b: &Results) -> Result<(Vec<String>, Vec<Row>)> {
    let common = common(a, b);
    let of_b = grouped(b, &common);
    let mut rows = Vec::new();
    for ([shared, only_a], runs_a) in grouped(a, &common) {
        for ([_, only_b], runs_b) in of_b.iter().filter(|([other, _], _)| *other == shared) {
            let key = [shared.as_slice(), &only_a, only_b].concat();
            let twin = |run: &Run| runs_b.iter().copied().find(|other| other.seed == run.seed);
            let pairs: Vec<[&Run; 2]> = runs_a.iter().filter_map(|run| Some([*run, twin(run)?])).collect();
            for measure in a.measures {
                rows.extend(row(&key, measure, &pairs, [a, b])?);
            }
        }
    }
    let only = |results: &Results, whose: &str| -> Vec<String> {
        let others = results.columns.iter().filter(|column| !common.contains(column));
        others.map(|column| format!("{column} of {whose}")).collect()
    };
    Ok(([common.as_slice(), &only(a, "A"), &only(b, "B")].concat(), rows))
}

fn row(key: &[String], measure: &'static str, pairs: &[[&Run; 2]], of: [&Results; 2]) -> Result<Option<Row>> {
    let measured = |run: &Run| run.measured.get(measure).copied();
    let known: Vec<[&Run; 2]> =
        pairs.iter().copied().filter(|pair| pair.iter().all(|run| measured(run).is_some())).collect();
    let values: Vec<[f64; 2]> =
        known.iter().map(|pair| pair.map(|run| measured(run).unwrap_or_default())).collect();
    if values.is_empty() {
        return Ok(None);
    }
    let mean = |which: usize| eval::stats::mean(&values.iter().map(|pair| pair[which]).collect::<Vec<_>>());
    let by_files = if measure == "auc" { over_files(&known, of)? } else { None };
    let estimate = match by_files {
        Some(estimate) => Some(estimate),
        None => Estimate::over_seeds(&values.iter().map(|[a, b]| b - a).collect::<Vec<_>>())?,
    };
    let (key, seeds) = (key.to_vec(), values.len());
    Ok(Some(Row { key, measure, seeds, a: mean(0)?, b: mean(1)?, estimate }))
}

/// The difference in AUC where test files vary beside seeds; none where scores are not there, or of other files.
fn over_files(pairs: &[[&Run; 2]], [a, b]: [&Results; 2]) -> Result<Option<Estimate>> {
    let scores = pairs.iter().map(|[of_a, of_b]| Some([a.condition(of_a)?, b.condition(of_b)?]));
    let Some(scores) = scores.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let same_count = scores
        .iter()
        .all(|[a, b]| a.normal.len() == b.normal.len() && a.anomalous.len() == b.anomalous.len());
    if pairs.len() < 2 || !same_count || tested_on(a) != tested_on(b) {
        return Ok(None);
    }
    let seeds = scores.iter().map(|[a, b]| {
        vec![PairedScores {
            a_normal: &a.normal,
            a_anomalous: &a.anomalous,
            b_normal: &b.normal,
            b_anomalous: &b.anomalous,
        }]
    });
    Ok(Some(difference(&seeds.collect::<Vec<_>>())?))
}

/// What decides which files are scored.
fn tested_on(results: &Results) -> Vec<(&String, &String)> {
    let decides = |key: &str| key.starts_with("data.") || key == "scoring.every";
    results.settings.iter().filter(|(key, _)| decides(key)).collect()
}

fn table(columns: &[String], rows: &[Row]) -> Table {
    let keys = columns.iter().enumerate().fold(Table::new(), |table, (place, column)| {
        table.text(column, rows.iter().map(|row| row.key[place].as_str()))
    });
    let interval = |row: &Row| row.estimate.map(|estimate| estimate.interval());
    keys.text("measure", rows.iter().map(|row| row.measure))
        .integer("seeds", rows.iter().map(|row| row.seeds as i64))
        .real("A", rows.iter().map(|row| row.a))
        .real("B", rows.iter().map(|row| row.b))
        .real("B less A", rows.iter().map(|row| row.b - row.a))
        .optional("ci95_low", rows.iter().map(|row| Some(interval(row)?.low)))
        .optional("ci95_high", rows.iter().map(|row| Some(interval(row)?.high)))
}

/// What the intervals are, by measure.
fn note(rows: &[Row]) -> String {
    let mut over_files: BTreeMap<bool, Vec<&str>> = BTreeMap::new();
    for row in rows {
        let of =
            over_files.entry(row.estimate.is_some_and(|estimate| estimate.files.variance > 0.0)).or_default();
        if !of.contains(&row.measure) {
            of.push(row.measure);
        }
    }
    let told = over_files.into_iter().map(|(files, measures)| {
        let what = if files { "seeds and test files vary" } else { "seeds vary, by Student's t" };
        format!("{}: paired over seeds, 95 % interval in which {what}\n", measures.join(", "))
    });
    told.collect::<String>() + "Intervals are not corrected for their number.\n"
}
