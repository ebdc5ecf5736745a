//! What every experiment runs on: nets and scores by identity, locks, the plan, training with resume, provenance.

#![warn(clippy::print_stderr, reason = "`tell!` writes where nobody may read")]

mod bad_input;
pub mod csv_rows;
mod engine;
mod folder;
mod group;
mod history;
mod holder;
mod lock;
mod name;
mod net;
mod net_file;
mod plan;
pub mod progress;
pub mod provenance;
mod run;
mod shelf;
mod source;
pub mod stop;
mod sums;
mod tell;
mod trainer;
mod training;
mod workspace;

pub use bad_input::BadInput;
pub use engine::EngineKind;
pub use folder::Folder;
pub(crate) use group::groups;
pub use lock::LEASE;
pub use name::Name;
pub use net::{Data, Net, NetSettings, Schedule};
pub use net_file::{TrainedOn, WEIGHTS};
pub use plan::{Plan, State};
pub use run::{Cell, Failure, Run, parameters};
pub use shelf::{Claim, Listing, Shelf};
pub use trainer::HISTORY;
pub use training::Training;
pub use workspace::{LOG, TakenOver, Workspace};
