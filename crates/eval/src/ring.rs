//! The ring experiment's densities on a grid: the oracle p, the uniform U, a model's q, and their divergence.

use crate::error::all_finite;
use crate::{EvalError, Grid};

/// Radius of the border between normal and anomalous (Sec. 4.1.1).
pub const BORDER: f64 = 2.0;

/// Nodes this close outside the border count as inside, so that rounding never decides about a node on it.
const ON_BORDER: f64 = 1e-9;

/// A probability distribution over the nodes of a grid, held as logarithms: a score of 2,000 must not become ln 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    ln_mass: Vec<f64>,
    cell_area: f64,
}

impl Density {
    /// The oracle p of normal samples: radius uniform on `[0, border]`, so `p ∝ 1 / r` (Sec. 4.1.1).
    ///
    /// On a grid the pole at the origin is cut to `1 / cap`: `p ∝ 1 / max(r, cap)` where `r <= border`, else 0.
    /// [`default_cap`] is a quarter of the grid step.
    ///
    /// # Errors
    /// When `border` or `cap` is not positive and finite.
    pub fn oracle(grid: &Grid, border: f64, cap: f64) -> Result<Self, EvalError> {
        positive("cap", cap)?;
        Self::within(grid, border, |r| -r.max(cap).ln())
    }

    /// The uniform density U on `r <= border` (Eq. 12).
    ///
    /// # Errors
    /// When `border` is not positive and finite.
    pub fn uniform(grid: &Grid, border: f64) -> Result<Self, EvalError> {
        Self::within(grid, border, |_| 0.0)
    }

    /// A model's density `q(x) = exp(-A(x)) / Z` from its anomaly scores on the grid (Eq. 6).
    ///
    /// Z is the sum over the whole square.
    ///
    /// # Errors
    /// When there is not one score a node, or one is NaN or infinite.
    pub fn from_scores(grid: &Grid, scores: &[f32]) -> Result<Self, EvalError> {
        if scores.len() != grid.len() {
            let what = format!("anomaly scores on a grid of {0} x {0}", grid.side());
            return Err(EvalError::Length { what, found: scores.len(), expected: grid.len() });
        }
        let scores: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
        all_finite("anomaly scores on the grid", &scores)?;
        Ok(Self::normalised(scores.iter().map(|score| -score).collect(), grid))
    }

    /// Kullback-Leibler divergence `D(self || other) = Σ p ln(p / q)` in nats, over the nodes where `p > 0`.
    ///
    /// Infinite when `other` is zero somewhere that `self` is not.
    ///
    /// # Errors
    /// When the two are not of one grid.
    pub fn kl_divergence(&self, other: &Self) -> Result<f64, EvalError> {
        if self.ln_mass.len() != other.ln_mass.len() {
            let what = "Kullback-Leibler divergence between densities".to_owned();
            return Err(EvalError::Length { what, found: other.ln_mass.len(), expected: self.ln_mass.len() });
        }
        let terms = self.ln_mass.iter().zip(&other.ln_mass).filter(|(p, _)| p.is_finite());
        Ok(terms.map(|(ln_p, ln_q)| ln_p.exp() * (ln_p - ln_q)).sum())
    }

    /// Probability of each node. They sum to one.
    pub fn mass(&self) -> Vec<f64> {
        self.ln_mass.iter().map(|ln_p| ln_p.exp()).collect()
    }

    /// Density at each node, per unit of area: what Figure 2 shows.
    pub fn values(&self) -> Vec<f64> {
        self.ln_mass.iter().map(|ln_p| ln_p.exp() / self.cell_area).collect()
    }

    fn within(grid: &Grid, border: f64, ln_density: impl Fn(f64) -> f64) -> Result<Self, EvalError> {
        positive("border", border)?;
        let ln_mass: Vec<f64> = (0..grid.len())
            .map(|i| grid.radius(i))
            .map(|r| if r <= border + ON_BORDER { ln_density(r) } else { f64::NEG_INFINITY })
            .collect();
        if ln_mass.iter().all(|ln_p| *ln_p == f64::NEG_INFINITY) {
            return Err(EvalError::Ring {
                name: "border",
                found: border,
                expected: "a circle that holds a grid node",
            });
        }
        Ok(Self::normalised(ln_mass, grid))
    }

