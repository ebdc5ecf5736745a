//! The name of a cell: what it is, and a hash of all that decides its result.

use std::fmt;

use features::dataset::hexadecimal;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// `<model>-<loss>-s<seed>-<hash8>`, the folder of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellName {
    stem: String,
    hash: String,
}

impl CellName {
    /// Names a cell by its resolved configuration, which is hashed as the YAML that `resolved.yaml` holds.
    pub(crate) fn new(model: &str, loss: impl fmt::Display, seed: u64, resolved: &impl Serialize) -> Self {
        let stem = format!("{model}-{}-s{seed}", loss.to_string().to_lowercase());
        Self { stem, hash: hexadecimal(&Sha256::digest(to_yaml(resolved)))[..8].to_owned() }
    }

    /// `<model>-<loss>-s<seed>`: shared by a cell and what it was under other settings.
    pub(crate) fn stem(&self) -> &str {
        &self.stem
    }
}

impl fmt::Display for CellName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stem, self.hash)
    }
}

/// `value` as the YAML that is hashed and written.
pub(super) fn to_yaml(value: &impl Serialize) -> String {
    serde_yaml::to_string(value).expect("a configuration is plain data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_every_setting_apart() {
        let name = |seed, settings: &[(&str, f64)]| CellName::new("ring", "BU", seed, &settings).to_string();
        let first = name(3, &[("sigma", 4.0)]);
        assert_eq!(first, name(3, &[("sigma", 4.0)]));
        assert!(first.starts_with("ring-bu-s3-") && first.len() == "ring-bu-s3-".len() + 8, "{first}");
        assert_ne!(first, name(3, &[("sigma", 4.000_000_001)]));
        assert_ne!(first, name(3, &[("lambda", 4.0)]));
    }
}
