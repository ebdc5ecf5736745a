//! A detector as the bytes of a safetensors file, and back.
//!
//! The header's metadata has one key, `detector`: JSON with all settings and a SHA-256 of the whole file, taken while
//! the 64 digits of the hash are zeros.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use features::files::write_whole;
use models::{Architecture, Numbers, Parameters};
use safetensors::tensor::{Dtype, SafeTensors};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::calibration::Calibration;
use crate::detector::{Detector, Settings};
use crate::model::{Model, Scale};

/// The version of the format: raised when an older program could not read a file, or would score it otherwise.
pub(crate) const VERSION: u32 = 1;

const KEY: &str = "detector";
/// What stands before the hash: JSON within JSON, so that quotes are escaped.
const HASH: &[u8] = br#"\"sha256\":\""#;
const ZEROS: [u8; 64] = [b'0'; 64];

/// Bytes of the largest file that is read.
const LARGEST: u64 = 1 << 30;

impl Detector {
    /// Writes the file whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written; what was there is as it was.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(write_whole(path, &self.to_bytes())?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A file that is no detector, damaged, or of another version.
    pub fn read(path: &Path) -> Result<Self> {
        let place = || format!("{}", path.display());
        let metadata = std::fs::metadata(path).with_context(place)?;
        let what = "expected a file that `detector fit` wrote";
        ensure!(metadata.is_file(), "{}: no plain file, {what}", path.display());
        ensure!(metadata.len() < LARGEST, "{}: {} MiB, {what}", path.display(), metadata.len() >> 20);
        Self::from_bytes(&std::fs::read(path).with_context(place)?).with_context(place)
    }

    /// The bytes of its file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let bands = self.model.front_end.bands;
        let mut tensors = self.model.parameters.tensors();
        let Scale { mean, sd } = &self.model.scale;
        let Calibration { scores, recordings, .. } = &self.calibration;
        tensors.push(("scale.mean".into(), Numbers::floats(vec![bands], mean)));
        tensors.push(("scale.sd".into(), Numbers::floats(vec![bands], sd)));
        tensors.push(("band_errors".into(), Numbers::floats(vec![bands], &self.band_errors)));
        tensors.push(("held_out.scores".into(), Numbers::floats(vec![scores.len()], scores)));
        let bytes = recordings.iter().flat_map(|number| number.to_le_bytes()).collect();
        let recordings = Numbers { dtype: Dtype::U32, shape: vec![recordings.len()], bytes };
        tensors.push(("held_out.recordings".into(), recordings));
        let bytes = self.trained_on.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        let trained_on = Numbers { dtype: Dtype::U64, shape: vec![self.trained_on.len()], bytes };
        tensors.push(("trained_on".into(), trained_on));
        let mut settings = serde_json::to_value(&self.settings).expect("settings are JSON");
        settings["sha256"] = String::from_utf8_lossy(&ZEROS).into();
        let metadata = HashMap::from([(KEY.to_owned(), settings.to_string())]);
        let mut bytes = safetensors::serialize(tensors, Some(metadata)).expect("names and shapes are right");
        let hash = hash(&bytes);
        let at = hash_place(&bytes).expect("it was just written");
        bytes[at..at + ZEROS.len()].copy_from_slice(hash.as_bytes());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| {
            anyhow!("no whole detector file ({error}), expected what `detector fit` wrote")
        })?;
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let text =
            text.context("a safetensors file without a detector, expected what `detector fit` wrote")?;
        check_hash(bytes)?;
        let json: Value = serde_json::from_str(text).context("its metadata is no JSON")?;
        let version = json["version"].as_u64().context("its metadata has no version")?;
        ensure!(
            version == u64::from(VERSION),
            "found version {version} of the format, expected {VERSION}: use the program that wrote it, or fit again"
        );
        let settings: Settings = serde_json::from_value(json).context("its metadata")?;
        let tensors = SafeTensors::deserialize(bytes)?;
        let network = &settings.network;
        let architecture = Architecture::new(network.sizes.clone(), network.activation)?;
        let front_end = settings.front_end;
        front_end.bank()?;
        let bands = front_end.bands;
        ensure!(architecture.dim() == front_end.dim(), "its network does not fit its front end");
        ensure!(settings.moment_frames > 0, "a moment of no frame");
        ensure!(settings.health.as_ref().is_none_or(|ranges| ranges.is_known()), "unknown checks of health");
        let recordings = numbers(&tensors, "held_out.recordings", Dtype::U32, u32::from_le_bytes)?;
        let scores = floats(&tensors, "held_out.scores", recordings.len())?;
        let scale =
            Scale { mean: floats(&tensors, "scale.mean", bands)?, sd: floats(&tensors, "scale.sd", bands)? };
        let parameters = Parameters::from_bytes(bytes, &architecture)?;
        Ok(Self {
            model: Model { front_end, scale, parameters, moment: settings.moment_frames },
            band_errors: floats(&tensors, "band_errors", bands)?,
            calibration: Calibration { scores, recordings, whole: settings.held_out_whole },
            trained_on: numbers(&tensors, "trained_on", Dtype::U64, u64::from_le_bytes)?,
            settings,
        })
    }
}

