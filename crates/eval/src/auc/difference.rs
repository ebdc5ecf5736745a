//! The difference of two losses in AUC, with an uncertainty that accounts for seeds and for test files.
//!
//! Another training gives other weights, and other test files another AUC: both are drawn from what might have been.
//! With D_s the mean over conditions of AUC(b) - AUC(a) in the seed s of S, the variance of its mean over seeds has two
//! parts. var_s(D_s) / S is that of seeds, with what they do to single files (the interaction). DeLong's variance
//! (DeLong et al., 1988), of the files' placements averaged over seeds over the number of files, is that of files; it
//! holds the interaction too, which is taken off once. A test file that stands in several conditions (a normal file,
//! or a clip at several ANRs) is one file: its placements are averaged over them.

use super::{File, ranked};
use crate::EvalError;
use crate::estimate::{Estimate, Part};

/// File scores of two losses `a` and `b` in one seed and condition. Normal files stand in the same order in `a_normal`
/// and `b_normal`, and in every seed and condition; so do anomalous files.
#[derive(Clone, Copy, Debug)]
pub struct PairedScores<'a> {
    /// Scores of the normal files, by `a`.
    pub a_normal: &'a [f64],
    /// Scores of the anomalous files, by `a`.
    pub a_anomalous: &'a [f64],
    /// Scores of the normal files, by `b`.
    pub b_normal: &'a [f64],
    /// Scores of the anomalous files, by `b`.
    pub b_anomalous: &'a [f64],
}

