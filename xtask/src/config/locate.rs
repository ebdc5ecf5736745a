//! Where the keys of a YAML file stand.

use std::collections::BTreeMap;
use std::path::Path;

use harness::BadInput;
use saphyr_parser::{Event, Parser};

/// The lines of a file's keys, dotted, and of the items of its lists, such as `readings[2].name`.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<String, usize>);

/// Lists and mappings in one another, and parts of a dotted key: parsers follow each by a call of their own.
pub(super) const DEEPEST: usize = 32;

/// What is open at a place of a document.
enum Open {
    /// A mapping at this path, and the key whose value comes next.
    Mapping(String, Option<String>),
    /// A list at this path, and how many of its items there were.
    List(String, usize),
}

impl Lines {
    /// Reads the keys of `text`.
    ///
    /// # Errors
    /// A key that stands twice, of which the parser would keep the last; values that are nested too deep for it.
    pub(super) fn of(path: &Path, text: &str) -> Result<Self, BadInput> {
        if let Some(line) = too_many_brackets(text) {
            return Err(too_deep(path, line));
        }
        let mut lines = Self::default();
        let mut open: Vec<Open> = Vec::new();
        // What is no YAML is told by the parser that reads the values.
        for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
            let line = span.start.line();
            if open.len() > DEEPEST {
                return Err(too_deep(path, line));
            }
            match event {
                Event::MappingStart(..) => {
                    let at = begin(&mut open);
                    open.push(Open::Mapping(at, None));
                }
                Event::SequenceStart(..) => {
                    let at = begin(&mut open);
                    open.push(Open::List(at, 0));
                }
                Event::MappingEnd | Event::SequenceEnd => drop(open.pop()),
                Event::Scalar(value, ..) => {
                    if let Some(Open::Mapping(at, key @ None)) = open.last_mut() {
                        let dotted = if at.is_empty() { value.to_string() } else { format!("{at}.{value}") };
                        *key = Some(dotted.clone());
                        if let Some(first) = lines.0.insert(dotted.clone(), line) {
                            let path = path.display();
                            let what = format!(
                                "{path}:{line}: {dotted}: duplicate key, which stands in line {first} too; expected it once"
                            );
                            return Err(BadInput(what));
                        }
                    } else {
                        begin(&mut open);
                    }
                }
                _ => {}
            }
        }
        Ok(lines)
    }

    /// The line of a dotted key.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        self.0.get(key).copied()
    }

    /// `file:line` of a dotted key, or of what holds it where it is not there.
    pub(super) fn place(&self, path: &Path, key: &str) -> String {
        let mut known = key;
        loop {
            if let Some(line) = self.0.get(known) {
                return format!("{}:{line}", path.display());
            }
            match known.rfind(['.', '[']) {
                Some(end) => known = &known[..end],
                None => return path.display().to_string(),
            }
        }
    }
}

fn too_deep(path: &Path, line: usize) -> BadInput {
    let path = path.display();
    BadInput(format!("{path}:{line}: found more than {DEEPEST} values nested, expected fewer"))
}

/// The line where more brackets are open than values may be nested, if there is one. A parser looks ahead over all of
/// them, in a time that grows with their square, before it tells of the first. Comments are left out, in which there
/// are intervals such as [0, 1); quotes are not looked at: a text in them has few.
fn too_many_brackets(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (index, line) in text.lines().enumerate() {
        for character in line.split('#').next().unwrap_or_default().chars() {
            match character {
                '[' | '{' => open += 1,
                ']' | '}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > DEEPEST {
                return Some(index + 1);
            }
        }
    }
    None
}

/// The path of the value that begins here: that of the key before it, or of the next item of a list.
fn begin(open: &mut [Open]) -> String {
    match open.last_mut() {
        None => String::new(),
        Some(Open::Mapping(_, key)) => key.take().unwrap_or_default(),
        Some(Open::List(at, count)) => {
            *count += 1;
            format!("{at}[{}]", *count - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_they_stand() {
        let text = "epsilon: 1\n# sigma: none\nloss:\n  sigma: 4\n  epsilon : 2\ngrid: {points: 3}\nreadings:\n  - name: a\n  - name: b\n    set: {x.y: 1}\n";
        let lines = Lines::of(Path::new("f.yaml"), text).unwrap();
        let place = |key: &str| lines.place(Path::new("f.yaml"), key);
        assert_eq!(place("epsilon"), "f.yaml:1");
        assert_eq!(place("loss.sigma"), "f.yaml:4");
        assert_eq!(place("loss.epsilon"), "f.yaml:5");
        assert_eq!(place("grid.points"), "f.yaml:6");
        assert_eq!(place("readings[1].name"), "f.yaml:9");
        assert_eq!(place("loss.lambda"), "f.yaml:3", "what holds a key that is not there");
        assert_eq!(place("data"), "f.yaml");
    }

    #[test]
    fn a_key_that_stands_twice_is_told_with_both_lines() {
        let text = "a: 1\nloss: {sigma: 4}\nloss2:\n  sigma: 4\n  sigma: 5\n";
        let message = Lines::of(Path::new("f.yaml"), text).unwrap_err().to_string();
        assert_eq!(
            message,
            "f.yaml:5: loss2.sigma: duplicate key, which stands in line 4 too; expected it once"
        );
    }

    #[test]
    fn values_that_are_nested_too_deep_are_told_and_comments_are_none() {
        let of = |text: &str| Lines::of(Path::new("f.yaml"), text).map_err(|error| error.to_string());
        let told = "f.yaml:2: found more than 32 values nested, expected fewer";
        assert_eq!(of(&format!("a: 1\nb: {}", "[".repeat(33))).unwrap_err(), told);
        let blocks: String = (0..40).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert!(of(&blocks).unwrap_err().contains("found more than 32 values nested"));
        assert!(of(&"# of [0, 1)\n".repeat(100)).is_ok());
    }
}
