//! Trains one net.

use anyhow::Result;
use features::log_mel::FrontEnd;
use features::rng::{Purpose, stream};
use losses::{Quantity, Settings as LossSettings, Sizes};
use models::{
    Activation, AmsGradConfig, Architecture, Checkpoint, FusedEngine, Initial, Parameters, Training,
};

use super::FitSettings;
use super::material::Material;
use super::parts::{Part, Parts};
use super::source::Source;
use crate::band_errors::BandErrors;
use crate::model::{Model, ModelScorer, Scale};
use crate::progress::Progress;

/// A net, and how far it came.
pub(super) struct Trained {
    pub(super) model: Model,
    pub(super) updates: u64,
    pub(super) held_out: f64,
}

/// What SNP and BU read.
pub(super) fn losses() -> LossSettings {
    let quantity = |text: &str| text.parse::<Quantity>().expect("a quantity");
    LossSettings {
        sigma: quantity("1/(2D)"),
        epsilon: 1e-6,
        standardize: true,
        lambda: quantity("2D"),
        density_strength: 0.5,
        top_share: 0.05,
    }
}

pub(super) fn sizes(front_end: &FrontEnd) -> Sizes {
    Sizes { dim: front_end.dim(), bands: Some(front_end.bands) }
}

/// Trains the net that is held against `fold`, or, for none, the one that is kept.
pub(super) fn train(
    material: &Material,
    parts: &Parts,
    fold: Option<usize>,
    settings: &FitSettings,
    progress: &Progress,
) -> Result<Trained> {
    let front_end = settings.front_end;
    let (training, stopping) = parts.training(fold);
    let scale = if settings.scale {
        Scale::of(front_end.bands, training.iter().map(|part| part.frames(material)))
    } else {
        Scale::identity(front_end.bands)
    };
    let mut source = Source::new(material, &training, &stopping, scale.clone(), settings)?;
    let mut engine = FusedEngine::new(objective(settings)?, start(settings)?)?;
    let mut done = 0;
    let fitted = models::fit(&mut engine, &mut source, settings.patience, |look| {
        progress.advance(look.updates - done);
        done = look.updates;
    })?;
    progress.advance(settings.patience.most - done);
    let model = Model { front_end, scale, parameters: fitted.parameters, moment: settings.moment };
    Ok(Trained { model, updates: fitted.best.updates, held_out: fitted.best.held_out })
}

fn objective(settings: &FitSettings) -> Result<Training> {
    let objective = settings.objective.resolve(&losses(), sizes(&settings.front_end))?;
    // Nets are trained side by side, each on a thread.
    Ok(Training { objective, amsgrad: AmsGradConfig::default(), threads: 1 })
}

fn start(settings: &FitSettings) -> Result<Checkpoint> {
    let dim = settings.front_end.dim();
    let sizes = [&[dim], settings.hidden.as_slice(), &[dim]].concat();
    let architecture = Architecture::new(sizes, Activation::Relu)?;
    let rng = &mut stream(settings.seed, Purpose::Init, 0);
    let parameters = Parameters::draw(architecture, Initial::default(), rng);
    Ok(Checkpoint::start(parameters, AmsGradConfig::default()))
}

impl Trained {
    /// The squared error of each band, (M), a mean over rows that this net, the one that is kept, held out.
    pub(super) fn band_errors(&self, material: &Material, parts: &Parts) -> Result<Vec<f32>> {
        let scorer = ModelScorer::new(self.model.clone())?;
        let (_, stopping): (Vec<&Part>, _) = parts.training(None);
        let mut errors = BandErrors::default();
        for part in stopping {
            errors.add(&BandErrors::of(&scorer, part.frames(material)));
        }
        Ok(errors.mean(&self.model))
    }
}
