//! The sounds of a set in memory: read, resampled, and mixed with noise as the manifest says.

use std::f32::consts::FRAC_PI_2;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::index::sha256;
use super::manifest::{Role, Split};
use super::operations::{Operation, operation_at};
use super::pattern::{Label, Labels};
use super::problem::{DatasetError, Problem};
use super::{Dataset, SoundFile};
use crate::audio;
use crate::mix::{MixError, mix_at_snr};
use crate::rng::{Purpose, stream};

/// The ends of a noise are faded into each other over this length, in seconds.
const CROSSFADE_S: f64 = 0.064;

/// A sound of a set, in memory once, however many use it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The file's path below the manifest's root.
    pub name: String,
    /// Machine, car, class and the like.
    pub labels: Labels,
    /// What the machine was doing when; empty where nobody wrote it down.
    pub operations: Vec<Operation>,
    /// One channel at `rate`; 64 kB a second at 16 kHz.
    pub samples: Arc<[f32]>,
    /// Samples a second, in Hz.
    pub rate: u32,
    /// The file's own random stream, which other files do not move.
    pub(crate) stream: u64,
}

impl Loaded {
    /// A sound that comes from no file of a set.
    pub fn from_samples(name: &str, samples: Vec<f32>, rate: u32) -> Loaded {
        let (labels, operations) = (Labels::new(), Vec::new());
        Loaded { name: name.to_owned(), labels, operations, samples: samples.into(), rate, stream: 0 }
    }

    /// A label of the sound, or the empty text.
    pub fn label(&self, label: Label) -> &str {
        self.labels.get(&label).map_or("", String::as_str)
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }

    /// The operation at a sample, if it is labelled.
    pub fn operation_at(&self, sample: usize) -> Option<&str> {
        operation_at(&self.operations, sample as f64 / f64::from(self.rate))
    }
}

impl Dataset {
    /// Reads the sounds of one role at `rate` Hz, in the order of names and in parallel. Where the set is mixed
    /// with noise, the normal sounds (and whole recordings of anomalies) are.
    ///
    /// # Errors
    /// All files at once that cannot be read or mixed: they changed since the set was opened.
    pub fn load(&self, role: Role, rate: u32) -> Result<Vec<Loaded>, DatasetError> {
        let files: Vec<&SoundFile> = self.role(role).collect();
        let noises = self.noises(role, rate)?;
        self.collect(files.par_iter().map(|file| {
            let mut loaded = read(file, rate)?;
            if let Some(noises) = &noises {
                let mut rng = stream(self.mixing.seed, Purpose::Data, loaded.stream);
                loaded.samples = noises.mixed_with(&file.path, &loaded.samples, &mut rng)?;
            }
            Ok(loaded)
        }))
    }

    /// The noises that sounds of `role` are mixed with.
    fn noises(&self, role: Role, rate: u32) -> Result<Option<Noises>, DatasetError> {
        let clips = !self.mixing.anr_db.is_empty();
        let split = match role {
            Role::NormalTrain => Split::Train,
            Role::NormalTest | Role::UnlabelledTest => Split::Test,
            Role::AnomalyTest if !clips => Split::Test,
            Role::AnomalyTest | Role::SomethingElse | Role::Noise => return Ok(None),
        };
        let Some(snr_db) = self.mixing.noise_snr_db else { return Ok(None) };
        let files: Vec<&SoundFile> =
            self.role(Role::Noise).filter(|file| file.split.is_none_or(|only| only == split)).collect();
        if files.is_empty() {
            let found = format!("no noise for sounds of {}", role.name());
            let problem = Problem::new(&self.name, found, "one at least, as `mixing.noise_snr_db` is set");
            DatasetError::check(&self.name, vec![problem])?;
        }
        let fade = (CROSSFADE_S * f64::from(rate)) as usize;
        let loops = self.collect(files.par_iter().map(|file| {
            let sound = read(file, rate)?;
            Ok((file.path.clone(), seamless(&sound.samples, fade)))
        }))?;
        Ok(Some(Noises { snr_db, loops }))
    }

    fn collect<T: Send>(
        &self,
        results: impl IndexedParallelIterator<Item = Result<T, Problem>>,
    ) -> Result<Vec<T>, DatasetError> {
        let results: Vec<Result<T, Problem>> = results.collect();
        let mut problems = Vec::new();
        let good =
            results.into_iter().filter_map(|result| result.map_err(|problem| problems.push(problem)).ok());
        let good: Vec<T> = good.collect();
        DatasetError::check(&self.name, problems)?;
        Ok(good)
    }
}

fn read(file: &SoundFile, rate: u32) -> Result<Loaded, Problem> {
    // What is made of a sound goes by the hash of it.
    let changed = |found: String| {
        let expected = "the content that the set was opened with: run again; and if this comes back, remove the set's index";
        Problem::at(&file.path, found, expected)
    };
    let found = sha256(&file.path).map_err(|error| changed(format!("it unreadable ({error})")))?;
    if found != file.facts.sha256 {
        return Err(changed("another content".to_owned()));
    }
    let sound =
        audio::read_at(&file.path, file.channel, rate).map_err(|error| Problem::audio(&file.path, &error))?;
    Ok(Loaded {
        name: file.name.clone(),
        labels: file.labels.clone(),
        operations: file.operations.clone(),
        samples: sound.samples.into(),
        rate,
        // 56 bits of the content's hash.
        stream: u64::from_str_radix(&file.facts.sha256[..14], 16).unwrap_or_default(),
    })
}

