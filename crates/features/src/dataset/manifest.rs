//! A manifest: which files make up a set of sounds, and what each is for.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::{Labels, Pattern};
use super::problem::Problem;

/// A set of sounds, described by patterns of file names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Short name of the set.
    pub name: String,
    /// Where the set is published; said when its files are missing.
    pub published: String,
    /// The folder that all patterns start from; relative to the working directory, or absolute.
    pub root: PathBuf,
    /// A list below the root that tells the true names of unlabelled test files, as the DCASE challenge publishes it
    /// after its end; used where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground_truth: Option<PathBuf>,
    /// What is found where.
    pub sources: Vec<Source>,
    /// How sounds are mixed when they are loaded.
    #[serde(default)]
    pub mixing: Mixing,
}

/// Files of one role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Patterns of paths below the root, each another place where the files may be: `*` is any text within a name, `**`
    /// any number of folders, `{car}`, `{class}`, `{machine}`, `{id}`, `{section}`, `{domain}` and `{attributes}` read
    /// a label, `{class:knock|phone}` one of the given. Names that begin with a dot are passed over.
    pub files: Vec<String>,
    /// What the files are for.
    pub role: Role,
    /// What the files are, in words; said when they are missing.
    pub contains: String,
    /// Where these files are published, if elsewhere than the rest of the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// For noise alone: which of the normal sounds it is mixed with; both where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Labels that all of these files have.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// One channel, counted from 0; the mean of all where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u16>,
    /// Longer files are left out, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shorter_than_s: Option<f64>,
    /// For normal-train alone: each n-th file, in the order of names, becomes normal-test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_out_every: Option<usize>,
    /// Whether it is no error when nothing is found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// What a sound is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Normal sounds for training, x^(u) of Eq. 7.
    NormalTrain,
    /// Sounds of other things, mixed into training sounds to simulate anomalies: a of Eq. 8.
    SomethingElse,
    /// Normal sounds for testing.
    NormalTest,
    /// Anomalies for testing: clips to mix into normal-test sounds, or whole recordings.
    AnomalyTest,
    /// Sounds to score of which nobody has said whether they are normal.
    UnlabelledTest,
    /// Noise of the surroundings, mixed with the normal sounds.
    Noise,
}

impl Role {
    /// All roles, in the order of tables.
    pub const ALL: [Role; 6] = [
        Role::NormalTrain,
        Role::SomethingElse,
        Role::NormalTest,
        Role::AnomalyTest,
        Role::UnlabelledTest,
        Role::Noise,
    ];

    /// The name as manifests and tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Role::NormalTrain => "normal-train",
            Role::SomethingElse => "something-else",
            Role::NormalTest => "normal-test",
            Role::AnomalyTest => "anomaly-test",
            Role::UnlabelledTest => "unlabelled-test",
            Role::Noise => "noise",
        }
    }

    /// The split that the role belongs to; noise belongs to both.
    pub fn split(self) -> Option<Split> {
        match self {
            Role::NormalTrain | Role::SomethingElse => Some(Split::Train),
            Role::NormalTest | Role::AnomalyTest | Role::UnlabelledTest => Some(Split::Test),
            Role::Noise => None,
        }
    }
}

/// Training or testing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Sounds that a network learns from.
    Train,
    /// Sounds that it is tested with.
    Test,
}

impl Split {
    /// The name as manifests and tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Test => "test",
        }
    }
}

/// How the sounds of a set are mixed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mixing {
    /// Power of a normal sound over that of the noise mixed with it, in dB; no noise is mixed where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_snr_db: Option<f64>,
    /// Each anomaly is mixed into a normal test sound once for each of these anomaly-to-normal ratios, in dB;
    /// where there is none, the sounds of anomaly-test are whole recordings.
    #[serde(default)]
    pub anr_db: Vec<f64>,
    /// Which noise goes with which sound and which anomaly goes where. The same for all trainings on the set.
    #[serde(default)]
    pub seed: u64,
}

impl Manifest {
    /// All that is wrong with the manifest itself, before any folder is looked at.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name.is_empty() || self.name.contains(['/', '\\']) {
            problems.push(Problem::new("name", format!("`{}`", self.name), "a name without slashes"));
        }
        if self.sources.is_empty() {
            problems.push(Problem::new("sources", "none", "at least one"));
        }
        for (index, source) in self.sources.iter().enumerate() {
            problems.extend(
                source.problems().into_iter().map(|problem| Problem {
                    place: format!("sources[{index}].{}", problem.place),
                    ..problem
                }),
            );
        }
        problems.extend(self.mixing.problems());
        if self.mixing.noise_snr_db.is_some() {
            let has_noise = |split| {
                self.sources.iter().any(|s| s.role == Role::Noise && s.split.is_none_or(|only| only == split))
            };
            for split in [Split::Train, Split::Test].into_iter().filter(|split| !has_noise(*split)) {
                let found = format!("no source of role noise for {}", split.name());
                problems.push(Problem::new("mixing.noise_snr_db", found, "one to mix with"));
            }
        }
        problems
    }
}

impl Source {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.files.is_empty() {
            problems.push(Problem::new("files", "none", "at least one pattern"));
        }
        for text in &self.files {
            match Pattern::parse(text) {
                Err((found, expected)) => problems.push(Problem::new("files", found, expected)),
                Ok(pattern) => {
                    problems.extend(pattern.labels().iter().filter(|l| self.labels.contains_key(l)).map(
                        |l| {
                            let found = format!("`{}`, which `{text}` reads from the name", l.name());
                            Problem::new("labels", found, "each label once")
                        },
                    ));
                }
            }
        }
        // Machines and numbers become names of files and folders.
        for (label, value) in &self.labels {
            if value.is_empty() || value.starts_with('.') || value.contains(['/', '\\']) {
                let (place, found) = (format!("labels.{}", label.name()), format!("`{value}`"));
                problems.push(Problem::new(&place, found, "a word without slashes, and no dot before it"));
            }
        }
        if let Some(split) = self.split
            && self.role != Role::Noise
        {
            let found = format!("`{}` with role {}", split.name(), self.role.name());
            problems.push(Problem::new("split", found, "a split for noise alone; the other roles imply it"));
        }
        if let Some(limit) = self.shorter_than_s
            && !(limit.is_finite() && limit > 0.0)
        {
            problems.push(Problem::new("shorter_than_s", limit, "a number of seconds above 0"));
        }
        if let Some(every) = self.hold_out_every {
            if every < 2 {
                problems.push(Problem::new("hold_out_every", every, "2 or more"));
            }
            if self.role != Role::NormalTrain {
                let found = format!("it with role {}", self.role.name());
                problems.push(Problem::new("hold_out_every", found, "role normal-train"));
            }
        }
        problems
    }
}

impl Mixing {
    fn problems(&self) -> Vec<Problem> {
        let of = |key: &str, value: f64| {
            (!(-200.0..=200.0).contains(&value))
                .then(|| Problem::new(key, value, "a ratio in dB between -200 and 200"))
        };
        let noise_snr_db = self.noise_snr_db.and_then(|snr_db| of("mixing.noise_snr_db", snr_db));
        let mut problems: Vec<Problem> = noise_snr_db.into_iter().collect();
        problems.extend(self.anr_db.iter().filter_map(|anr_db| of("mixing.anr_db", *anr_db)));
        let mut sorted = self.anr_db.clone();
        sorted.sort_by(f64::total_cmp);
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            problems.push(Problem::new("mixing.anr_db", format!("{:?}", self.anr_db), "each ratio once"));
        }
        problems
    }
}
