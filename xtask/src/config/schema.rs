//! The JSON schema of the files below `experiments/`, made from the structs that read them.

use features::dataset::Manifest;
use schemars::{JsonSchema, schema_for};
use serde_json::json;

use super::{RingExperiment, SweepExperiment};

/// Any experiment file or data set's manifest.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum AnyFile {
    Ring(Box<RingExperiment>),
    Sweep(Box<SweepExperiment>),
    Dataset(Box<Manifest>),
}

/// The schema as indented JSON: a file that is `base`d on another may say less than a whole experiment, and every
/// experiment may have axes that `vary`.
pub(crate) fn json() -> String {
    let mut schema = serde_json::to_value(schema_for!(AnyFile)).expect("a schema is JSON");
    let vary = json!({
        "description": "Settings whose values are crossed",
        "type": "array",
        "items": { "type": "object", "minProperties": 1, "maxProperties": 1 }
    });
    for kind in ["RingExperiment", "SweepExperiment"] {
        schema["$defs"][kind]["properties"]["vary"] = vary.clone();
    }
    let based = json!({
        "description": "An experiment that says what differs from the file beside it called `base`",
        "type": "object",
        "properties": { "base": { "type": "string" }, "vary": vary },
        "required": ["base"]
    });
    schema["anyOf"].as_array_mut().expect("the kinds of files").push(based);
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}
