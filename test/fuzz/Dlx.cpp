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

/// Two stages and a loop with a view, a swap and a copy; a parameter, a state, a symbol from an extent and one from a scalar; a
/// second entry that writes another parameter; a prepare entry of two units.
static void buildProgram(Builder &b) {
  uint32_t s = b.symbolic("B", 1, 16);
  Words bytes = symbol(s) * constant(32);
  uint32_t past = b.symbolic("P", 0, 3);
  b.param(DLX_TRAINABLE, "w", DLX_F32, {8}, DLX_INIT_UNIFORM, -1, 1);
  b.param(DLX_OPTIMIZER, "w/m", DLX_F32, {8}, DLX_INIT_CONSTANT, 1);
  b.param(DLX_STATE, "h", DLX_F32, {4, 8}, DLX_INIT_CONSTANT, 2);
  uint32_t f = b.function("kernel", kernel);
  b.entry("run");
  b.entries.back().prepare = 2, b.entries.back().prepared = 128;
  uint32_t x = b.input("x", DLX_F32, {symbol(s), constant(8)}, bytes, 512);
  uint32_t p = b.input("past", DLX_I32, {}, constant(4), 4);
  b.tensors.back().symbol = past;
  uint32_t y = b.output("y", DLX_F32, {symbol(s), constant(8)}, bytes, 512);
  uint32_t w = b.buffer(DLX_BIND_PARAM, 32, 0), h = b.buffer(DLX_BIND_STATE, 128, 0), q = b.buffer(DLX_PREPARED, 32, 64);
  uint32_t t = b.arena(32), u = b.arena(32);
  uint32_t row = b.buffer(DLX_VIEW, constant(32), x, 32);
  b.entries.back().scratch = 64;
  b.stage(f, symbol(s), {{x}, {w}, {y}});
  b.loop(symbol(s), 2, {{row, constant(0), constant(32)}}, {{t, u}});
  b.stage(f, constant(1), {{row}, {t}, {u}});
  b.copy(constant(16), t, 0, u, 16);
  b.stage(f, constant(1), {{t}, {y}, {p}, {q}});
  b.rows(DLX_PLACE, h, t, constant(32), constant(1), symbol(past) * constant(32), constant(128));
  b.entry("train");
  b.writesParam(1);
  uint32_t m = b.buffer(DLX_BIND_PARAM, 32, 1), from = b.buffer(DLX_BIND_PARAM, 32, 0);
  b.copy(constant(16), m, 16, from, 0);
  b.entry("prepare", DLX_IS_PREPARE);
  b.entries.back().prepared = 128;
  uint32_t a = b.buffer(DLX_BIND_PARAM, 32, 0), c = b.buffer(DLX_BIND_PARAM, 32, 1);
  uint32_t one = b.buffer(DLX_PREPARED, 32, 0), two = b.buffer(DLX_PREPARED, 32, 64), own = b.arena(32);
  b.launch(f, constant(2), {{a}, {one}});
  b.launch(f, constant(1), {{c}, {own}});
  b.stage(2);
  b.stage(f, constant(1), {{own}, {two}});
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

static void run(const dlrt_model *model, dlrt_context *context, dlrt_state *state, size_t entry) {
  Tensors inputs, outputs;
  for (size_t i = 0; i < dlrt_entry_inputs(model, entry); ++i)
    if (!inputs.add(*dlrt_entry_input(model, entry, i)))
      return;
  for (size_t i = 0; i < dlrt_entry_outputs(model, entry); ++i)
    if (!outputs.add(*dlrt_entry_output(model, entry, i)))
      return;
  calls = 0;
  dlrt_run(context, entry, state, inputs.list.data(), inputs.list.size(), outputs.list.data(), outputs.list.size());
}

static void runEntries(dlrt_model *model) {
  Tensors params; // and states, for their size alone
  for (size_t i = 0; i < dlrt_model_params(model); ++i)
    if (!params.add(*dlrt_model_param(model, i)))
      return;
  for (size_t i = 0; i < dlrt_model_states(model); ++i)
    if (!params.add(*dlrt_model_state(model, i)))
      return;
  for (size_t i = 0; i < dlrt_model_entries(model); ++i)
    if (dlrt_entry_arena(model, i) > limit || dlrt_entry_scratch(model, i) > limit)
      return;
  dlrt_params *values = nullptr;
  dlrt_context *context = nullptr;
  dlrt_state *state = nullptr, *fork = nullptr;
  if (dlrt_params_new(model, &values) == DLRT_OK && dlrt_params_init(values, 1) == DLRT_OK &&
      dlrt_context_new(model, values, nullptr, &context) == DLRT_OK && dlrt_state_new(model, &state) == DLRT_OK &&
      dlrt_state_new(model, &fork) == DLRT_OK)
    for (size_t i = 0; i < 2 * dlrt_model_entries(model); ++i) { // again where prepare has something to keep
      run(model, context, state, i / 2);
      dlrt_state_copy(fork, state);
      dlrt_state_reset(state);
    }
  dlrt_context_free(context);
  dlrt_state_free(fork), dlrt_state_free(state);
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
