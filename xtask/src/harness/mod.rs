//! What every experiment runs on: content-named cells, a locked results folder, checkpoints, progress, provenance.

mod identity;
mod lock;
pub(crate) mod progress;
pub(crate) mod provenance;
mod store;

pub(crate) use identity::CellName;
pub(crate) use lock::Lock;
pub(crate) use store::{State, Store, Workspace};
