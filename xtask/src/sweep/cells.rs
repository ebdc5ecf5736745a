//! The cells of an experiment, and those of them that are asked for.

use super::select::Pattern;
use super::sounds::Sounds;
use crate::config::{SweepCell, SweepExperiment};
use crate::failure::BadInput;
use crate::harness::CellName;

/// Names of the cells without the hash of sounds that are still to be made.
pub(super) fn stems(experiment: &SweepExperiment) -> Vec<String> {
    on_machine(experiment, None, "").into_iter().map(|cell| name(&cell).stem().to_owned()).collect()
}

/// Every cell of the experiment, in the order of tables.
pub(super) fn cells(experiment: &SweepExperiment, sounds: &Sounds) -> Vec<(CellName, SweepCell)> {
    let machines = sounds.machines();
    let cells = machines
        .iter()
        .flat_map(|machine| on_machine(experiment, machine.as_deref(), &sounds.hash(machine.as_deref())));
    cells.map(|cell| (name(&cell), cell)).collect()
}

fn on_machine(experiment: &SweepExperiment, machine: Option<&str>, data: &str) -> Vec<SweepCell> {
    let mut cells = Vec::new();
    for model in experiment.models() {
        for &loss in &experiment.losses {
            let cell = |seed| SweepCell::new(experiment, &model, loss, seed, data).on(machine);
            cells.extend((0..experiment.seeds).map(cell));
        }
    }
    cells
}

fn name(cell: &SweepCell) -> CellName {
    CellName::new(&cell.model_name(), cell.loss, cell.seed, cell)
}

/// What of `all` is asked for.
pub(super) fn chosen<T>(
    only: Option<&Pattern>,
    all: Vec<T>,
    stem: impl Fn(&T) -> &str,
) -> Result<Vec<T>, BadInput> {
    let Some(pattern) = only else { return Ok(all) };
    let (example, count) = (all.first().map_or(String::new(), |cell| stem(cell).to_owned()), all.len());
    let chosen: Vec<T> = all.into_iter().filter(|cell| pattern.matches(stem(cell))).collect();
    if chosen.is_empty() {
        let what = format!(
            "--only {pattern}: found none of {count} cells, expected one at least, such as {example}"
        );
        return Err(BadInput(what));
    }
    Ok(chosen)
}
