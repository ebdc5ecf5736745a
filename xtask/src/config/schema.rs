//! The JSON schema of `experiments/*.yaml`, made from the structs that read them.

use schemars::{JsonSchema, schema_for};

use super::{Readings, RingExperiment};

/// Any experiment file.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum AnyExperiment {
    Ring(Box<RingExperiment>),
    Readings(Readings),
}

/// The schema as indented JSON.
pub(crate) fn json() -> String {
    let schema = schema_for!(AnyExperiment);
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}
