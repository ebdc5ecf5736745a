//! A detector from a net that was trained elsewhere: a folder with `net.json` and `weights.safetensors`, as the
//! experiment harness leaves them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use features::log_mel::FrontEnd;
use models::{Architecture, Parameters};
use serde::Deserialize;
use serde_json::Value;

use crate::calibrate::NormalSounds;
use crate::detector::{Detector, Network, Settings, TrainingFacts};
use crate::file::VERSION;
use crate::model::{Model, Scale};
use crate::threshold::{FalseAlarms, Threshold};

/// What is read of `net.json`.
#[derive(Deserialize)]
struct Net {
    name: String,
    settings: NetSettings,
}

#[derive(Deserialize)]
struct NetSettings {
    architecture: Network,
    objective: Value,
    data: Value,
    schedule: Schedule,
    seed: u64,
}

#[derive(Deserialize)]
struct Schedule {
    updates: u64,
    until: Option<u64>,
}

/// Makes a detector of the net in `folder`, whose threshold, health and usual errors come from `recordings` of normal
/// sounds, files and folders. The score of a moment is the mean of `moment` rows: with one, the score of a file is the
/// largest of its rows, as in the tables of a sweep.
///
/// What the net was trained on is not known here: that the recordings are no part of it is for the caller to see to.
///
/// # Errors
/// A folder that holds no net of sounds; recordings that cannot be read or are silent; those of
/// [`Threshold::choose`].
pub fn from_net(
    folder: &Path,
    recordings: &[PathBuf],
    moment: usize,
    rate: FalseAlarms,
    file_every_s: Option<f64>,
) -> Result<Detector> {
    let Net { name, settings } = read(folder)?;
    let front_end = front_end(folder, &settings.data)?;
    let Network { sizes, activation } = settings.architecture.clone();
    let architecture = Architecture::new(sizes, activation)?;
    ensure!(
        architecture.dim() == front_end.dim(),
        "{}: its net takes rows of {}, its front end makes rows of {}",
        folder.display(),
        architecture.dim(),
        front_end.dim()
    );
    let weights = folder.join("weights.safetensors");
    let place = || format!("{}", weights.display());
    let parameters = Parameters::from_bytes(&std::fs::read(&weights).with_context(place)?, &architecture)
        .with_context(place)?;
    let model = Model { front_end, scale: Scale::identity(front_end.bands), parameters, moment };
    let NormalSounds { calibration, health, band_errors } = NormalSounds::hear(&model, &[], recordings)?;
    let threshold = Threshold::choose(&calibration, rate, file_every_s).map_err(anyhow::Error::msg)?;
    Ok(Detector {
        settings: Settings {
            version: VERSION,
            front_end,
            network: settings.architecture,
            moment_frames: moment,
            held_out_whole: calibration.whole,
            threshold,
            health: Some(health),
            training: TrainingFacts {
                objective: settings.objective.to_string(),
                net: Some(name),
                updates: settings.schedule.until.unwrap_or(settings.schedule.updates),
                seed: settings.seed,
                ..TrainingFacts::default()
            },
        },
        model,
        band_errors,
        calibration,
        trained_on: Vec::new(),
    })
}

fn read(folder: &Path) -> Result<Net> {
    let path = folder.join("net.json");
    let place = || format!("{}", path.display());
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: cannot be read, expected the folder of a net", path.display()))?;
    serde_json::from_str(&text).with_context(place)
}

/// The front end of a net of sounds.
fn front_end(folder: &Path, data: &Value) -> Result<FrontEnd> {
    let front_end = data.get("sounds").and_then(|sounds| sounds.get("front_end"));
    let front_end = front_end.ok_or_else(|| anyhow!("{}: its net is not one of sounds", folder.display()))?;
    let front_end: FrontEnd = serde_json::from_value(front_end.clone())
        .with_context(|| format!("{}: the front end in its net.json", folder.display()))?;
    front_end.bank()?;
    Ok(front_end)
}
