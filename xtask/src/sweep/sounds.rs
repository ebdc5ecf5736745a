//! The sounds of a sweep: opened and hashed once, loaded for one machine at a time.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use features::audio::Channel;
use features::batch::{BatchConfig, BatchMaker, TrainingSounds};
use features::dataset::{Dataset, Manifest, Mixing, Role, Split, default_index, hexadecimal};
use features::log_mel::FrontEnd;
use features::testset::TestSet;

use harness::{BadInput, Data, TrainedOn};
use sha2::{Digest, Sha256};

use crate::config::{self, SweepExperiment, Varied};
use crate::synth::{self, SynthArgs};

/// What is said where there is no anomaly to tell from normal sounds.
pub(super) const UNDEFINED: &str =
    "the AUC is undefined; the scores of normal sounds, and thresholds from them, are in each cell's folder";

/// Rate of all features, in Hz: a sound of less has bands that hold nothing.
const FEATURE_RATE: u32 = 16_000;

/// Share of the normal sound that may be in no batch without being told of.
const MOST_IN_ENDS: f64 = 0.02;

/// A set of sounds, and how an experiment takes it.
pub(super) struct Sounds {
    set: Dataset,
    /// Whether the manifest keeps some of the normal-train sounds for testing.
    holds_out: bool,
    root: PathBuf,
    most_something_else: Option<usize>,
    by_machine: bool,
    /// Rate of all features, in Hz.
    rate: u32,
}

/// What cells of one machine are trained and scored with; in memory once for all of them.
pub(super) struct Material {
    pub(super) training: Arc<TrainingSounds>,
    pub(super) tests: TestSet,
}

/// The manifest of `experiment`, and the synthetic set to make for it, if there is one to make.
fn manifest(experiment: &SweepExperiment) -> Result<(Manifest, Option<SynthArgs>), BadInput> {
    let data = &experiment.data;
    let mut manifest: Manifest = config::load(&data.manifest)?;
    if let Some(root) = &data.root {
        manifest.root.clone_from(root);
    }
    let synth = data.synth.map(|synth| SynthArgs {
        out: manifest.root.clone(),
        seed: synth.seed,
        minutes: synth.minutes,
    });
    Ok((manifest, synth))
}

/// The folder of a synthetic set that is still to be made.
pub(super) fn to_be_made(experiment: &SweepExperiment) -> Result<Option<PathBuf>, BadInput> {
    let (_, synth) = manifest(experiment)?;
    Ok(synth.map(|synth| synth.out).filter(|out| !out.exists()))
}

impl Sounds {
    /// Opens the set of `experiment`, and makes it before, where it is synthetic and not there.
    ///
    /// # Errors
    /// [`BadInput`] with all that is wrong with the manifest, or with all folders and files at once.
    pub(super) fn open(varied: &Varied<SweepExperiment>) -> Result<Self> {
        let experiment = &varied.plain;
        let (manifest, synth) = manifest(experiment)?;
        if let Some(synth) = synth {
            synth::run(&synth)?;
        }
        let set = Dataset::open(&manifest, &default_index(&manifest));
        let set =
            set.map_err(|error| BadInput(format!("{}: {error}", experiment.data.manifest.display())))?;
        for warning in &set.warnings {
            harness::tell!("warning: {warning}");
        }
        if let Some(first) = set.left_out.first() {
            let count = set.left_out.len();
            harness::tell!(
                "warning: {count} sounds are left out, such as {first}: `shorter_than_s` of the manifest"
            );
        }
        let mut set = set;
        if let Some(channel) = experiment.front_ends.values().find_map(|front_end| front_end.channel) {
            read_channel(&mut set, channel)?;
        }
        let sounds = Self {
            set,
            holds_out: manifest.sources.iter().any(|source| source.hold_out_every.is_some()),
            root: manifest.root,
            most_something_else: experiment.data.most_something_else,
            by_machine: experiment.data.by_machine,
            rate: experiment.front_ends.values().next().map_or(FEATURE_RATE, |front_end| front_end.rate),
        };
        let mut checked = Vec::new();
        for experiment in varied.variants.iter().map(|variant| &variant.experiment) {
            let reads = (&experiment.front_ends, experiment.batch);
            if !checked.contains(&reads) {
                sounds.check(experiment)?;
                checked.push(reads);
            }
        }
        Ok(sounds)
    }

