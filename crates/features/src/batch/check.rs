//! What batches cannot be made of, as lengths alone tell: of a set before any sound is loaded, and of loaded sounds.

use std::ops::Range;

use super::config::BatchConfig;
use super::error::BatchError;
use super::sounds::TrainingSounds;
use crate::dataset::{Dataset, Loaded, Problem, Role};
use crate::log_mel::FrontEnd;

/// All that keeps batches from being made of the sounds of `set`, as far as it shows before they are loaded.
///
/// # Errors
/// [`BatchError::Setting`] for an impossible setting; [`BatchError::FrontEnd`] for an impossible front end.
pub fn problems(
    set: &Dataset,
    config: &BatchConfig,
    front_end: &FrontEnd,
) -> Result<Vec<Problem>, BatchError> {
    config.check()?;
    front_end.bank()?;
    let of = |role: Role| {
        let rate = front_end.rate;
        set.role(role).map(|file| (file.path.display().to_string(), file.facts.samples_at(rate))).collect()
    };
    let lengths =
        Lengths { set: &set.name, normal: of(Role::NormalTrain), something_else: of(Role::SomethingElse) };
    Ok(lengths.problems(config, front_end))
}

/// Places and lengths, in samples, of the sounds that batches are drawn from.
pub(super) struct Lengths<'a> {
    set: &'a str,
    normal: Vec<(String, usize)>,
    something_else: Vec<(String, usize)>,
}

impl<'a> Lengths<'a> {
    pub(super) fn of(sounds: &'a TrainingSounds) -> Self {
        let of = |sounds: &[Loaded]| {
            sounds.iter().map(|sound| (sound.name.clone(), sound.samples.len())).collect()
        };
        let (normal, something_else) = (of(&sounds.normal), of(&sounds.something_else));
        Self { set: &sounds.set, normal, something_else }
    }

    pub(super) fn problems(&self, config: &BatchConfig, front_end: &FrontEnd) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (role, there) in [(Role::NormalTrain, &self.normal), (Role::SomethingElse, &self.something_else)]
        {
            if there.is_empty() {
                problems.push(Problem::new(role.name(), "no sound", "at least one"));
            }
        }
        let rate = front_end.rate;
        let found = |samples: usize| format!("{:.3} s of sound", samples as f64 / f64::from(rate));
        let piece = config.piece_samples(rate);
        let short = self.normal.iter().filter(|(_, samples)| *samples < piece);
        problems.extend(short.map(|(place, samples)| {
            let expected = format!("at least {} s, the length of a piece (`piece_s`)", config.piece_s);
            Problem::new(place, found(*samples), expected)
        }));
        let pieces: usize = self.normal.iter().map(|(_, samples)| samples / piece).sum();
        if pieces < config.pieces {
            let expected =
                format!("at most the {pieces} that the normal training sounds of {} give", self.set);
            problems.push(Problem::new("`pieces`", config.pieces, expected));
        }
        let mixture = config.pieces.saturating_mul(piece);
        let long = self
            .something_else
            .iter()
            .filter(|(_, samples)| !leaves_normal_rows(front_end, mixture, *samples));
        problems.extend(long.map(|(place, samples)| {
            let seconds = config.pieces as f64 * config.piece_s;
            let expected =
                format!("a clip that leaves normal rows wherever it lies in the {seconds} s of a batch");
            Problem::new(place, found(*samples), expected)
        }));
        problems
    }
}

/// Whether a clip of `len` samples leaves a normal row wherever it lies. It takes most rows in the middle.
fn leaves_normal_rows(front_end: &FrontEnd, mixture: usize, len: usize) -> bool {
    let extent = |at: usize| -> Range<usize> { at..at + len };
    len <= mixture && {
        let middle = (mixture - len) / 2;
        let places = (middle..=mixture - len).take(front_end.hop);
        let rows = front_end.rows(mixture);
        places.map(extent).all(|extent| front_end.rows_touching(mixture, extent).len() < rows)
    }
}
