//! A test set as files, for other systems to score and for people to listen to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{TestItem, TestSet};
use crate::audio::{AudioError, write_wav_f32, write_wav_i16};
use crate::dataset::{Label, labels_path, labels_text};
use crate::files::{WriteError, write_whole};
use crate::mix::MixError;

/// Name of the table of labels.
pub const LABELS: &str = "labels.csv";

/// Why a test set cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A sound cannot be mixed, which was checked when the set was loaded.
    #[error(transparent)]
    Mix(#[from] MixError),
    /// A sound cannot be written.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// A text cannot be written.
    #[error(transparent)]
    Text(#[from] WriteError),
    /// The table cannot be made.
    #[error("{LABELS}: {0}")]
    Table(#[from] csv::Error),
    /// A folder cannot be made.
    #[error("{}: cannot be made: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Sounds in all.
    pub sounds: usize,
    /// Those of 32-bit floats, as they go beyond full scale.
    pub floats: usize,
}

impl TestSet {
    /// Writes `items` below the folder `out`: each sound as one channel of 16-bit integers, or of 32-bit floats where
    /// it goes beyond full scale; what the machine was doing beside it, as [`labels_path`] has it, where that is known;
    /// and the table [`LABELS`], a line a sound.
    ///
    /// # Errors
    /// The first file that cannot be written.
    pub fn export(&self, items: &[&TestItem], out: &Path) -> Result<Exported, ExportError> {
        let write = |item: &&TestItem| self.write_item(item, &out.join(file_name(item)));
        let floats = items.par_iter().map(write).collect::<Result<Vec<bool>, _>>()?;
        write_whole(&out.join(LABELS), &self.table(items)?)?;
        Ok(Exported { sounds: items.len(), floats: floats.into_iter().filter(|is_float| *is_float).count() })
    }

    /// Writes the sound of an item, with its operations; whether as floats.
    fn write_item(&self, item: &TestItem, path: &Path) -> Result<bool, ExportError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .map_err(|source| ExportError::Folder { folder: folder.to_owned(), source })?;
        let mut samples = Vec::new();
        self.render(item, &mut samples)?;
        let rate = self.sounds[item.sound].rate;
        let is_float = samples.iter().any(|sample| sample.abs() > 1.0);
        if is_float {
            write_wav_f32(path, &samples, rate)?;
        } else {
            write_wav_i16(path, &samples, rate)?;
        }
        let operations = self.operations(item);
        if !operations.is_empty() {
            write_whole(&labels_path(path), labels_text(operations).as_bytes())?;
        }
        Ok(is_float)
    }

    fn table(&self, items: &[&TestItem]) -> Result<Vec<u8>, ExportError> {
        let mut table = csv::Writer::from_writer(Vec::new());
        let head = ["file", "label"].into_iter().chain(Label::all().map(Label::name));
        table.write_record(head.chain(["anr_db", "start_s", "end_s", "operation", "sound", "clip"]))?;
        for item in items {
            let seconds =
                |sample: usize| (sample as f64 / f64::from(self.sounds[item.sound].rate)).to_string();
            let extent = item.extent.as_ref();
            let clip = extent.map_or("", |_| &item.name);
            let known = [file_name(item), item.truth.name().to_owned()].into_iter();
            let labels = Label::all().map(|label| item.label(label).to_owned());
            let mixed = [
                item.anr_db.map_or(String::new(), |anr_db| anr_db.to_string()),
                extent.map_or(String::new(), |extent| seconds(extent.start)),
                extent.map_or(String::new(), |extent| seconds(extent.end)),
                self.operations_within(item),
                self.sound_name(item).to_owned(),
                clip.to_owned(),
            ];
            table.write_record(known.chain(labels).chain(mixed))?;
        }
        Ok(table.into_inner().map_err(|error| csv::Error::from(error.into_error()))?)
    }

    /// What the machine does under the clip of an item, or in all of it, in the order of time, each once.
    fn operations_within(&self, item: &TestItem) -> String {
        let rate = f64::from(self.sounds[item.sound].rate);
        let within = |start_s: f64, end_s: f64| match &item.extent {
            Some(extent) => start_s < extent.end as f64 / rate && end_s > extent.start as f64 / rate,
            None => true,
        };
        let mut names: Vec<&str> = Vec::new();
        for operation in self.operations(item).iter().filter(|one| within(one.start_s, one.end_s)) {
            if !names.contains(&operation.name.as_str()) {
                names.push(&operation.name);
            }
        }
        names.join("; ")
    }
}

/// Where an item's sound lies: by what it is, its ANR, and its name in the set.
fn file_name(item: &TestItem) -> String {
    let anr = item.anr_db.map_or(String::new(), |anr_db| format!("{anr_db}dB/"));
    let is_wav = Path::new(&item.name).extension().is_some_and(|extension| extension == "wav");
    let ending = if is_wav { "" } else { ".wav" };
    format!("{}/{anr}{}{ending}", item.truth.name(), item.name)
}
