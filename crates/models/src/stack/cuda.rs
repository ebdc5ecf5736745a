//! An NVIDIA card as a device of stacks: cuBLAS's products, and kernels that are compiled when a stack is made.
//!
//! Nothing of CUDA is linked: driver, cuBLAS and NVRTC are looked for when a card is asked for. Everything is queued on
//! one stream, so that what is asked for later sees what was asked for before.
#![allow(
    unsafe_code,
    reason = "kernels and products take bare pointers; tests/gpu.sh compares them with cpu.rs"
)]

use std::sync::Arc;

use cudarc::cublas::{CudaBlas, result::gemm_strided_batched_ex, sys as blas};
use cudarc::driver::{
    CudaContext, CudaEvent, CudaFunction, CudaSlice, CudaStream, DevicePtr, LaunchConfig, PinnedHostSlice,
    PushKernelArg,
};
use cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};

use super::Precision;
use super::backend::{Backend, Matrices, Product};
use super::plan::{
    BY_UNITS, Buffer, DENSITIES, FEATURES, GRADIENT, GRAM, INPUTS, MOMENTS, NETS, PARAMETERS, PARTS, Plan,
    ROWS, SCORES, SLOPES, SQUARES, STANDARDIZED, STATUS, VALUES, WEIGHTS,
};
use crate::ModelError;

const KERNELS: [&str; 11] = [
    "gather",
    "moments",
    "standardize",
    "weights",
    "top_share",
    "activate",
    "differentiate",
    "residuals",
    "objective",
    "scale",
    "amsgrad",
];

/// Memory that cuBLAS and the kernels take beside the buffers.
const BESIDE: usize = 512 << 20;

/// Buffers on a card.
pub(super) struct Cuda {
    device: String,
    stream: Arc<CudaStream>,
    blas: CudaBlas,
    compute: blas::cublasComputeType_t,
    kernels: Vec<CudaFunction>,
    buffers: Vec<CudaSlice<f32>>,
    /// Where inputs are copied from while the next update is prepared, and when they have been.
    pinned: PinnedHostSlice<f32>,
    copied: CudaEvent,
}

/// An argument of a kernel.
enum Argument {
    Pointer(u64),
    Int(i32),
    Float(f32),
}

fn failed(device: &str, what: &str, error: &dyn std::fmt::Display) -> ModelError {
    ModelError::Device { device: device.to_owned(), what: format!("{what}: {error}") }
}

/// The card `ordinal`, where there are driver and libraries for it.
fn context(ordinal: usize) -> Result<Arc<CudaContext>, ModelError> {
    let device = format!("cuda:{ordinal}");
    check_libraries(&device)?;
    CudaContext::new(ordinal).map_err(|error| {
        let cards = CudaContext::device_count().unwrap_or(0);
        let what = format!("found {cards} cards, expected card {ordinal} (look at `nvidia-smi`)");
        failed(&device, &what, &error)
    })
}

/// Whether there is a card `ordinal`, with driver and libraries.
pub(super) fn check(ordinal: usize) -> Result<(), ModelError> {
    context(ordinal).map(drop)
}

