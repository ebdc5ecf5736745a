//! Watches a stream of samples or a folder, for ever, in bounded memory.

mod event;
mod exec;
mod folder;
mod input;
mod stream;

pub use event::{Event, What};
pub use exec::Exec;
pub use folder::Folder;
pub use input::{InputFormat, SampleFormat, wav_header};
pub use stream::{StreamSettings, Watcher};
