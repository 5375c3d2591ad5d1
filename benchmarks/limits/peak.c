// The limits of this machine's cores: fused multiply-add peak and memory bandwidth, for one
// thread and for all. Prints one line of JSON.
//
//     gcc -Ofast -march=native -funroll-loops -fopenmp peak.c -o peak && ./peak
#define _GNU_SOURCE
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#else
#define BYTES 32
#endif
#define CHAINS 12  // independent accumulators: enough to hide the latency of a multiply-add
#define ROUNDS 7

typedef double doubles __attribute__((vector_size(BYTES)));
typedef float floats __attribute__((vector_size(BYTES)));
static volatile double sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#define DEFINE_FMA(NAME, VECTOR, SCALAR)                              \
  static double NAME(long n) {                                        \
    enum { LANES = BYTES / sizeof(SCALAR) };                          \
    VECTOR sum[CHAINS], x, y;                                         \
    for (int j = 0; j < LANES; j++) {                                 \
      x[j] = 0.999f;                                                  \
      y[j] = 1e-3f;                                                   \
      for (int i = 0; i < CHAINS; i++) sum[i][j] = 1e-3 * (i + j);    \
    }                                                                 \
    for (long k = 0; k < n; k++)                                      \
      for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * x + y;       \
    double total = 0;                                                 \
    for (int i = 0; i < CHAINS; i++) total += sum[i][i % LANES];      \
    return total;                                                     \
  }
DEFINE_FMA(fma64, doubles, double)
DEFINE_FMA(fma32, floats, float)

static double fma_peak(double (*work)(long), int threads, int lanes) {
  const long n = 2000000;
  double best = 0;
  for (int r = 0; r < ROUNDS; r++) {
    double t = now();
#pragma omp parallel num_threads(threads)
    sink = work(n);
    double rate = 2e-9 * threads * CHAINS * n * lanes / (now() - t);
    if (rate > best) best = rate;
  }
  return best;
}

// a = b + 3 c over arrays of n doubles: 24 bytes an element.
static double triad(double *a, double *b, double *c, long n, int threads, int repeats) {
  double best = 0;
  for (int r = 0; r < ROUNDS; r++) {
    double t = now();
#pragma omp parallel num_threads(threads)
    for (int k = 0; k < repeats; k++) {
#pragma omp for schedule(static)
      for (long i = 0; i < n; i++) a[i] = b[i] + 3.0 * c[i];
    }
    double rate = 24e-9 * n * repeats / (now() - t);
    if (rate > best) best = rate;
  }
  return best;
}

int main(void) {
  const int all = omp_get_max_threads();
  const long large = 64L << 20, cached = 2L << 20;
  double *a = aligned_alloc(64, large * 8), *b = aligned_alloc(64, large * 8),
         *c = aligned_alloc(64, large * 8);
  if (!a || !b || !c) return 1;
#pragma omp parallel for schedule(static)
  for (long i = 0; i < large; i++) a[i] = b[i] = c[i] = 1;
  printf("{\"threads\": %d", all);
  printf(", \"f64_gflops_1\": %.1f", fma_peak(fma64, 1, BYTES / 8));
  printf(", \"f32_gflops_1\": %.1f", fma_peak(fma32, 1, BYTES / 4));
  printf(", \"f64_gflops\": %.1f", fma_peak(fma64, all, BYTES / 8));
  printf(", \"f32_gflops\": %.1f", fma_peak(fma32, all, BYTES / 4));
  printf(", \"cached_gbs\": %.1f", triad(a, b, c, cached, all, 20));
  printf(", \"memory_gbs\": %.1f}\n", triad(a, b, c, large, all, 1));
  return 0;
}
