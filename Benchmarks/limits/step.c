// The limit of one 784-200-200-10 training step on one core: sgemm calls of oneDNN and fused loops, nothing else.
// Prints one line a batch size: the batch, then microseconds a step, best of seven.
// Build: cc -O3 -march=native step.c -o step -ldnnl -lm     Run: OMP_NUM_THREADS=1 ./step [batch...]
#include <math.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { layers = 3 };
static const int sizes[layers + 1] = {784, 200, 200, 10};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static float *floats(int count) { return aligned_alloc(64, ((size_t)count * 4 + 63) / 64 * 64); }

static void multiply(char ta, char tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c) {
    dnnl_sgemm(ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, n);
}

static void forward(int batch, int out, int in, const float *x, const float *w, const float *b, float *y, int relu) {
    multiply('N', 'T', batch, out, in, x, in, w, in, y);
    for (int r = 0; r < batch; r++)
        for (int c = 0; c < out; c++) {
            float v = y[r * out + c] + b[c];
            y[r * out + c] = relu && v < 0 ? 0 : v;
        }
}

static void loss_gradient(int batch, const float *logits, float *d) {
    for (int r = 0; r < batch; r++) {
        const float *row = logits + r * 10;
        float largest = -1e9, sum = 0;
        for (int c = 0; c < 10; c++) largest = fmaxf(largest, row[c]);
        for (int c = 0; c < 10; c++) sum += expf(row[c] - largest);
        for (int c = 0; c < 10; c++) d[r * 10 + c] = (expf(row[c] - largest) / sum - (c == r % 10)) / batch;
    }
}

int main(int count, char **arguments) {
    int batches[] = {10, 32, 128};
    for (int i = 0; i < (count > 1 ? count - 1 : 3); i++) {
        int batch = count > 1 ? atoi(arguments[i + 1]) : batches[i];
        float *w[layers], *b[layers], *g[layers], *y[layers + 1], *d[layers + 1];
        y[0] = floats(batch * 784);
        for (int j = 0; j < batch * 784; j++) y[0][j] = rand() / (float)RAND_MAX;
        for (int l = 0; l < layers; l++) {
            int n = sizes[l] * sizes[l + 1];
            w[l] = floats(n), g[l] = floats(n), b[l] = floats(sizes[l + 1]);
            memset(b[l], 0, 4 * sizes[l + 1]);
            for (int j = 0; j < n; j++) w[l][j] = (rand() / (float)RAND_MAX - .5f) * 2 / sqrtf(sizes[l]);
            y[l + 1] = floats(batch * sizes[l + 1]), d[l + 1] = floats(batch * sizes[l + 1]);
        }
        d[0] = floats(batch * 784);
        int steps = 20000 / batch + 50;
        double best = 1e9;
        for (int repeat = 0; repeat < 7; repeat++) {
            double start = now();
            for (int s = 0; s < steps; s++) {
                for (int l = 0; l < layers; l++)
                    forward(batch, sizes[l + 1], sizes[l], y[l], w[l], b[l], y[l + 1], l < layers - 1);
                loss_gradient(batch, y[layers], d[layers]);
                for (int l = layers - 1; l >= 0; l--) {
                    int in = sizes[l], out = sizes[l + 1];
                    multiply('T', 'N', out, in, batch, d[l + 1], out, y[l], in, g[l]);
                    if (l) {
                        multiply('N', 'N', batch, in, out, d[l + 1], out, w[l], in, d[l]);
                        for (int j = 0; j < batch * in; j++)
                            if (y[l][j] <= 0) d[l][j] = 0;
                    }
                    for (int j = 0; j < in * out; j++) w[l][j] -= .01f * g[l][j];
                    for (int c = 0; c < out; c++) {
                        float sum = 0;
                        for (int r = 0; r < batch; r++) sum += d[l + 1][r * out + c];
                        b[l][c] -= .01f * sum;
                    }
                }
            }
            double each = (now() - start) / steps;
            if (each < best) best = each;
        }
        printf("%d %.1f\n", batch, best * 1e6);
        fflush(stdout);
    }
    return 0;
}