    /// Subtracts the maximum first, so that no sum overflows or vanishes.
    fn normalised(mut ln_mass: Vec<f64>, grid: &Grid) -> Self {
        let max = ln_mass.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        ln_mass.iter_mut().for_each(|ln_p| *ln_p -= max);
        let ln_z = ln_mass.iter().map(|ln_p| ln_p.exp()).sum::<f64>().ln();
        ln_mass.iter_mut().for_each(|ln_p| *ln_p -= ln_z);
        Self { ln_mass, cell_area: grid.step() * grid.step() }
    }
}

/// A quarter of the grid step, at which [`Density::oracle`] cuts the pole.
pub fn default_cap(grid: &Grid) -> f64 {
    grid.step() / 4.0
}

fn positive(name: &'static str, found: f64) -> Result<(), EvalError> {
    let valid = found.is_finite() && found > 0.0;
    if valid { Ok(()) } else { Err(EvalError::Ring { name, found, expected: "a positive, finite number" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid::new(3.0, 61).unwrap()
    }

    #[test]
    fn scores_of_any_size_lose_no_digits() {
        let grid = grid();
        let uniform = Density::uniform(&grid, BORDER).unwrap();
        let inside = (0..grid.len()).filter(|i| grid.radius(*i) <= BORDER + ON_BORDER).count();
        for score in [0.0, 2e3, 6e20] {
            let q = Density::from_scores(&grid, &vec![score; grid.len()]).unwrap();
            let expected = (grid.len() as f64 / inside as f64).ln();
            assert!((uniform.kl_divergence(&q).unwrap() - expected).abs() < 1e-12, "{score}");
        }
    }

    #[test]
    fn densities_sum_to_one_and_a_divergence_from_itself_is_zero() {
        let scores: Vec<f32> = (0..grid().len()).map(|i| grid().radius(i) as f32).collect();
        let uniform = Density::uniform(&grid(), BORDER).unwrap();
        let oracle = Density::oracle(&grid(), BORDER, default_cap(&grid())).unwrap();
        for density in [&uniform, &oracle, &Density::from_scores(&grid(), &scores).unwrap()] {
            assert!((density.mass().iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert_eq!(density.kl_divergence(density).unwrap(), 0.0);
        }
        assert!(oracle.kl_divergence(&uniform).unwrap() > 0.0);
        assert_eq!(
            Density::from_scores(&grid(), &scores).unwrap().kl_divergence(&uniform).unwrap(),
            f64::INFINITY
        );
    }

    #[test]
    fn the_uniform_density_is_one_over_the_area_of_the_disc() {
        let fine = Grid::new(3.0, 601).unwrap();
        let centre = fine.len() / 2;
        let expected = 1.0 / (std::f64::consts::PI * BORDER * BORDER);
        let found = Density::uniform(&fine, BORDER).unwrap().values()[centre];
        assert!((found / expected - 1.0).abs() < 2e-3, "{found} {expected}");
    }

    #[test]
    fn a_constant_added_to_all_scores_changes_nothing_and_large_scores_stay_finite() {
        let scores: Vec<f32> = (0..grid().len()).map(|i| 2000.0 * grid().radius(i) as f32).collect();
        let shifted: Vec<f32> = scores.iter().map(|score| score + 4096.0).collect();
        let uniform = Density::uniform(&grid(), BORDER).unwrap();
        let [a, b] = [scores, shifted]
            .map(|s| uniform.kl_divergence(&Density::from_scores(&grid(), &s).unwrap()).unwrap());
        assert!(a.is_finite() && a > 1000.0);
        assert!((a - b).abs() < 1e-3 * a, "{a} {b}");
    }

    #[test]
    fn bad_input_is_refused() {
        let mut scores = vec![0.0; grid().len()];
        assert!(
            Density::from_scores(&grid(), &scores[1..]).unwrap_err().to_string().contains("expected 3721")
        );
        scores[7] = f32::NAN;
        assert!(Density::from_scores(&grid(), &scores).unwrap_err().to_string().contains("value 7 is NaN"));
        assert!(Density::oracle(&grid(), BORDER, 0.0).is_err());
        assert!(Density::uniform(&grid(), -1.0).is_err());
        let even = Grid::new(3.0, 2).unwrap();
        assert!(Density::uniform(&even, BORDER).unwrap_err().to_string().contains("grid node"));
        let other = Density::uniform(&Grid::new(3.0, 31).unwrap(), BORDER).unwrap();
        assert!(other.kl_divergence(&Density::uniform(&grid(), BORDER).unwrap()).is_err());
    }
}
