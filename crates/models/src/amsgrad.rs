//! AMSGrad (Reddi et al., 2018), as PyTorch's `Adam(amsgrad=True)` computes it.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use serde::Serialize;

/// Parameters are shared out in multiples of this, a cache line.
const LINE: usize = 16;

/// Settings of the optimizer; the learning rate is an argument of each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AmsGradConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
}

impl Default for AmsGradConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The optimizer's state: everything that a resumed run needs besides the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct AmsGrad {
    /// Settings.
    pub config: AmsGradConfig,
    /// Updates made.
    pub step: u64,
    /// Decayed mean of the gradient, one a parameter.
    pub first_moment: Vec<f32>,
    /// Decayed mean of the squared gradient.
    pub second_moment: Vec<f32>,
    /// The largest second moment so far.
    pub max_second_moment: Vec<f32>,
}

/// The factors of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    /// Learning rate over the first moment's bias correction.
    pub(crate) rate: f64,
    /// 1 / root of the second moment's bias correction.
    pub(crate) root: f64,
}

impl AmsGradConfig {
    /// What an [`Update`] with `factors` takes.
    pub(crate) fn numbers(self, factors: Factors) -> [f32; 7] {
        let Self { beta1, beta2, epsilon } = self;
        let Factors { rate, root } = factors;
        [beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon, rate, root].map(|x| x as f32)
    }
}

impl AmsGrad {
    /// The state before the first update of `parameters` numbers.
    pub fn new(parameters: usize, config: AmsGradConfig) -> Self {
        let zeros = vec![0.0; parameters];
        Self {
            config,
            step: 0,
            first_moment: zeros.clone(),
            second_moment: zeros.clone(),
            max_second_moment: zeros,
        }
    }

    /// Counts a step and gives its factors.
    pub(crate) fn advance(&mut self, learning_rate: f64) -> Factors {
        self.step += 1;
        let exponent = i32::try_from(self.step).unwrap_or(i32::MAX);
        let correction = |beta: f64| 1.0 - beta.powi(exponent);
        Factors {
            rate: learning_rate / correction(self.config.beta1),
            root: correction(self.config.beta2).sqrt().recip(),
        }
    }

    /// One update of `parameters` by `gradient`.
    ///
    /// # Panics
    /// When the lengths are not those of the state.
    pub fn update(&mut self, parameters: &mut [f32], gradient: &[f32], learning_rate: f64) {
        self.update_on(1, parameters, gradient, learning_rate);
    }

    /// As [`update`](Self::update), shared by `threads` threads; whether all parameters are finite after it.
    pub(crate) fn update_on(
        &mut self,
        threads: usize,
        parameters: &mut [f32],
        gradient: &[f32],
        learning_rate: f64,
    ) -> bool {
        assert_eq!(parameters.len(), self.first_moment.len(), "the state is that of the parameters");
        assert_eq!(parameters.len(), gradient.len(), "a derivative for each parameter");
        let factors = self.advance(learning_rate);
        let numbers = self.config.numbers(factors);
        let moments = [&mut self.first_moment, &mut self.second_moment, &mut self.max_second_moment];
        let [m, v, v_max] = moments.map(Vec::as_mut_slice);
        if threads == 1 {
            return Arch::new().dispatch(Update { numbers, p: parameters, g: gradient, m, v, v_max });
        }
        // Each parameter is by itself: how they are shared out decides nothing.
        let share = parameters.len().div_ceil(threads).next_multiple_of(LINE);
        let moments = m.par_chunks_mut(share).zip(v.par_chunks_mut(share)).zip(v_max.par_chunks_mut(share));
        let shares = parameters.par_chunks_mut(share).zip(gradient.par_chunks(share)).zip(moments);
        let finite = shares
            .map(|((p, g), ((m, v), v_max))| Arch::new().dispatch(Update { numbers, p, g, m, v, v_max }));
        finite.reduce(|| true, |one, other| one & other)
    }
}

/// An update of some parameters; whether they are finite after it.
pub(crate) struct Update<'a> {
    pub(crate) numbers: [f32; 7],
    pub(crate) p: &'a mut [f32],
    pub(crate) g: &'a [f32],
    pub(crate) m: &'a mut [f32],
    pub(crate) v: &'a mut [f32],
    pub(crate) v_max: &'a mut [f32],
}

impl WithSimd for Update<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let numbers = &self.numbers;
        let (p, p_tail) = S::as_mut_simd_f32s(self.p);
        let (g, g_tail) = S::as_simd_f32s(self.g);
        let (m, m_tail) = S::as_mut_simd_f32s(self.m);
        let (v, v_tail) = S::as_mut_simd_f32s(self.v);
        let (v_max, v_max_tail) = S::as_mut_simd_f32s(self.v_max);
        // 0 p is 0, unless p is infinite or no number.
        let zero = simd.splat_f32s(0.0);
        let mut zeros = zero;
        for ((((p, g), m), v), v_max) in p.iter_mut().zip(g).zip(m).zip(v).zip(v_max) {
            [*p, *m, *v, *v_max] = next(simd, numbers, *g, [*p, *m, *v, *v_max]);
            zeros = simd.mul_add_e_f32s(*p, zero, zeros);
        }
        let mut last = [zero; 4];
        for (value, tail) in last.iter_mut().zip([&*p_tail, m_tail, v_tail, v_max_tail]) {
            *value = simd.partial_load_f32s(tail);
        }
        let last = next(simd, numbers, simd.partial_load_f32s(g_tail), last);
        zeros = simd.mul_add_e_f32s(last[0], zero, zeros);
        for (value, tail) in last.into_iter().zip([p_tail, m_tail, v_tail, v_max_tail]) {
            simd.partial_store_f32s(tail, value);
        }
        simd.reduce_sum_f32s(zeros) == 0.0
    }
}

/// A register of parameters, first, second and largest second moments after a step with gradient `g`.
#[inline(always)]
fn next<S: Simd>(simd: S, numbers: &[f32; 7], g: S::f32s, [p, m, v, v_max]: [S::f32s; 4]) -> [S::f32s; 4] {
    let [keep1, take1, keep2, take2, epsilon, rate, root] = *numbers;
    let m = simd.mul_add_e_f32s(simd.splat_f32s(keep1), m, simd.mul_f32s(simd.splat_f32s(take1), g));
    let square = simd.mul_f32s(simd.splat_f32s(take2), simd.mul_f32s(g, g));
    let v = simd.mul_add_e_f32s(simd.splat_f32s(keep2), v, square);
    let v_max = simd.max_f32s(v_max, v);
    let scale = simd.mul_add_e_f32s(simd.sqrt_f32s(v_max), simd.splat_f32s(root), simd.splat_f32s(epsilon));
    let p = simd.sub_f32s(p, simd.div_f32s(simd.mul_f32s(simd.splat_f32s(rate), m), scale));
    [p, m, v, v_max]
}
