//! What every experiment runs on: nets and scores by identity, locks, the plan, training with resume, provenance.

#![warn(clippy::print_stderr, reason = "`tell!` writes where nobody may read")]

mod bad_input;
pub mod csv_rows;
mod engine;
mod folder;
mod follower;
mod frozen;
mod group;
mod history;
mod holder;
mod lock;
mod name;
mod net;
mod net_file;
mod one_by_one;
mod parts;
mod plan;
pub mod progress;
pub mod provenance;
mod record;
mod run;
mod shelf;
mod source;
mod stacked;
pub mod stop;
mod sums;
mod tell;
mod training;
mod workspace;

pub use bad_input::BadInput;
pub use engine::{Compute, DeviceKind, EngineKind, Precision, check_card};
pub use folder::Folder;
pub use frozen::{Frozen, FrozenPlan, Planned};
pub use lock::LEASE;
pub use name::Name;
pub use net::{Data, Net, NetSettings, Schedule};
pub use net_file::{TrainedOn, WEIGHTS};
pub use parts::{default_parts, parts};
pub use plan::{Plan, State};
pub use record::HISTORY;
pub use run::{Cell, Failure, Others, Run, parameters};
pub use shelf::{Claim, Listing, Shelf};
pub use training::Training;
pub use workspace::{LOG, TakenOver, Workspace};
