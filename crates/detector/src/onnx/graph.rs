//! Nodes, constants, inputs and outputs of a graph.

use super::protobuf::Message;

/// Types of tensors and attributes, by number.
const FLOAT: i64 = 1;
const INT64: i64 = 7;
const ATTRIBUTE_INT: i64 = 2;
const ATTRIBUTE_INTS: i64 = 7;

/// An operator with one output, which names it.
pub(super) struct Node(Message);

impl Node {
    pub(super) fn new(operator: &str, inputs: &[&str], output: &str) -> Self {
        let named = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
        Self(named.text(2, output).text(3, output).text(4, operator))
    }

    fn integer(self, name: &str, value: i64) -> Self {
        let attribute = Message::default().text(1, name).number(3, value).number(20, ATTRIBUTE_INT);
        Self(self.0.message(5, &attribute))
    }

    pub(super) fn list(self, name: &str, values: &[i64]) -> Self {
        let attribute = Message::default().text(1, name).number(20, ATTRIBUTE_INTS);
        let attribute = values.iter().fold(attribute, |attribute, value| attribute.number(8, *value));
        Self(self.0.message(5, &attribute))
    }
}

/// A graph that is being written.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    constants: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
}

impl Graph {
    /// Adds an operator with integers as attributes.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) {
        let node = Node::new(operator, inputs, output);
        self.push(attributes.iter().fold(node, |node, (name, value)| node.integer(name, *value)));
    }

    pub(super) fn push(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// Adds constant floats.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, shape, FLOAT, bytes);
    }

    /// Adds constant integers.
    pub(super) fn integers(&mut self, name: &str, shape: &[usize], values: &[i64]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, shape, INT64, bytes);
    }

    fn constant(&mut self, name: &str, shape: &[usize], kind: i64, bytes: Vec<u8>) {
        let sizes = shape.iter().fold(Message::default(), |tensor, size| tensor.number(1, *size as i64));
        self.constants.push(sizes.number(2, kind).text(8, name).blob(9, &bytes));
    }

    /// Adds an input of any number of rows of `width` floats.
    pub(super) fn input(&mut self, name: &str, width: usize) {
        let width = Message::default().number(1, width as i64);
        self.inputs.push(value(name, Some(&width)));
    }

    /// Adds an output: a list of floats of any length.
    pub(super) fn output(&mut self, name: &str) {
        self.outputs.push(value(name, None));
    }

    pub(super) fn message(&self, name: &str) -> Message {
        let graph = self.nodes.iter().fold(Message::default(), |graph, node| graph.message(1, &node.0));
        let graph = self.constants.iter().fold(graph.text(2, name), |graph, tensor| graph.message(5, tensor));
        let graph = self.inputs.iter().fold(graph, |graph, input| graph.message(11, input));
        self.outputs.iter().fold(graph, |graph, output| graph.message(12, output))
    }
}

/// The name and type of an input or output.
fn value(name: &str, width: Option<&Message>) -> Message {
    // The first size has a name of its own, as it is not known before.
    let first = Message::default().text(2, &format!("{name}.length"));
    let shape = Message::default().message(1, &first);
    let shape = width.map_or(shape.clone(), |width| shape.message(1, width));
    let tensor = Message::default().number(1, FLOAT).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}
