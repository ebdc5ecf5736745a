//! Patterns of file names: `*`, `?`, `**` and `{label}`, whose text becomes a label of the file.

use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of a sound beside its role. A `{label}` in a pattern reads it from the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// The kind of machine; what one detector is trained for.
    Machine,
    /// The individual machine.
    Id,
    /// The toy car.
    Car,
    /// The kind of sound: of an anomaly, of something else, of a noise.
    Class,
    /// Source or target, in DCASE sets of 2021 and later.
    Domain,
    /// A part of a machine's sounds that is scored by itself, in DCASE sets of 2021 and later.
    Section,
    /// How the machine ran: what DCASE sets of 2021 and later tell at the end of a name, such as `vel_6`.
    Attributes,
}

impl Label {
    const ALL: [(Label, &str); 7] = [
        (Label::Machine, "machine"),
        (Label::Id, "id"),
        (Label::Car, "car"),
        (Label::Class, "class"),
        (Label::Domain, "domain"),
        (Label::Section, "section"),
        (Label::Attributes, "attributes"),
    ];

    /// Every label, in the order of tables.
    pub fn all() -> impl Iterator<Item = Label> {
        Self::ALL.iter().map(|(label, _)| *label)
    }

    fn named(name: &str) -> Option<Label> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(label, _)| *label)
    }

    /// The name as patterns and tables write it.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// The labels of one file.
pub type Labels = BTreeMap<Label, String>;

/// A pattern of paths relative to a folder, in parts split at `/`.
///
/// In a part, `*` stands for any text, `?` for one character, `{label}` for any text that is not empty, as
/// short as the rest allows, and `{label:one|other}` for one of these texts. A part `**` stands for any number
/// of folders, none included. A name that begins with a dot matches only where the pattern has a part that does.
///
/// It becomes a regular expression, which is matched in time linear in the path's length.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// The labels in the order of the expression's groups.
    labels: Vec<Label>,
    /// The leading parts without a wild card.
    base: Vec<String>,
    /// Parts that follow the base; none when a `**` makes them unlimited.
    depth: Option<usize>,
    /// Whether names that begin with a dot are looked at.
    dotted: bool,
}

/// What was found in a pattern and what was expected.
type Wrong = (String, String);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with `text`, and what was expected: an absolute path, a `..`, an empty part, an unknown or
    /// repeated label, a brace that is never closed, more text than a pattern needs.
    pub(super) fn parse(text: &str) -> Result<Pattern, Wrong> {
        let parts: Vec<&str> = text.split('/').collect();
        if let Some(part) = parts.iter().find(|part| ["", ".", ".."].contains(part)) {
            return Err((
                format!("the part `{part}` of `{text}`"),
                "a path relative to the manifest's root, without empty parts, `.` or `..`".to_owned(),
            ));
        }
        let Some((name, folders)) = parts.split_last().filter(|(name, _)| **name != "**") else {
            return Err((
                format!("`{text}`"),
                "a pattern that ends with a file name, such as `**/*.wav`".to_owned(),
            ));
        };
        let mut labels = Vec::new();
        let mut expression = "^".to_owned();
        for folder in folders {
            match *folder {
                "**" => expression.push_str("(?:[^/]+/)*?"),
                folder => {
                    push_name(&mut expression, folder, &mut labels)?;
                    expression.push('/');
                }
            }
        }
        push_name(&mut expression, name, &mut labels)?;
        expression.push('$');
        let regex = Regex::new(&expression).map_err(|_| {
            let found = format!("a pattern of {} characters", text.chars().count());
            (found, "a shorter one".to_owned())
        })?;
        let base: Vec<String> = folders.iter().map_while(|folder| literal(folder)).collect();
        let depth = (!folders.contains(&"**")).then_some(parts.len() - base.len());
        let dotted = parts.iter().any(|part| part.starts_with('.'));
        Ok(Pattern { regex, labels, base, depth, dotted })
    }

    /// The labels that this pattern reads.
    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The folder under which all matches lie.
    pub(super) fn base(&self) -> String {
        self.base.join("/")
    }

    /// How many parts follow the base; none when a `**` makes it unlimited.
    pub(super) fn depth_below_base(&self) -> Option<usize> {
        self.depth
    }

    /// Whether a file or folder of this name can be part of a match.
    pub(super) fn looks_at(&self, name: &str) -> bool {
        self.dotted || !name.starts_with('.')
    }

    /// The labels of `path`, or none when it does not match.
    pub(super) fn matches(&self, path: &str) -> Option<Labels> {
        if !path.split('/').all(|name| self.looks_at(name)) {
            return None;
        }
        let groups = self.regex.captures(path)?;
        let texts = groups.iter().skip(1).flatten().map(|group| group.as_str().to_owned());
        Some(self.labels.iter().copied().zip(texts).collect())
    }
}

fn literal(part: &str) -> Option<String> {
    (!part.contains(['*', '?', '{'])).then(|| part.to_owned())
}

/// Appends the expression of one part: text that is as short as the rest allows for each wild card.
fn push_name(expression: &mut String, name: &str, labels: &mut Vec<Label>) -> Result<(), Wrong> {
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '*' => expression.push_str("[^/]*?"),
            '?' => expression.push_str("[^/]"),
            '{' => {
                let (inside, after) = rest
                    .split_once('}')
                    .ok_or_else(|| (format!("`{{` without `}}` in `{name}`"), "`{label}`".to_owned()))?;
                rest = after;
                push_label(expression, inside, labels)?;
            }
            other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(())
}