    fn check(&self, experiment: &SweepExperiment) -> Result<(), BadInput> {
        let wrong = |what: String| Err(BadInput(format!("{}: {what}", experiment.data.manifest.display())));
        if self.by_machine && self.machines().is_empty() {
            return wrong(
                "found no {machine} in its patterns, expected one, as `data.by_machine` is set".into(),
            );
        }
        let spans = experiment
            .front_ends
            .values()
            .map(|config| config.least_samples() as f64 / f64::from(config.rate));
        let span = spans.fold(0.0, f64::max);
        let mut problems = Vec::new();
        for machine in self.machines() {
            let set = self.of(machine.as_deref());
            let missing = |role: Role| set.role(role).next().is_none();
            let name = machine.as_deref().map_or(String::new(), |name| format!(" of {name}"));
            // Of some machines there are test sounds that nobody has labelled, and no others.
            let unlabelled = !missing(Role::UnlabelledTest) && missing(Role::AnomalyTest);
            let needed = |role: &Role| *role != Role::NormalTest || !unlabelled;
            let needed =
                [Role::NormalTrain, Role::SomethingElse, Role::NormalTest].into_iter().filter(needed);
            for role in needed.clone() {
                if missing(role) {
                    let hint = self.hint(&set, role);
                    problems
                        .push(format!("found no {} sound{name}, expected one at least{hint}", role.name()));
                }
            }
            problems.extend(without_noise(&set, &name));
            warn_of_recorders(&set, &name);
            if missing(Role::AnomalyTest) {
                harness::tell!("warning: no anomaly-test sound{name}: {UNDEFINED}");
            }
            let whole = |role: &Role| *role != Role::AnomalyTest || set.mixing.anr_db.is_empty();
            let tested =
                [Role::NormalTest, Role::UnlabelledTest, Role::AnomalyTest].into_iter().filter(whole);
            let tested = tested.flat_map(|role| set.role(role)).map(|file| (file, span));
            let trained = set.role(Role::NormalTrain).map(|file| (file, span));
            for (file, least) in trained.chain(tested).filter(|(file, least)| file.facts.seconds() < *least) {
                let (path, seconds) = (file.path.display(), file.facts.seconds());
                problems
                    .push(format!("{path}: found {seconds:.3} s of sound, expected {least:.3} s at least"));
            }
            if needed.clone().any(missing) {
                continue; // said above
            }
            warn_of_ends(&set, experiment.batch.piece_s, &name);
            for front_end in experiment.front_ends.values() {
                let of_batches = features::batch::problems(&set, &experiment.batch, front_end);
                let of_batches = of_batches.map_err(|error| BadInput(error.to_string()))?;
                let of_tests = features::testset::problems(&set, front_end.rate);
                problems.extend(of_batches.iter().chain(&of_tests).map(ToString::to_string));
            }
        }
        // Front ends, and machines that are something else to each other, repeat what is wrong.
        let mut told = HashSet::new();
        problems.retain(|problem| told.insert(problem.clone()));
        if !problems.is_empty() {
            return wrong(problems.join("\n"));
        }
        Ok(())
    }

    /// Why there may be no sound of `role`.
    fn hint(&self, set: &Dataset, role: Role) -> String {
        match (role, set.role(Role::NormalTrain).count(), self.set.left_out.len()) {
            (Role::NormalTest, count @ 1.., _) if self.holds_out => {
                format!(
                    "; there are {count} normal-train sounds: a `hold_out_every` above that keeps none for testing"
                )
            }
            (Role::NormalTest, 1.., _) => {
                "; a source of role normal-test may name another folder, or `hold_out_every` keep some of the normal-train sounds"
                    .to_owned()
            }
            (Role::SomethingElse, ..) if self.by_machine => {
                "; the sounds of other machines are taken for it: add a machine, or a source of role something-else"
                    .to_owned()
            }
            (Role::SomethingElse, _, count @ 1..) => {
                format!(
                    "; {count} sounds are left out by `shorter_than_s`; `cargo xtask synth` makes some that are not"
                )
            }
            (Role::SomethingElse, ..) => "; `cargo xtask synth` makes some".to_owned(),
            _ => String::new(),
        }
    }

