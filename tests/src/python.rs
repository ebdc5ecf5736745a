//! A Python with what a test reads our files with.

use std::ffi::OsString;
use std::process::Command;

/// A Python, in the path or named by `PYTHON`, that has all of `modules`, such as `numpy`. Without one it says what is
/// `left_out`; where the variable `require` is set, that is a failure.
pub fn python(modules: &str, require: &str, left_out: &str) -> Option<OsString> {
    let import = format!("import {modules}");
    let runs = |name: &OsString| {
        Command::new(name).args(["-c", &import]).output().is_ok_and(|out| out.status.success())
    };
    let found = std::env::var_os("PYTHON").into_iter().chain([OsString::from("python3")]).find(runs);
    if found.is_none() {
        assert!(std::env::var_os(require).is_none(), "no Python with {modules} was found");
        eprintln!("LEFT OUT: no Python with {modules} was found: {left_out}");
    }
    found
}
