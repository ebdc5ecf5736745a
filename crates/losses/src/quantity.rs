//! A setting in proportion to the size of the features, as papers write it: `4`, `2D`, `2M`, `1/(2D)`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::registry::{SettingError, Sizes};

/// A number, a multiple of D or M (`aD`, `aM`), or the reciprocal of one (`a/(bD)`, `a/(bM)`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    factor: f64,
    divisor: f64,
    unit: Unit,
}

/// What a quantity is in proportion to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    One,
    Times(Size),
    Per(Size),
}

/// A size of the features.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    /// D, features of a row.
    D,
    /// M, mel bands.
    M,
}

impl Quantity {
    /// A number in proportion to nothing.
    pub const fn number(factor: f64) -> Self {
        Self { factor, divisor: 1.0, unit: Unit::One }
    }

    /// The number for features of `sizes`; `key` is named in the message.
    ///
    /// # Errors
    /// A multiple of M where there are no mel bands.
    pub fn resolve(&self, key: &'static str, sizes: Sizes) -> Result<f64, SettingError> {
        let value = |size| match size {
            Size::D => Ok(sizes.dim as f64),
            Size::M => sizes
                .bands
                .map(|bands| bands as f64)
                .ok_or_else(|| SettingError::NoBands { key, found: self.to_string() }),
        };
        Ok(match self.unit {
            Unit::One => self.factor,
            Unit::Times(size) => self.factor * value(size)?,
            Unit::Per(size) => self.factor / (self.divisor * value(size)?),
        })
    }
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.split_once('/') {
            None => multiple(text).map(|(factor, size)| Self {
                factor,
                divisor: 1.0,
                unit: size.map_or(Unit::One, Unit::Times),
            }),
            Some((factor, below)) => {
                let below = below.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(below);
                match (factor.trim().parse(), multiple(below)) {
                    (Ok(factor), Some((divisor, Some(size)))) => {
                        Some(Self { factor, divisor, unit: Unit::Per(size) })
                    }
                    _ => None,
                }
            }
        };
        parsed.ok_or_else(|| format!("found `{text}`, expected a number, or one such as 2D, 2M or 1/(2D)"))
    }
}

/// `a`, `aD`, `aM`, `D` or `M`.
fn multiple(text: &str) -> Option<(f64, Option<Size>)> {
    let text = text.trim();
    let (number, size) = match (text.strip_suffix('D'), text.strip_suffix('M')) {
        (Some(number), _) => (number, Some(Size::D)),
        (_, Some(number)) => (number, Some(Size::M)),
        _ => (text, None),
    };
    if number.is_empty() { size.map(|size| (1.0, Some(size))) } else { Some((number.parse().ok()?, size)) }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { factor, divisor, unit } = self;
        match unit {
            Unit::One => write!(f, "{factor}"),
            Unit::Times(size) => write!(f, "{factor}{size:?}"),
            Unit::Per(size) => write!(f, "{factor}/({divisor}{size:?})"),
        }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.unit {
            Unit::One => serializer.serialize_f64(self.factor),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number, or one such as 2D, 2M or 1/(2D)")]
        enum Written<'a> {
            Number(f64),
            Text(Cow<'a, str>),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self::number(number)),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number, a multiple of the features D or the mel bands M, or the reciprocal of one",
            "type": ["number", "string"],
            "pattern": "^\\s*([-+0-9.eE]*[DM]?|[-+0-9.eE]+\\s*/\\s*\\(?[-+0-9.eE]*[DM]\\)?)\\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_papers_write_is_read() {
        let sizes = Sizes { dim: 440, bands: Some(40) };
        for (text, expected) in [
            ("4", 4.0),
            ("2D", 880.0),
            ("2M", 80.0),
            ("1/(2D)", 1.0 / 880.0),
            ("4/(2D)", 4.0 / 880.0),
            ("D", 440.0),
            ("1/D", 1.0 / 440.0),
        ] {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!(quantity.resolve("sigma", sizes).unwrap(), expected, "{text}");
            assert_eq!(quantity.to_string().parse::<Quantity>().unwrap(), quantity, "{text}");
            let json = serde_json::to_string(&quantity).unwrap();
            assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity, "{json}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "two", "2X", "1/2", "D/2", "1/(2D", "2 D M"] {
            let message = text.parse::<Quantity>().unwrap_err();
            assert_eq!(
                message,
                format!("found `{text}`, expected a number, or one such as 2D, 2M or 1/(2D)")
            );
        }
        let ring = Sizes { dim: 2, bands: None };
        let message = "2M".parse::<Quantity>().unwrap().resolve("lambda", ring).unwrap_err().to_string();
        assert_eq!(
            message,
            "lambda: found 2M, expected a number or a multiple of D: there are no mel bands M here"
        );
    }
}
