//! Builds the program once a test process, and runs it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// A ring that trains in a tenth of a second.
const SHORT: [&str; 4] =
    ["training.updates=200", "training.history_every=50", "training.checkpoint_every=50", "grid.points=61"];

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the repository").to_owned()
}

/// The program, to be given arguments. It runs in the root of the repository.
pub fn xtask() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PROGRAM.get_or_init(build));
    command.current_dir(repository()).stdin(Stdio::null());
    command
}

/// `verify` of a shortened ring with results in `out`; arguments that follow may lengthen it again.
pub fn verify(out: &Path) -> Command {
    let mut command = xtask();
    command.arg("verify").arg("--out").arg(out);
    for change in SHORT {
        command.args(["--set", change]);
    }
    command
}

/// Settings of a sweep whose nets train in no time.
const TINY: [&str; 10] = [
    "data.synth={minutes: 1, seed: 0}",
    "front_ends={FCN8: {bands: 8, context: 1}}",
    "networks={small: {hidden: 0, units: 8, code: 4}}",
    "batch.pieces=4",
    "batch.piece_s=2.5",
    "training.updates=20",
    "training.history_every=5",
    "training.checkpoint_every=5",
    "scoring.every=20",
    "seeds=1",
];

/// `sweep` of tiny nets on the synthetic set in `sounds`, with results in `out`; arguments that follow may change it.
pub fn sweep(sounds: &Path, out: &Path) -> Command {
    let mut command = xtask();
    command.args(["sweep", "experiments/toycar-smoke.yaml", "--out"]).arg(out);
    command.arg("--set").arg(format!("data.root={}", sounds.display()));
    for change in TINY {
        command.args(["--set", change]);
    }
    command
}

/// A synthetic set of sounds in `folder`, made once for all tests of a process, and found by later ones.
pub fn sounds(folder: &Path) -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let out = folder.join("toycar");
        Outcome::success(xtask().args(["synth", "--minutes", "1", "--out"]).arg(&out));
        out
    };
    MADE.get_or_init(make).clone()
}

/// Builds the program as `cargo xtask` does, in the profile of the tests.
fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository());
    cargo.args(["build", "--package", "xtask", "--message-format=json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(output.status.success(), "the program does not build");
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "xtask").then(|| message["executable"].as_str().map(PathBuf::from))?
    };
    messages.lines().find_map(executable).expect("cargo names the executable")
}

/// A run in the background, killed when it is dropped: a test that fails leaves nothing running.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts `command`; what it says is not kept.
    pub fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts"))
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal by its name, such as `INT`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let sent = kill.arg(format!("-{name}")).arg(self.id().to_string()).status().expect("there is kill");
        assert!(sent.success(), "the process is gone");
    }

    /// Asks it to stop by a signal, and waits until it has; its exit code.
    pub fn stop(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.0.wait().expect("a child can be waited for").code()
    }

    /// Waits until it has ended by itself; whether it ended well.
    pub fn wait(mut self) -> bool {
        self.0.wait().expect("a child can be waited for").success()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child can be waited for").is_some()
    }

    /// Kills it, as `kill -9` does, and waits until it is gone; tells whether it had ended before.
    pub fn kill(mut self) -> bool {
        let ended = self.has_ended();
        self.end();
        ended
    }

    fn end(&mut self) {
        // A process that ended meanwhile cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a run ended, and what it said.
#[derive(Debug)]
pub struct Outcome {
    /// None where a signal ended it.
    pub code: Option<i32>,
    /// Results.
    pub stdout: String,
    /// Progress and errors.
    pub stderr: String,
}

impl Outcome {
    /// Runs `command` to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs `command`, which has to succeed.
    pub fn success(command: &mut Command) -> Self {
        let outcome = Self::of(command);
        assert_eq!(outcome.code, Some(0), "{command:?}\n{}", outcome.stderr);
        outcome
    }

    /// Runs `command`, which has to be refused as bad input with an error that says all of `parts`.
    pub fn refusal(command: &mut Command, parts: &[&str]) -> Self {
        let outcome = Self::of(command);
        assert_eq!(outcome.code, Some(2), "{command:?}\n{}", outcome.stderr);
        outcome.assert_told(parts);
        outcome
    }

    /// Runs `command`, which has to end as a failed run with an error that says all of `parts`.
    pub fn failure(command: &mut Command, parts: &[&str]) -> Self {
        let outcome = Self::of(command);
        assert_eq!(outcome.code, Some(1), "{command:?}\n{}", outcome.stderr);
        outcome.assert_told(parts);
        outcome
    }

    fn assert_told(&self, parts: &[&str]) {
        let errors = &self.stderr;
        assert!(errors.contains("error: ") && !errors.contains("panicked"), "{errors}");
        for part in parts {
            assert!(errors.contains(part), "`{part}` is not in\n{errors}");
        }
    }
}
