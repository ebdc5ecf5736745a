// What a stack computes between its matrix products, on a card; cpu.rs beside this file has the same in Rust.
//
// Rows are `width` numbers apart: the features, a one that the bias is multiplied by, and zeros.

// The sum of `value` over a block of at most 1,024 threads, in every one of them.
template <typename T> __device__ T block_sum(T value) {
    __shared__ T parts[32];
    for (int lane = 16; lane > 0; lane /= 2) value += __shfl_xor_sync(0xffffffff, value, lane);
    int warps = (blockDim.x + 31) / 32;
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    T sum = 0;
    for (int warp = 0; warp < warps; warp++) sum += parts[warp];
    return sum;
}

__device__ float block_max(float value) {
    __shared__ float parts[32];
    for (int lane = 16; lane > 0; lane /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, lane));
    int warps = (blockDim.x + 31) / 32;
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    for (int warp = 0; warp < warps; warp++) value = fmaxf(value, parts[warp]);
    return value;
}

// Rows of each batch from its frames. Grid: rows, batches.
extern "C" __global__ void gather(
    float* x, const float* frames, const float* starts, int rows, int dim, int width, int bands, int length) {
    size_t row = (size_t)blockIdx.y * rows + blockIdx.x;
    const float* from = frames + (size_t)blockIdx.y * length + (size_t)starts[row] * bands;
    float* to = x + row * width;
    for (int i = threadIdx.x; i < width; i += blockDim.x) to[i] = i < dim ? from[i] : (i == dim ? 1.0f : 0.0f);
}

// Mean and reciprocal deviation of each feature over normal rows. Grid: features / 32, densities; block: 32 x 32.
extern "C" __global__ void moments(
    float* moments, const float* x, const float* normal, const float* densities, int rows, int dim, int width) {
    __shared__ float sums[32][33], counts[32][33];
    int feature = blockIdx.x * 32 + threadIdx.x, at = min(feature, dim - 1), batch = densities[5 * blockIdx.y];
    bool standardize = densities[5 * blockIdx.y + 3] != 0.0f;
    x += (size_t)batch * rows * width, normal += (size_t)batch * rows;
    // From a row on, so that a constant feature has mean and variance to the digit.
    float centre = x[at], variance = 0.0f;
    for (int pass = 0; pass < 2; pass++) {
        float sum = 0.0f, count = 0.0f;
        for (int row = threadIdx.y; row < rows; row += 32) {
            if (normal[row] == 0.0f) continue;
            float z = x[(size_t)row * width + at] - centre;
            sum += pass == 0 ? z : z * z, count += 1.0f;
        }
        sums[threadIdx.y][threadIdx.x] = sum, counts[threadIdx.y][threadIdx.x] = count;
        __syncthreads();
        sum = 0.0f, count = 0.0f;
        for (int i = 0; i < 32; i++) sum += sums[i][threadIdx.x], count += counts[i][threadIdx.x];
        __syncthreads();
        if (pass == 0) centre += sum / count; else variance = sum / count;
    }
    if (threadIdx.y > 0 || feature >= dim) return;
    float* to = moments + 2 * (size_t)blockIdx.y * dim;
    to[feature] = centre;
    to[dim + feature] = standardize && variance > 0.0f ? 1.0f / sqrtf(variance) : 1.0f;
}

// Normal rows as the density takes them, and their squares; other rows are 0. Grid: rows, densities.
extern "C" __global__ void standardize(
    float* z, float* squares, const float* x, const float* moments, const float* normal, const float* densities,
    int rows, int dim, int width) {
    size_t from = (size_t)densities[5 * blockIdx.y] * rows + blockIdx.x, to = (size_t)blockIdx.y * rows + blockIdx.x;
    const float* moment = moments + 2 * (size_t)blockIdx.y * dim;
    bool is_normal = normal[from] != 0.0f;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float value = i < dim && is_normal ? (x[from * width + i] - moment[i]) * moment[dim + i] : 0.0f;
        z[to * width + i] = value, sum += value * value;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) squares[to] = sum;
}

