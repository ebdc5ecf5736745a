//! The figures of the toy-car experiment against golden pictures, and what they refuse.
#![allow(clippy::unwrap_used)]

mod pictures;

use eval::EvalError;
use eval::auc::{auc, roc, threshold_at_tpr};
use eval::figures::{
    AucBar, CurveAxis, Drawing, FrameScores, Loss, LossCurve, OperationMaxima, OperationSpan, RocCurve,
    ScoreHistogram, ScoreTimeline, figure4, loss_curves, maxima_by_operation, roc_curves, score_histograms,
    score_timeline,
};
use eval::stats::quantile;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const MODELS: [&str; 4] = ["FCN40-large", "FCN40-small", "FCN64-large", "FCN64-small"];
const LOSSES: [Loss; 3] = [
    Loss { name: "RE", color: [0, 158, 115], order: 0 },
    Loss { name: "SNP", color: [0, 114, 178], order: 1 },
    Loss { name: "BU", color: [204, 51, 17], order: 2 },
];
const CONDITIONS: [&str; 3] = ["-10 dB", "-15 dB", "-20 dB"];
const CAPTION: &str = "A caption that says what is shown and of which seeds, long enough to need a second line: the \
                       words go on and on, past the width of the picture, until nothing is left to say.";

/// A number in `[0, 1)` that looks random.
fn noise(index: usize) -> f64 {
    (index as f64 * 0.618_033_988_749_895).fract()
}

fn bars() -> Vec<AucBar> {
    let mut bars = Vec::new();
    for (m, model) in MODELS.into_iter().enumerate() {
        for (c, condition) in CONDITIONS.into_iter().enumerate() {
            for (l, loss) in LOSSES.into_iter().enumerate() {
                let mean = 0.86 - 0.12 * c as f64 + 0.025 * l as f64 - 0.01 * m as f64;
                let half = 0.01 + 0.03 * noise(9 * m + 3 * c + l);
                bars.push(AucBar {
                    model: model.to_owned(),
                    loss,
                    condition: condition.to_owned(),
                    mean,
                    interval: (m != 1).then_some((mean - half, mean + half)),
                });
            }
        }
    }
    bars.remove(16); // a hole
    bars
}

/// File scores: many about one, and a tail.
fn file_scores(count: usize, shift: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let uniform = |rng: &mut ChaCha8Rng| rng.random_range(0.0..1.0);
    (0..count)
        .map(|_| ((0..6).map(|_| uniform(rng)).sum::<f64>() - 3.0 + 0.3 * uniform(rng) + shift).exp())
        .collect()
}

fn curves() -> Vec<RocCurve> {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let mut curves = Vec::new();
    for model in &MODELS[..2] {
        for (c, condition) in CONDITIONS.into_iter().enumerate() {
            for (l, loss) in LOSSES.into_iter().enumerate() {
                let normal = file_scores(120, 0.0, rng);
                let anomalous = file_scores(140, 1.0 + 0.2 * l as f64 - 0.4 * c as f64, rng);
                curves.push(RocCurve {
                    model: (*model).to_owned(),
                    loss,
                    condition: condition.to_owned(),
                    points: roc(&normal, &anomalous).unwrap(),
                    auc: auc(&normal, &anomalous).unwrap(),
                });
            }
        }
    }
    curves
}

const AXES: [CurveAxis; 2] =
    [CurveAxis { name: "updates", log: false }, CurveAxis { name: "normal part of objective", log: true }];

fn training() -> Vec<LossCurve> {
    let mut curves = Vec::new();
    for (m, model) in MODELS.into_iter().enumerate() {
        for (l, loss) in LOSSES.into_iter().enumerate() {
            let value = |epoch: usize| {
                let decay = (-(epoch as f64) / (4.0 + l as f64)).exp();
                8.0 * decay + 0.4 + 0.3 * l as f64 + 0.05 * noise(31 * m + epoch)
            };
            let points: Vec<(f64, f64)> = (0..30).map(|epoch| (epoch as f64 + 1.0, value(epoch))).collect();
            let band = points.iter().map(|(_, mean)| (mean * 0.85, mean * 1.2)).collect();
            let panel = model.to_owned();
            curves.push(LossCurve { panel, loss, points, band: (m < 3).then_some(band) });
        }
    }
    curves
}

fn histograms() -> Vec<ScoreHistogram> {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let of = |(l, loss): (usize, Loss)| {
        let normal = file_scores(150, 0.0, rng);
        let anomalous = file_scores(140, 0.7 + 0.4 * l as f64, rng);
        let threshold = threshold_at_tpr(&anomalous, 0.9).unwrap();
        let deployed = quantile(&normal, 0.9).unwrap();
        ScoreHistogram { loss, normal, anomalous, threshold, deployed }
    };
    LOSSES.into_iter().enumerate().map(of).collect()
}

