//! `--set key=value`: one value of an experiment file, changed on the command line.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde_yaml::{Mapping, Value};

use super::explain::explain;
use super::locate::{DEEPEST, Lines};

/// A dotted key and the value that it gets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Override {
    key: String,
    value: Value,
}

impl Override {
    /// `key` = `value`.
    pub(crate) fn new(key: &str, value: Value) -> Self {
        Self { key: key.to_owned(), value }
    }

    /// Sets the value in `root`; a key that is not there is added, for the parser to refuse.
    pub(super) fn apply(&self, root: &mut Value) {
        let mut place = root;
        for part in self.key.split('.') {
            if !place.is_mapping() {
                *place = Value::Mapping(Mapping::new());
            }
            let Value::Mapping(mapping) = place else { return };
            place = mapping.entry(Value::String(part.to_owned())).or_insert(Value::Null);
        }
        *place = self.value.clone();
    }

    /// `key=value`.
    pub(super) fn assignment(&self) -> String {
        // A list in a line, as JSON, which is YAML too.
        let value = match &self.value {
            Value::Sequence(_) | Value::Mapping(_) => serde_json::to_string(&self.value).ok(),
            _ => serde_yaml::to_string(&self.value).ok(),
        };
        format!("{}={}", self.key, value.as_deref().unwrap_or("?").trim_end())
    }

    /// Whether this changes `key`, something that holds it, or something in it.
    pub(super) fn touches(&self, key: &str) -> bool {
        let holds = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        holds(&self.key, key) || holds(key, &self.key)
    }
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected key=value, such as training.updates=1000")?;
        let well_formed = key.split('.').all(|part| !part.is_empty() && !part.contains(char::is_whitespace));
        if !well_formed {
            return Err(format!("key `{key}`: expected names with dots between them, such as loss.sigma"));
        }
        let depth = key.split('.').count();
        if depth > DEEPEST {
            return Err(format!("found a key of {depth} parts, expected {DEEPEST} at most"));
        }
        Lines::of(Path::new("value"), value).map_err(|error| error.to_string())?;
        let value = serde_yaml::from_str(value)
            .map_err(|error| format!("value `{value}` is no YAML: {}", explain(&error.to_string())))?;
        Ok(Self::new(key, value))
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--set {}", self.assignment())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(root: &str, change: &str) -> Value {
        let mut value = serde_yaml::from_str(root).unwrap();
        change.parse::<Override>().unwrap().apply(&mut value);
        value
    }

    #[test]
    fn a_value_is_changed_where_its_key_stands() {
        let yaml = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
        assert_eq!(applied("{a: {b: 1, c: 2}}", "a.b=3"), yaml("{a: {b: 3, c: 2}}"));
        assert_eq!(applied("{a: 1}", "a=[1, 2]"), yaml("{a: [1, 2]}"));
        assert_eq!(applied("{a: 1}", "b.c=x"), yaml("{a: 1, b: {c: x}}"));
        assert_eq!(applied("{a: 1}", "a.b=2"), yaml("{a: {b: 2}}"));
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for text in ["updates", "=3", "a..b=1", "a b=1", "a=[1"] {
            assert!(text.parse::<Override>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_override_knows_the_keys_it_touches() {
        let change: Override = "loss=1".parse().unwrap();
        assert!(change.touches("loss") && change.touches("loss.sigma") && !change.touches("losses"));
        assert_eq!(change.to_string(), "--set loss=1");
        let list: Override = "network.sizes=[2, 5, 3]".parse().unwrap();
        assert_eq!(list.to_string(), "--set network.sizes=[2,5,3]");
    }
}
