// libFuzzer: a good dlx program with some of its bytes changed and the checksum
// made right again. The reader may refuse it; what it accepts must run within
// its buffers. Input: records of a 16-bit place (its top two bits: 1, 2, 4 or 8
// bytes) and a 64-bit value.
#include "test/unit/RuntimeProgram.h"

using namespace dlrt_test;

static int calls;
static int32_t kernel(void *const *, const int64_t *, int64_t, int64_t, void *) {
  return ++calls > 10000; // ends a run of many iterations
}

/// Two stages and a loop with a view, a swap and a copy; one parameter, one
/// symbol.
static void buildProgram(Builder &b) {
  uint32_t s = b.symbolic("B", 1, 16);
  Words bytes = symbol(s) * constant(32);
  b.param(DLX_TRAINABLE, "w", DLX_F32, {8}, DLX_INIT_UNIFORM, -1, 1);
  uint32_t f = b.function("kernel", kernel);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {symbol(s), constant(8)}, bytes, 512);
  uint32_t y = b.output("y", DLX_F32, {symbol(s), constant(8)}, bytes, 512);
  uint32_t w = b.buffer(DLX_BIND_PARAM, 32, 0);
  uint32_t t = b.arena(32), u = b.arena(32);
  uint32_t row = b.buffer(DLX_VIEW, constant(32), x, 32);
  b.entries.back().scratch = 64;
  b.stage(f, symbol(s), {{x}, {w}, {y}});
  b.loop(symbol(s), 2, {{row, constant(0), constant(32)}}, {{t, u}});
  b.stage(f, constant(1), {{row}, {t}, {u}});
  b.copy(constant(16), t, 0, u, 16);
  b.stage(f, constant(1), {{t}, {y}});
}

static constexpr uint64_t limit = 1 << 16;

/// Memory of 64-byte aligned tensors at their largest extents; false where
/// they are too large to try.
struct Tensors {
  std::vector<dlrt_tensor> list;
  std::vector<void *> memory;
  ~Tensors() {
    for (void *p : memory)
      free(p);
  }
  bool add(const dlrt_tensor_info &info) {
    uint64_t count = 1;
    for (int32_t i = 0; i < info.ndim; ++i) {
      if (uint64_t(info.max_dims[i]) > limit)
        return false;
      if ((count *= uint64_t(info.max_dims[i])) > limit)
        return false;
    }
    uint64_t size = count * ((info.dtype.bits + 7) / 8);
    memory.push_back(aligned_alloc(64, (size + 64) / 64 * 64));
    memset(memory.back(), 0, (size + 64) / 64 * 64);
    list.push_back({memory.back(), {1, 0}, info.ndim, info.dtype, const_cast<int64_t *>(info.max_dims), nullptr, 0});
    return true;
  }
};

static void run(const dlrt_model *model, dlrt_context *context, size_t entry) {
  Tensors inputs, outputs;
  for (size_t i = 0; i < dlrt_entry_inputs(model, entry); ++i)
    if (!inputs.add(*dlrt_entry_input(model, entry, i)))
      return;
  for (size_t i = 0; i < dlrt_entry_outputs(model, entry); ++i)
    if (!outputs.add(*dlrt_entry_output(model, entry, i)))
      return;
  calls = 0;
  dlrt_run(context, entry, nullptr, inputs.list.data(), inputs.list.size(), outputs.list.data(), outputs.list.size());
}

static void runEntries(dlrt_model *model) {
  Tensors params; // for their size alone
  for (size_t i = 0; i < dlrt_model_params(model); ++i)
    if (!params.add(*dlrt_model_param(model, i)))
      return;
  for (size_t i = 0; i < dlrt_model_entries(model); ++i)
    if (dlrt_entry_arena(model, i) > limit || dlrt_entry_scratch(model, i) > limit)
      return;
  dlrt_params *values = nullptr;
  dlrt_context *context = nullptr;
  if (dlrt_params_new(model, &values) == DLRT_OK && dlrt_params_init(values, 1) == DLRT_OK &&
      dlrt_context_new(model, values, nullptr, &context) == DLRT_OK)
    for (size_t i = 0; i < dlrt_model_entries(model); ++i)
      run(model, context, i);
  dlrt_context_free(context);
  dlrt_params_free(values);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Builder b;
  buildProgram(b);
  const dlx_descriptor *descriptor = b.finish();
  const bool unchanged = size < 10;
  for (; size >= 10; data += 10, size -= 10) {
    uint16_t place;
    memcpy(&place, data, 2);
    size_t width = size_t(1) << (place >> 14), at = place & 0x3fff;
    at = at % b.size / width * width;
    memcpy(b.bytes + at, data + 2, width);
  }
  b.seal();
  dlrt_model *model = nullptr;
  if (dlrt_model_open(descriptor, &model) == DLRT_OK)
    runEntries(model);
  else if (unchanged)
    __builtin_trap(); // the unchanged program is good
  dlrt_model_free(model);
  return 0;
}