impl Cuda {
    pub(super) fn new(plan: &Plan, ordinal: usize, precision: Precision) -> Result<Self, ModelError> {
        let device = format!("cuda:{ordinal}");
        let failed = |what: &str, error: &dyn std::fmt::Display| failed(&device, what, error);
        let context = context(ordinal)?;
        // One stream does everything: there is nothing to wait for.
        // SAFETY: no buffer is used by two streams.
        unsafe { context.disable_event_tracking() };
        let lengths = plan.lengths(true);
        let needed = 4 * lengths.iter().sum::<usize>() + BESIDE;
        let (free, total) = context.mem_get_info().map_err(|error| failed("memory", &error))?;
        if needed > free {
            let [needed, free, total] = [needed, free, total].map(|bytes| bytes as f64 / f64::from(1 << 30));
            let what = format!(
                "found {free:.1} GiB free of {total:.1}, expected {needed:.1} for {} nets: train fewer at once",
                plan.nets.len()
            );
            return Err(ModelError::Device { device, what });
        }
        let stream = context.new_stream().map_err(|error| failed("stream", &error))?;
        let blas = CudaBlas::new(stream.clone()).map_err(|error| failed("cuBLAS", &error))?;
        let (major, minor) = context.compute_capability().map_err(|error| failed("card", &error))?;
        let options = CompileOptions {
            options: vec![format!("--gpu-architecture=compute_{major}{minor}")],
            ..CompileOptions::default()
        };
        let ptx = compile_ptx_with_opts(include_str!("kernels.cu"), options)
            .map_err(|error| failed("kernels", &format!("{error:?}")))?;
        let module = context.load_module(ptx).map_err(|error| failed("kernels", &error))?;
        let mut kernels = Vec::with_capacity(KERNELS.len());
        for name in KERNELS {
            kernels.push(module.load_function(name).map_err(|error| failed(name, &error))?);
        }
        let mut buffers = Vec::with_capacity(lengths.len());
        for length in lengths {
            buffers.push(stream.alloc_zeros(length.max(1)).map_err(|error| failed("memory", &error))?);
        }
        // SAFETY: it is written before it is read.
        let pinned =
            unsafe { context.alloc_pinned(plan.inputs()[3]) }.map_err(|error| failed("memory", &error))?;
        let copied = context.new_event(None).map_err(|error| failed("event", &error))?;
        let compute = match precision {
            Precision::Tf32 => blas::cublasComputeType_t::CUBLAS_COMPUTE_32F_FAST_TF32,
            Precision::F32 => blas::cublasComputeType_t::CUBLAS_COMPUTE_32F,
        };
        Ok(Self { device, stream, blas, compute, kernels, buffers, pinned, copied })
    }

    fn failed(&self, what: &str, error: &dyn std::fmt::Display) -> ModelError {
        ModelError::Device { device: self.device.clone(), what: format!("{what}: {error}") }
    }

    /// Where `buffer` lies on the card, from number `offset` on.
    fn pointer(&self, buffer: Buffer, offset: usize) -> u64 {
        self.buffers[buffer.0].device_ptr(&self.stream).0 + 4 * offset as u64
    }

    fn at(&self, buffer: Buffer) -> Argument {
        Argument::Pointer(self.pointer(buffer, 0))
    }

    /// The kinds of the rows.
    fn normal(&self, plan: &Plan) -> Argument {
        Argument::Pointer(self.pointer(INPUTS, plan.inputs()[1]))
    }

    /// Rate, root and updates made, of each net.
    fn factors(&self, plan: &Plan) -> Argument {
        Argument::Pointer(self.pointer(INPUTS, plan.inputs()[2]))
    }

    fn launch(
        &self,
        name: &str,
        grid: [usize; 2],
        block: [u32; 2],
        arguments: &[Argument],
    ) -> Result<(), ModelError> {
        let index = KERNELS.iter().position(|kernel| *kernel == name).expect("a kernel of the list");
        let mut launch = self.stream.launch_builder(&self.kernels[index]);
        for argument in arguments {
            match argument {
                Argument::Pointer(pointer) => launch.arg(pointer),
                Argument::Int(number) => launch.arg(number),
                Argument::Float(number) => launch.arg(number),
            };
        }
        let config = LaunchConfig {
            grid_dim: (grid[0] as u32, grid[1] as u32, 1),
            block_dim: (block[0], block[1], 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: pointers are those of the plan's buffers, and sizes those of the plan.
        unsafe { launch.launch(config) }.map_err(|error| self.failed(name, &error))?;
        Ok(())
    }
}

/// Fails where a library is missing: the first use of one that is would end the program.
fn check_libraries(device: &str) -> Result<(), ModelError> {
    // SAFETY: they only look for the libraries.
    let found = unsafe {
        [
            ("NVIDIA's driver (libcuda)", cudarc::driver::sys::is_culib_present()),
            ("cuBLAS (libcublas of the CUDA toolkit)", blas::is_culib_present()),
            ("NVRTC (libnvrtc of the CUDA toolkit)", cudarc::nvrtc::sys::is_culib_present()),
        ]
    };
    match found.iter().find(|(_, present)| !present) {
        Some((library, _)) => Err(ModelError::Device {
            device: device.to_owned(),
            what: format!("{library} was not found: install it, or name its folder in LD_LIBRARY_PATH"),
        }),
        None => Ok(()),
    }
}

impl Drop for Cuda {
    /// Waits for what still reads the inputs.
    fn drop(&mut self) {
        let _ = self.stream.synchronize();
    }
}

impl std::fmt::Debug for Cuda {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cuda").field("device", &self.device).finish_non_exhaustive()
    }
}

fn int(number: usize) -> Argument {
    Argument::Int(number as i32)
}

/// Threads for `numbers` numbers of a row.
fn threads(numbers: usize) -> [u32; 2] {
    [numbers.next_multiple_of(32).min(256) as u32, 1]
}

impl Backend for Cuda {
    fn memory(&self) -> usize {
        self.buffers.iter().map(CudaSlice::num_bytes).sum()
    }

