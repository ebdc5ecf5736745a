//! `--only PATTERN`: some of the nets, by what people call them.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};
use harness::BadInput;

/// Text with `*` for any text; without one, it may stand anywhere in a name. Upper and lower case are one.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    glob: GlobMatcher,
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("expected a part of a net's name, such as FCN40-large".to_owned());
        }
        let anywhere = if text.contains('*') { text.to_owned() } else { format!("*{text}*") };
        let glob =
            GlobBuilder::new(&anywhere).case_insensitive(true).build().map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), glob: glob.compile_matcher() })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// Whether `name` is asked for.
    pub(super) fn matches(&self, name: &str) -> bool {
        self.glob.is_match(name)
    }
}

/// What people call those of `all` that are asked for.
pub(super) fn chosen<T>(
    only: Option<&Pattern>,
    all: &[T],
    label: impl Fn(&T) -> &String,
) -> Result<HashSet<String>, BadInput> {
    let labels = || all.iter().map(&label);
    let Some(pattern) = only else { return Ok(labels().cloned().collect()) };
    let chosen: HashSet<String> = labels().filter(|label| pattern.matches(label)).cloned().collect();
    if chosen.is_empty() {
        let example = labels().next().cloned().unwrap_or_default();
        let count = all.len();
        let what =
            format!("--only {pattern}: found none of {count} nets, expected one at least, such as {example}");
        return Err(BadInput(what));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_chooses_by_name() {
        let chosen = |pattern: &str, name: &str| pattern.parse::<Pattern>().unwrap().matches(name);
        assert!(chosen("fcn40", "FCN40-large-bu-s0") && !chosen("fcn40", "FCN64-large-bu-s0"));
        assert!(chosen("*-bu-*", "FCN40-large-bu-s0") && !chosen("*-bu-*", "FCN40-large-re-s0"));
        assert!(chosen("FCN40-*-s1", "FCN40-large-re-s1") && !chosen("FCN40-*-s1", "FCN40-large-re-s10"));
        assert!(chosen("*large*s1", "FCN40-large-re-s1") && !chosen("large*", "FCN40-large-re-s1"));
        assert!("".parse::<Pattern>().is_err());
    }
}