/// Where the hash stands; the first place that looks like it.
fn hash_place(bytes: &[u8]) -> Option<usize> {
    let place = bytes.windows(HASH.len()).position(|part| part == HASH)? + HASH.len();
    (bytes.len() >= place + ZEROS.len()).then_some(place)
}

/// SHA-256 of `bytes`, the digits of the hash being zeros.
fn hash(bytes: &[u8]) -> String {
    let place = hash_place(bytes).map_or(bytes.len(), |place| place);
    let rest = bytes.get(place + ZEROS.len()..).unwrap_or_default();
    let mut hasher = Sha256::new();
    hasher.update(&bytes[..place]);
    hasher.update(ZEROS);
    hasher.update(rest);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_hash(bytes: &[u8]) -> Result<()> {
    let place = hash_place(bytes).context("no checksum, expected one")?;
    if bytes[place..place + ZEROS.len()] != *hash(bytes).as_bytes() {
        bail!("its checksum does not fit: the file is damaged; take another copy, or fit again");
    }
    Ok(())
}

fn floats(tensors: &SafeTensors<'_>, name: &str, count: usize) -> Result<Vec<f32>> {
    let values = numbers(tensors, name, Dtype::F32, f32::from_le_bytes)?;
    ensure!(values.len() == count, "its tensor {name} has {} numbers, expected {count}", values.len());
    ensure!(values.iter().all(|value| value.is_finite()), "its tensor {name} holds what is no finite number");
    Ok(values)
}

fn numbers<T, const N: usize>(
    tensors: &SafeTensors<'_>,
    name: &str,
    dtype: Dtype,
    number: fn([u8; N]) -> T,
) -> Result<Vec<T>> {
    let tensor = tensors.tensor(name).map_err(|_| anyhow!("it has no tensor {name}"))?;
    ensure!(tensor.dtype() == dtype, "its tensor {name} is {:?}, expected {dtype:?}", tensor.dtype());
    Ok(tensor.data().as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::tests::fitted;

    #[test]
    fn what_is_written_is_read_to_the_bit() {
        let detector = fitted();
        let bytes = detector.to_bytes();
        assert_eq!(bytes, detector.to_bytes());
        assert_eq!(Detector::from_bytes(&bytes).unwrap(), detector);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_found() {
        let bytes = fitted().to_bytes();
        for at in (0..bytes.len()).step_by(97).chain(0..1024) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            assert!(Detector::from_bytes(&damaged).is_err(), "byte {at} of {}", bytes.len());
        }
    }

    #[test]
    fn a_cut_file_and_another_version_are_refused() {
        let mut detector = fitted();
        let bytes = detector.to_bytes();
        for length in (0..bytes.len()).step_by(101) {
            assert!(Detector::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
        detector.settings.version = VERSION + 1;
        let error = Detector::from_bytes(&detector.to_bytes()).unwrap_err().to_string();
        assert!(error.contains("found version 2 of the format, expected 1"), "{error}");
    }
}