    fn upload(&mut self, buffer: Buffer, offset: usize, values: &[f32]) -> Result<(), ModelError> {
        if values.is_empty() {
            return Ok(());
        }
        let mut target = self.buffers[buffer.0].slice_mut(offset..offset + values.len());
        let copied = if buffer == INPUTS && values.len() == self.pinned.len() {
            // Waits until the update before has taken its inputs.
            let free = self.copied.synchronize().and_then(|()| self.pinned.as_mut_slice());
            let staged = free.map(|pinned| pinned.copy_from_slice(values));
            let queued = staged.and_then(|()| self.stream.memcpy_htod(&self.pinned, &mut target));
            queued.and_then(|()| self.copied.record(&self.stream))
        } else {
            self.stream.memcpy_htod(values, &mut target)
        };
        copied.map_err(|error| self.failed("upload", &error))
    }

    fn download(&mut self, buffer: Buffer, offset: usize, length: usize) -> Result<Vec<f32>, ModelError> {
        let mut values = vec![0.0; length];
        let source = self.buffers[buffer.0].slice(offset..offset + length);
        let copied = self.stream.memcpy_dtoh(&source, &mut values);
        copied.and_then(|()| self.stream.synchronize()).map_err(|error| self.failed("download", &error))?;
        Ok(values)
    }

    fn product(&mut self, product: &Product) -> Result<(), ModelError> {
        let Product { count, m, n, k, a, b, c } = *product;
        let operation = |matrices: Matrices| match matrices.transposed {
            true => blas::cublasOperation_t::CUBLAS_OP_T,
            false => blas::cublasOperation_t::CUBLAS_OP_N,
        };
        let pointer = |matrices: Matrices| self.pointer(matrices.buffer, matrices.offset);
        let (one, zero) = (1.0f32, 0.0f32);
        let float = blas::cudaDataType_t::CUDA_R_32F;
        // cuBLAS is column-major, in which a row-major matrix is its transpose: Cᵀ = Bᵀ Aᵀ.
        // SAFETY: sizes and strides are those of the plan's buffers.
        let done = unsafe {
            gemm_strided_batched_ex(
                *self.blas.handle(),
                operation(b),
                operation(a),
                n as i32,
                m as i32,
                k as i32,
                (&raw const one).cast(),
                pointer(b) as *const _,
                float,
                b.ld as i32,
                b.stride as i64,
                pointer(a) as *const _,
                float,
                a.ld as i32,
                a.stride as i64,
                (&raw const zero).cast(),
                pointer(c) as *mut _,
                float,
                c.ld as i32,
                c.stride as i64,
                count as i32,
                self.compute,
                blas::cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
            )
        };
        done.map_err(|error| self.failed("product", &error))
    }

    fn gather(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let starts = Argument::Pointer(self.pointer(INPUTS, plan.inputs()[0]));
        let sizes = [plan.rows(), plan.dim(), plan.width(0), plan.shape.bands, plan.frames()];
        let mut arguments = vec![self.at(ROWS), self.at(INPUTS), starts];
        arguments.extend(sizes.map(int));
        self.launch("gather", [plan.rows(), plan.batches], threads(plan.dim().div_ceil(4)), &arguments)
    }

