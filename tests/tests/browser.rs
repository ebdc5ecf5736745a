//! The reports in a real browser, without a network: every picture is there, tables sort, nothing complains.
//!
//! Needs Chromium, found in the path or named by `CHROMIUM`. Without one the test says so and passes, unless
//! `REQUIRE_BROWSER` is set.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use tests::files::text;
use tests::{Outcome, sounds, sweep, verify};

/// Looks at the page from inside once it is loaded, and leaves what it found in the title.
const LOOK: &str = "<script>
window.addEventListener('load', () => {
  const pictures = [...document.images].filter(image => image.complete && image.naturalWidth > 100).length;
  let sorted = 0;
  for (const table of document.querySelectorAll('table')) {
    const text = row => row.cells[0].textContent;
    const order = (a, b) => { const [x, y] = [parseFloat(a), parseFloat(b)]; return isNaN(x) || isNaN(y) ? (a < b ? -1 : a > b ? 1 : 0) : x - y; };
    table.querySelector('th').click();
    const up = [...table.tBodies[0].rows].map(text);
    table.querySelector('th').click();
    const down = [...table.tBodies[0].rows].map(text);
    const ordered = (list, sign) => list.every((value, i) => i === 0 || sign * order(list[i - 1], value) <= 0);
    if ((ordered(up, 1) && ordered(down, -1)) || (ordered(up, -1) && ordered(down, 1))) sorted += 1;
  }
  const wide = document.documentElement.scrollWidth > window.innerWidth ? ' wide' : '';
  document.title = `pictures ${pictures} of ${document.images.length}, sorted ${sorted} of ${document.querySelectorAll('table').length}${wide}`;
});
</script>";

fn browser() -> Option<OsString> {
    let named = std::env::var_os("CHROMIUM");
    let known = ["chromium", "chromium-browser", "google-chrome"].map(OsString::from);
    let runs =
        |name: &OsString| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = named.into_iter().chain(known).find(runs);
    assert!(found.is_some() || std::env::var_os("REQUIRE_BROWSER").is_none(), "no Chromium was found");
    if found.is_none() {
        eprintln!("no Chromium was found: the reports were not looked at");
    }
    found
}

/// Opens the report with no network; what it found of itself. Fails where the console is not silent.
fn look(browser: &OsString, report: &Path) -> String {
    let html = text(report);
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http"), "nothing is fetched");
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, html.replace("</body>", &format!("{LOOK}</body>"))).unwrap();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]);
    command.args(["--disable-background-networking", "--disable-component-update"]);
    command.args(["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]);
    command.args(["--window-size=1280,1000", "--enable-logging=stderr", "--virtual-time-budget=10000"]);
    command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    command.arg("--dump-dom").arg(format!("file://{}", page.display()));
    let Outcome { code, stdout, stderr } = Outcome::of(&mut command);
    assert_eq!(code, Some(0), "{stderr}");
    let complaints: Vec<&str> = stderr.lines().filter(|line| line.contains(":CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    let title = stdout.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
    title.to_owned()
}

#[test]
fn the_report_of_a_sweep_renders() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    Outcome::success(&mut sweep(&sounds, folder.path()));
    let found = look(&browser, &folder.path().join("report.html"));
    assert_eq!(found, "pictures 6 of 6, sorted 8 of 8");
}

#[test]
fn the_report_of_the_ring_renders() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    Outcome::success(verify(folder.path()).args(["--seeds", "2"]));
    let found = look(&browser, &folder.path().join("report.html"));
    assert_eq!(found, "pictures 2 of 2, sorted 5 of 5");
}