// w = 1 / (K + eps) of normal rows (Eqs. 14 to 16) to a power, 0 of others, from the Gram matrix. Grid: rows, densities.
extern "C" __global__ void weights(
    float* weights, const float* gram, const float* squares, const float* normal, const float* densities, int rows) {
    const float* density = densities + 5 * blockIdx.y;
    size_t row = (size_t)blockIdx.y * rows + blockIdx.x;
    normal += (size_t)density[0] * rows, gram += row * rows;
    float square = squares[row], sum = 0.0f, count = 0.0f;
    for (int i = threadIdx.x; i < rows; i += blockDim.x) {
        if (normal[i] == 0.0f) continue;
        float distance = square + squares[(size_t)blockIdx.y * rows + i] - 2.0f * gram[i];
        sum += expf(-density[1] * fmaxf(distance, 0.0f)), count += 1.0f;
    }
    sum = block_sum(sum), count = block_sum(count);
    if (threadIdx.x > 0) return;
    float weight = 1.0f / (sum / count + density[2]);
    weights[row] = normal[blockIdx.x] == 0.0f ? 0.0f : (density[4] == 1.0f ? weight : powf(weight, density[4]));
}

// The weights of the nets that count their largest scores alone: 1 for as many of the normal rows as the share has,
// less for the one in which it ends. Grid: rows, nets.
extern "C" __global__ void top_share(
    float* weights, const float* scores, const float* normal, const float* nets, int rows) {
    const float* net = nets + 4 * blockIdx.y;
    if (net[3] < 0.0f) return;
    scores += (size_t)blockIdx.y * rows, normal += (size_t)net[0] * rows;
    float score = scores[blockIdx.x], larger = 0.0f, count = 0.0f;
    for (int i = threadIdx.x; i < rows; i += blockDim.x) {
        if (normal[i] == 0.0f) continue;
        count += 1.0f;
        larger += scores[i] > score || (scores[i] == score && i < blockIdx.x) ? 1.0f : 0.0f;
    }
    larger = block_sum(larger), count = block_sum(count);
    float left = fmaxf(net[3] * count, 1.0f) - larger;
    if (threadIdx.x == 0)
        weights[(size_t)net[1] * rows + blockIdx.x] = normal[blockIdx.x] != 0.0f ? fminf(fmaxf(left, 0.0f), 1.0f) : 0.0f;
}

// h = f(z) of a layer: four numbers a thread. Grid: numbers / 4 of all nets.
extern "C" __global__ void activate(float* units, int size, int width, int sigmoid, int count) {
    int first = 4 * (blockIdx.x * blockDim.x + threadIdx.x), column = first % width;
    if (first >= count || column >= size) return;
    float4 four = *(float4*)(units + first);
    float* h = (float*)&four;
    for (int i = 0; i < 4 && column + i < size; i++) {
        // A NaN stays one.
        h[i] = sigmoid ? 1.0f / (1.0f + expf(-h[i])) : (h[i] <= 0.0f ? 0.0f : h[i]);
    }
    *(float4*)(units + first) = four;
}

// The derivative by z in place of h, from that by h: four numbers a thread. Grid: numbers / 4 of all nets.
extern "C" __global__ void differentiate(
    float* units, const float* by_units, int size, int width, int sigmoid, int count) {
    int first = 4 * (blockIdx.x * blockDim.x + threadIdx.x), column = first % width;
    if (first >= count || column >= size) return;
    float4 four = *(float4*)(units + first), by_four = *(const float4*)(by_units + first);
    float *h = (float*)&four, *by_h = (float*)&by_four;
    for (int i = 0; i < 4 && column + i < size; i++)
        h[i] = sigmoid ? by_h[i] * h[i] * (1.0f - h[i]) : (h[i] > 0.0f ? by_h[i] : 0.0f);
    *(float4*)(units + first) = four;
}

// Reconstruction minus row, in place, and A(x), its square (Eq. 5). Grid: rows, nets.
extern "C" __global__ void residuals(
    float* units, float* scores, const float* x, const float* nets, int rows, int dim, int width) {
    size_t row = (size_t)blockIdx.y * rows + blockIdx.x, from = (size_t)nets[4 * blockIdx.y] * rows + blockIdx.x;
    units += row * width, x += from * width;
    float sum = 0.0f;
    for (int first = 4 * threadIdx.x; first < dim; first += 4 * blockDim.x) {
        float4 four = *(float4*)(units + first), x_four = *(const float4*)(x + first);
        float *residual = (float*)&four, *input = (float*)&x_four;
        for (int i = 0; i < 4 && first + i < dim; i++) {
            residual[i] -= input[i];
            sum += residual[i] * residual[i];
        }
        *(float4*)(units + first) = four;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) scores[row] = sum;
}

