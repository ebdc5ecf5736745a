//! Makes the nets and scores of a run that are not there, sharing the work with every other process that does the same.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use models::Parameters;

use crate::group::{groups, updates};
use crate::training::{Outcome, Training, guarded, train};
use crate::{Claim, Name, Net, Shelf, WEIGHTS, Workspace, stop};

/// Between looks for what other processes make.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// A net that is asked for, and the score of it.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The net.
    pub net: Net,
    /// Its score's folder among the scores.
    pub score: Name,
}

/// A cell that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What people call the cell.
    pub label: String,
    /// Why, with the end of its log.
    pub why: String,
}

/// What becomes of nets and scores that other processes make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They are waited for.
    Await,
    /// They are left to their makers.
    Leave,
}

/// What is held by another process, which makes it.
struct Held {
    /// What people call the net.
    label: String,
    holder: String,
}

/// How the cells of a run are made.
pub struct Run<'a> {
    /// How nets are trained.
    pub training: Training<'a>,
    /// Where scores lie.
    pub scores: &'a Shelf,
    /// Groups of nets trained side by side.
    pub jobs: usize,
    /// What becomes of what other processes make.
    pub others: Others,
    /// Adds the files of a cell's score to its folder, from the net's parameters. Gives a line to tell.
    pub score: &'a (dyn Fn(&Cell, &Parameters, &mut Workspace) -> Result<String> + Sync),
}

