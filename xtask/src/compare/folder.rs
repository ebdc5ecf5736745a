//! The results of an experiment, read back from its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use harness::{BadInput, Shelf};
use losses::FileScore;
use serde_yaml::Value;

use crate::report::SETTINGS;
use crate::sweep::{Condition, read_conditions};

/// What an experiment measures of each of its nets, as the columns of its `runs.csv` are called.
const MEASURES: [(&str, &[&str]); 2] = [
    ("ring", &["kld_p", "kld_u", "max_score_normal"]),
    ("sweep", &["auc", "pauc", "max_normal_scaled", "fpr_rare"]),
];

/// The results of an experiment.
pub(super) struct Results {
    pub(super) path: PathBuf,
    /// Such as `sweep`.
    pub(super) kind: String,
    /// Every setting, by its dotted key.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) runs: Vec<Run>,
    /// The columns that tell runs of one seed from each other.
    pub(super) columns: Vec<String>,
    /// The columns that are measured.
    pub(super) measures: &'static [&'static str],
    file_score: Option<FileScore>,
}

/// A net under one condition.
#[derive(Debug, PartialEq)]
pub(super) struct Run {
    /// The value of each of `columns`.
    pub(super) key: Vec<String>,
    pub(super) seed: u64,
    /// Those that it has.
    pub(super) measured: BTreeMap<&'static str, f64>,
    anr_db: Option<f64>,
    /// The folder of its score.
    score: Option<String>,
}

impl Results {
    /// Reads the folder at `path`.
    ///
    /// # Errors
    /// A folder that holds no results, or those of an earlier version of this program.
    pub(super) fn read(path: &Path) -> Result<Self, BadInput> {
        let file = |name: &str| {
            let path = path.join(name);
            let read = fs::read_to_string(&path);
            read.map_err(|error| {
                let what = "expected the folder of an experiment, such as results/ring; one of an earlier version is brought up to date by running its experiment again";
                BadInput(format!("{}: cannot be read ({error}); {what}", path.display()))
            })
        };
        let wrong = |name: &str, what: String| BadInput(format!("{}: {what}", path.join(name).display()));
        let settings: Value = serde_yaml::from_str(&file(SETTINGS)?)
            .map_err(|error| wrong(SETTINGS, format!("is no YAML: {error}")))?;
        let kind = settings.get("experiment").and_then(Value::as_str).unwrap_or("nothing");
        let Some((_, measures)) = MEASURES.iter().find(|(known, _)| *known == kind) else {
            return Err(wrong(SETTINGS, format!("experiment: found {kind}, expected ring or sweep")));
        };
        let file_score = settings.get("scoring").and_then(|scoring| scoring.get("file"));
        let mut results = Self {
            path: path.to_owned(),
            kind: kind.to_owned(),
            settings: BTreeMap::new(),
            runs: Vec::new(),
            columns: Vec::new(),
            measures,
            file_score: file_score.and_then(|name| serde_yaml::from_value(name.clone()).ok()),
        };
        flatten("", &settings, &mut results.settings);
        let runs = file("runs.csv")?;
        results.read_runs(&runs).map_err(|what| wrong("runs.csv", what))?;
        Ok(results)
    }

    fn read_runs(&mut self, text: &str) -> Result<(), String> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head: Vec<String> =
            reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
        let seed = head.iter().position(|name| name == "seed").ok_or("found no column seed, expected one")?;
        let is_key = |place: usize| place < seed || head[place] == "anr_db";
        self.columns =
            (0..head.len()).filter(|place| is_key(*place)).map(|place| head[place].clone()).collect();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let column = |name: &str| {
                let place = head.iter().position(|other| other == name)?;
                record.get(place).filter(|text| !text.is_empty())
            };
            let number = |name: &str| column(name).and_then(|text| text.parse::<f64>().ok());
            let key = record.iter().enumerate().filter(|(place, _)| is_key(*place));
            self.runs.push(Run {
                key: key.map(|(_, text)| text.to_owned()).collect(),
                seed: column("seed")
                    .and_then(|seed| seed.parse().ok())
                    .ok_or("found a row without a seed")?,
                measured: self.measures.iter().filter_map(|name| Some((*name, number(name)?))).collect(),
                anr_db: number("anr_db"),
                score: column("score").map(str::to_owned),
            });
        }
        Ok(())
    }

    /// The scores of the test files of `run`, where they are there.
    pub(super) fn condition(&self, run: &Run) -> Option<Condition> {
        let scores = Shelf::scores(self.path.parent()?);
        let conditions = read_conditions(&scores, run.score.as_ref()?, self.file_score?)?;
        conditions.into_iter().find(|condition| condition.anr_db == run.anr_db)
    }
}

/// The values in `value`, each by its dotted key; a list is one value.
fn flatten(key: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            for (part, value) in mapping {
                let part = part.as_str().unwrap_or("?");
                let key = if key.is_empty() { part.to_owned() } else { format!("{key}.{part}") };
                flatten(&key, value, into);
            }
        }
        Value::String(text) => drop(into.insert(key.to_owned(), text.clone())),
        other => {
            let text = serde_json::to_string(other).unwrap_or_else(|_| "?".to_owned());
            into.insert(key.to_owned(), text);
        }
    }
}
