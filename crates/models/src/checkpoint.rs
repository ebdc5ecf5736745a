//! Parameters and optimizer state as the bytes of a safetensors file.

use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};

use crate::{AmsGrad, AmsGradConfig, Architecture, ModelError, Parameters};

/// Everything from which training goes on exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// θ.
    pub parameters: Parameters,
    /// The optimizer's moments and its count of steps.
    pub optimizer: AmsGrad,
}

const STEP: &str = "amsgrad.step";
const MOMENTS: [&str; 3] = ["amsgrad.first_moment", "amsgrad.second_moment", "amsgrad.max_second_moment"];

impl Parameters {
    /// The tensors of a file: `layers.N.weight`, (outputs, inputs), and `layers.N.bias`, (outputs).
    pub fn tensors(&self) -> Vec<(String, Numbers)> {
        let layers = self.layers().enumerate();
        let tensors = layers.flat_map(|(index, layer)| {
            let weight = Numbers::floats(vec![layer.outputs, layer.inputs], layer.weight);
            let bias = Numbers::floats(vec![layer.outputs], layer.bias);
            [(format!("layers.{index}.weight"), weight), (format!("layers.{index}.bias"), bias)]
        });
        tensors.collect()
    }

    /// The bytes of a safetensors file with its [`tensors`](Self::tensors).
    pub fn to_bytes(&self) -> Vec<u8> {
        serialize(self.tensors())
    }

    /// Reads the [`tensors`](Self::tensors) of a safetensors file, which may hold others beside them.
    ///
    /// # Errors
    /// A file that is damaged, or holds weights of another architecture.
    pub fn from_bytes(bytes: &[u8], architecture: &Architecture) -> Result<Self, ModelError> {
        read_layers(&open(bytes)?, architecture)
    }
}

impl Checkpoint {
    /// The start of training from `parameters`.
    pub fn start(parameters: Parameters, config: AmsGradConfig) -> Self {
        let optimizer = AmsGrad::new(parameters.values().len(), config);
        Self { parameters, optimizer }
    }

    /// The bytes of a safetensors file: the layers, and the optimizer under `amsgrad.*`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let optimizer = &self.optimizer;
        let moments = [&optimizer.first_moment, &optimizer.second_moment, &optimizer.max_second_moment];
        let mut tensors = self.parameters.tensors();
        for (name, moment) in MOMENTS.iter().zip(moments) {
            tensors.push(((*name).to_owned(), Numbers::floats(vec![moment.len()], moment)));
        }
        let step =
            Numbers { dtype: Dtype::U64, shape: vec![1], bytes: optimizer.step.to_le_bytes().to_vec() };
        tensors.push((STEP.to_owned(), step));
        serialize(tensors)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// A file that is damaged, or holds a state of another architecture.
    pub fn from_bytes(
        bytes: &[u8],
        architecture: &Architecture,
        config: AmsGradConfig,
    ) -> Result<Self, ModelError> {
        let file = open(bytes)?;
        let parameters = read_layers(&file, architecture)?;
        let count = architecture.parameter_count();
        let mut moments = Vec::with_capacity(MOMENTS.len());
        for name in MOMENTS {
            moments.push(floats(&file, name, &[count])?);
        }
        let step = tensor(&file, STEP, Dtype::U64, &[1])?;
        let step = u64::from_le_bytes(step.data().try_into().expect("the shape was checked"));
        let [first_moment, second_moment, max_second_moment] = moments.try_into().expect("three were read");
        let optimizer = AmsGrad { config, step, first_moment, second_moment, max_second_moment };
        Ok(Self { parameters, optimizer })
    }
}

/// A tensor to be written.
pub struct Numbers {
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers row by row, each from its least byte up.
    pub bytes: Vec<u8>,
}

impl Numbers {
    /// Of 32 bits.
    pub fn floats(shape: Vec<usize>, values: &[f32]) -> Self {
        Self { dtype: Dtype::F32, shape, bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect() }
    }
}

impl View for Numbers {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.bytes).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

fn serialize(tensors: Vec<(String, Numbers)>) -> Vec<u8> {
    safetensors::serialize(tensors, None).expect("names are distinct and shapes match their data")
}

