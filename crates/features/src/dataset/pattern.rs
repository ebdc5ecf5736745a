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
    /// The individual machine, or the section of a DCASE set of 2021 and later.
    Id,
    /// The toy car.
    Car,
    /// The kind of sound: of an anomaly, of something else, of a noise.
    Class,
    /// Source or target, in DCASE sets of 2021 and later.
    Domain,
}

impl Label {
    const ALL: [(Label, &str); 5] = [
        (Label::Machine, "machine"),
        (Label::Id, "id"),
        (Label::Car, "car"),
        (Label::Class, "class"),
        (Label::Domain, "domain"),
    ];

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
/// of folders, none included.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    regex: Regex,
}

#[derive(Clone, Debug)]
enum Part {
    Folders,
    Name(Vec<Token>),
}

#[derive(Clone, Debug)]
enum Token {
    Character(char),
    AnyCharacter,
    AnyText,
    Label { label: Label, choices: Vec<String> },
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with `text`, and what was expected: an absolute path, a `..`, an empty part, an unknown or
    /// repeated label, a brace that is never closed.
    pub(super) fn parse(text: &str) -> Result<Pattern, (String, String)> {
        let mut labels = Vec::new();
        let parts = text
            .split('/')
            .map(|part| match part {
                "" | "." | ".." => Err((
                    format!("the part `{part}` of `{text}`"),
                    "a path relative to the manifest's root, without empty parts, `.` or `..`".to_owned(),
                )),
                "**" => Ok(Part::Folders),
                name => parse_name(name, &mut labels).map(Part::Name),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if matches!(parts.last(), Some(Part::Folders)) {
            return Err((
                format!("`{text}`"),
                "a pattern that ends with a file name, such as `**/*.wav`".to_owned(),
            ));
        }
        Ok(Pattern { regex: regex(&parts), parts })
    }

    /// The labels that this pattern reads.
    pub(super) fn labels(&self) -> impl Iterator<Item = Label> + '_ {
        self.parts
            .iter()
            .flat_map(|part| match part {
                Part::Folders => &[],
                Part::Name(tokens) => tokens.as_slice(),
            })
            .filter_map(|token| match token {
                Token::Label { label, .. } => Some(*label),
                _ => None,
            })
    }

    /// The leading parts without a wild card: the folder under which all matches lie.
    pub(super) fn base(&self) -> String {
        let folders = &self.parts[..self.parts.len() - 1];
        let literal: Vec<String> = folders.iter().map_while(literal).collect();
        literal.join("/")
    }

    /// How many parts follow the base; none when a `**` makes it unlimited.
    pub(super) fn depth_below_base(&self) -> Option<usize> {
        let base = self.parts[..self.parts.len() - 1].iter().map_while(literal).count();
        let unlimited = self.parts.iter().any(|part| matches!(part, Part::Folders));
        (!unlimited).then_some(self.parts.len() - base)
    }

    /// The labels of `path`, or none when it does not match.
    pub(super) fn matches(&self, path: &str) -> Option<Labels> {
        let found = self.regex.captures(path)?;
        let label = |label| Some((label, found.name(Label::name(label))?.as_str().to_owned()));
        Some(self.labels().filter_map(label).collect())
    }
}

fn literal(part: &Part) -> Option<String> {
    let Part::Name(tokens) = part else { return None };
    tokens.iter().map(|token| if let Token::Character(c) = token { Some(*c) } else { None }).collect()
}

fn parse_name(name: &str, seen: &mut Vec<Label>) -> Result<Vec<Token>, (String, String)> {
    let mut tokens = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        tokens.push(match first {
            '*' => Token::AnyText,
            '?' => Token::AnyCharacter,
            '{' => {
                let (inside, after) = rest
                    .split_once('}')
                    .ok_or_else(|| (format!("`{{` without `}}` in `{name}`"), "`{label}`".to_owned()))?;
                rest = after;
                parse_label(inside, seen)?
            }
            other => Token::Character(other),
        });
    }
    Ok(tokens)
}

fn parse_label(inside: &str, seen: &mut Vec<Label>) -> Result<Token, (String, String)> {
    let (name, choices) = inside.split_once(':').unwrap_or((inside, ""));
    let known = || Label::ALL.map(|(_, name)| name).join(", ");
    let label = Label::named(name)
        .ok_or_else(|| (format!("the label `{{{name}}}`"), format!("one of {}", known())))?;
    if seen.contains(&label) {
        return Err((format!("`{{{name}}}` twice"), "each label once in a pattern".to_owned()));
    }
    seen.push(label);
    let choices: Vec<String> = choices.split('|').map(str::to_owned).collect();
    let choices = if inside.contains(':') { choices } else { Vec::new() };
    if choices.iter().any(String::is_empty) {
        return Err((format!("an empty choice in `{{{inside}}}`"), "`{label:one|other}`".to_owned()));
    }
    Ok(Token::Label { label, choices })
}

/// The regular expression of `parts`. Its time grows with the length of a name alone, whatever the pattern.
fn regex(parts: &[Part]) -> Regex {
    let mut text = "^".to_owned();
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Folders => text += "(?:[^/]+/)*",
            Part::Name(tokens) => {
                tokens.iter().for_each(|token| text += &token.regex());
                text += if index + 1 < parts.len() { "/" } else { "$" };
            }
        }
    }
    Regex::new(&text).expect("names are escaped, and each label stands once")
}

impl Token {
    fn regex(&self) -> String {
        match self {
            Self::Character(c) => regex::escape(c.encode_utf8(&mut [0; 4])),
            Self::AnyCharacter => "[^/]".to_owned(),
            Self::AnyText => "[^/]*?".to_owned(),
            Self::Label { label, choices } if choices.is_empty() => format!("(?<{}>[^/]+?)", label.name()),
            Self::Label { label, choices } => {
                let choices: Vec<String> = choices.iter().map(|choice| regex::escape(choice)).collect();
                format!("(?<{}>{})", label.name(), choices.join("|"))
            }
        }
    }
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
    fn many_wild_cards_take_no_longer_than_few() {
        // A matcher that tries one split after the other would not come back.
        let pattern = format!("{}b.wav", "*a".repeat(30));
        assert_eq!(labels(&pattern, &format!("{}.wav", "a".repeat(200))), None);
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
