//! The network as ONNX: log-mel in, scores of rows and moments out.
//!
//! ONNX is protobuf; of it no more is written than a dozen kinds of message, by their field numbers in `onnx.proto`.

mod graph;
mod protobuf;

use self::graph::{Graph, Node};
use self::protobuf::Message;
use crate::detector::Detector;

/// Version of the format, and of the operators: those of 2021, which every runtime of today knows.
const IR: i64 = 7;
const OPSET: i64 = 13;

impl Detector {
    /// The bytes of an ONNX file. Its input `log_mel` is (frames, M), not yet to scale; its outputs are `scores`, of the
    /// rows, (frames - 2C), and `moments`, (frames - 2C - span + 1), of which the largest is the score of the file.
    pub fn to_onnx(&self) -> Vec<u8> {
        let mut graph = Graph::default();
        let (bands, span) = (self.model.front_end.bands, 2 * self.model.front_end.context + 1);
        graph.floats("mean", &[bands], &self.model.scale.mean);
        graph.floats("sd", &[bands], &self.model.scale.sd);
        graph.node("Sub", &["log_mel", "mean"], "centred", &[]);
        graph.node("Div", &["centred", "sd"], "scaled", &[]);
        // A row is 2C + 1 frames side by side: as many copies, each a frame later.
        graph.integers("axis", &[1], &[0]);
        let shifted: Vec<String> = (0..span).map(|shift| format!("frame.{shift}")).collect();
        for (shift, name) in shifted.iter().enumerate() {
            let back = shift as i64 - (span as i64 - 1);
            graph.integers(&format!("{name}.start"), &[1], &[shift as i64]);
            graph.integers(&format!("{name}.end"), &[1], &[if back == 0 { i64::MAX } else { back }]);
            let [start, end] = ["start", "end"].map(|what| format!("{name}.{what}"));
            graph.node("Slice", &["scaled", &start, &end, "axis"], name, &[]);
        }
        let names: Vec<&str> = shifted.iter().map(String::as_str).collect();
        graph.node("Concat", &names, "rows", &[("axis", 1)]);
        let mut below = "rows".to_owned();
        let last = self.model.parameters.architecture().layers() - 1;
        for (index, layer) in self.model.parameters.layers().enumerate() {
            let [weight, bias, sum] = ["weight", "bias", "sum"].map(|what| format!("layers.{index}.{what}"));
            graph.floats(&weight, &[layer.outputs, layer.inputs], layer.weight);
            graph.floats(&bias, &[layer.outputs], layer.bias);
            graph.node("Gemm", &[&below, &weight, &bias], &sum, &[("transB", 1)]);
            below = sum;
            if index < last {
                let active = format!("layers.{index}.active");
                graph.node(self.activation(), &[&below], &active, &[]);
                below = active;
            }
        }
        graph.node("Sub", &["rows", &below], "error", &[]);
        graph.node("Mul", &["error", "error"], "squares", &[]);
        graph.integers("features", &[1], &[1]);
        graph.node("ReduceSum", &["squares", "features"], "scores", &[("keepdims", 0)]);
        graph.integers("as_signal", &[3], &[1, 1, -1]);
        graph.integers("as_list", &[1], &[-1]);
        graph.node("Reshape", &["scores", "as_signal"], "signal", &[]);
        graph.push(
            Node::new("AveragePool", &["signal"], "means").list("kernel_shape", &[self.model.moment as i64]),
        );
        graph.node("Reshape", &["means", "as_list"], "moments", &[]);
        graph.input("log_mel", bands);
        graph.output("scores");
        graph.output("moments");
        let opset = Message::default().text(1, "").number(2, OPSET);
        let about = self.settings_json();
        let metadata = Message::default().text(1, "detector").text(2, &about);
        let model = Message::default().number(1, IR).text(2, "detector");
        model.message(7, &graph.message("detector")).message(8, &opset).message(14, &metadata).bytes()
    }

    fn activation(&self) -> &'static str {
        match self.model.parameters.architecture().activation() {
            models::Activation::Relu => "Relu",
            models::Activation::Sigmoid => "Sigmoid",
        }
    }

    fn settings_json(&self) -> String {
        serde_json::to_string(&self.settings).expect("settings are JSON")
    }
}