fn timeline() -> ScoreTimeline {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let span = |name: &str, start_s, end_s| OperationSpan { name: name.to_owned(), start_s, end_s };
    let operations = vec![
        span("cruise", 0.0, 3.1),
        span("gear_change", 3.1, 3.6),
        span("cruise", 3.6, 6.4),
        span("idle", 6.4, 9.2),
        span("start_up", 9.2, 10.0),
    ];
    let losses = LOSSES.into_iter().enumerate().map(|(l, loss)| {
        let mut wander = 0.0;
        let mut score = |frame: usize| {
            wander = 0.8 * wander + rng.random_range(-0.12..0.12);
            let at = 0.1 + 0.016 * frame as f64;
            let peak = |middle: f64, wide: f64| (-((at - middle) / wide).powi(2)).exp();
            let rare = peak(3.35, 0.2) * (3.0 - l as f64) + peak(9.6, 0.4) * (2.0 - 0.8 * l as f64);
            (1.3 + wander + rare + (1.5 + l as f64) * peak(5.2, 0.3)) * (1.0 + l as f64)
        };
        let threshold = Some(2.9 + 1.7 * l as f64);
        FrameScores { loss, scores: (0..612).map(&mut score).collect(), threshold }
    });
    let losses = losses.collect();
    ScoreTimeline {
        seconds: 10.0,
        first_s: 0.1,
        step_s: 0.016,
        operations,
        anomaly: Some((4.9, 5.6)),
        losses,
    }
}

fn operations() -> Vec<OperationMaxima> {
    let of = |operation: &str, share_of_time: f64, maxima: [f64; 3]| OperationMaxima {
        operation: operation.to_owned(),
        rare: share_of_time < 0.05,
        share_of_time,
        share_of_maxima: LOSSES.into_iter().zip(maxima).collect(),
    };
    vec![
        of("cruise", 0.56, [0.31, 0.28, 0.44]),
        of("idle", 0.37, [0.04, 0.06, 0.21]),
        of("reverse", 0.025, [0.15, 0.2, 0.1]),
        of("start_up", 0.024, [0.3, 0.36, 0.15]),
        of("gear_change", 0.021, [0.2, 0.1, 0.1]),
    ]
}

#[test]
fn figure_4_looks_as_it_did() {
    let mut swapped = bars();
    for bar in swapped.iter_mut().filter(|bar| bar.loss.name != "RE") {
        bar.loss = LOSSES[3 - bar.loss.order];
    }
    let [drawing, other] = [bars(), swapped].map(|bars| figure4(&bars, CAPTION).unwrap());
    pictures::check("figure4", &drawing, &other);
}

#[test]
fn a_score_timeline_looks_as_it_did() {
    let without = ScoreTimeline { anomaly: None, ..timeline() };
    let [drawing, other] = [timeline(), without].map(|timeline| score_timeline(&timeline, CAPTION).unwrap());
    pictures::check("score_timeline", &drawing, &other);
}

#[test]
fn pictures_say_what_is_missing_and_what_operations_are_called() {
    let svg = figure4(&bars(), "").unwrap().svg;
    assert!(svg.contains("A cross (×) stands for an AUC that is missing.") && svg.contains("\"×\""));
    assert!(!figure4(&bars()[..9], "").unwrap().svg.contains('×'));
    let mut timeline = timeline();
    timeline.operations[4].end_s = 10.01; // within the rounding of a label
    let svg = score_timeline(&timeline, "").unwrap().svg;
    assert!(svg.contains("\"gear_change\"") && svg.contains("\"anomaly\""));
}

#[test]
fn the_other_figures_are_drawn_the_same_each_time() {
    let draw = || -> [Drawing; 4] {
        [
            roc_curves(&curves(), CAPTION).unwrap(),
            loss_curves(&training(), AXES, CAPTION).unwrap(),
            score_histograms(&histograms(), CAPTION).unwrap(),
            maxima_by_operation(&operations(), CAPTION).unwrap(),
        ]
    };
    let first = draw();
    assert!(first == draw());
    first.iter().for_each(|drawing| pictures::check_svg(&drawing.svg));
}

/// What a figure says of an input that was changed.
fn refusal<T>(
    mut input: T,
    change: impl Fn(&mut T),
    draw: impl Fn(&T) -> Result<Drawing, EvalError>,
) -> String {
    change(&mut input);
    draw(&input).unwrap_err().to_string()
}

#[test]
fn figure_4_refuses_what_is_no_auc() {
    let refused = |change: fn(&mut Vec<AucBar>)| refusal(bars(), change, |bars| figure4(bars, ""));
    assert_eq!(refused(Vec::clear), "bars of Figure 4: found 0 values, expected at least 1");
    let nan = refused(|bars| bars[1].mean = f64::NAN);
    assert_eq!(nan, "the AUC of FCN40-large with SNP at -10 dB: value 0 is NaN, expected a finite number");
    assert!(refused(|bars| bars[1].mean = 1.2).contains("1.2, expected a number between 0 and 1"));
    assert!(refused(|bars| bars[0].interval = Some((0.9, f64::INFINITY))).contains("value 2 is inf"));
    assert!(refused(|bars| bars[0].interval = Some((0.9, 0.8))).contains("lower end first"));
    assert!(refused(|bars| bars.push(bars[0].clone())).contains("is there twice"));
}

