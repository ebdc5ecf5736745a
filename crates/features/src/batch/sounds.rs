//! The sounds that batches are drawn from.

use crate::dataset::{Dataset, DatasetError, Loaded, Role};

/// The sounds that batches are drawn from, in memory once for all trainings.
#[derive(Clone, Debug)]
pub struct TrainingSounds {
    /// The data set's name.
    pub set: String,
    /// Normal sounds, with noise where the manifest says so.
    pub normal: Vec<Loaded>,
    /// Sounds of other things.
    pub something_else: Vec<Loaded>,
}

impl TrainingSounds {
    /// Loads the training sounds of a set at `rate` Hz.
    ///
    /// # Errors
    /// All at once: the files that cannot be read or mixed.
    pub fn load(set: &Dataset, rate: u32) -> Result<Self, DatasetError> {
        let (normal, something_else) =
            (set.load(Role::NormalTrain, rate)?, set.load(Role::SomethingElse, rate)?);
        Ok(Self { set: set.name.clone(), normal, something_else })
    }
}
