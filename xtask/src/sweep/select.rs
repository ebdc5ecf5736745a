//! `--only PATTERN`: some of the nets, by what people call them.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use harness::BadInput;

/// Text with `*` for any text; without one, it may stand anywhere in a name. Upper and lower case are one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern(String);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Err("expected a part of a net's name, such as FCN40-large".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// Whether `name` is asked for.
    pub(super) fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.to_lowercase(), name.to_lowercase());
        let Some((first, rest)) = pattern.split_once('*') else { return name.contains(&pattern) };
        let (middle, last) = rest.rsplit_once('*').map_or(("", rest), |(middle, last)| (middle, last));
        let Some(mut left) = name.strip_prefix(first).and_then(|left| left.strip_suffix(last)) else {
            return false;
        };
        for part in middle.split('*') {
            match left.find(part) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        true
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
