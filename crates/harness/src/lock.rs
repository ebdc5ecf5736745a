//! Locks of single nets and scores: files that many processes and machines agree on, without `flock`.
//!
//! A lock is a file that is made where there was none; it tells who holds it. A holder that this machine can see is
//! dead when its process is gone; any other one, when its file has not changed for a lease, by the clock of the file
//! server. A holder that only slept may wake after that: so it looks at its lock before it saves or finishes anything,
//! and what it writes lies in a folder of its own (see `workspace`).

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::holder::Holder;

/// Seconds without a sign of life after which a holder on another machine is dead; another number in the environment
/// variable [`LEASE`].
const LEASE_S: u64 = 600;

/// Names the environment variable of the lease, in seconds.
pub const LEASE: &str = "HARNESS_LEASE_S";

/// Signs of life in a lease.
const BEATS: u32 = 10;

/// A lock that is held; letting go of the value lets go of the lock.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    held: Arc<Held>,
}

/// What keeps a lock alive.
#[derive(Debug)]
struct Held {
    holder: Holder,
    /// The lock's file itself, whatever lies at its path now: a holder that slept changes nobody else's.
    file: Mutex<File>,
}

/// What became of the wish for a lock.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is held now.
    Mine(Lock),
    /// Somebody else holds it.
    Held(Holder),
}

impl Lock {
    /// Takes the lock at `path`, also from a dead holder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(crate) fn take(path: &Path) -> Result<Taken> {
        let unwritable = || format!("{}: cannot be locked", path.display());
        let holder = Holder::this(token());
        let own = sibling(path, &holder.token);
        let file = write(&own, &holder).with_context(unwritable)?;
        let outcome = place(&own, path, &holder);
        let _ = fs::remove_file(&own);
        match outcome.with_context(unwritable)? {
            Some(other) => Ok(Taken::Held(other)),
            None => {
                let held = Arc::new(Held { holder, file: Mutex::new(file) });
                beat(&held);
                Ok(Taken::Mine(Self { path: path.to_owned(), held }))
            }
        }
    }

    /// Whether the lock is still this one's: nobody took it over.
    pub(crate) fn is_mine(&self) -> bool {
        read(&self.path).is_some_and(|holder| holder.token == self.held.holder.token)
    }

    /// Unlike that of any other hold.
    pub(crate) fn token(&self) -> &str {
        &self.held.holder.token
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_mine() {
            let _ = fs::remove_file(&self.path); // where even this fails, the process is soon gone
        }
    }
}

/// Who holds the lock at `path`, if it is somebody whom this machine can see, and who lives.
pub(crate) fn holder(path: &Path) -> Option<Holder> {
    read(path).filter(|holder| holder.lives() == Some(true))
}

/// Makes `own` the lock at `path`; the holder that is in the way, if one is.
fn place(own: &Path, path: &Path, me: &Holder) -> io::Result<Option<Holder>> {
    loop {
        match fs::hard_link(own, path) {
            Ok(()) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let other = match read(path) {
            Some(other) => other,
            None if path.exists() => Holder::unknown(), // a damaged file
            None => continue,                           // let go of just now
        };
        let lives = match other.lives() {
            Some(lives) => lives,
            None => age(own, path)? < lease(),
        };
        if lives {
            return Ok(Some(other));
        }
        remove_dead(path, &other, &me.token)?;
    }
}

/// Removes the lock of the dead `other`: of all who try, one moves it away. Who moved the lock of a new holder
/// instead, who was faster, puts it back.
fn remove_dead(path: &Path, other: &Holder, token: &str) -> io::Result<()> {
    let aside = sibling(path, &format!("{token}.dead"));
    match fs::rename(path, &aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        moved => moved?,
    }
    if read(&aside).unwrap_or_else(Holder::unknown).token != other.token {
        let _ = fs::hard_link(&aside, path);
    }
    fs::remove_file(&aside)
}

/// How long ago the lock at `path` changed, by the clock that stamped `own` just now: that of the file server.
fn age(own: &Path, path: &Path) -> io::Result<Duration> {
    let now = fs::metadata(own)?.modified()?;
    let changed = match fs::metadata(path) {
        Ok(metadata) => metadata.modified()?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Duration::ZERO),
        Err(error) => return Err(error),
    };
    Ok(now.duration_since(changed).unwrap_or_default())
}

