//! What a machine was doing when: operation labels that stand beside a sound as `NAME.labels.csv`.

use std::path::{Path, PathBuf};

use super::problem::Problem;
use crate::files::read_text;

const HEADER: &str = "start_s,end_s,operation";

/// One stretch of an operation, such as idle or gear change.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// First moment, in seconds from the start of the sound.
    pub start_s: f64,
    /// Moment after the last, in seconds.
    pub end_s: f64,
    /// Its name.
    pub name: String,
}

/// Where the operation labels of a sound would stand: `001.labels.csv` beside `001.wav`.
pub fn labels_path(sound: &Path) -> PathBuf {
    sound.with_extension("labels.csv")
}

/// The text of such a file.
pub fn labels_text(operations: &[Operation]) -> String {
    let line = |Operation { start_s, end_s, name }: &Operation| format!("{start_s},{end_s},{name}\n");
    format!("{HEADER}\n{}", operations.iter().map(line).collect::<String>())
}

/// The operation at a moment of the sound, if it is labelled. At a border, the one that starts.
pub fn operation_at(operations: &[Operation], moment_s: f64) -> Option<&str> {
    let next = operations.partition_point(|operation| operation.start_s <= moment_s);
    let operation = operations.get(next.checked_sub(1)?)?;
    (moment_s < operation.end_s).then_some(operation.name.as_str())
}

/// Reads the labels of one sound of `seconds` length.
///
/// # Errors
/// What is wrong with the file: unreadable, another header, a line that is not a stretch of time within the
/// sound, stretches out of order or overlapping.
pub fn read(path: &Path, seconds: f64) -> Result<Vec<Operation>, Problem> {
    let text = read_text(path).map_err(|error| {
        Problem::at(path, format!("it unreadable ({error})"), format!("a text that starts with `{HEADER}`"))
    })?;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if first != HEADER {
        return Err(Problem::at(path, format!("`{first}` in line 1"), format!("`{HEADER}`")));
    }
    let mut operations: Vec<Operation> = Vec::new();
    for (index, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
        let earliest = operations.last().map_or(0.0, |operation| operation.end_s);
        // Seconds are printed rounded: a stretch may pass the end or its predecessor by a millisecond.
        let fits = |operation: &Operation| {
            operation.start_s >= earliest - 1e-3
                && operation.end_s > operation.start_s
                && operation.end_s <= seconds + 1e-3
        };
        let operation = parse(line).filter(fits).ok_or_else(|| {
            let expected = format!("start,end,name with {earliest} <= start < end <= {seconds:.3}");
            Problem::at(path, format!("`{line}` in line {}", index + 2), expected)
        })?;
        operations.push(operation);
    }
    Ok(operations)
}

fn parse(line: &str) -> Option<Operation> {
    let mut fields = line.splitn(3, ',');
    let start_s = fields.next()?.parse().ok()?;
    let end_s = fields.next()?.parse().ok()?;
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    Some(Operation { start_s, end_s, name })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_text(text: &str) -> Result<Vec<Operation>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("001.labels.csv");
        fs::write(&path, text).unwrap();
        read(&path, 10.0).map_err(|problem| problem.what)
    }

    #[test]
    fn stretches_are_found_by_moment() {
        let operations = read_text("start_s,end_s,operation\n0.0,2.5,start-up\n2.5,9.0,idle\n").unwrap();
        let at = |moment_s| operation_at(&operations, moment_s);
        assert_eq!(
            [at(0.0), at(2.49), at(2.5), at(8.99)],
            [Some("start-up"), Some("start-up"), Some("idle"), Some("idle")]
        );
        assert_eq!([at(9.0), at(-1.0)], [None, None]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (line, number) in
            [("1.0,x,idle", 2), ("3.0,2.0,idle", 2), ("0,11,idle", 2), ("0,5,a\n4,6,b", 3), ("0,NaN,a", 2)]
        {
            let what = read_text(&format!("start_s,end_s,operation\n{line}\n")).unwrap_err();
            assert!(what.contains(&format!("in line {number}")), "{what}");
        }
        assert!(read_text("start,end,what\n").unwrap_err().contains("line 1"));
    }

    #[test]
    fn labels_stand_beside_the_sound() {
        assert_eq!(
            labels_path(Path::new("car/car1/train/001.wav")),
            Path::new("car/car1/train/001.labels.csv")
        );
    }
}
