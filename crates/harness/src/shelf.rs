//! The nets, or the scores, of a results root: each a folder under its name, whole or not there.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::holder::Holder;
use crate::lock::{self, Lock, Taken};
use crate::workspace::{self, Workspace};
use crate::{BadInput, Name, sums};

/// A folder of nets or of scores.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// What became of the wish to make a net or score.
#[derive(Debug)]
pub enum Claim {
    /// It is to be made here, by nobody else.
    Mine(Workspace),
    /// It is there.
    Done,
    /// Somebody makes it now.
    Held(String),
}

/// What a shelf holds at one moment.
#[derive(Debug, Default)]
pub struct Listing {
    done: HashSet<String>,
    /// Updates of the last checkpoint of what is in the making.
    begun: HashMap<String, u64>,
}

impl Shelf {
    /// The nets of the results root `root`.
    pub fn nets(root: &Path) -> Self {
        Self { folder: root.join("nets") }
    }

    /// The scores of the results root `root`.
    pub fn scores(root: &Path) -> Self {
        Self { folder: root.join("scores") }
    }

    /// Makes the folder, where it is not there.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(&self) -> Result<()> {
        Ok(BadInput::make_folder(&self.folder)?)
    }

    /// The folder of a net or score.
    pub fn place(&self, name: &Name) -> PathBuf {
        self.folder.join(name.to_string())
    }

    /// Whether the net or score is there.
    pub fn has(&self, name: &Name) -> bool {
        self.place(name).exists()
    }

    /// All that is there or begun, at the cost of one look into the folder.
    pub fn list(&self) -> Listing {
        let mut listing = Listing::default();
        for path in entries(&self.folder) {
            let Some(name) = path.file_name().and_then(OsStr::to_str) else { continue };
            match name.strip_prefix('.') {
                None => drop(listing.done.insert(name.to_owned())),
                Some(hidden) => {
                    if let Some((name, _)) = hidden.split_once('.')
                        && let Some(update) = workspace::last_update(&path)
                    {
                        let most = listing.begun.entry(name.to_owned()).or_default();
                        *most = update.max(*most);
                    }
                }
            }
        }
        listing
    }

    /// Takes on the making of `name`. What somebody who died has made of it is taken over.
    ///
    /// # Errors
    /// A folder that cannot be read or written.
    pub fn claim(&self, name: &Name) -> Result<Claim> {
        if self.has(name) {
            return Ok(Claim::Done);
        }
        match Lock::take(&self.lock(name))? {
            Taken::Held(holder) => Ok(Claim::Held(holder.to_string())),
            // It may have been finished between the look and the lock.
            Taken::Mine(_) if self.has(name) => Ok(Claim::Done),
            Taken::Mine(lock) => {
                let folder = self.folder.join(format!(".{name}.{}", lock.token()));
                Ok(Claim::Mine(Workspace::open(folder, self.place(name), lock)?))
            }
        }
    }

    /// Removes what a run that was killed just after it had finished `name` left there.
    pub fn tidy(&self, name: &Name) {
        workspace::remove_leavings(&self.place(name));
    }

    /// Who makes `name` at this moment, if it is somebody whom this machine can see.
    pub fn maker(&self, name: &Name) -> Option<String> {
        lock::holder(&self.lock(name)).as_ref().map(Holder::to_string)
    }

    fn lock(&self, name: &Name) -> PathBuf {
        self.folder.join(format!(".{name}.lock"))
    }

    /// The bytes of a file of a net or score that is there, if it is whole.
    ///
    /// # Errors
    /// What was found and expected.
    pub fn read(&self, name: &Name, file: &str) -> Result<Vec<u8>, String> {
        sums::read(&self.place(name), file)
    }

    /// Moves a damaged net or score out of the way, so that it is made again and nothing is lost; where it went.
    ///
    /// # Errors
    /// A folder that cannot be moved.
    pub fn set_aside(&self, name: &Name) -> Result<PathBuf> {
        let place = self.place(name);
        let free = (1..).map(|n| self.folder.join(format!("{name}.damaged-{n}"))).find(|path| !path.exists());
        let aside = free.expect("some number is free");
        fs::rename(&place, &aside).with_context(|| format!("{}: cannot be set aside", place.display()))?;
        Ok(aside)
    }
}

impl Listing {
    /// Whether `name` is there.
    pub fn is_done(&self, name: &Name) -> bool {
        self.done.contains(&name.to_string())
    }