fn push_label(expression: &mut String, inside: &str, labels: &mut Vec<Label>) -> Result<(), Wrong> {
    let (name, choices) = inside.split_once(':').map_or((inside, None), |(name, some)| (name, Some(some)));
    let known = || Label::ALL.map(|(_, name)| name).join(", ");
    let label = Label::named(name)
        .ok_or_else(|| (format!("the label `{{{name}}}`"), format!("one of {}", known())))?;
    if labels.contains(&label) {
        return Err((format!("`{{{name}}}` twice"), "each label once in a pattern".to_owned()));
    }
    labels.push(label);
    let Some(choices) = choices else {
        expression.push_str("([^/]+?)");
        return Ok(());
    };
    let mut choices: Vec<&str> = choices.split('|').collect();
    if choices.contains(&"") {
        return Err((format!("an empty choice in `{{{inside}}}`"), "`{label:one|other}`".to_owned()));
    }
    choices.sort_by_key(|choice| choice.len()); // the first that lets the rest match is taken
    let choices: Vec<String> = choices.into_iter().map(regex::escape).collect();
    expression.push_str(&format!("({})", choices.join("|")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pattern: &str, path: &str) -> Option<Vec<(&'static str, String)>> {
        let found = Pattern::parse(pattern).unwrap().matches(path)?;
        Some(found.into_iter().map(|(label, text)| (label.name(), text)).collect())
    }

    #[test]
    fn wild_cards_stay_within_a_folder() {
        assert_eq!(labels("car/*/train/*.wav", "car/car1/train/001.wav"), Some(vec![]));
        assert_eq!(labels("car/*/train/*.wav", "car/car1/extra/train/001.wav"), None);
        assert_eq!(labels("*.wav", "a.wav.txt"), None);
        assert_eq!(labels("00?.wav", "00é.wav"), Some(vec![]));
    }

    #[test]
    fn two_stars_are_any_number_of_folders() {
        for path in ["a.wav", "x/a.wav", "x/y/z/a.wav"] {
            assert_eq!(labels("**/*.wav", path), Some(vec![]), "{path}");
        }
        assert_eq!(labels("x/**/a.wav", "y/a.wav"), None);
    }

    #[test]
    fn labels_are_read_as_short_as_the_rest_allows() {
        let found = labels(
            "dev_data/{machine}/test/section_{id}_{domain}_test_normal_*.wav",
            "dev_data/ToyCar/test/section_00_source_test_normal_0000_test_normal_A1.wav",
        );
        let expected = [("machine", "ToyCar"), ("id", "00"), ("domain", "source")];
        assert_eq!(found.unwrap(), expected.map(|(label, text)| (label, text.to_owned())));
        assert_eq!(labels("{class}_*.wav", "_1.wav"), None, "a label is never empty");
    }

    #[test]
    fn choices_restrict_a_label() {
        let pattern = "anomaly/**/{class:keyboard|keysDrop|knock}*.wav";
        assert_eq!(labels(pattern, "anomaly/knock/knock_07.wav"), Some(vec![("class", "knock".to_owned())]));
        assert_eq!(labels(pattern, "anomaly/keysDrop081.wav"), Some(vec![("class", "keysDrop".to_owned())]));
        assert_eq!(labels(pattern, "anomaly/laughter081.wav"), None);
    }

    #[test]
    fn names_with_a_dot_before_them_match_only_where_a_part_has_one() {
        for path in [".n.wav", "._n.wav", ".Trash-1000/files/x.wav", "a/.git/annex/x.wav", ".wav"] {
            assert_eq!(labels("**/*.wav", path), None, "{path}");
        }
        assert_eq!(labels("{class}*.wav", ".n.wav"), None);
        assert_eq!(labels(".sounds/*.wav", ".sounds/n.wav"), Some(vec![]));
        assert_eq!(labels("*/.n?.wav", "a/.n1.wav"), Some(vec![]));
    }

    #[test]
    fn many_wild_cards_cost_no_more_than_the_length_of_a_name() {
        let pattern = Pattern::parse(&format!("**/{}b.wav", "*a".repeat(30))).unwrap();
        let path = format!("{}{}.wav", "d/".repeat(500), "a".repeat(250));
        assert_eq!(
            pattern.matches(&path),
            None,
            "a matcher that tries one split after the other never comes back"
        );
        assert!(pattern.matches(&path.replace(".wav", "b.wav")).is_some());
    }

    #[test]
    fn characters_of_regular_expressions_stand_for_themselves() {
        assert_eq!(labels("a+(1)[x]^$.wav", "a+(1)[x]^$.wav"), Some(vec![]));
        assert_eq!(labels("a+.wav", "aa.wav"), None);
        assert_eq!(labels("a.wav", "abwav"), None);
        assert_eq!(labels("{class:a.b|a}*.wav", "axb.wav"), Some(vec![("class", "a".to_owned())]));
    }

    #[test]
    fn the_base_is_what_has_no_wild_card() {
        let of = |text: &str| {
            let pattern = Pattern::parse(text).unwrap();
            (pattern.base(), pattern.depth_below_base())
        };
        assert_eq!(of("car/{car}/train/*.wav"), ("car".to_owned(), Some(3)));
        assert_eq!(of("a/b/**/*.wav"), ("a/b".to_owned(), None));
        assert_eq!(of("one.wav"), (String::new(), Some(1)));
    }

    #[test]
    fn bad_patterns_say_what_was_expected() {
        for (text, found) in [
            ("/data/*.wav", "part ``"),
            ("../*.wav", "part `..`"),
            ("{clas}/*.wav", "{clas}"),
            ("{car}/{car}.wav", "twice"),
            ("{car/a.wav", "without"),
            ("{car:a||b}.wav", "empty choice"),
            ("data/**", "`data/**`"),
        ] {
            let problem = Pattern::parse(text).unwrap_err();
            assert!(problem.0.contains(found), "{text}: {problem:?}");
        }
    }
}
