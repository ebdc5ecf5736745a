//! What there is of the nets and scores that are asked for, and why what is missing is.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;

use serde_json::Value;

use crate::net_file::NET;
use crate::{Cell, Folder, Listing, Name, Net, Shelf};

/// What there is of a net or score.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It is there.
    Done,
    /// A training that stands at this update.
    Training(u64),
    /// Nothing.
    Missing,
    /// The tables were made of another: in what it differs.
    Stale(String),
}

/// Every cell that is asked for, with what there is of its net and score.
#[derive(Debug)]
pub struct Plan {
    /// What people call the cell; its net; its score.
    lines: Vec<(String, [(Name, State); 2])>,
}

impl Plan {
    /// Looks for the nets and scores of `cells`, whose tables lie in `folder`.
    pub fn new(cells: &[Cell], nets: &Shelf, scores: &Shelf, folder: &Folder) -> Self {
        let looks = Looks { nets: nets.list(), scores: scores.list(), earlier: folder.nets(), shelf: nets };
        let mut known = HashMap::new();
        let lines = cells.iter().map(|cell| {
            let net = known.entry(&cell.net.name).or_insert_with(|| looks.net(&cell.net)).clone();
            let score = if looks.scores.is_done(&cell.score) { State::Done } else { State::Missing };
            (cell.net.label.clone(), [(cell.net.name.clone(), net), (cell.score.clone(), score)])
        });
        Self { lines: lines.collect() }
    }
}

struct Looks<'a> {
    nets: Listing,
    scores: Listing,
    earlier: BTreeMap<String, Name>,
    shelf: &'a Shelf,
}

impl Looks<'_> {
    fn net(&self, net: &Net) -> State {
        if self.nets.is_done(&net.name) {
            return State::Done;
        }
        if let Some(update) = self.nets.begun(&net.name) {
            return State::Training(update);
        }
        match self.earlier.get(&net.label) {
            Some(earlier) if *earlier != net.name => State::Stale(self.differences(earlier, net)),
            _ => State::Missing,
        }
    }

    /// The settings in which the net `earlier` and `net` differ, as `key old -> new`.
    fn differences(&self, earlier: &Name, net: &Net) -> String {
        let path = self.shelf.place(earlier).join(NET);
        let old = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(old) = old.and_then(|mut file| file.get_mut("settings").map(Value::take)) else {
            return format!("the tables were made of {earlier}, which is gone");
        };
        let new = serde_json::to_value(&net.settings).expect("settings are plain data");
        let mut found = Vec::new();
        compare("", &old, &new, &mut found);
        found.join(", ")
    }
}

fn compare(key: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for part in keys {
                let key = if key.is_empty() { part.clone() } else { format!("{key}.{part}") };
                compare(
                    &key,
                    old.get(part).unwrap_or(&Value::Null),
                    new.get(part).unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        _ if old != new => found.push(format!("{key} {old} -> {new}")),
        _ => {}
    }
}

/// A line a net and a line a score, and how many there are to make.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut to_make = [std::collections::BTreeSet::new(), std::collections::BTreeSet::new()];
        let mut all = to_make.clone();
        for (label, artifacts) in &self.lines {
            for (kind, (name, state)) in artifacts.iter().enumerate() {
                let (word, why) = match state {
                    State::Done => ("done", String::new()),
                    State::Training(update) => ("training", format!("  at update {update}")),
                    State::Missing => ("missing", String::new()),
                    State::Stale(why) => ("stale", format!("  {why}")),
                };
                writeln!(f, "{word:9}{:6}{label}  {name}{why}", ["net", "score"][kind])?;
                all[kind].insert(name);
                if *state != State::Done {
                    to_make[kind].insert(name);
                }
            }
        }
        let [nets, scores] = [0, 1].map(|kind| format!("{} of {}", to_make[kind].len(), all[kind].len()));
        writeln!(f, "{nets} nets to train, {scores} scores to make")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_key_and_both_values() {
        let [old, new] = [r#"{"a":{"b":1,"c":2},"d":[1]}"#, r#"{"a":{"b":1,"c":3},"e":"x"}"#]
            .map(|text| serde_json::from_str(text).unwrap());
        let mut found = Vec::new();
        compare("", &old, &new, &mut found);
        assert_eq!(found, ["a.c 2 -> 3", "d [1] -> null", "e null -> \"x\""]);
    }
}