    /// The name of the set, and the folder where it lies.
    pub(super) fn trained_on(&self) -> TrainedOn {
        let root = Some(self.root.display().to_string());
        TrainedOn { set: self.set.name.clone(), root, command: std::env::args().collect() }
    }

    /// The machines that get nets of their own; one of no name where all sounds are of one machine.
    pub(super) fn machines(&self) -> Vec<Option<String>> {
        if self.by_machine { self.set.machines().into_iter().map(Some).collect() } else { vec![None] }
    }

    /// What decides the nets and scores of a machine.
    pub(super) fn of_machine(&self, machine: Option<&str>) -> config::Sounds {
        let set = self.of(machine);
        config::Sounds {
            machine: machine.map(str::to_owned),
            training: training_hash(&set) + self.resampled(&set),
            test: set.hash() + self.resampled(&set),
        }
    }

    /// What is added to the hash of sounds that are brought to another rate: how. At first it was in `f32`.
    fn resampled(&self, set: &Dataset) -> &'static str {
        if set.files.iter().all(|file| file.facts.rate == self.rate) { "" } else { ", resampled in f64" }
    }

    fn of(&self, machine: Option<&str>) -> Dataset {
        let mut set = machine.map_or_else(|| self.set.clone(), |machine| self.set.of_machine(machine));
        if let Some(most) = self.most_something_else {
            let all = set.role(Role::SomethingElse).count();
            let mut index = 0;
            set.files.retain(|file| {
                file.role != Role::SomethingElse || {
                    index += 1;
                    // Every (all / most)th of them: `most` in all.
                    all <= most || (index * most) / all > ((index - 1) * most) / all
                }
            });
        }
        set
    }

    /// Loads the sounds of a machine for nets that are trained on `data`.
    ///
    /// # Errors
    /// [`BadInput`] with all files at once that cannot be read, mixed, or made batches of.
    pub(super) fn load<'a>(
        &self,
        machine: Option<&str>,
        data: impl Iterator<Item = &'a Data>,
    ) -> Result<Material, BadInput> {
        let mut recipes: Vec<(&FrontEnd, &BatchConfig)> = Vec::new();
        for data in data {
            if let Data::Sounds { front_end, batch, .. } = data
                && !recipes.contains(&(front_end, batch))
            {
                recipes.push((front_end, batch));
            }
        }
        let span = recipes.iter().map(|(front_end, _)| front_end.least_samples()).max().unwrap_or(0);
        let rate = recipes.first().map_or(16_000, |(front_end, _)| front_end.rate);
        let set = self.of(machine);
        let load = || Ok((TrainingSounds::load(&set, rate)?, TestSet::load(&set, rate, span)?));
        let loaded: Result<_, features::dataset::DatasetError> = load();
        let (training, tests) = loaded.map_err(|error| BadInput(error.to_string()))?;
        let training = Arc::new(training);
        for (front_end, batch) in recipes {
            // What batches cannot be made of is told once and not by each cell.
            let maker = BatchMaker::new(training.clone(), batch, front_end);
            maker.map_err(|error| BadInput(format!("{}: {error}", set.name)))?;
        }
        Ok(Material { training, tests })
    }

    /// Loads the test sounds of a machine.
    ///
    /// # Errors
    /// [`BadInput`] with all files at once that cannot be read or mixed.
    pub(super) fn tests(&self, machine: Option<&str>) -> Result<TestSet, BadInput> {
        let tests = TestSet::load(&self.of(machine), self.rate, 0);
        tests.map_err(|error| BadInput(error.to_string()))
    }

    /// Of all normal training time that has labels, the share of each operation.
    pub(super) fn operations(&self) -> std::collections::BTreeMap<String, f64> {
        let mut seconds = std::collections::BTreeMap::<String, f64>::new();
        for operation in self.set.role(Role::NormalTrain).flat_map(|file| &file.operations) {
            *seconds.entry(operation.name.clone()).or_default() += operation.end_s - operation.start_s;
        }
        let total: f64 = seconds.values().sum();
        seconds.into_iter().map(|(name, time)| (name, time / total)).collect()
    }

    /// Files, hours and hash, for the report.
    pub(super) fn facts(&self) -> Vec<(String, String)> {
        let role = |role: Role| {
            let (files, seconds) = self
                .set
                .role(role)
                .fold((0, 0.0), |(files, seconds), file| (files + 1, seconds + file.facts.seconds()));
            (role.name().to_owned(), format!("{files} files, {:.2} hours", seconds / 3600.0))
        };
        let machines = self.set.machines().join(", ");
        let mut facts = vec![("set".to_owned(), self.set.name.clone())];
        facts.extend(Role::ALL.map(role));
        facts.push(("machines".to_owned(), machines));
        facts.push(("hash".to_owned(), self.set.hash()));
        facts
    }
}

