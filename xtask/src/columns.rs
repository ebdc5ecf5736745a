//! The tables of an experiment, written with `COLUMNS.md`, which says what each of their columns is.

use anyhow::Result;
use eval::Table;
use harness::Folder;

/// What columns are, and their unit.
const COLUMNS: &[(&str, &str)] = &[
    (
        "model",
        "network, after the machine whose sounds it has learned where each has its own: front end-size",
    ),
    ("loss", "objective that was minimised"),
    ("seed", "seed of all that is random in training"),
    ("seeds", "number of seeds"),
    ("anr_db", "anomaly-to-normal ratio of the test files, dB; empty where anomalies are whole recordings"),
    ("auc", "area under the ROC curve, 0 to 1; 0.5 at chance"),
    ("pauc", "area up to the set false-positive rate, standardised after McClish; 0.5 at chance"),
    ("max_score_normal", "largest anomaly score of normal samples: squared error summed over features"),
    ("mean_score_normal", "mean anomaly score of normal samples: squared error summed over features"),
    ("min_score_anomalous", "least anomaly score of anomalous samples: squared error summed over features"),
    ("max_normal_scaled", "(largest - median) / interquartile range of the normal files' scores"),
    (
        "fpr_rare",
        "of the pairs of a normal file and a rare operation in it, the share whose largest score reaches the threshold that catches the set share of anomalous files",
    ),
    ("fpr_frequent", "as fpr_rare, of frequent operations"),
    ("score", "folder among the scores that this row is made of"),
    ("operation", "what the machine is doing"),
    ("rare", "whether the operation takes less of the time than the set share: yes or no"),
    ("share_of_time", "share of the labelled normal test sound that the operation takes"),
    ("share_of_maxima", "share of the normal files whose largest frame lies in the operation"),
    ("mean_max_score", "mean over normal files of the largest score in the operation"),
    (
        "normal",
        "first term of the objective in the last line of history.csv: (weighted) mean score of normal samples",
    ),
    (
        "anomalous_over_lambda",
        "second term of the objective over λ, which it cannot exceed; empty where there is none",
    ),
    ("weight_spread", "standard deviation of the weights over their mean; empty where all are alike"),
    (
        "rises",
        "of the lines of history.csv, the share in which the mean score of normal samples is above that of the line before",
    ),
    ("kld_p", "D(p || q), nats (Table 1)"),
    ("kld_u", "D(U || q), nats (Table 1)"),
    ("kld_p_paper", "D(p || q) as the paper prints it"),
    ("kld_u_paper", "D(U || q) as the paper prints it"),
    (
        "distance",
        "root mean square of ln(ours / printed) over all numbers of Table 1; empty where one is missing",
    ),
];

/// What is added to the name of a column, and to what it is.
const SUFFIXES: [(&str, &str); 4] = [
    ("_mean", "mean over seeds"),
    ("_sd", "standard deviation over seeds"),
    ("_ci95_low", "lower end of the 95 % interval of the mean over seeds (Student's t)"),
    ("_ci95_high", "upper end of that interval"),
];

/// What the column `name` of a table is; none where nobody has said.
fn meaning(name: &str) -> Option<String> {
    if let Some((_, what)) = COLUMNS.iter().find(|(column, _)| *column == name) {
        return Some((*what).to_owned());
    }
    if let Some((stem, how)) = SUFFIXES.iter().find_map(|(end, how)| Some((name.strip_suffix(end)?, how))) {
        return Some(format!("{}: {how}", meaning(stem)?));
    }
    // Of the ring under other readings, a number for each loss.
    if let Some((stem, loss)) = name.rsplit_once('_').filter(|(stem, _)| stem.starts_with("kld")) {
        return Some(format!("{} of {}", meaning(stem)?, loss.to_uppercase()));
    }
    None
}

/// Writes each of `tables` as CSV and as Parquet, and `COLUMNS.md`. `varied` are the keys that vary.
pub(crate) fn write(folder: &Folder, varied: &[&str], tables: &[(&str, Table)]) -> Result<()> {
    let mut text = String::from(
        "# Columns\n\nCSV has six digits after the point; Parquet, of the same name, holds every bit. An empty value is one that is not known or does not exist.\n",
    );
    for (name, table) in tables {
        folder.write(&format!("{name}.csv"), &table.to_csv()?)?;
        folder.write(&format!("{name}.parquet"), &table.to_parquet()?)?;
        text += &format!("\n## {name}\n| column | what it is |\n| --- | --- |\n");
        for column in table.names() {
            let key =
                || varied.contains(&column).then(|| "value of what varies in this experiment".to_owned());
            let what = key().or_else(|| meaning(column)).unwrap_or_default();
            text += &format!("| {column} | {} |\n", what.replace('|', "\\|"));
        }
    }
    folder.write("COLUMNS.md", text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_with_what_is_added_to_them() {
        assert!(meaning("auc_ci95_low").unwrap().starts_with("area under the ROC curve"));
        assert!(meaning("kld_u_bu_sd").unwrap().contains("of BU: standard deviation"));
        assert_eq!(meaning("nonsense"), None);
        assert_eq!(meaning("nonsense_mean"), None);
    }
}
