//! The passes of a stack through its layers, as products and what lies between them.

use super::backend::{Backend, Matrices, Product};
use super::plan::{BY_UNITS, Buffer, GRADIENT, PARAMETERS, Plan, Run};
use crate::ModelError;

/// Puts the ones beside the units of all hidden layers, which biases are multiplied by.
pub(super) fn start(backend: &mut dyn Backend, plan: &Plan) -> Result<(), ModelError> {
    for layer in 1..plan.architecture.layers() {
        let mut units = vec![0.0; plan.rows() * plan.width(layer)];
        units.chunks_exact_mut(plan.width(layer)).for_each(|row| row[plan.architecture.sizes()[layer]] = 1.0);
        for net in 0..plan.nets.len() {
            backend.upload(plan.units(layer), net * units.len(), &units)?;
        }
    }
    Ok(())
}

/// The scores of all rows by all nets.
pub(super) fn forward(backend: &mut dyn Backend, plan: &Plan) -> Result<(), ModelError> {
    let (rows, layers) = (plan.rows(), plan.architecture.layers());
    for layer in 0..layers {
        let (inputs, outputs) = (plan.width(layer), plan.architecture.sizes()[layer + 1]);
        for run in runs(plan, layer) {
            backend.product(&Product {
                count: run.count,
                m: rows,
                n: outputs,
                k: inputs,
                a: units(plan, layer, run),
                b: Matrices { transposed: true, ..parameters(plan, PARAMETERS, layer, run) },
                c: units(plan, layer + 1, run),
            })?;
        }
        if layer + 1 < layers {
            backend.activate(plan, layer + 1)?;
        }
    }
    backend.residuals(plan)
}

/// Every net's objective into line `update` of the values, and its gradient.
pub(super) fn gradient(backend: &mut dyn Backend, plan: &Plan, update: usize) -> Result<(), ModelError> {
    backend.gather(plan)?;
    backend.weights(plan)?;
    forward(backend, plan)?;
    backend.own_weights(plan)?;
    backend.objective(plan, update)?;
    backend.scale(plan)?;
    let rows = plan.rows();
    for layer in (0..plan.architecture.layers()).rev() {
        let (size, width, outputs) =
            (plan.architecture.sizes()[layer], plan.width(layer), plan.architecture.sizes()[layer + 1]);
        for run in runs(plan, layer) {
            backend.product(&Product {
                count: run.count,
                m: outputs,
                n: width,
                k: rows,
                a: Matrices { transposed: true, ..units(plan, layer + 1, run) },
                b: units(plan, layer, run),
                c: parameters(plan, GRADIENT, layer, run),
            })?;
        }
        if layer > 0 {
            let run = all(plan);
            let by_units = Matrices { buffer: BY_UNITS, ..units(plan, layer, run) };
            backend.product(&Product {
                count: run.count,
                m: rows,
                n: size,
                k: outputs,
                a: units(plan, layer + 1, run),
                b: parameters(plan, PARAMETERS, layer, run),
                c: by_units,
            })?;
            backend.differentiate(plan, layer)?;
        }
    }
    Ok(())
}

/// Nets that enter one product: all, but where they read rows.
fn runs(plan: &Plan, layer: usize) -> Vec<Run> {
    if layer == 0 { plan.runs.clone() } else { vec![all(plan)] }
}

fn all(plan: &Plan) -> Run {
    Run { first: 0, count: plan.nets.len(), batch: 0, step: 0 }
}

/// Units of `layer`, (R, W): of the nets of `run`, or the rows of their batches.
fn units(plan: &Plan, layer: usize, run: Run) -> Matrices {
    let ld = plan.width(layer);
    let one = plan.rows() * ld;
    let (first, stride) = if layer == 0 { (run.batch, run.step * one) } else { (run.first, one) };
    Matrices { buffer: plan.units(layer), offset: first * one, stride, ld, transposed: false }
}

/// Matrices of `layer`, (outputs, W), the last columns the bias and zeros.
fn parameters(plan: &Plan, buffer: Buffer, layer: usize, run: Run) -> Matrices {
    let stride = plan.parameters();
    let offset = run.first * stride + plan.matrix(layer);
    Matrices { buffer, offset, stride, ld: plan.width(layer), transposed: false }
}
