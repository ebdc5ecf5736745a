//! The top share of the scores: against its definition and NumPy's, between the largest and the mean of all.

use losses::{Objective, Term, Weigher, Weighting};
use proptest::prelude::*;

/// The mean of the largest share of `scores`, and its derivative by each.
fn top(scores: &[f32], share: f64) -> (f64, Vec<f32>) {
    let weighting = Weighting::TopShare { share };
    let mut weigher = Weigher::new(weighting, 1, 1).expect("the share is between 0 and 1");
    let weights = weigher.weigh(&vec![0.0; scores.len()], scores);
    let mut gradient = vec![0.0; scores.len()];
    let objective = Objective { weighting, term: Term::None };
    (objective.evaluate(scores, scores.len(), weights, &mut gradient).total, gradient)
}

#[test]
fn it_is_the_mean_of_the_largest() {
    // np.sort([3, 1, 4, 1, 5, 9, 2, 6])[::-1][:2].mean() is 7.5; three and a fifth of eight are 3.2, so that the fourth
    // counts by 0.2: (9 + 6 + 5 + 0.2 * 4) / 3.2 = 6.5.
    let scores = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
    let (value, gradient) = top(&scores, 0.25);
    assert!((value - 7.5).abs() < 1e-6);
    assert_eq!(gradient, [0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.5]);
    assert!((top(&scores, 0.4).0 - 6.5).abs() < 1e-6);
    let (value, gradient) = top(&scores, 0.0);
    assert_eq!((value, gradient[5], gradient.iter().sum::<f32>()), (9.0, 1.0, 1.0), "the minimax");
}

#[test]
fn of_equal_scores_the_first_count() {
    assert_eq!(top(&[2.0, 7.0, 7.0, 7.0], 0.5).1, [0.0, 0.5, 0.5, 0.0]);
}

#[test]
fn an_impossible_share_is_refused() {
    for share in [-0.1, 1.1, f64::NAN] {
        let message = Weighting::TopShare { share }.validate().unwrap_err().to_string();
        assert_eq!(message, format!("top_share: found {share}, expected a share from 0 to 1"));
    }
}

proptest! {
    #[test]
    fn the_whole_share_is_the_plain_mean(scores in prop::collection::vec(0.0f32..100.0, 1..200)) {
        let (value, gradient) = top(&scores, 1.0);
        let mut plain = vec![0.0; scores.len()];
        let mean = Objective { weighting: Weighting::Uniform, term: Term::None };
        let expected = mean.evaluate(&scores, scores.len(), &[], &mut plain);
        prop_assert!((value - expected.total).abs() <= 1e-6 * expected.total);
        prop_assert!(gradient.iter().zip(&plain).all(|(a, b)| (a - b).abs() <= 1e-6 * b));
    }

    #[test]
    fn a_smaller_share_scores_higher(scores in prop::collection::vec(0.0f32..100.0, 1..200), share in 0.0f64..1.0, less in 0.0f64..1.0) {
        let largest = f64::from(scores.iter().copied().fold(0.0, f32::max));
        let [small, large] = [less * share, share].map(|share| top(&scores, share).0);
        prop_assert!(small >= large - 1e-4 && small <= largest + 1e-4);
    }
}
