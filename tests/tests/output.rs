//! Whether anybody reads what a run says never decides how it ends.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs::File;
use std::process::Stdio;

use tests::files::{assert_same, results};
use tests::{Outcome, verify};

#[test]
fn a_run_whose_messages_nobody_reads_ends_well() {
    let read = tempfile::tempdir().unwrap();
    Outcome::success(&mut verify(read.path()));

    let full = tempfile::tempdir().unwrap();
    let device = File::options().write(true).open("/dev/full").unwrap();
    assert!(verify(full.path()).stdout(Stdio::null()).stderr(device).status().unwrap().success());
    assert_same(&results(full.path()), &results(read.path()));

    let closed = tempfile::tempdir().unwrap();
    let mut run = verify(closed.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((run.stdout.take(), run.stderr.take()));
    assert!(run.wait().unwrap().success());
    assert_same(&results(closed.path()), &results(read.path()));
}

#[test]
fn a_table_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let device = File::options().write(true).open("/dev/full").unwrap();
    let run = verify(folder.path()).stdout(device).stderr(Stdio::null()).status().unwrap();
    assert_eq!(run.code(), Some(1));
}
