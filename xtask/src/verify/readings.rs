//! How Table 1 moves with what varies, such as what the paper leaves open: one row a reading of it.

use anyhow::Result;
use eval::Table;
use harness::BadInput;
use harness::provenance::{ENV, Provenance, trained_by};
use losses::ObjectiveName;
use serde_json::json;

use super::results::{Results, RunResult};
use super::table1::{Row, Table1};
use super::{Run, invalid};
use crate::columns;
use crate::config::{Point, RingCell, RingExperiment, Variant, Varied, folded};
use crate::run_args::Places;
use crate::spread::Spread;

/// A reading with its table and how far that is from the printed one.
struct Outcome {
    point: Point,
    table: Table1,
    /// Root mean square of ln(ours / printed) over all numbers; none while one is missing.
    distance: Option<f64>,
}

/// Trains all readings and writes `readings.csv` and `.parquet`.
pub(super) fn run(run: &Run, readings: &Varied<RingExperiment>) -> Result<()> {
    let cells = cells(readings)?;
    if run.planned(&cells) {
        return Ok(());
    }
    let provenance = Provenance::now(run.jobs, run.card);
    let results = run.results(cells, &provenance)?;
    if results.runs.is_empty() {
        return results.verdict(); // what an earlier run wrote stays
    }
    let outcomes = outcomes(readings, &results)?;
    run.places.folder.alone(|| write(&run.places, &outcomes, &results, &provenance))?;
    crate::print(&to_text(&outcomes, &results.losses()));
    results.verdict()
}

/// The cells of all readings.
pub(super) fn cells(readings: &Varied<RingExperiment>) -> Result<Vec<RingCell>, BadInput> {
    let cells = readings.variants.iter().map(|Variant { point, experiment }| experiment.cells(&model(point)));
    let cells: Vec<Vec<RingCell>> = cells.collect::<Result<_, _>>().map_err(invalid)?;
    Ok(cells.concat())
}

/// What people call the nets of a reading.
fn model(point: &Point) -> String {
    point.iter().map(|at| folded(&at.value)).collect::<Vec<_>>().join("-")
}

fn outcomes(readings: &Varied<RingExperiment>, results: &Results) -> Result<Vec<Outcome>> {
    let outcomes = readings.variants.iter().map(|Variant { point, experiment }| {
        let model = model(point);
        let runs: Vec<&RunResult> = results.runs.iter().filter(|run| run.cell.model == model).collect();
        let table = Table1::new(experiment, &runs)?;
        Ok(Outcome { point: point.clone(), distance: distance(&table), table })
    });
    outcomes.collect()
}

/// How far a table is from the printed one, in factors: 0.1 is about 10 %.
fn distance(table: &Table1) -> Option<f64> {
    let mut squares = Vec::new();
    for row in &table.0 {
        let paper = row.paper?;
        squares.push((row.kld_p.mean / paper.kld_p).ln().powi(2));
        squares.push((row.kld_u.mean / paper.kld_u).ln().powi(2));
    }
    Some(eval::stats::mean(&squares).ok()?.sqrt())
}

/// The numbers of a table: what each is called, its loss, and where it stands in a row.
fn numbers(
    losses: &[ObjectiveName],
) -> impl Iterator<Item = (&'static str, ObjectiveName, fn(&Row) -> Spread)> {
    let kld_p: fn(&Row) -> Spread = |row| row.kld_p;
    let kld_u: fn(&Row) -> Spread = |row| row.kld_u;
    [("D(p||q)", kld_p), ("D(U||q)", kld_u)]
        .into_iter()
        .flat_map(|(measure, number)| losses.iter().map(move |loss| (measure, *loss, number)))
}

/// A table that begins with a column for each thing that varies.
fn varied(outcomes: &[Outcome]) -> Table {
    let axes = outcomes.first().map_or(0, |outcome| outcome.point.len());
    (0..axes).fold(Table::new(), |table, axis| {
        let key = outcomes[0].point[axis].key.as_str();
        table.text(key, outcomes.iter().map(|outcome| outcome.point[axis].value.as_str()))
    })
}

fn write(places: &Places, outcomes: &[Outcome], results: &Results, provenance: &Provenance) -> Result<()> {
    let seeds = |outcome: &Outcome| outcome.table.0.iter().map(|row| row.seeds as i64).min().unwrap_or(0);
    let mut table = varied(outcomes).integer("seeds", outcomes.iter().map(seeds));
    for (measure, loss, number) in numbers(&results.losses()) {
        let of = |outcome: &Outcome| outcome.table.row(loss).map(number);
        let measure = if measure == "D(p||q)" { "kld_p" } else { "kld_u" };
        let name = format!("{measure}_{}", loss.to_string().to_lowercase());
        table = table
            .optional(
                &format!("{name}_mean"),
                outcomes.iter().map(|outcome| of(outcome).map(|number| number.mean)),
            )
            .optional(
                &format!("{name}_sd"),
                outcomes.iter().map(|outcome| of(outcome).and_then(|number| number.sd)),
            );
    }
    table = table.optional("distance", outcomes.iter().map(|outcome| outcome.distance));
    let axes: Vec<&str> = outcomes[0].point.iter().map(|at| at.key.as_str()).collect();
    columns::write(&places.folder, &axes, &[("readings", table)])?;
    places.folder.write_cells(results.runs.iter().map(|run| &run.cell.cell))?;
    let nets = results.runs.iter().map(|run| &run.cell.cell.net.name);
    let trained_by: Vec<serde_json::Value> = trained_by(&places.nets, nets)
        .into_iter()
        .map(|([source, lock, rustc, cpu, instructions], cells)| {
            json!({ "nets": cells, "source": source, "lock": lock, "rustc": rustc, "cpu": cpu, "instructions": instructions })
        })
        .collect();
    let origin = json!({ "tables_by": provenance, "trained_by": trained_by });
    let origin = serde_json::to_string_pretty(&origin)? + "\n";
    places.folder.write(ENV, origin.as_bytes())
}

fn to_text(outcomes: &[Outcome], losses: &[ObjectiveName]) -> String {
    let mut table = varied(outcomes);
    for (measure, loss, number) in numbers(losses) {
        let of = |outcome: &Outcome| outcome.table.row(loss).map(|row| number(row).mean);
        table = table.optional(&format!("{measure} {loss}"), outcomes.iter().map(of));
    }
    let table = table.optional("distance", outcomes.iter().map(|outcome| outcome.distance));
    let name = |point: &Point| point.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let best = outcomes.iter().filter_map(|outcome| Some((outcome.distance?, name(&outcome.point))));
    let best = best.min_by(|a, b| a.0.total_cmp(&b.0));
    let answer = best.map_or_else(String::new, |(distance, name)| {
        format!("\nNearest to the printed numbers: {name}, at {distance:.3} (rms of ln(ours / printed))\n")
    });
    format!("Table 1 under other readings, means over seeds\n{}{answer}", table.to_text(3))
}