    /// Updates of the last checkpoint of `name`, where it is in the making.
    pub fn begun(&self, name: &Name) -> Option<u64> {
        self.begun.get(&name.to_string()).copied()
    }
}

/// What lies in `folder`; nothing where it cannot be read.
pub(crate) fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, Shelf, Name) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::nets(folder.path());
        shelf.open().unwrap();
        (folder, shelf, Name::new("2-20-10-bu-s0", &"settings"))
    }

    fn mine(shelf: &Shelf, name: &Name) -> Workspace {
        match shelf.claim(name).unwrap() {
            Claim::Mine(workspace) => workspace,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_net_is_made_by_one_and_then_there() {
        let (_folder, shelf, name) = shelf();
        let mut workspace = mine(&shelf, &name);
        assert!(matches!(shelf.claim(&name).unwrap(), Claim::Held(_)));
        assert!(shelf.maker(&name).is_some() && !shelf.list().is_done(&name));
        workspace.add("weights.safetensors", b"1234").unwrap();
        assert!(workspace.finish().unwrap());
        assert!(matches!(shelf.claim(&name).unwrap(), Claim::Done));
        assert_eq!(shelf.maker(&name), None);
        assert_eq!(shelf.read(&name, "weights.safetensors").unwrap(), b"1234");
        assert!(shelf.list().is_done(&name));
        let left: Vec<_> = entries(shelf.place(&name).parent().unwrap()).collect();
        assert_eq!(left, [shelf.place(&name)], "nothing else is left");
    }

    /// Makes the holder of a lock look dead; the lock's file.
    fn bury(shelf: &Shelf, name: &Name) -> PathBuf {
        let lock = shelf.lock(name);
        let holder = fs::read_to_string(&lock).unwrap();
        let dead = holder.replace(&format!("\"pid\":{}", std::process::id()), "\"pid\":4294967295");
        fs::write(&lock, dead).unwrap();
        lock
    }

    #[test]
    fn who_slept_in_the_middle_of_writing_learns_that_another_took_over() {
        let (_folder, shelf, name) = shelf();
        let sleeper = mine(&shelf, &name);
        bury(&shelf, &name);
        let taker = mine(&shelf, &name);
        let taken_over = |written: Result<()>| written.unwrap_err().is::<workspace::TakenOver>();
        assert!(taken_over(sleeper.log("saved at update 30")));
        assert!(taken_over(sleeper.write("log.txt", b"")));
        drop(taker);
        assert!(taken_over(sleeper.log("the other has ended")));
        assert!(taken_over(sleeper.finish().map(drop)));
    }

    #[test]
    fn what_a_dead_maker_left_is_taken_over() {
        let (_folder, shelf, name) = shelf();
        let workspace = mine(&shelf, &name);
        workspace.save(30, b"state at 30", b"history").unwrap();
        std::mem::forget(workspace);
        let lock = bury(&shelf, &name);
        assert_eq!(shelf.list().begun(&name), Some(30));
        let workspace = mine(&shelf, &name);
        assert_eq!(workspace.checkpoint().unwrap().unwrap(), b"state at 30");
        assert_eq!(workspace.history_to(30).unwrap(), b"history");
        assert!(workspace.history_to(20).is_err());
        assert_eq!(entries(lock.parent().unwrap()).count(), 2, "a folder and its lock");
    }

    #[test]
    fn every_kind_of_damage_is_seen() {
        let (_folder, shelf, name) = shelf();
        let damages: [fn(&Path); 5] = [
            |net| fs::write(net.join("weights.safetensors"), b"1235").unwrap(),
            |net| fs::remove_file(net.join("weights.safetensors")).unwrap(),
            |net| fs::write(net.join(sums::SUMS), "").unwrap(),
            |net| fs::write(net.join(sums::SUMS), "aéééééé  weights.safetensors\n").unwrap(),
            |net| fs::remove_file(net.join(sums::SUMS)).unwrap(),
        ];
        for (number, damage) in (1..).zip(damages) {
            let mut workspace = mine(&shelf, &name);
            workspace.add("weights.safetensors", b"1234").unwrap();
            workspace.finish().unwrap();
            damage(&shelf.place(&name));
            assert!(shelf.read(&name, "weights.safetensors").is_err());
            let aside = shelf.set_aside(&name).unwrap();
            assert!(aside.ends_with(format!("{name}.damaged-{number}")) && aside.exists(), "nothing is lost");
        }
    }
}