/// AUC(b) - AUC(a), mean over seeds and conditions; `seeds` holds the conditions of each seed. Of a single seed the
/// uncertainty is that of its test files alone.
///
/// # Errors
/// When there is no seed, no condition, or fewer than two files of a kind; when a score is not finite; when losses,
/// seeds or conditions differ in how many files they have.
pub fn difference(seeds: &[Vec<PairedScores<'_>>]) -> Result<Estimate, EvalError> {
    let leads = seeds.iter().enumerate().map(|(seed, conditions)| Leads::new(seed, conditions));
    let leads = leads.collect::<Result<Vec<Leads>, EvalError>>()?;
    let Some(first) = leads.first() else {
        return Err(EvalError::TooFew { what: "seeds of an AUC difference", found: 0, needed: 1 });
    };
    for (seed, other) in leads.iter().enumerate() {
        same_length(
            &format!("normal files of seed {seed} of the list"),
            other.normal.len(),
            first.normal.len(),
        )?;
        let what = format!("anomalous files of seed {seed} of the list");
        same_length(&what, other.anomalous.len(), first.anomalous.len())?;
    }
    let normal = Crossed::new(leads.iter().map(|lead| lead.normal.as_slice()).collect())?;
    let anomalous = Crossed::new(leads.iter().map(|lead| lead.anomalous.as_slice()).collect())?;
    let of_files = normal.files + anomalous.files - normal.interaction - anomalous.interaction;
    Ok(Estimate {
        mean: normal.mean,
        seeds: Part { variance: normal.seeds, freedom: (leads.len() as f64 - 1.0).max(1.0) },
        // Chance may take off more than there is.
        files: Part { variance: of_files.max(0.0), freedom: normal.freedom.min(anomalous.freedom) },
    })
}

/// By how much `b` places each file better than `a` in one seed, mean over conditions. The mean over the files of
/// either kind is the difference in AUC.
struct Leads {
    normal: Vec<f64>,
    anomalous: Vec<f64>,
}

impl Leads {
    fn new(seed: usize, conditions: &[PairedScores<'_>]) -> Result<Self, EvalError> {
        let Some(first) = conditions.first() else {
            return Err(EvalError::TooFew { what: "conditions of an AUC difference", found: 0, needed: 1 });
        };
        let mut normal = vec![0.0; first.a_normal.len()];
        let mut anomalous = vec![0.0; first.a_anomalous.len()];
        let share = 1.0 / conditions.len() as f64;
        for scores in conditions {
            for (side, sign, of) in [
                ("a", -share, placements(scores.a_normal, scores.a_anomalous)?),
                ("b", share, placements(scores.b_normal, scores.b_anomalous)?),
            ] {
                let of_seed = |kind| format!("{kind} scores of {side} in seed {seed} of the list");
                same_length(&of_seed("normal"), of.normal.len(), normal.len())?;
                same_length(&of_seed("anomalous"), of.anomalous.len(), anomalous.len())?;
                normal.iter_mut().zip(of.normal).for_each(|(sum, placement)| *sum += sign * placement);
                anomalous.iter_mut().zip(of.anomalous).for_each(|(sum, placement)| *sum += sign * placement);
            }
        }
        Ok(Self { normal, anomalous })
    }
}

fn same_length(what: &str, found: usize, expected: usize) -> Result<(), EvalError> {
    if found == expected {
        return Ok(());
    }
    Err(EvalError::Length { what: what.to_owned(), found, expected })
}

/// DeLong's placements: of each normal file the share of anomalous files above it, of each anomalous file the share of
/// normal files below it; ties count half.
fn placements(normal: &[f64], anomalous: &[f64]) -> Result<Leads, EvalError> {
    let mut placed = Leads { normal: vec![0.0; normal.len()], anomalous: vec![0.0; anomalous.len()] };
    let [normals, anomalies] = [normal.len(), anomalous.len()].map(|count| count as f64);
    let mut normal_below = normals;
    let mut anomalous_above = 0.0;
    for tie in ranked(normal, anomalous)? {
        let normal_here = tie.iter().filter(|file| matches!(file, File::Normal(_))).count() as f64;
        let anomalous_here = tie.len() as f64 - normal_here;
        normal_below -= normal_here;
        for file in tie {
            match file {
                File::Normal(index) => {
                    placed.normal[index] = (anomalous_above + anomalous_here / 2.0) / anomalies;
                }
                File::Anomalous(index) => {
                    placed.anomalous[index] = (normal_below + normal_here / 2.0) / normals;
                }
            }
        }
        anomalous_above += anomalous_here;
    }
    Ok(placed)
}

/// Seeds crossed with files: what each adds to the variance of the mean.
struct Crossed {
    mean: f64,
    /// var over seeds of their means / S.
    seeds: f64,
    /// var over files of their means / n.
    files: f64,
    /// Of what is left once seed and file are accounted for / (S n).
    interaction: f64,
    /// n - 1.
    freedom: f64,
}

impl Crossed {
    /// `rows` holds a value a file, for each seed.
    fn new(rows: Vec<&[f64]>) -> Result<Self, EvalError> {
        let files = rows[0].len();
        if files < 2 {
            return Err(EvalError::TooFew { what: "files of a kind", found: files, needed: 2 });
        }
        let (seed_count, file_count) = (rows.len() as f64, files as f64);
        let by_seed: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / file_count).collect();
        let by_file: Vec<f64> =
            (0..files).map(|file| rows.iter().map(|row| row[file]).sum::<f64>() / seed_count).collect();
        let mean = by_seed.iter().sum::<f64>() / seed_count;
        let squares = |values: &[f64]| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let left = rows.iter().zip(&by_seed).flat_map(|(row, of_seed)| {
            row.iter().zip(&by_file).map(move |(value, of_file)| (value - of_seed - of_file + mean).powi(2))
        });
        let left: f64 = left.sum();
        let of_seeds = seed_count - 1.0;
        let freedom = file_count - 1.0;
        let over = |sum: f64, freedom: f64| if freedom > 0.0 { sum / freedom } else { 0.0 };
        Ok(Self {
            mean,
            seeds: over(squares(&by_seed), of_seeds) / seed_count,
            files: over(squares(&by_file), freedom) / file_count,
            interaction: over(left, of_seeds * freedom) / (seed_count * file_count),
            freedom,
        })
    }
}
