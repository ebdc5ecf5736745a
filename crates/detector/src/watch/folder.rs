//! A folder into which recordings come.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use features::audio::has_sound_name;

/// What tells whether a file is still being written.
type Stamp = (u64, Option<SystemTime>);

/// Sound files of a folder, by whether they were seen. Remembers what is there, and nothing else.
pub struct Folder {
    path: PathBuf,
    /// Of each file its stamp, and whether it was given out.
    files: BTreeMap<PathBuf, (Stamp, bool)>,
}

impl Folder {
    /// Begins; files that are there already are none that came, unless they change.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn new(path: &Path) -> Result<Self> {
        let mut folder = Self { path: path.to_owned(), files: BTreeMap::new() };
        folder.files = folder.list()?.into_iter().map(|(path, stamp)| (path, (stamp, true))).collect();
        Ok(folder)
    }

    /// The files that came, or changed, and have not changed since the last look; in the order of their names.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn look(&mut self) -> Result<Vec<PathBuf>> {
        let mut now = BTreeMap::new();
        let mut ready = Vec::new();
        for (path, stamp) in self.list()? {
            let given = match self.files.get(&path) {
                Some((before, given)) if *before == stamp => {
                    if !given {
                        ready.push(path.clone());
                    }
                    true
                }
                _ => false,
            };
            now.insert(path, (stamp, given));
        }
        self.files = now;
        Ok(ready)
    }

    fn list(&self) -> Result<Vec<(PathBuf, Stamp)>> {
        let unreadable = || format!("{}: cannot be looked through", self.path.display());
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            // One that is gone by now, or is no file, is none.
            if let Ok(metadata) = fs::metadata(&path)
                && metadata.is_file()
                && has_sound_name(&path)
            {
                found.push((path, (metadata.len(), metadata.modified().ok())));
            }
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_given_out_once_and_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("old.wav"), "1").unwrap();
        let mut watched = Folder::new(folder.path()).unwrap();
        assert!(watched.look().unwrap().is_empty());
        fs::write(path("new.wav"), "1").unwrap();
        fs::write(path("text.txt"), "1").unwrap();
        assert!(watched.look().unwrap().is_empty(), "it may still be written to");
        fs::write(path("new.wav"), "12").unwrap();
        assert!(watched.look().unwrap().is_empty(), "it has just changed");
        assert_eq!(watched.look().unwrap(), [path("new.wav")]);
        assert!(watched.look().unwrap().is_empty());
        fs::remove_file(path("old.wav")).unwrap();
        watched.look().unwrap();
        assert_eq!(watched.files.len(), 1, "what is gone is forgotten");
    }
}
