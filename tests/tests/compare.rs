//! `compare`: two results folders side by side.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::path::Path;

use tests::files::csv;
use tests::{Outcome, sounds, sweep, verify, xtask};

#[test]
fn two_sweeps_are_put_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    let losses = ["--seeds", "2", "--set", "losses=[RE, SNP]"];
    Outcome::success(sweep(&sounds, &a).args(losses));
    let change = ["--set", "training.learning_rate=0.01", "--set", "vary=[{loss.lambda: [2M, 40]}]"];
    Outcome::success(sweep(&sounds, &b).args(losses).args(change));
    let [of_a, of_b] = [&a, &b].map(|out| out.join("toycar-smoke"));
    let table = folder.path().join("table.csv");
    let compared = Outcome::success(xtask().arg("compare").args([&of_a, &of_b]).arg("--csv").arg(&table));
    for says in ["training.learning_rate  0.001  0.01", "loss.lambda of B", "seeds and test files vary"] {
        assert!(compared.stdout.contains(says), "{says}: {}", compared.stdout);
    }
    assert!(!compared.stdout.contains("data.manifest"), "the same in both: {}", compared.stdout);

    let (header, rows) = csv(&table);
    let expected = "model,loss,anr_db,loss.lambda of B,measure,seeds,A,B,B less A,ci95_low,ci95_high";
    assert_eq!(header.join(","), expected);
    let auc: Vec<&Vec<String>> = rows.iter().filter(|row| row[4] == "auc").collect();
    assert_eq!(auc.len(), 2 * 3 * 2, "losses, ANRs, and values of λ");
    // The means that the tables of both have.
    for row in auc {
        for (folder, place) in [(&of_a, 6), (&of_b, 7)] {
            let (header, areas) = csv(&folder.join("auc.csv"));
            let column = |name: &str| header.iter().position(|other| other == name).unwrap();
            let same = |area: &&Vec<String>| {
                let lambda = header.iter().position(|other| other == "loss.lambda");
                area[column("loss")] == row[1]
                    && area[column("anr_db")].parse::<f64>() == row[2].parse::<f64>()
                    && lambda.is_none_or(|lambda| area[lambda] == row[3])
            };
            let area: f64 = areas.iter().find(same).unwrap()[column("auc_mean")].parse().unwrap();
            assert!((area - row[place].parse::<f64>().unwrap()).abs() < 2e-6, "{row:?}");
        }
        let number = |place: usize| row[place].parse::<f64>().unwrap();
        assert!((number(7) - number(6) - number(8)).abs() < 2e-6, "{row:?}");
        assert!(number(9) <= number(8) && number(8) <= number(10), "{row:?}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let [ring, sounded] = ["ring", "sounds"].map(|name| folder.path().join(name));
    Outcome::success(verify(&ring).args(["--seeds", "1"]));
    Outcome::success(sweep(&sounds, &sounded).args(["--set", "losses=[RE]"]));
    let [ring, sweep] = [ring.join("ring"), sounded.join("toycar-smoke")];
    let compare = |a: &Path, b: &Path, says: &[&str]| {
        Outcome::refusal(xtask().arg("compare").args([a, b]), says);
    };
    compare(&ring, &sweep, &["found a ring and a sweep", "expected two of one kind"]);
    compare(&ring, folder.path(), &["settings.yaml: cannot be read", "expected the folder of an experiment"]);
    let same = Outcome::success(xtask().arg("compare").args([&ring, &ring]));
    assert!(same.stdout.contains("All settings are the same."), "{}", same.stdout);
}