// The objective of each net and its derivative by each score; a net whose objective is not finite fails. Grid: nets.
extern "C" __global__ void objective(
    float* slopes, float* values, float* status, const float* scores, const float* weights, const float* normal,
    const float* nets, const float* factors, int rows) {
    int net = blockIdx.x, stack = gridDim.x;
    int density = nets[4 * net + 1];  // Which line of the weights; -1: all alike.
    float lambda = nets[4 * net + 2];
    scores += (size_t)net * rows, slopes += (size_t)net * rows, normal += (size_t)nets[4 * net] * rows;
    weights += (size_t)max(density, 0) * rows;
    double weight = 0, weighted = 0, sum = 0, count = 0, clipped = 0;
    float largest = 0.0f;
    for (int i = threadIdx.x; i < rows; i += blockDim.x) {
        if (normal[i] != 0.0f) {
            float w = density < 0 ? 1.0f : weights[i];
            weight += w, weighted += (double)w * scores[i], sum += scores[i], count += 1;
            largest = fmaxf(largest, scores[i]);
        } else if (lambda > 0.0f) {
            clipped += tanhf(scores[i] / lambda);
        }
    }
    weight = block_sum(weight), weighted = block_sum(weighted), sum = block_sum(sum), count = block_sum(count);
    clipped = block_sum(clipped), largest = block_max(largest);
    double others = rows - count, mean = weight / count, square = 0;
    for (int i = threadIdx.x; i < rows && density >= 0; i += blockDim.x)
        if (normal[i] != 0.0f) square += (weights[i] - mean) * (weights[i] - mean);
    square = block_sum(square);
    for (int i = threadIdx.x; i < rows; i += blockDim.x) {
        float t = tanhf(scores[i] / lambda);
        slopes[i] = normal[i] != 0.0f ? (density < 0 ? 1.0f : weights[i]) / weight
                                      : (lambda > 0.0f ? -(1.0f - t) * (1.0f + t) / others : 0.0f);
    }
    if (threadIdx.x > 0) return;
    double anomalous = lambda > 0.0f ? lambda * clipped / others : 0.0, total = weighted / weight - anomalous;
    float* value = values + 6 * net;
    value[0] = total, value[1] = weighted / weight, value[2] = anomalous, value[3] = sum / count;
    value[4] = isnan(sum) ? sum : largest, value[5] = density < 0 ? -1.0 : sqrt(square / count) / mean;
    if (!isfinite(total) && status[net] == 0.0f && status[stack + net] == 0.0f) status[net] = factors[3 * net + 2] + 1.0f;
}

// The derivative by the reconstruction in place of the residual. Grid: rows, nets.
extern "C" __global__ void scale(float* units, const float* slopes, int dim, int width) {
    size_t row = (size_t)blockIdx.y * gridDim.x + blockIdx.x;
    float slope = 2.0f * slopes[row];
    units += row * width;
    // A row that the objective does not read may hold anything. What lies beyond the features is 0.
    for (int first = 4 * threadIdx.x; first < dim; first += 4 * blockDim.x) {
        float4 four = *(float4*)(units + first);
        bool none = slope == 0.0f;
        four.x = none ? 0.0f : slope * four.x, four.y = none ? 0.0f : slope * four.y;
        four.z = none ? 0.0f : slope * four.z, four.w = none ? 0.0f : slope * four.w;
        *(float4*)(units + first) = four;
    }
}

// AMSGrad of the nets that have not failed; a net with a parameter that is not finite fails. Grid: parameters, nets.
extern "C" __global__ void amsgrad(
    float* parameters, float* first, float* second, float* largest, float* status, const float* gradient,
    const float* factors, int count, float beta1, float beta2, float epsilon) {
    int net = blockIdx.y, stack = gridDim.y, i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count || status[net] != 0.0f || status[stack + net] != 0.0f) return;
    size_t at = (size_t)net * count + i;
    float g = gradient[at], rate = factors[3 * net], root = factors[3 * net + 1];
    float m = beta1 * first[at] + (1.0f - beta1) * g, v = beta2 * second[at] + (1.0f - beta2) * g * g;
    float top = fmaxf(largest[at], v), p = parameters[at] - rate * m / (sqrtf(top) * root + epsilon);
    first[at] = m, second[at] = v, largest[at] = top, parameters[at] = p;
    if (!isfinite(p)) status[stack + net] = factors[3 * net + 2] + 1.0f;
}