/// A sound that can be repeated without a click: its end is faded into its start with constant power.
fn seamless(sound: &[f32], fade: usize) -> Vec<f32> {
    let fade = fade.min(sound.len() / 2);
    let len = sound.len() - fade;
    let mut repeated = sound[..len].to_vec();
    for (t, (start, end)) in repeated.iter_mut().zip(&sound[len..]).enumerate() {
        let angle = FRAC_PI_2 * (t as f32 + 0.5) / fade as f32;
        *start = angle.sin() * *start + angle.cos() * end;
    }
    repeated
}

/// Noises to mix with, each at the same ratio.
struct Noises {
    snr_db: f64,
    /// Sounds that can be repeated without a click, each with its file.
    loops: Vec<(PathBuf, Vec<f32>)>,
}

/// Most times that a stretch of noise is drawn; a silent one, which has no ratio to mix at, is drawn anew.
const DRAWS: usize = 1000;

impl Noises {
    /// The sound of the file at `path`, mixed with a random stretch of a random noise.
    fn mixed_with(&self, path: &Path, sound: &[f32], rng: &mut ChaCha8Rng) -> Result<Arc<[f32]>, Problem> {
        let mut last = path;
        for _ in 0..DRAWS {
            let (name, noise) = &self.loops[rng.random_range(0..self.loops.len())];
            let start = rng.random_range(0..noise.len());
            let stretch: Vec<f32> = noise.iter().cycle().skip(start).take(sound.len()).copied().collect();
            let mut mixed = sound.to_vec();
            match mix_at_snr(&mut mixed, &stretch, self.snr_db) {
                Ok(_) => return Ok(mixed.into()),
                Err(MixError::Power { which: "noise", .. }) => last = name,
                Err(error) => return Err(Problem::at(path, error, "a sound to mix")),
            }
        }
        let found = format!("silence in all of {DRAWS} stretches drawn for {}", path.display());
        Err(Problem::at(last, found, "noise that is not silent nearly throughout"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::power;

    #[test]
    fn a_loop_has_no_click() {
        // 1,000.37 periods: the ends do not meet, and a plain repetition would jump.
        let sound: Vec<f32> =
            (0..16_000).map(|t| (t as f32 * std::f32::consts::TAU * 1000.37 / 16e3).sin()).collect();
        let repeated = seamless(&sound, 1024);
        let steepest = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        let joint = (repeated[0] - repeated[repeated.len() - 1]).abs();
        assert!(joint <= 1.01 * steepest, "{joint} against {steepest}");
        assert_eq!(repeated.len(), 16_000 - 1024);
    }

    #[test]
    fn a_short_noise_fills_a_long_sound_at_the_asked_ratio() {
        let mut rng = stream(3, Purpose::Data, 0);
        let sound: Vec<f32> = (0..10_000).map(|t| (t as f32 * 0.1).sin()).collect();
        let noise: Vec<f32> = (0..700).map(|_| rng.random_range(-1.0..1.0)).collect();
        let noises = Noises { snr_db: 6.0, loops: vec![("noise.wav".into(), seamless(&noise, 64))] };
        let mixed = noises.mixed_with(Path::new("car.wav"), &sound, &mut rng).unwrap();
        let added: Vec<f32> = mixed.iter().zip(&sound).map(|(mixed, sound)| mixed - sound).collect();
        let measured = 10.0 * (power(&sound) / power(&added)).log10();
        assert!((measured - 6.0).abs() < 0.01, "{measured} dB");
        assert!((0..10_000 - 636).all(|t| (added[t] - added[t + 636]).abs() < 1e-5), "the noise repeats");
    }

    #[test]
    fn a_silent_stretch_of_noise_is_drawn_anew_and_silence_throughout_is_named() {
        let sound = [0.5; 100];
        // Sound in a tenth of the noise: most stretches are silent.
        let gated: Vec<f32> = (0..10_000).map(|t| if t < 1000 { 0.1 } else { 0.0 }).collect();
        let noises = |noise: Vec<f32>| Noises { snr_db: 0.0, loops: vec![("hum.wav".into(), noise)] };
        for seed in 0..20 {
            let mut rng = stream(seed, Purpose::Data, 0);
            let mixed = noises(gated.clone()).mixed_with(Path::new("car.wav"), &sound, &mut rng).unwrap();
            assert!(mixed.iter().any(|sample| *sample != 0.5), "nothing was mixed in");
        }
        let mut rng = stream(0, Purpose::Data, 0);
        let error = noises(vec![0.0; 1000]).mixed_with(Path::new("car.wav"), &sound, &mut rng).unwrap_err();
        let expected = "hum.wav: found silence in all of 1000 stretches drawn for car.wav, expected";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