fn lease() -> Duration {
    let found = std::env::var(LEASE).ok().and_then(|text| text.parse().ok());
    Duration::from_secs(found.unwrap_or(LEASE_S).max(1))
}

fn read(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write(path: &Path, holder: &Holder) -> io::Result<File> {
    let mut file = File::create_new(path)?;
    file.write_all(&serde_json::to_vec(holder)?)?;
    file.flush()?;
    Ok(file)
}

fn sibling(path: &Path, token: &str) -> PathBuf {
    PathBuf::from(format!("{}.{token}", path.display()))
}

/// Numbers the holds of this process.
static HOLDS: AtomicU64 = AtomicU64::new(0);

fn token() -> String {
    let number = HOLDS.fetch_add(1, Ordering::Relaxed);
    let moment = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_nanos());
    let drawn = crate::name::hash(&(std::process::id(), number, moment));
    drawn[..16].to_owned()
}

/// The locks that are held, of which one thread gives signs of life.
static BEATING: Mutex<Option<Vec<Weak<Held>>>> = Mutex::new(None);

fn beat(held: &Arc<Held>) {
    let mut beating = BEATING.lock().unwrap_or_else(PoisonError::into_inner);
    let first = beating.is_none();
    beating.get_or_insert_default().push(Arc::downgrade(held));
    if first {
        thread::spawn(|| {
            loop {
                thread::sleep(lease() / BEATS);
                let mut beating = BEATING.lock().unwrap_or_else(PoisonError::into_inner);
                let all = beating.get_or_insert_default();
                all.retain(|held| held.upgrade().is_some_and(|held| held.beat()));
            }
        });
    }
}

impl Held {
    /// Writes the same again, so that the file server stamps it; always true, for a beat that fails is one missed.
    fn beat(&self) -> bool {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = serde_json::to_vec(&self.holder).expect("a holder is plain data");
        let _ = file.rewind().and_then(|()| file.write_all(&bytes));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mine(path: &Path) -> Lock {
        match Lock::take(path).unwrap() {
            Taken::Mine(lock) => lock,
            Taken::Held(holder) => panic!("{holder} holds it"),
        }
    }

    fn rewritten(path: &Path, change: impl Fn(&mut serde_json::Value)) {
        let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        change(&mut value);
        fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
    }

    #[test]
    fn the_second_is_told_who_holds_it_until_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".net.lock");
        let first = mine(&path);
        assert!(first.is_mine());
        let Taken::Held(other) = Lock::take(&path).unwrap() else { panic!("two hold it") };
        assert_eq!(other.token, first.token());
        drop(first);
        drop(mine(&path));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn the_lock_of_a_dead_process_is_taken_over_and_its_holder_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".net.lock");
        let first = mine(&path);
        rewritten(&path, |holder| holder["pid"] = u32::MAX.into());
        let second = mine(&path);
        assert!(second.is_mine() && !first.is_mine());
        drop(first);
        assert!(second.is_mine(), "who slept lets go of nobody else's lock");
    }

    #[test]
    fn a_holder_elsewhere_lives_as_long_as_its_lock_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".net.lock");
        let first = mine(&path);
        let elsewhere = |holder: &mut serde_json::Value| holder["space"] = "another boot".into();
        rewritten(&path, elsewhere);
        assert!(matches!(Lock::take(&path).unwrap(), Taken::Held(_)));
        let old = std::time::SystemTime::now() - Duration::from_secs(2 * LEASE_S);
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        let second = mine(&path);
        assert!(second.is_mine() && !first.is_mine());
    }

    #[test]
    fn of_many_who_want_a_dead_ones_lock_one_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let path = folder.path().join(format!(".{round}.lock"));
            let dead = mine(&path);
            rewritten(&path, |holder| holder["pid"] = u32::MAX.into());
            let locks: Vec<Taken> = thread::scope(|scope| {
                let takers: Vec<_> = (0..8).map(|_| scope.spawn(|| Lock::take(&path).unwrap())).collect();
                takers.into_iter().map(|taker| taker.join().unwrap()).collect()
            });
            let holding = locks.iter().filter(|taken| matches!(taken, Taken::Mine(lock) if lock.is_mine()));
            assert!(holding.count() <= 1);
            assert!(locks.iter().any(|taken| matches!(taken, Taken::Mine(_))));
            drop(dead);
        }
    }
}
