//! The table of a machine's sections, as the official baseline writes it, and the official score.

use super::{Measures, Section};
use crate::EvalError;

/// What a mean counts for 0, which has no harmonic mean.
const LEAST: f64 = f64::EPSILON;

const BOTH: &str = "section,AUC (source),AUC (target),pAUC,pAUC (source),pAUC (target),precision (source),precision (target),recall (source),recall (target),F1 score (source),F1 score (target)";
const ONE: &str = "section,AUC,pAUC,precision,recall,F1 score";

/// The official score of a system: the harmonic mean of the areas of all sections of all machines.
///
/// # Errors
/// Where there is no section.
pub fn official_score(sections: &[Section]) -> Result<f64, EvalError> {
    let areas: Vec<f64> = sections.iter().flat_map(Section::areas).collect();
    harmonic_mean(&areas).ok_or(EvalError::TooFew { what: "sections", found: 0, needed: 1 })
}

fn harmonic_mean(values: &[f64]) -> Option<f64> {
    let reciprocals: f64 = values.iter().map(|value| 1.0 / value.max(LEAST)).sum();
    (!values.is_empty()).then(|| values.len() as f64 / reciprocals)
}

/// The sections of a machine, each with its name, such as `00`, and their arithmetic and harmonic means; an empty line at
/// the end. All are of one domain, or all of both.
pub fn result_csv(sections: &[(String, Section)]) -> String {
    let is_both = sections.iter().all(|(_, section)| matches!(section, Section::Both { .. }));
    let rows: Vec<Vec<Option<f64>>> = sections.iter().map(|(_, section)| row(section, is_both)).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let known = |column: usize| rows.iter().filter_map(|row| row[column]).collect::<Vec<f64>>();
    let mean =
        |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    let arithmetic: Vec<Option<f64>> = (0..columns).map(|column| mean(known(column))).collect();
    let harmonic: Vec<Option<f64>> = (0..columns).map(|column| harmonic_mean(&known(column))).collect();
    let lines = sections.iter().map(|(name, _)| name.as_str()).zip(&rows);
    let means = [("arithmetic mean", &arithmetic), ("harmonic mean", &harmonic)];
    let text: String = lines.chain(means).map(|(name, row)| line(name, row)).collect();
    format!("{}\n{text}\n", if is_both { BOTH } else { ONE })
}

fn row(section: &Section, is_both: bool) -> Vec<Option<f64>> {
    let decided = |measures: &Measures| [measures.precision, measures.recall, measures.f1].map(Some);
    match section {
        Section::Both { pauc, domains: [source, target] } if is_both => {
            let [areas, targets] = [decided(source), decided(target)];
            let pairs = areas.into_iter().zip(targets).flat_map(|(source, target)| [source, target]);
            [Some(source.auc), Some(target.auc), Some(*pauc), source.pauc, target.pauc]
                .into_iter()
                .chain(pairs)
                .collect()
        }
        Section::Both { domains: [measures, _], .. } | Section::One(measures) => {
            [Some(measures.auc), measures.pauc].into_iter().chain(decided(measures)).collect()
        }
    }
}

fn line(name: &str, row: &[Option<f64>]) -> String {
    let number = |value: &Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let numbers: Vec<String> = row.iter().map(number).collect();
    format!("{name},{}\n", numbers.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_a_line_each_and_means_below() {
        let measures = |auc| Measures { auc, pauc: Some(0.5), precision: 1.0, recall: 0.25, f1: 0.4 };
        let both =
            |source, target| Section::Both { pauc: 0.5, domains: [measures(source), measures(target)] };
        let text = result_csv(&[("00".to_owned(), both(0.5, 1.0)), ("01".to_owned(), both(1.0, 1.0))]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("section,AUC (source),AUC (target),pAUC,"));
        assert_eq!(lines[1], "00,0.5,1,0.5,0.5,0.5,1,1,0.25,0.25,0.4,0.4");
        assert!(lines[3].starts_with("arithmetic mean,0.75,1,") && lines[4].starts_with("harmonic mean,0.6"));
        assert!(text.ends_with("\n\n"));
        let one = result_csv(&[("00".to_owned(), Section::One(measures(0.75)))]);
        assert!(
            one.starts_with("section,AUC,pAUC,precision,recall,F1 score\n00,0.75,0.5,1,0.25,0.4\n"),
            "{one}"
        );
    }
}
