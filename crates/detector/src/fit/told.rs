//! What a fit has to say: what was learned, and what is not to be trusted.

use std::collections::BTreeMap;

use features::dataset::operation_at;

use super::material::{FEW_S, Material};
use super::parts::Parts;
use crate::calibration::maximum;
use crate::detector::Detector;
use crate::threshold::digits;

/// Where the largest score of a held-out recording is so many times the median, recordings disagree.
const DISAGREE: f32 = 3.0;
/// Recordings and operations that are named.
const NAMED: usize = 3;

/// The lines of what was learned, and the warnings; `scored` has the scores of the moments of each part.
pub(super) fn of(
    detector: &Detector,
    material: &Material,
    parts: &Parts,
    scored: &[Vec<f32>],
) -> (Vec<String>, Vec<String>) {
    let threshold = detector.threshold();
    let facts = detector.training();
    let [quietest, loudest] = detector.health().map_or([0.0; 2], |ranges| ranges.level());
    let rates: Vec<String> = facts.rates.iter().map(u32::to_string).collect();
    let mut learned = vec![
        format!(
            "{} recordings, {} hours at {} Hz, {quietest:.1} to {loudest:.1} dB below full scale",
            facts.recordings,
            digits(facts.hours),
            rates.join(" and ")
        )
        .replace(" -", " "),
        format!(
            "{} after {} updates; held-out objective {}",
            facts.objective,
            facts.updates,
            digits(facts.held_out)
        ),
    ];
    learned.extend(operations(material, parts, scored, threshold.value));
    let highest = highest(material, parts, scored);
    let named = highest
        .iter()
        .take(NAMED)
        .map(|(name, score)| format!("{name} {}", digits(f64::from(score / threshold.value))));
    learned.push(format!("highest, as shares of the threshold: {}", named.collect::<Vec<_>>().join(", ")));
    learned.push(threshold.promise());
    let mut warnings = material.left_out.clone();
    warnings.extend(disagreement(&highest));
    if material.seconds() < FEW_S {
        warnings.push(format!(
            "only {:.1} minutes of normal sound: what the machine did not do in them will be an anomaly",
            material.seconds() / 60.0
        ));
    }
    if !parts.whole {
        warnings.push(format!(
            "{} recordings are too few to hold whole ones out: parts of them were, so what differs from day to day is not in the threshold",
            facts.recordings
        ));
    }
    if facts.rates.len() > 1 {
        warnings.push(format!(
            "recordings of {} Hz: all were brought to {} Hz",
            rates.join(" and "),
            material.rate
        ));
    }
    (learned, warnings)
}

/// The largest score of each recording, from the highest down.
fn highest(material: &Material, parts: &Parts, scored: &[Vec<f32>]) -> Vec<(String, f32)> {
    let mut of = vec![f32::NEG_INFINITY; material.recordings.len()];
    for (part, scores) in parts.all.iter().zip(scored) {
        of[part.recording] = of[part.recording].max(maximum(scores));
    }
    let mut highest: Vec<(String, f32)> =
        material.recordings.iter().map(|recording| recording.name.clone()).zip(of).collect();
    highest.sort_by(|a, b| b.1.total_cmp(&a.1));
    highest
}

/// The operations whose moments score highest on average.
fn operations(material: &Material, parts: &Parts, scored: &[Vec<f32>], threshold: f32) -> Option<String> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (part, scores) in parts.all.iter().zip(scored) {
        let operations = &material.recordings[part.recording].operations;
        for (moment, score) in scores.iter().enumerate() {
            if let Some(name) = operation_at(operations, part.second_of(moment, material)) {
                let (sum, count) = sums.entry(name).or_default();
                (*sum, *count) = (*sum + f64::from(*score), *count + 1.0);
            }
        }
    }
    let mut means: Vec<(&str, f64)> =
        sums.into_iter().map(|(name, (sum, count))| (name, sum / count)).collect();
    means.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named = means
        .iter()
        .take(NAMED)
        .map(|(name, mean)| format!("{name} {}", digits(mean / f64::from(threshold))));
    let named: Vec<String> = named.collect();
    (!named.is_empty())
        .then(|| format!("operations that score highest, as shares of the threshold: {}", named.join(", ")))
}

/// A warning where some recordings score far above the others.
fn disagreement(highest: &[(String, f32)]) -> Option<String> {
    let median = highest.get(highest.len() / 2)?.1;
    let far: Vec<&str> = highest
        .iter()
        .take_while(|(_, score)| *score > DISAGREE * median)
        .map(|(name, _)| name.as_str())
        .collect();
    let more = if far.len() > NAMED { format!(" and {} more", far.len() - NAMED) } else { String::new() };
    let named = far.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    (!far.is_empty()).then(|| {
        format!("some recordings score more than {DISAGREE} times the median: is it one machine, and are they normal? {named}{more}")
    })
}
