//! A square grid of points, on which densities of the plane are compared.

use crate::EvalError;

/// Square `[-h, h]^2` with `points` nodes along each axis, both ends among them.
///
/// Nodes are numbered row by row: the row is `x2`, the column `x1`, both ascending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    half_width: f64,
    points: usize,
}

impl Grid {
    /// A grid over `[-half_width, half_width]^2` with `points` nodes an axis.
    ///
    /// # Errors
    /// When `half_width` is not positive and finite, or `points` is below 2 (or too many to number).
    pub fn new(half_width: f64, points: usize) -> Result<Self, EvalError> {
        let valid = half_width.is_finite() && half_width > 0.0 && (2..=1 << 16).contains(&points);
        if valid { Ok(Self { half_width, points }) } else { Err(EvalError::Grid { half_width, points }) }
    }

    /// Half the side of the square.
    pub fn half_width(&self) -> f64 {
        self.half_width
    }

    /// Nodes along one axis.
    pub fn side(&self) -> usize {
        self.points
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.points * self.points
    }

    /// Never: a grid has at least four nodes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Distance between neighbouring nodes.
    pub fn step(&self) -> f64 {
        2.0 * self.half_width / (self.points - 1) as f64
    }

    /// The `k`-th coordinate of an axis. Coordinates are symmetric about zero to the last bit.
    pub fn coordinate(&self, k: usize) -> f64 {
        let last = self.points as f64 - 1.0;
        self.half_width * (2.0 * k as f64 - last) / last
    }

    /// Distance of node `i` from the origin.
    pub fn radius(&self, i: usize) -> f64 {
        self.coordinate(i % self.points).hypot(self.coordinate(i / self.points))
    }

    /// Bilinear interpolation of node values at `(x1, x2)`; a point outside takes the value of the nearest edge.
    ///
    /// # Panics
    /// When there are fewer values than nodes.
    pub fn interpolate(&self, values: &[f32], x1: f64, x2: f64) -> f64 {
        let ((column, right), (row, up)) = (self.cell(x1), self.cell(x2));
        let along = |row: usize| {
            let [a, b] = [0, 1].map(|next| f64::from(values[row * self.points + column + next]));
            a + right * (b - a)
        };
        let (low, high) = (along(row), along(row + 1));
        low + up * (high - low)
    }

    /// Index of the last node at or below `x` (never the very last), and the share of the step beyond it.
    fn cell(&self, x: f64) -> (usize, f64) {
        let last = (self.points - 1) as f64;
        let place = ((x + self.half_width) / self.step()).clamp(0.0, last);
        let node = (place as usize).min(self.points - 2);
        (node, place - node as f64)
    }

    /// All nodes as rows `(x1, x2)`, what a network with two inputs reads. Length `2 * len()`.
    pub fn points(&self) -> Vec<f32> {
        let axis: Vec<f32> = (0..self.points).map(|k| self.coordinate(k) as f32).collect();
        axis.iter().flat_map(|&x2| axis.iter().flat_map(move |&x1| [x1, x2])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_row_major_symmetric_and_include_the_edges() {
        let grid = Grid::new(3.0, 601).unwrap();
        let points = grid.points();
        assert_eq!(points.len(), 2 * grid.len());
        assert_eq!(points[..4], [-3.0, -3.0, -2.99, -3.0]);
        assert_eq!(points[2 * 601..2 * 601 + 2], [-3.0, -2.99]);
        assert_eq!(points[points.len() - 2..], [3.0, 3.0]);
        for k in 0..601 {
            assert_eq!(grid.coordinate(k), -grid.coordinate(600 - k));
        }
        assert_eq!(grid.coordinate(300), 0.0);
        assert_eq!(grid.coordinate(500), 2.0);
        assert_eq!(grid.radius(300 * 601 + 500), 2.0);
        assert!((grid.step() - 0.01).abs() < 1e-15);
    }

    #[test]
    fn interpolation_is_exact_for_bilinear_functions_and_flat_outside() {
        let grid = Grid::new(3.0, 7).unwrap();
        let plane = |x1: f64, x2: f64| 1.0 + 2.0 * x1 - 0.5 * x2 + 0.25 * x1 * x2;
        let values: Vec<f32> =
            grid.points().chunks(2).map(|x| plane(x[0].into(), x[1].into()) as f32).collect();
        for (x1, x2) in [(0.0, 0.0), (-3.0, 3.0), (3.0, 3.0), (0.3, -2.7), (1.5, 1.5)] {
            assert!((grid.interpolate(&values, x1, x2) - plane(x1, x2)).abs() < 1e-6);
        }
        assert!((grid.interpolate(&values, 9.0, 0.0) - plane(3.0, 0.0)).abs() < 1e-6);
    }

    #[test]
    fn impossible_grids_are_refused() {
        for (half_width, points) in
            [(0.0, 61), (-3.0, 61), (f64::NAN, 61), (f64::INFINITY, 61), (3.0, 0), (3.0, 1)]
        {
            let message = Grid::new(half_width, points).unwrap_err().to_string();
            assert!(message.contains(&points.to_string()), "{message}");
        }
    }
}
