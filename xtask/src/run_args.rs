//! Arguments of every command that runs an experiment.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use harness::{
    BadInput, Cell, DeviceKind, EngineKind, Folder, Frozen, FrozenPlan, Name, Precision, Shelf, check_card,
};

use crate::config::{Axis, Override, Seeds};

/// How much of an experiment is run, by what and where to.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Train this many seeds, from 0 on, or those of a list such as 3,7, instead of those that the file says
    #[arg(long, value_name = "N")]
    seeds: Option<Seeds>,
    /// Groups of nets trained side by side [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// What trains
    #[arg(long)]
    engine: Option<EngineKind>,
    /// Where nets are trained: cpu, cuda, or cuda:N for card N; on a card the engine is stack
    #[arg(long, value_name = "DEVICE")]
    device: Option<Device>,
    /// Of the products on a card
    #[arg(long)]
    precision: Option<Precision>,
    /// Change a value of the file, such as loss.epsilon=1e-4; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// Results root: nets/ and scores/, shared by all experiments, and a folder NAME/ after the file NAME.yaml
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) out: PathBuf,
    /// List the nets and scores: done, in training, missing or stale and why; make nothing
    #[arg(long)]
    pub(crate) plan: bool,
}

/// Where nets are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Device {
    kind: DeviceKind,
    /// From 0; nothing to the CPU.
    card: usize,
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let card = |text: &str| text.strip_prefix("cuda:")?.parse().ok();
        match (text, card(text)) {
            ("cpu", _) => Ok(Self { kind: DeviceKind::Cpu, card: 0 }),
            ("cuda", _) => Ok(Self { kind: DeviceKind::Cuda, card: 0 }),
            (_, Some(card)) => Ok(Self { kind: DeviceKind::Cuda, card }),
            _ => Err("expected cpu, cuda, or a card such as cuda:1".to_owned()),
        }
    }
}

/// Names of folders of a results root that no experiment may have.
const TAKEN: [&str; 4] = ["nets", "scores", "reference", "inspect"];

/// Where the results of an experiment lie.
pub(crate) struct Places {
    pub(crate) nets: Shelf,
    pub(crate) scores: Shelf,
    /// Of tables, figures and report.
    pub(crate) folder: Folder,
}

impl Places {
    /// Those of a frozen plan.
    pub(crate) fn of(plan: &FrozenPlan) -> Self {
        let Frozen { root, experiment, .. } = plan.plan();
        Self {
            nets: Shelf::nets(root),
            scores: Shelf::scores(root),
            folder: Folder::at(root.join(experiment)),
        }
    }

    /// Whether the net or the score of `cell` is to be made. A score without its net is told of: the net is trained again,
    /// and the score stays.
    pub(crate) fn lacks(&self, cell: &Cell) -> bool {
        let lacks = !self.have(&cell.net.name, &cell.score);
        if lacks && self.scores.has(&cell.score) {
            harness::tell!("{}: its net is gone; it is trained again", cell.net.label);
        }
        lacks
    }

    /// Whether a net and its score are there.
    pub(crate) fn have(&self, net: &Name, score: &Name) -> bool {
        self.nets.has(net) && self.scores.has(score)
    }
}

impl RunArgs {
    /// What the arguments change in a file.
    pub(crate) fn overrides(&self) -> Vec<Override> {
        // The engines of the CPU are no choice on a card.
        let on_card = self.device.is_some_and(|device| device.kind == DeviceKind::Cuda);
        let engine = self.engine.or(on_card.then_some(EngineKind::Stack));
        let flags = [
            ("seeds", self.seeds.as_ref().map(serde_yaml::to_value)),
            ("engine", engine.map(serde_yaml::to_value)),
            ("device", self.device.map(|device| serde_yaml::to_value(device.kind))),
            ("precision", self.precision.map(serde_yaml::to_value)),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(key, value)| Some(Override::new(key, value?.expect("it is plain data"))));
        self.set.iter().cloned().chain(flags).collect()
    }

    /// The card, from 0, where `kind` is one.
    ///
    /// # Errors
    /// A card that nets cannot be trained on.
    pub(crate) fn card(&self, kind: DeviceKind) -> Result<Option<usize>, BadInput> {
        if kind == DeviceKind::Cpu {
            return Ok(None);
        }
        let card = self.device.map_or(0, |device| device.card);
        // What is only planned needs no card.
        if !self.plan {
            check_card(card)?;
        }
        Ok(Some(card))
    }

    /// Refuses an axis of the file `config` whose values make no difference.
    pub(crate) fn check_idle(config: &Path, idle: Option<&Axis>) -> Result<(), BadInput> {
        let Some(Axis { key, .. }) = idle else { return Ok(()) };
        let what = format!(
            "{}: vary: found {key}, which changes no net and no score here, expected settings that do",
            config.display()
        );
        Err(BadInput(what))
    }

    /// Where the results of the experiment in the file `config` lie.
    ///
    /// # Errors
    /// An experiment called like another folder of the results root.
    pub(crate) fn places(&self, config: &Path) -> Result<Places, BadInput> {
        let name = config.file_stem().unwrap_or_default();
        if let Some(taken) = TAKEN.iter().find(|taken| name == **taken) {
            let what = format!(
                "{}: found the name {taken}, which the results root has for something else; expected another name",
                config.display()
            );
            return Err(BadInput(what));
        }
        if self.out.join(name).join("cells").exists() {
            let old = self.out.join(name).join("cells");
            harness::tell!(
                "note: {} is of an earlier version of this program, and is left alone",
                old.display()
            );
        }
        Ok(Places {
            nets: Shelf::nets(&self.out),
            scores: Shelf::scores(&self.out),
            folder: Folder::at(self.out.join(name)),
        })
    }

    /// Groups of nets trained side by side.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs.map_or_else(default_jobs, usize::from)
    }
}

/// As many as there are cores.
pub(crate) fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
