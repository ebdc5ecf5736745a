//! In what the settings of a finished cell differ from those it is asked for under.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// The settings in which the file at `path` and `resolved` differ, as `key old -> new`.
pub(super) fn differences(path: &Path, resolved: &impl Serialize) -> String {
    let read =
        fs::read_to_string(path).ok().and_then(|text| serde_yaml::from_str::<serde_json::Value>(&text).ok());
    let (Some(old), Ok(new)) = (read, serde_json::to_value(resolved)) else {
        return format!("{} cannot be read", path.display());
    };
    let mut found = Vec::new();
    compare("", &old, &new, &mut found);
    found.join(", ")
}

fn compare(key: &str, old: &serde_json::Value, new: &serde_json::Value, found: &mut Vec<String>) {
    match (old, new) {
        (serde_json::Value::Object(old), serde_json::Value::Object(new)) => {
            let null = serde_json::Value::Null;
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for part in keys {
                let key = if key.is_empty() { part.clone() } else { format!("{key}.{part}") };
                compare(&key, old.get(part).unwrap_or(&null), new.get(part).unwrap_or(&null), found);
            }
        }
        _ if old != new => found.push(format!("{key} {old} -> {new}")),
        _ => {}
    }
}