#[test]
fn curves_and_histograms_refuse_what_is_none() {
    let roc = |change: fn(&mut Vec<RocCurve>)| refusal(curves(), change, |it| roc_curves(it, ""));
    assert!(roc(Vec::clear).contains("found 0 values"));
    assert!(roc(|it| it[0].points.truncate(1)).contains("FCN40-large with RE at -10 dB: found 1 values"));
    assert!(roc(|it| it[0].points[3][1] = f64::NAN).contains("is NaN"));
    assert!(roc(|it| it[0].points[3][1] = 1.5).contains("holds 1.5"));

    let training =
        |change: fn(&mut Vec<LossCurve>)| refusal(training(), change, |it| loss_curves(it, AXES, ""));
    assert!(training(Vec::clear).contains("found 0 values"));
    assert!(training(|it| it[2].points.clear()).contains("BU in FCN40-large: found 0 values"));
    assert!(training(|it| it[2].band = Some(vec![])).contains("band of the curve"));
    assert!(training(|it| it[2].points[4].1 = f64::NAN).contains("value 4 is NaN"));

    let histogram =
        |change: fn(&mut Vec<ScoreHistogram>)| refusal(histograms(), change, |it| score_histograms(it, ""));
    assert!(histogram(Vec::clear).contains("found 0 values"));
    assert!(histogram(|it| it[1].anomalous.clear()).contains("anomalous file scores of SNP: found 0"));
    assert!(
        histogram(|it| it[1].normal[7] = f64::INFINITY).contains("normal file scores of SNP: value 7 is inf")
    );
    assert!(histogram(|it| it[1].threshold = f64::NAN).contains("threshold of SNP"));
}

#[test]
fn a_timeline_refuses_times_that_cannot_be() {
    let refused = |change: fn(&mut ScoreTimeline)| refusal(timeline(), change, |it| score_timeline(it, ""));
    assert!(refused(|it| it.losses.clear()).contains("losses of a score timeline: found 0"));
    assert!(refused(|it| it.losses[1].scores.clear()).contains("frame scores of SNP: found 0"));
    assert!(refused(|it| it.losses[1].scores[9] = f64::NAN).contains("frame scores of SNP: value 9 is NaN"));
    assert!(refused(|it| it.losses[1].threshold = Some(f64::NAN)).contains("threshold of SNP"));
    assert!(refused(|it| it.seconds = f64::NAN).contains("value 0 is NaN"));
    assert!(refused(|it| it.step_s = 0.0).contains("expected positive numbers"));
    assert!(refused(|it| it.seconds = 5.0).contains("the anomaly lasts from 4.9 to 5.6 s"));
    assert!(refused(|it| it.operations[1].end_s = 3.0).contains("gear_change lasts from 3.1 to 3 s"));
    assert!(refused(|it| it.step_s = 0.1).contains("expected times between 0 and 10 s"));
}

#[test]
fn shares_of_operations_must_be_shares() {
    let refused = |change: fn(&mut Vec<OperationMaxima>)| {
        refusal(operations(), change, |it| maxima_by_operation(it, ""))
    };
    assert!(refused(Vec::clear).contains("found 0 values"));
    assert!(refused(|it| it.iter_mut().for_each(|of| of.share_of_maxima.clear())).contains("found 0 values"));
    assert!(refused(|it| it[1].share_of_time = 1.1).contains("\"idle\" hold 1.1"));
    assert!(refused(|it| it[1].share_of_maxima[0].1 = f64::NAN).contains("is NaN"));
    assert!(refused(|it| it[1].share_of_maxima.truncate(2)).contains("RE, SNP, expected RE, SNP, BU"));
}

#[test]
fn the_smallest_and_the_wildest_inputs_are_drawn() {
    figure4(&bars()[..1], "").unwrap();
    roc_curves(&curves()[..1], "").unwrap();
    maxima_by_operation(&operations()[..1], "").unwrap();
    for value in [0.0, -1.0, 5e-324, 1e-300, f64::MAX, f64::MIN] {
        let loss = LOSSES[2];
        let curve =
            |at| LossCurve { panel: "FCN64_small".to_owned(), loss, points: vec![(at, value)], band: None };
        for log in [false, true] {
            loss_curves(&[curve(7.0), curve(1e5)], AXES.map(|axis| CurveAxis { log, ..axis }), "").unwrap();
        }
        let (normal, anomalous) = (vec![value], vec![value, 1.0]);
        score_histograms(
            &[ScoreHistogram { loss, normal, anomalous, threshold: value, deployed: value }],
            "",
        )
        .unwrap();
        let mut timeline = timeline();
        timeline.losses[0].scores[0] = value;
        timeline.operations.clear();
        let svg = score_timeline(&timeline, "").unwrap().svg;
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{value}");
    }
}
