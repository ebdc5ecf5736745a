//! Who holds a lock: a process, told apart from all others of all machines and boots.

use std::fs;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A process that holds a lock, as the lock's file tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// Of this one hold, unlike any other.
    pub(crate) token: String,
    /// Name of the machine, for people.
    pub(crate) machine: String,
    /// Of this boot of the machine, and of this namespace of process numbers; none where the system tells of neither.
    space: Option<String>,
    pid: u32,
    /// When the process started, in clock ticks since the boot: numbers of processes come back.
    started: Option<u64>,
    /// The queue's task in which it runs; none outside a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<Task>,
    /// When the lock was taken, UTC, for people.
    pub(crate) since: String,
}

/// A task of Slurm, which runs nowhere twice at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Task {
    cluster: String,
    job: String,
    /// How often it was started again.
    restarts: u32,
}

impl Task {
    /// The one of this process.
    fn this() -> Option<Self> {
        let cluster = std::env::var("SLURM_CLUSTER_NAME").unwrap_or_default();
        let job = std::env::var("SLURM_JOB_ID").ok()?;
        let restarts = std::env::var("SLURM_RESTART_COUNT").ok().and_then(|count| count.parse().ok());
        Some(Self { cluster, job, restarts: restarts.unwrap_or(0) })
    }

    /// Whether this is an earlier start of `now`: its node was lost, or it was requeued.
    fn is_earlier_start_of(&self, now: &Self) -> bool {
        self.cluster == now.cluster && self.job == now.job && self.restarts < now.restarts
    }
}

impl Holder {
    /// This process; `token` is unlike that of any other hold.
    pub(crate) fn this(token: String) -> Self {
        let pid = std::process::id();
        Self {
            token,
            machine: trimmed("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown machine".to_owned()),
            space: space(),
            pid,
            started: started(pid),
            task: Task::this(),
            since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }

    /// Whoever it was that a damaged file told of.
    pub(crate) fn unknown() -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            token: unknown(),
            machine: unknown(),
            space: None,
            pid: 0,
            started: None,
            task: None,
            since: unknown(),
        }
    }

    /// Whether the holder lives; none where this process cannot see it, on another machine or in a container.
    pub(crate) fn lives(&self) -> Option<bool> {
        if let (Some(task), Some(now)) = (&self.task, Task::this())
            && task.is_earlier_start_of(&now)
        {
            return Some(false);
        }
        let here = self.space.is_some() && self.space == space();
        here.then(|| started(self.pid) == self.started)
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {} since {}", self.pid, self.machine, self.since)
    }
}

fn trimmed(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn space() -> Option<String> {
    let boot = trimmed("/proc/sys/kernel/random/boot_id")?;
    let processes = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{boot} {}", processes.display()))
}

/// Field 22 of `/proc/PID/stat`; none where there is no such process.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, a name in brackets, may hold anything.
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_number_and_start() {
        let me = Holder::this("a".to_owned());
        assert_eq!(me.lives(), Some(true));
        let other = Holder { started: me.started.map(|ticks| ticks + 1), ..me.clone() };
        assert_eq!(other.lives(), Some(false), "another process that had this number");
        assert_eq!(Holder { pid: u32::MAX, ..me.clone() }.lives(), Some(false));
        assert_eq!(Holder { space: Some("another boot".to_owned()), ..me.clone() }.lives(), None);
        assert_eq!(Holder { space: None, ..me }.lives(), None);
    }

    #[test]
    fn of_a_requeued_task_the_earlier_start_is_dead() {
        let task = |job: &str, restarts| Task { cluster: "lab".to_owned(), job: job.to_owned(), restarts };
        assert!(task("12", 0).is_earlier_start_of(&task("12", 1)));
        assert!(!task("12", 1).is_earlier_start_of(&task("12", 1)), "two processes of one task");
        assert!(!task("11", 0).is_earlier_start_of(&task("12", 1)));
    }
}