impl Run<'_> {
    /// Makes what is not there of `cells`; the cells that failed. Ends early
    /// where the run is asked to stop; else tells what is there now, and how long it took.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn make(&self, cells: &[&Cell]) -> Result<Vec<Failure>> {
        self.training.nets.open()?;
        self.scores.open()?;
        let begun = Instant::now();
        let nets: BTreeSet<&Name> = cells.iter().map(|cell| &cell.net.name).collect();
        let scores: BTreeSet<&Name> = cells.iter().map(|cell| &cell.score).collect();
        let missing =
            |shelf: &Shelf, names: &BTreeSet<&Name>| names.iter().filter(|name| !shelf.has(name)).count();
        let before = [missing(self.training.nets, &nets), missing(self.scores, &scores)];
        let failures = self.make_all(cells)?;
        let trained = before[0].saturating_sub(missing(self.training.nets, &nets));
        let scored = before[1].saturating_sub(missing(self.scores, &scores));
        self.training.progress.finish();
        if !stop::asked() {
            let plural = if trained == 1 { "" } else { "s" };
            let seconds = begun.elapsed().as_secs_f64();
            let (of, jobs) = (self.training.progress.of(), self.jobs);
            let told = format!("{trained} net{plural} trained, {scored} scored in {seconds:.1} s");
            crate::tell!("{of}{told}, {jobs} at a time");
        }
        Ok(failures)
    }

    fn make_all(&self, cells: &[&Cell]) -> Result<Vec<Failure>> {
        let mut failures = Vec::new();
        let mut told = false;
        loop {
            let failed: HashSet<String> =
                failures.iter().map(|failure: &Failure| failure.label.clone()).collect();
            let is_open = |cell: &&Cell| {
                let is_there = self.scores.has(&cell.score) && self.training.nets.has(&cell.net.name);
                !is_there && !failed.contains(&cell.net.label)
            };
            let open: Vec<&Cell> = cells.iter().copied().filter(is_open).collect();
            if open.is_empty() || stop::asked() {
                return Ok(failures);
            }
            let mut held = self.train(&open, &mut failures);
            held.extend(self.score_rest(&open, &mut failures));
            let Some(Held { holder, .. }) = held.first() else { continue };
            let (count, nets) = (held.len(), if held.len() == 1 { "net" } else { "nets" });
            let progress = self.training.progress;
            match self.others {
                Others::Await => {
                    if !told {
                        progress.say(&format!("Waiting for {count} {nets}, made elsewhere: {holder}"));
                        told = true;
                    }
                    thread::sleep(LOOK_EVERY);
                }
                Others::Leave
                    if open.iter().all(|cell| held.iter().any(|held| held.label == cell.net.label)) =>
                {
                    progress.say(&format!("Left alone: {count} {nets}, made elsewhere: {holder}"));
                    return Ok(failures);
                }
                // What was made meanwhile may have freed others.
                Others::Leave => {}
            }
        }
    }

    /// Trains the nets of `open` that are not there, and scores each group's; who makes those that are held elsewhere.
    fn train(&self, open: &[&Cell], failures: &mut Vec<Failure>) -> Vec<Held> {
        let mut known = HashSet::new();
        let missing = open.iter().map(|cell| &cell.net);
        let missing: Vec<&Net> =
            missing.filter(|net| !self.training.nets.has(&net.name) && known.insert(&net.name)).collect();
        // What is held elsewhere is not even tried.
        let mut free = Vec::new();
        let mut held = Vec::new();
        for net in missing {
            match self.training.nets.maker(&net.name) {
                Some(holder) => held.push(Held { label: net.label.clone(), holder }),
                None => free.push(net),
            }
        }
        // A card is filled by one stack, not by several.
        let on_card = free.iter().any(|net| net.settings.is_on_card());
        let jobs = if on_card { 1 } else { self.jobs };
        let nets = free.len();
        let groups = groups(free, jobs);
        self.training.progress.expect(nets, groups.iter().map(|group| updates(group)).sum());
        let failures = Mutex::new(failures);
        let also_held = Mutex::new(held);
        side_by_side(groups, jobs, |group| {
            for (net, outcome) in train(&group, &self.training) {
                let its_cells = open.iter().filter(|cell| cell.net.name == net.name);
                match outcome {
                    Outcome::Done => its_cells.take_while(|_| !stop::asked()).for_each(|cell| {
                        self.tell(cell, self.score_one(cell), &failures, &also_held);
                    }),
                    Outcome::Held(holder) => {
                        lock(&also_held).push(Held { label: net.label.clone(), holder });
                    }
                    Outcome::Failed(why) => lock(&failures).extend(
                        its_cells.map(|cell| Failure { label: cell.net.label.clone(), why: why.clone() }),
                    ),
                    Outcome::Stopped => {}
                }
            }
        });
        also_held.into_inner().expect("no thread panics with what is held")
    }

    /// Scores the cells of `open` whose nets are there; who makes those that are held elsewhere.
    fn score_rest(&self, open: &[&Cell], failures: &mut Vec<Failure>) -> Vec<Held> {
        let failed: HashSet<String> = failures.iter().map(|failure| failure.label.clone()).collect();
        let unscored = open.iter().copied().filter(|cell| {
            self.training.nets.has(&cell.net.name)
                && !self.scores.has(&cell.score)
                && !failed.contains(&cell.net.label)
        });
        let unscored: Vec<&Cell> = unscored.collect();
        let failures = Mutex::new(failures);
        let held = Mutex::new(Vec::new());
        side_by_side(unscored, self.jobs, |cell| {
            self.tell(cell, self.score_one(cell), &failures, &held);
        });
        held.into_inner().expect("no thread panics with what is held")
    }

    /// Keeps a failure, or who holds a score.
    fn tell(
        &self,
        cell: &Cell,
        scored: Result<Option<String>, Failure>,
        failures: &Mutex<&mut Vec<Failure>>,
        held: &Mutex<Vec<Held>>,
    ) {
        match scored {
            Ok(None) => {}
            Ok(Some(holder)) => lock(held).push(Held { label: cell.net.label.clone(), holder }),
            Err(failure) => {
                self.training.progress.say(&format!("{}: failed: {}", failure.label, failure.why));
                lock(failures).push(failure);
            }
        }
    }

    /// Scores a cell whose net is there; who does so, where that is another process.
    fn score_one(&self, cell: &Cell) -> Result<Option<String>, Failure> {
        guarded(|| self.claim_and_score(cell))
            .map_err(|error| Failure { label: cell.net.label.clone(), why: format!("{error:#}") })
    }

    fn claim_and_score(&self, cell: &Cell) -> Result<Option<String>> {
        let mut workspace = match self.scores.claim(&cell.score)? {
            Claim::Mine(workspace) => workspace,
            Claim::Done => return Ok(None),
            Claim::Held(holder) => return Ok(Some(holder)),
        };
        let Some(parameters) = self.parameters(&cell.net)? else { return Ok(None) };
        let words = (self.score)(cell, &parameters, &mut workspace)?;
        if workspace.finish()? && !words.is_empty() {
            self.training.progress.say(&format!("{}: {words}", cell.net.label));
        }
        Ok(None)
    }

    /// The parameters of a net; none where they were damaged: then the net is out of the way, to be trained again.
    fn parameters(&self, net: &Net) -> Result<Option<Parameters>> {
        match parameters(self.training.nets, net) {
            Ok(parameters) => Ok(Some(parameters)),
            Err(why) => {
                let aside = self.training.nets.set_aside(&net.name)?;
                let aside = aside.display();
                self.training.progress.say(&format!(
                    "{}: its net is damaged ({why:#}); it is trained again, and the damaged one lies in {aside}",
                    net.label
                ));
                Ok(None)
            }
        }
    }
}

/// The parameters of a net that is there.
///
/// # Errors
/// Weights that are damaged, or do not fit the net's settings.
pub fn parameters(nets: &Shelf, net: &Net) -> Result<Parameters> {
    let bytes = nets.read(&net.name, WEIGHTS).map_err(|why| anyhow!(why))?;
    Parameters::from_bytes(&bytes, &net.settings.architecture).context(WEIGHTS)
}

/// Does `work` to each of `items`, `jobs` at a time, in their order.
///
/// Plain threads and no rayon pool: a worker that waits for its files to be scored would begin another group
/// meanwhile, and come back to its own only when that one is trained.
fn side_by_side<T: Send>(items: Vec<T>, jobs: usize, work: impl Fn(T) + Sync) {
    let jobs = jobs.min(items.len());
    let queue = Mutex::new(items.into_iter());
    let next = || lock(&queue).next().filter(|_| !stop::asked());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics with it")
}
