//! What every experiment runs on: content-named cells, a locked results folder, checkpoints, progress, provenance.

mod differences;
mod identity;
mod lock;
mod plan;
pub(crate) mod progress;
pub(crate) mod provenance;
pub(crate) mod stop;
mod store;
mod sums;
mod workspace;

pub(crate) use identity::CellName;
pub(crate) use lock::Lock;
pub(crate) use plan::{Failure, Plan, Planned, failure, verdict};
pub(crate) use store::{State, Store};
pub(crate) use workspace::{CHECKPOINT, HISTORY, LOG, SUMS_OF_HISTORY, Workspace};