fn read_layers(file: &SafeTensors<'_>, architecture: &Architecture) -> Result<Parameters, ModelError> {
    let mut values = Vec::with_capacity(architecture.parameter_count());
    for (index, pair) in architecture.sizes().windows(2).enumerate() {
        values.extend(floats(file, &format!("layers.{index}.weight"), &[pair[1], pair[0]])?);
        values.extend(floats(file, &format!("layers.{index}.bias"), &[pair[1]])?);
    }
    let found = file.names().iter().filter(|name| name.starts_with("layers.")).count();
    if found != 2 * architecture.layers() {
        let what = format!(
            "found {} layers, expected {} of sizes {:?}",
            found / 2,
            architecture.layers(),
            architecture.sizes()
        );
        return Err(wrong(what));
    }
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(wrong(format!("found a parameter that is {value}, expected finite numbers")));
    }
    Ok(Parameters::from_values(architecture.clone(), values))
}

fn floats(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
    let view = tensor(file, name, Dtype::F32, shape)?;
    Ok(view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn tensor<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    dtype: Dtype,
    shape: &[usize],
) -> Result<TensorView<'a>, ModelError> {
    let expected = format!("{dtype:?} {shape:?}");
    let view =
        file.tensor(name).map_err(|_| wrong(format!("found no tensor {name}, expected {expected}")))?;
    if view.dtype() != dtype || view.shape() != shape {
        let found = format!("{:?} {:?}", view.dtype(), view.shape());
        return Err(wrong(format!("tensor {name}: found {found}, expected {expected}")));
    }
    Ok(view)
}

fn open<'a>(bytes: &'a [u8]) -> Result<SafeTensors<'a>, ModelError> {
    SafeTensors::deserialize(bytes).map_err(|error| {
        wrong(format!("found {} bytes that are no whole safetensors file ({error})", bytes.len()))
    })
}

fn wrong(what: String) -> ModelError {
    ModelError::Checkpoint(what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Initial};
    use rand_chacha::rand_core::SeedableRng;

    fn checkpoint(sizes: &[usize]) -> Checkpoint {
        let architecture = Architecture::new(sizes.to_vec(), Activation::Sigmoid).unwrap();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let parameters = Parameters::draw(architecture, Initial::default(), &mut rng);
        let mut checkpoint = Checkpoint::start(parameters, AmsGradConfig::default());
        let gradient = checkpoint.parameters.values().to_vec();
        checkpoint.optimizer.update(checkpoint.parameters.values_mut(), &gradient, 1e-3);
        checkpoint
    }

    fn read(bytes: &[u8], sizes: &[usize]) -> Result<Checkpoint, ModelError> {
        let architecture = Architecture::new(sizes.to_vec(), Activation::Sigmoid).unwrap();
        Checkpoint::from_bytes(bytes, &architecture, AmsGradConfig::default())
    }

    #[test]
    fn what_is_written_is_read() {
        let written = checkpoint(&[2, 5, 3, 2]);
        assert_eq!(read(&written.to_bytes(), &[2, 5, 3, 2]).unwrap(), written);
        let bytes = written.parameters.to_bytes();
        let architecture = written.parameters.architecture();
        assert_eq!(Parameters::from_bytes(&bytes, architecture).unwrap(), written.parameters);
    }

    #[test]
    fn other_architectures_are_refused() {
        let bytes = checkpoint(&[2, 5, 2]).to_bytes();
        let message = read(&bytes, &[2, 6, 2]).unwrap_err().to_string();
        assert_eq!(message, "tensor layers.0.weight: found F32 [5, 2], expected F32 [6, 2]");
        let deeper = checkpoint(&[2, 5, 2, 2]).to_bytes();
        assert!(read(&deeper, &[2, 5, 2]).unwrap_err().to_string().contains("found 3 layers, expected 2"));
    }

    #[test]
    fn damaged_files_are_refused() {
        let bytes = checkpoint(&[2, 5, 2]).to_bytes();
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], &[2, 5, 2]).is_err(), "{length} of {} bytes", bytes.len());
        }
        let mut parameters = checkpoint(&[2, 5, 2]);
        parameters.parameters.values_mut()[3] = f32::NAN;
        assert!(read(&parameters.to_bytes(), &[2, 5, 2]).unwrap_err().to_string().contains("NaN"));
    }
}
