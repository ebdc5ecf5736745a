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

/// Looks at the page from inside once it is loaded, and leaves what it found in the title: how many pictures are there,
/// how many columns are sorted, up and down, when their heads are clicked, and how many of these begin with a minus
/// sign or hold the missing value that is put into every column of numbers beforehand.
const LOOK: &str = r"<script>
window.addEventListener('load', () => {
  const pictures = [...document.images].filter(image => image.complete && image.naturalWidth > 100).length;
  const found = { columns: 0, sorted: 0, negative: 0, missing: 0 };
  const number = text => { const at = text.match(/^[-+\u2212]?\d+(\.\d+)?/); return at && Number(at[0].replace(/^\u2212/, '-')); };
  for (const table of document.querySelectorAll('table')) [...table.querySelectorAll('th')].forEach((head, column) => {
    const cells = () => [...table.tBodies[0].rows].map(row => row.cells[column].textContent);
    const isGap = text => text === '' || text === '-';
    const numeric = cells().every(text => isGap(text) || number(text) !== null);
    if (numeric && cells().some(text => !isGap(text) && number(text) < 0)) found.negative += 1;
    const gap = numeric && table.tBodies[0].rows.length > 2;
    const hole = table.tBodies[0].rows[0].cells[column], whole = hole.textContent;
    if (gap) { hole.textContent = '-'; found.missing += 1; }
    const before = cells().sort().join();
    const ordered = sign => {
      head.click();
      const list = cells(), held = list.filter(text => !isGap(text));
      const inOrder = (a, b) => sign * (numeric ? number(a) - number(b) : a.localeCompare(b)) <= 0;
      return list.slice(held.length).every(isGap) && list.slice().sort().join() === before
        && held.every((text, i) => i === 0 || inOrder(held[i - 1], text));
    };
    found.columns += 1;
    if ([1, -1].map(ordered).every(Boolean)) found.sorted += 1;
    if (gap) hole.textContent = whole;
  });
  const isWide = element => element.scrollWidth > element.clientWidth;
  const wide = [document.documentElement, ...document.querySelectorAll('.wide')].some(isWide) ? ' wide' : '';
  document.title = `pictures ${pictures} of ${document.images.length}, sorted ${found.sorted} of ${found.columns}, ${found.negative} negative, ${found.missing} with a gap${wide}`;
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

/// Whether what was sorted held negative numbers and gaps, and the page and its tables are no wider than the window.
fn is_telling(found: &str) -> bool {
    !found.contains(" 0 negative") && !found.contains(" 0 with a gap") && !found.ends_with("wide")
}

#[test]
fn the_report_of_a_sweep_renders() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    Outcome::success(&mut sweep(&sounds, folder.path()));
    let found = look(&browser, &folder.path().join("toycar-smoke/report.html"));
    assert!(found.starts_with("pictures 6 of 6, sorted 59 of 59, "), "{found}");
    assert!(is_telling(&found), "{found}");
}

#[test]
fn the_report_of_the_ring_renders() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    Outcome::success(verify(folder.path()).args(["--seeds", "2"]));
    let found = look(&browser, &folder.path().join("ring/report.html"));
    assert!(found.starts_with("pictures 2 of 2, sorted 29 of 29, "), "{found}");
    assert!(is_telling(&found), "{found}");
}