/// Makes all sounds of the set be read by this channel.
fn read_channel(set: &mut Dataset, channel: u16) -> Result<(), BadInput> {
    if let Some(file) = set.files.iter().find(|file| file.facts.channels <= channel) {
        let (path, found) = (file.path.display(), file.facts.channels);
        return Err(BadInput(format!(
            "{path}: found {found} channels, expected more than {channel}, the `channel` of the front end, counted from 0"
        )));
    }
    set.files.iter_mut().for_each(|file| file.channel = Channel::Index(channel));
    Ok(())
}

/// Hash of all that decides mini-batches: the contents of the training sounds in their order, and how they are mixed;
/// not what files, folders and machines are called.
fn training_hash(set: &Dataset) -> String {
    let mut hash = Sha256::new();
    let Mixing { noise_snr_db, seed, anr_db: _ } = &set.mixing;
    hash.update(format!("{noise_snr_db:?} {seed}\n"));
    for role in [Role::NormalTrain, Role::SomethingElse, Role::Noise] {
        for file in set.role(role).filter(|file| file.split != Some(Split::Test)) {
            hash.update(format!("{role:?} {:?} {}\n", file.channel, file.facts.sha256));
        }
    }
    hexadecimal(&hash.finalize())
}

/// For which normal sounds there is no noise, where they are to be mixed with it.
fn without_noise(set: &Dataset, of_machine: &str) -> Vec<String> {
    if set.mixing.noise_snr_db.is_none() {
        return Vec::new();
    }
    let has = |split| set.role(Role::Noise).any(|file| file.split.is_none_or(|only| only == split));
    let lacking = [Split::Train, Split::Test].into_iter().filter(|split| !has(*split));
    let told = lacking.map(|split| {
        let split = split.name();
        format!("found no noise sound{of_machine} for {split}, expected one at least, as `mixing.noise_snr_db` is set")
    });
    told.collect()
}

/// Tells where anomalies were recorded with less bandwidth than the normal sounds, or the other way round: then the
/// missing bands tell them apart.
fn warn_of_recorders(set: &Dataset, of_machine: &str) {
    let lowest = |role: Role| set.role(role).map(|file| file.facts.rate).min();
    if let (Some(normal), Some(anomalous)) = (lowest(Role::NormalTest), lowest(Role::AnomalyTest))
        && normal.min(anomalous) < FEATURE_RATE
        && normal != anomalous
    {
        harness::tell!(
            "warning: normal-test sounds{of_machine} have {normal} Hz, anomaly-test sounds {anomalous} Hz: what tells them apart may be the recorder"
        );
    }
}

/// Tells how much normal sound no batch holds: what is left of each file when it is cut into pieces.
fn warn_of_ends(set: &Dataset, piece_s: f64, of_machine: &str) {
    let lengths = || set.role(Role::NormalTrain).map(|file| file.facts.seconds());
    let (ends, all): (f64, f64) = (lengths().map(|length| length % piece_s).sum(), lengths().sum());
    if ends > MOST_IN_ENDS * all {
        let share = 100.0 * ends / all;
        harness::tell!(
            "warning: {share:.0} % of the normal-train sound{of_machine} is in no batch: ends of files that are shorter than `batch.piece_s`, {piece_s} s; a divisor of their lengths leaves out none"
        );
    }
}
