//! `vary`: settings as axes, whose values are crossed.
//!
//! ```yaml
//! vary:
//!   - {loss.lambda: [2M, 2D]}                       # a key, and the values that it gets
//!   - weighting:                                    # an axis of named bundles of settings
//!       uniform: {losses: [RE, SNP]}
//!       density: {losses: [DENSITY, BU], loss.sigma: 4/(2D)}
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_yaml::Value;

use super::Override;

/// Combinations of all axes.
const MOST_VARIANTS: usize = 10_000;

/// What one entry of `vary` varies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// The dotted key, or what the file calls a list of bundles.
    pub(crate) key: String,
    /// Its values, in the order of the file.
    pub(super) choices: Vec<Choice>,
}

/// A value of an axis: the name that tables have, and the settings that it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) name: String,
    changes: Vec<(String, Value)>,
    is_bundle: bool,
}

/// A value of an axis, as tables have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coordinate {
    /// Key of the axis.
    pub(crate) key: String,
    /// Name of the value.
    pub(crate) value: String,
    /// Whether it stands for a bundle of settings, and so speaks for itself.
    is_bundle: bool,
}

/// A value of each axis.
pub(crate) type Point = Vec<Coordinate>;

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, is_bundle } = self;
        match (key.as_str(), is_bundle) {
            (_, true) => f.write_str(value),
            ("loss.lambda", _) => write!(f, "λ = {value}"),
            ("loss.sigma", _) => write!(f, "σ = {value}"),
            ("loss.density_strength", _) => write!(f, "γ = {value}"),
            ("training.until", _) => write!(f, "{value} updates"),
            _ => write!(f, "{} = {value}", key.rsplit('.').next().unwrap_or(key)),
        }
    }
}

/// An experiment as one combination of the axes makes it.
#[derive(Clone, Debug)]
pub(crate) struct Variant<T> {
    /// Which; empty where nothing varies.
    pub(crate) point: Point,
    /// With its settings.
    pub(crate) experiment: T,
}

/// An experiment with all that varies in it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Varied<T> {
    /// What the file says beside `vary`.
    #[serde(flatten)]
    pub(crate) plain: T,
    /// What varies.
    #[serde(rename = "vary", skip_serializing_if = "Vec::is_empty")]
    pub(crate) axes: Vec<Axis>,
    /// Every combination, the last axis fastest; `plain` alone where nothing varies.
    #[serde(skip)]
    pub(crate) variants: Vec<Variant<T>>,
}

/// What is wrong with `vary`: the place, as in `vary[1].loss.lambda`, and what was found and expected.
pub(super) type Wrong = (String, String);

impl Axis {
    /// The axes of `vary`.
    ///
    /// # Errors
    /// The first thing that is not as the module says.
    pub(super) fn all(vary: &Value) -> Result<Vec<Self>, Wrong> {
        let told = |what: &str| ("vary".to_owned(), what.to_owned());
        let entries = vary
            .as_sequence()
            .ok_or_else(|| told("found no list, expected one such as [{loss.lambda: [2M, 2D]}]"))?;
        let mut axes: Vec<Self> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let axis = Self::one(entry).map_err(|(key, what)| (format!("vary[{index}]{key}"), what))?;
            if axes.iter().any(|other| other.key == axis.key) {
                return Err((
                    format!("vary[{index}]"),
                    format!("found {} twice, expected it once", axis.key),
                ));
            }
            axes.push(axis);
        }
        let count = axes.iter().map(|axis| axis.choices.len()).try_fold(1_usize, usize::checked_mul);
        match count {
            Some(0..=MOST_VARIANTS) => Ok(axes),
            _ => Err(told(&format!("found more than {MOST_VARIANTS} combinations, expected fewer"))),
        }
    }

    fn one(entry: &Value) -> Result<Self, Wrong> {
        let of_one = entry.as_mapping().filter(|mapping| mapping.len() == 1);
        let expected = "expected one key with a list of values, or with bundles of settings by name";
        let (key, values) = of_one
            .and_then(|mapping| mapping.iter().next())
            .and_then(|(key, values)| Some((key.as_str()?.to_owned(), values)))
            .ok_or_else(|| (String::new(), format!("found {}, {expected}", text(entry))))?;
        let wrong = |what: String| (format!(".{key}"), what);
        if ["seeds", "experiment", "vary", "base"].contains(&key.as_str()) {
            return Err(wrong(
                "found a key that does not vary, expected a setting such as loss.lambda".into(),
            ));
        }
        let choices: Vec<Choice> = match values {
            Value::Sequence(values) => {
                values.iter().map(|value| Choice::value(&key, value.clone())).collect()
            }
            Value::Mapping(bundles) => bundles
                .iter()
                .map(|(name, settings)| {
                    Choice::bundle(name, settings).ok_or_else(|| {
                        wrong(format!(
                            "found {}: {}, expected a name with settings, such as {{loss.lambda: 2D}}",
                            text(name),
                            text(settings)
                        ))
                    })
                })
                .collect::<Result<_, _>>()?,
            other => return Err(wrong(format!("found {}, {expected}", text(other)))),
        };
        if choices.is_empty() {
            return Err(wrong("found no value, expected at least 1".to_owned()));
        }
        for (index, choice) in choices.iter().enumerate() {
            if choices[..index].iter().any(|other| other.folded() == choice.folded()) {
                return Err(wrong(format!(
                    "found `{}` twice, expected values that differ in letters or digits",
                    choice.name
                )));
            }
        }
        Ok(Self { key, choices })
    }
}

impl Choice {
    fn value(key: &str, value: Value) -> Self {
        Self { name: text(&value), changes: vec![(key.to_owned(), value)], is_bundle: false }
    }

