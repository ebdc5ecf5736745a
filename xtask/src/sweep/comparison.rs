//! Which nets are compared: those that differ in one part of their objective, and in nothing else that is trained.

use std::collections::HashSet;

use losses::{ObjectiveName, Term, Weighting};

use super::results::{Results, Run};
use crate::config::Point;

/// What an objective is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// The same anomalous term, normal sounds weighted all alike: SNP for BU.
    Uniform,
    /// The same weighting, no anomalous term: RE for SNP.
    NoTerm,
    /// Neither: RE for BU.
    Plain,
}

/// Nets of two objectives, one pair for each network and seed.
pub(super) struct Comparison<'a> {
    pub(super) a: ObjectiveName,
    pub(super) b: ObjectiveName,
    /// Of what varies, where `b` is.
    pub(super) point: Point,
    /// Of `a` and of `b`.
    pub(super) pairs: Vec<[&'a Run; 2]>,
}

impl Against {
    /// Whether the objective of `b` is one to compare, and that of `a` the one to compare it with.
    fn holds(self, a: &Run, b: &Run) -> bool {
        let of = |run: &Run| run.cell.cell.net.settings.objective;
        let (a, b) = (of(a), of(b));
        let plain = a.weighting == Weighting::Uniform;
        let weighted = b.weighting != Weighting::Uniform;
        match self {
            Self::Uniform => weighted && plain && a.term == b.term,
            Self::NoTerm => b.term != Term::None && a.term == Term::None && a.weighting == b.weighting,
            Self::Plain => weighted && b.term != Term::None && plain && a.term == Term::None,
        }
    }
}

/// All comparisons of a kind: in the order of losses, then of what varies.
pub(super) fn comparisons(results: &Results, against: Against) -> Vec<Comparison<'_>> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for b in ObjectiveName::all() {
        for point in points(results, b) {
            let here = results.runs.iter().filter(|run| run.cell.loss == b && run.cell.model.point == point);
            let pairs: Vec<[&Run; 2]> =
                here.filter_map(|run| Some([partner(results, run, against)?, run])).collect();
            let compared: Vec<String> = pairs.iter().flatten().map(|run| key(run)).collect();
            // Where what varies is nothing to these two, the comparison is the same as before.
            if let Some([first, _]) = pairs.first()
                && seen.insert(compared)
            {
                found.push(Comparison { a: first.cell.loss, b, point, pairs });
            }
        }
    }
    found
}

/// What tells a scored net, and how it is compared, from others.
fn key(run: &Run) -> String {
    format!("{} {:?}", run.cell.cell.score, run.cell.scoring)
}

fn points(results: &Results, loss: ObjectiveName) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for run in results.runs.iter().filter(|run| run.cell.loss == loss) {
        if !points.contains(&run.cell.model.point) {
            points.push(run.cell.model.point.clone());
        }
    }
    points
}

/// The net that `run` is compared with: all is the same but the objective.
fn partner<'a>(results: &'a Results, run: &Run, against: Against) -> Option<&'a Run> {
    let same = |other: &&Run| {
        let [one, two] = [other, run].map(|run| &run.cell.cell.net.settings);
        against.holds(other, run)
            && other.cell.model.name == run.cell.model.name
            && other.cell.scoring == run.cell.scoring
            && one.is_beside_objective(two)
    };
    results.runs.iter().find(same)
}
