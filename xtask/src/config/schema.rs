//! The JSON schema of the files below `experiments/`, made from the structs that read them.

use features::dataset::Manifest;
use schemars::{JsonSchema, schema_for};

use super::{Readings, RingExperiment, SweepExperiment};

/// Any experiment file or data set's manifest.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum AnyFile {
    Ring(Box<RingExperiment>),
    Readings(Readings),
    Sweep(Box<SweepExperiment>),
    Dataset(Box<Manifest>),
}

/// The schema as indented JSON.
pub(crate) fn json() -> String {
    let schema = schema_for!(AnyFile);
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}