    fn bundle(name: &Value, settings: &Value) -> Option<Self> {
        let settings = settings.as_mapping()?.iter();
        let changes = settings.map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone())));
        let choice = Self { name: text(name), changes: changes.collect::<Option<_>>()?, is_bundle: true };
        choice.name.chars().any(|c| c.is_ascii_alphanumeric()).then_some(choice)
    }

    /// What tells it from others.
    fn folded(&self) -> String {
        folded(&self.name)
    }
}

/// `name` in lower-case letters, digits, dots and hyphens, for a label.
pub(crate) fn folded(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(plain).collect();
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A value as a table has it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_else(|_| "?".to_owned()),
    }
}

/// The settings of one combination, each with the axis that it comes from, as `vary[1]`.
pub(super) type Changes = Vec<(usize, Override)>;

/// Every combination, the last axis fastest.
pub(super) fn crossed(axes: &[Axis]) -> Vec<(Point, Changes)> {
    let mut all = vec![(Point::new(), Changes::new())];
    for (index, axis) in axes.iter().enumerate() {
        let with = |(point, changes): &(Point, Changes), choice: &Choice| {
            let mut point = point.clone();
            let Choice { name: value, is_bundle, .. } = choice.clone();
            point.push(Coordinate { key: axis.key.clone(), value, is_bundle });
            let mut changes = changes.clone();
            changes
                .extend(choice.changes.iter().map(|(key, value)| (index, Override::new(key, value.clone()))));
            (point, changes)
        };
        all = all
            .iter()
            .flat_map(|so_far| axis.choices.iter().map(move |choice| with(so_far, choice)))
            .collect();
    }
    all
}

/// As its file has it.
impl Serialize for Axis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        if self.choices.iter().any(|choice| choice.is_bundle) {
            let settings = |choice: &Choice| choice.changes.iter().cloned().collect::<BTreeMap<_, _>>();
            let bundles = self.choices.iter().map(|choice| (&choice.name, settings(choice)));
            map.serialize_entry(&self.key, &bundles.collect::<BTreeMap<_, _>>())?;
        } else {
            let values = self.choices.iter().flat_map(|choice| &choice.changes).map(|(_, value)| value);
            map.serialize_entry(&self.key, &values.collect::<Vec<_>>())?;
        }
        map.end()
    }
}

impl<T> Varied<T> {
    /// The first axis that changes nothing of what `seen` sees of a variant.
    pub(crate) fn idle<S: PartialEq>(&self, seen: impl Fn(&T) -> S) -> Option<&Axis> {
        let seen: Vec<S> = self.variants.iter().map(|variant| seen(&variant.experiment)).collect();
        self.axes.iter().enumerate().find_map(|(index, axis)| {
            let after: usize = self.axes[index + 1..].iter().map(|axis| axis.choices.len()).product();
            let here = axis.choices.len();
            // Along the axis: the variants whose other values are the same.
            let first = |variant: usize| variant - (variant / after % here) * after;
            let idle = here > 1 && (0..seen.len()).all(|variant| seen[variant] == seen[first(variant)]);
            idle.then_some(axis)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(yaml: &str) -> Result<Vec<Axis>, Wrong> {
        Axis::all(&serde_yaml::from_str(yaml).unwrap())
    }

    #[test]
    fn values_and_bundles_are_crossed_in_order() {
        let axes = axes("[{loss.lambda: [2M, 80]}, {kind: {a: {}, 'b, c': {x: 1, y.z: [2]}}}]").unwrap();
        let names: Vec<Vec<String>> = crossed(&axes)
            .into_iter()
            .map(|(point, _)| point.into_iter().map(|at| at.value).collect())
            .collect();
        assert_eq!(names, [["2M", "a"], ["2M", "b, c"], ["80", "a"], ["80", "b, c"]]);
        let last = crossed(&axes).pop().unwrap().1;
        let told: Vec<String> = last.iter().map(|(axis, change)| format!("{axis} {change}")).collect();
        assert_eq!(told, ["0 --set loss.lambda=80", "1 --set x=1", "1 --set y.z=[2]"]);
    }

    #[test]
    fn what_is_no_axis_is_refused_with_its_place() {
        for (yaml, place, says) in [
            ("3", "vary", "found no list"),
            ("[{a: [1], b: [2]}]", "vary[0]", "expected one key"),
            ("[{a: 1}]", "vary[0].a", "found 1, expected one key with a list"),
            ("[{a: []}]", "vary[0].a", "at least 1"),
            ("[{a: [1]}, {b: [x, X]}]", "vary[1].b", "`X` twice"),
            ("[{a: {b: 3}}]", "vary[0].a", "found b: 3"),
            ("[{a: [1]}, {a: [2]}]", "vary[1]", "a twice"),
            ("[{seeds: [1, 2]}]", "vary[0].seeds", "does not vary"),
        ] {
            let (at, what) = axes(yaml).unwrap_err();
            assert!(at == place && what.contains(says), "{yaml}: {at}: {what}");
        }
    }

    #[test]
    fn an_axis_without_effect_is_found() {
        let varied = |yaml: &str| {
            let axes = axes(yaml).unwrap();
            let variants =
                crossed(&axes).into_iter().map(|(point, _)| Variant { experiment: point.clone(), point });
            Varied { plain: Point::new(), variants: variants.collect(), axes }
        };
        let two = varied("[{a: [1, 2, 3]}, {b: [1, 2]}]");
        let idle = |place: usize| two.idle(|point| point[place].clone()).map(|axis| axis.key.as_str());
        assert_eq!([idle(0), idle(1)], [Some("b"), Some("a")]);
        assert!(two.idle(Point::clone).is_none());
    }
}
