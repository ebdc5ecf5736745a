//! Scores and gradients of both engines against PyTorch.

#![expect(clippy::unwrap_used, reason = "what a test sets up is valid")]

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use candle_core::Device;
use losses::{KdeConfig, Objective, Term, Weighting};
use models::{
    Activation, AmsGradConfig, Architecture, AutogradEngine, Batch, Checkpoint, Engine, FusedEngine,
    Parameters, Training,
};
use safetensors::SafeTensors;

const RE: Objective = Objective { weighting: Weighting::Uniform, term: Term::None };

struct Net<'a> {
    file: &'a SafeTensors<'a>,
    name: &'static str,
    architecture: Architecture,
}

impl Net<'_> {
    fn bytes(&self, tensor: &str) -> Vec<u8> {
        let name = format!("{}/{tensor}", self.name);
        self.file.tensor(&name).unwrap_or_else(|error| panic!("{name}: {error}")).data().to_vec()
    }

    fn floats(&self, tensor: &str) -> Vec<f32> {
        self.bytes(tensor).as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    fn doubles(&self, tensor: &str) -> Vec<f64> {
        self.bytes(tensor).as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    }

    /// The numbers of `prefix/layerN.weight` and `.bias`, in the order of parameters.
    fn layers<T>(&self, read: impl Fn(&str) -> Vec<T>, prefix: &str) -> Vec<T> {
        let names = (0..self.architecture.layers())
            .flat_map(|k| ["weight", "bias"].map(|part| format!("{prefix}layer{k}.{part}")));
        names.flat_map(|name| read(&name)).collect()
    }

    fn engines(&self, objective: Objective) -> Vec<(&'static str, Box<dyn Engine>)> {
        let training = Training { objective, amsgrad: AmsGradConfig::default(), threads: 1 };
        let values = self.layers(|name| self.floats(name), "");
        let parameters = Parameters::from_values(self.architecture.clone(), values);
        let checkpoint = Checkpoint::start(parameters, training.amsgrad);
        vec![
            ("fused", Box::new(FusedEngine::new(training.clone(), checkpoint.clone()).unwrap())),
            ("candle", Box::new(AutogradEngine::new(training, checkpoint, Device::Cpu).unwrap())),
        ]
    }
}

fn with_nets(check: impl Fn(&Net<'_>)) {
    let bytes = std::fs::read(reference::path("autoencoder/autoencoder.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let net = |name, sizes: &[usize], activation| {
        check(&Net {
            file: &file,
            name,
            architecture: Architecture::new(sizes.to_vec(), activation).unwrap(),
        });
    };
    net("ring", &[2, 20, 10, 20, 2], Activation::Sigmoid);
    net("fcn", &[12, 16, 16, 5, 16, 16, 12], Activation::Relu);
}

fn assert_near(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / scale;
        assert!(error < tolerance, "{what} [{index}]: {found}, expected {expected}");
    }
}

#[test]
fn anomaly_scores_agree_with_pytorch() {
    with_nets(|net| {
        for (engine_name, mut engine) in net.engines(RE) {
            for kind in ["normal", "anomalous"] {
                let (rows, expected) = (net.floats(kind), net.doubles(&format!("f64/{kind}")));
                let mut scores = vec![0.0; expected.len()];
                engine.anomaly_scores(&rows, &mut scores).unwrap();
                assert_near(&scores, &expected, 1e-6, &format!("{} {engine_name} {kind}", net.name));
            }
        }
    });
}

#[test]
fn objectives_and_gradients_agree_with_pytorch() {
    with_nets(|net| {
        let lambda = net.doubles("lambda")[0];
        let kde = KdeConfig { sigma: net.doubles("sigma")[0], epsilon: 1e-6, standardize: false };
        let snp = Objective { term: Term::Tanh { lambda }, ..RE };
        let bu = Objective { weighting: Weighting::Density(kde), ..snp };
        let objectives = [("re", RE), ("snp", snp), ("bu", bu)];
        let (normal, anomalous) = (net.floats("normal"), net.floats("anomalous"));
        let rows = [normal.as_slice(), &anomalous].concat();
        for (name, objective) in objectives {
            for (engine_name, mut engine) in net.engines(objective) {
                let what = format!("{} {engine_name} {name}", net.name);
                let batch =
                    Batch { rows: &rows, normal: normal.len() / net.architecture.dim(), weights: None };
                let mut gradient = vec![f32::NAN; net.architecture.parameter_count()];
                let value = engine.gradient(batch, &mut gradient).unwrap();
                let expected = net.doubles(&format!("f64/{name}/value"));
                assert_near(&[value.total as f32], &expected, 1e-5, &what);
                let expected = net.layers(|tensor| net.doubles(tensor), &format!("f64/{name}/"));
                assert_near(&gradient, &expected, 1e-5, &what);
            }
        }
    });
}
