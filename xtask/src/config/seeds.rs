//! `seeds`: how many, or which.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seeds of one experiment.
const MOST: u64 = 100_000;

/// The seeds that are trained, each once: `5` is 0 to 4, `[3, 7]` these two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seeds(Vec<u64>);

impl Seeds {
    /// Each seed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + Clone {
        self.0.iter().copied()
    }

    fn first(count: u64) -> Result<Self, String> {
        match count {
            1..=MOST => Ok(Self((0..count).collect())),
            _ => Err(format!("found {count} seeds, expected 1 to {MOST}")),
        }
    }

    fn listed(mut seeds: Vec<u64>) -> Result<Self, String> {
        let listed = Self(seeds.clone());
        let count = seeds.len();
        seeds.sort_unstable();
        seeds.dedup();
        if seeds.is_empty() || seeds.len() < count || count as u64 > MOST {
            return Err(format!("found the seeds {listed}, expected 1 to {MOST} of them, each once"));
        }
        Ok(listed)
    }

    /// How many, where they are the first ones.
    fn count(&self) -> Option<u64> {
        self.iter().eq(0..self.0.len() as u64).then_some(self.0.len() as u64)
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count() {
            Some(count) => write!(f, "{count}"),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// As on the command line: `5`, or `3,7`.
impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.trim()
                .parse::<u64>()
                .map_err(|_| format!("found `{text}`, expected a number such as 5, or a list such as 3,7"))
        };
        match text.split_once(',') {
            None => Self::first(number(text)?),
            Some(_) => Self::listed(text.split(',').map(number).collect::<Result<_, _>>()?),
        }
    }
}

impl Serialize for Seeds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.count() {
            Some(count) => serializer.serialize_u64(count),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a count of seeds, or a list of them")]
        enum Written {
            Count(u64),
            Listed(Vec<u64>),
        }
        let seeds = match Written::deserialize(deserializer)? {
            Written::Count(count) => Self::first(count),
            Written::Listed(seeds) => Self::listed(seeds),
        };
        seeds.map_err(de::Error::custom)
    }
}

impl JsonSchema for Seeds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seeds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many seeds, from 0 on, or a list of them",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": MOST },
                { "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 1, "uniqueItems": true }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_and_a_list_are_read_and_written() {
        for (text, expected) in [("3", vec![0, 1, 2]), ("[4, 2]", vec![4, 2])] {
            let seeds: Seeds = serde_json::from_str(text).unwrap();
            assert_eq!(seeds.iter().collect::<Vec<_>>(), expected);
            assert_eq!(seeds.to_string(), text);
            assert_eq!(
                serde_json::to_value(&seeds).unwrap(),
                serde_json::from_str::<serde_json::Value>(text).unwrap()
            );
        }
        assert_eq!("3,7".parse::<Seeds>().unwrap().iter().collect::<Vec<_>>(), [3, 7]);
    }

    #[test]
    fn no_seed_and_a_seed_twice_are_refused() {
        for text in ["0", "[]", "[1, 1]", "100001", "-1", "\"many\""] {
            assert!(serde_json::from_str::<Seeds>(text).is_err(), "{text}");
        }
        for text in ["0", "1,1", "x", "3,", ""] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
    }
}
