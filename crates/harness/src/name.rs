//! The name of a net or score: what it is, and a hash of all that decides its content.

use std::fmt;

use features::dataset::hexadecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Digits of the hash in a name: 64 bits, so that a million artifacts of one stem share none.
const DIGITS: usize = 16;

/// `<stem>-<hash>`, the folder of a net or score. The stem is for people; the hash decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name(String);

impl Name {
    /// Names what the settings `identity` decide, as their JSON.
    pub fn new(stem: &str, identity: &impl Serialize) -> Self {
        Self(format!("{stem}-{}", &hash(identity)[..DIGITS]))
    }

    /// The name of the folder `folder`, as a table has it.
    pub fn of_folder(folder: &str) -> Self {
        Self(folder.to_owned())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of `settings` as JSON, in hexadecimal.
pub(crate) fn hash(settings: &impl Serialize) -> String {
    let json = serde_json::to_vec(settings).expect("settings are plain data");
    hexadecimal(&Sha256::digest(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_every_setting_apart() {
        let name = |settings: &[(&str, f64)]| Name::new("2-20-10-bu-s3", &settings).to_string();
        let first = name(&[("sigma", 4.0)]);
        assert_eq!(first, name(&[("sigma", 4.0)]));
        assert!(
            first.starts_with("2-20-10-bu-s3-") && first.len() == "2-20-10-bu-s3-".len() + DIGITS,
            "{first}"
        );
        assert_ne!(first, name(&[("sigma", 4.000_000_001)]));
        assert_ne!(first, name(&[("lambda", 4.0)]));
    }
}