    fn weights(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let (count, rows, dim, width) = (plan.densities.len(), plan.rows(), plan.dim(), plan.width(0));
        if count == 0 {
            return Ok(());
        }
        let normal = || self.normal(plan);
        let sizes = || [rows, dim, width].map(int);
        let mut arguments = vec![self.at(FEATURES), self.at(ROWS), normal(), self.at(DENSITIES)];
        arguments.extend(sizes());
        self.launch("moments", [dim.div_ceil(32), count], [32, 32], &arguments)?;
        let mut arguments =
            vec![self.at(STANDARDIZED), self.at(SQUARES), self.at(ROWS), self.at(FEATURES), normal()];
        arguments.push(self.at(DENSITIES));
        arguments.extend(sizes());
        self.launch("standardize", [rows, count], threads(dim), &arguments)?;
        let z =
            Matrices { buffer: STANDARDIZED, offset: 0, stride: rows * width, ld: width, transposed: false };
        let c = Matrices { buffer: GRAM, offset: 0, stride: rows * rows, ld: rows, transposed: false };
        let b = Matrices { transposed: true, ..z };
        self.product(&Product { count, m: rows, n: rows, k: width, a: z, b, c })?;
        let arguments = [
            self.at(WEIGHTS),
            self.at(GRAM),
            self.at(SQUARES),
            self.normal(plan),
            self.at(DENSITIES),
            int(rows),
        ];
        self.launch("weights", [rows, count], threads(rows), &arguments)
    }

    fn activate(&mut self, plan: &Plan, layer: usize) -> Result<(), ModelError> {
        let size = plan.architecture.sizes()[layer];
        let sigmoid = int(usize::from(plan.is_sigmoid()));
        let count = plan.nets.len() * plan.rows() * plan.width(layer);
        let arguments = [self.at(plan.units(layer)), int(size), int(plan.width(layer)), sigmoid, int(count)];
        self.launch("activate", [count.div_ceil(1024), 1], [256, 1], &arguments)
    }

    fn differentiate(&mut self, plan: &Plan, layer: usize) -> Result<(), ModelError> {
        let size = plan.architecture.sizes()[layer];
        let sigmoid = int(usize::from(plan.is_sigmoid()));
        let count = plan.nets.len() * plan.rows() * plan.width(layer);
        let units = self.at(plan.units(layer));
        let arguments = [units, self.at(BY_UNITS), int(size), int(plan.width(layer)), sigmoid, int(count)];
        self.launch("differentiate", [count.div_ceil(1024), 1], [256, 1], &arguments)
    }

    fn residuals(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let last = self.at(plan.units(plan.architecture.layers()));
        let mut arguments = vec![last, self.at(SCORES), self.at(ROWS), self.at(NETS)];
        arguments.extend([plan.rows(), plan.dim(), plan.width(0)].map(int));
        self.launch("residuals", [plan.rows(), plan.nets.len()], threads(plan.dim().div_ceil(4)), &arguments)
    }

    fn own_weights(&mut self, plan: &Plan) -> Result<(), ModelError> {
        if !plan.nets.iter().any(|net| net.objective.weighting.reads_scores()) {
            return Ok(());
        }
        let arguments =
            [self.at(WEIGHTS), self.at(SCORES), self.normal(plan), self.at(NETS), int(plan.rows())];
        self.launch("top_share", [plan.rows(), plan.nets.len()], threads(plan.rows()), &arguments)
    }

    fn objective(&mut self, plan: &Plan, update: usize) -> Result<(), ModelError> {
        let nets = plan.nets.len();
        let values = Argument::Pointer(self.pointer(VALUES, update * nets * PARTS));
        let arguments = [
            self.at(SLOPES),
            values,
            self.at(STATUS),
            self.at(SCORES),
            self.at(WEIGHTS),
            self.normal(plan),
            self.at(NETS),
            self.factors(plan),
            int(plan.rows()),
        ];
        self.launch("objective", [nets, 1], [1024, 1], &arguments)
    }

    fn scale(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let last = self.at(plan.units(plan.architecture.layers()));
        let arguments = [last, self.at(SLOPES), int(plan.dim()), int(plan.width(0))];
        self.launch("scale", [plan.rows(), plan.nets.len()], threads(plan.dim().div_ceil(4)), &arguments)
    }

    fn amsgrad(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let config = plan.amsgrad;
        let state = [PARAMETERS, MOMENTS[0], MOMENTS[1], MOMENTS[2], STATUS, GRADIENT];
        let mut arguments: Vec<Argument> = state.into_iter().map(|buffer| self.at(buffer)).collect();
        arguments.extend([self.factors(plan), int(plan.parameters())]);
        let floats = [config.beta1, config.beta2, config.epsilon];
        arguments.extend(floats.map(|number| Argument::Float(number as f32)));
        let blocks = plan.parameters().div_ceil(256);
        self.launch("amsgrad", [blocks, plan.nets.len()], [256, 1], &arguments)
    }
}
