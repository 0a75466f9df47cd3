// Builds dlx programs by hand for the tests of the runtime: tables as vectors,
// one block of bytes out.
#ifndef DLC_TEST_UNIT_RUNTIMEPROGRAM_H
#define DLC_TEST_UNIT_RUNTIMEPROGRAM_H
#include "runtime/dlrt.h"
#include "runtime/dlx.h"
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace dlrt_test {

using Words = std::vector<dlx_word>;

inline Words constant(int64_t value) { return {{DLX_PUSH, value}}; }
inline Words symbol(uint32_t index) { return {{DLX_SYMBOL, index}}; }
inline Words operator+(Words a, const Words &b) {
  a.insert(a.end(), b.begin(), b.end());
  a.push_back({DLX_ADD, 0});
  return a;
}
inline Words operator*(Words a, const Words &b) {
  a.insert(a.end(), b.begin(), b.end());
  a.push_back({DLX_MUL, 0});
  return a;
}

/// An argument of a launch.
struct Arg {
  uint32_t buffer;
  int64_t offset = 0;
};

/// Tables in the making. Buffers, code, inputs and outputs go to the entry
/// begun last.
class Builder {
public:
  std::string strings;
  Words words;
  std::vector<dlx_expr> exprs;
  std::vector<dlx_symbol> symbols;
  std::vector<dlx_tensor> tensors;
  std::vector<uint32_t> params, states, writes, functions;
  std::vector<dlx_entry> entries;
  std::vector<dlx_buffer> buffers;
  std::vector<dlx_arg> args;
  std::vector<dlx_launch> launches;
  std::vector<dlx_moving> moving;
  std::vector<dlx_swap> swaps;
  std::vector<dlx_instruction> code;
  std::string constants;
  std::vector<dlx_kernel_fn> pointers;

  uint32_t name(const std::string &text) {
    uint32_t at = uint32_t(strings.size());
    strings += text + '\0';
    return at;
  }
  uint32_t expr(const Words &value) {
    exprs.push_back({uint32_t(words.size()), uint32_t(value.size())});
    words.insert(words.end(), value.begin(), value.end());
    return uint32_t(exprs.size() - 1);
  }
  uint32_t symbolic(const std::string &text, int64_t min, int64_t max) {
    symbols.push_back({name(text), 0, min, max});
    return uint32_t(symbols.size() - 1);
  }
  uint32_t tensor(dlx_role role, const std::string &text, dlx_dtype dtype, const std::vector<Words> &dims) {
    dlx_tensor t = {};
    t.name = name(text);
    t.dtype = uint16_t(dtype);
    t.role = uint16_t(role);
    t.rank = uint32_t(dims.size());
    t.dims = uint32_t(exprs.size());
    t.symbol = DLX_NONE;
    for (const Words &dim : dims)
      expr(dim);
    tensors.push_back(t);
    return uint32_t(tensors.size() - 1);
  }
  /// The number of a parameter, or of a state.
  uint32_t param(dlx_role role, const std::string &text, dlx_dtype dtype, const std::vector<int64_t> &dims, dlx_init init = DLX_INIT_NONE,
                 double a = 0, double b = 0) {
    std::vector<Words> extents;
    for (int64_t dim : dims)
      extents.push_back(constant(dim));
    std::vector<uint32_t> &list = role == DLX_STATE ? states : params;
    list.push_back(tensor(role, text, dtype, extents));
    tensors.back().init = init;
    tensors.back().a = a;
    tensors.back().b = b;
    return uint32_t(list.size() - 1);
  }
  uint32_t function(const std::string &text, dlx_kernel_fn pointer) {
    functions.push_back(name(text));
    pointers.push_back(pointer);
    return uint32_t(functions.size() - 1);
  }
  uint32_t entry(const std::string &text, uint32_t flags = 0) {
    dlx_entry e = {};
    e.name = name(text);
    e.flags = flags;
    e.prepare = DLX_NONE;
    e.inputs = e.outputs = uint32_t(tensors.size());
    e.buffers = uint32_t(buffers.size());
    e.code = uint32_t(code.size());
    e.writes = uint32_t(writes.size());
    entries.push_back(e);
    return uint32_t(entries.size() - 1);
  }
  /// The current entry writes this parameter.
  void writesParam(uint32_t number) {
    writes.push_back(number);
    ++entries.back().nwrites;
  }
  /// An input of the current entry with its buffer, whose number it gives.
  /// Inputs come before outputs.
  uint32_t input(const std::string &text, dlx_dtype dtype, const std::vector<Words> &dims, const Words &bytes, uint64_t bound) {
    tensor(DLX_INPUT, text, dtype, dims);
    entries.back().outputs = uint32_t(tensors.size());
    return buffer(DLX_BIND_INPUT, bytes, entries.back().ninputs++, bound);
  }
  uint32_t output(const std::string &text, dlx_dtype dtype, const std::vector<Words> &dims, const Words &bytes, uint64_t bound) {
    tensor(DLX_OUTPUT, text, dtype, dims);
    return buffer(DLX_BIND_OUTPUT, bytes, entries.back().noutputs++, bound);
  }
  uint32_t buffer(dlx_buffer_kind kind, const Words &bytes, uint64_t at, uint64_t bound) {
    buffers.push_back({uint32_t(kind), expr(bytes), 0, 0, at, bound});
    return entries.back().nbuffers++;
  }
  uint32_t buffer(dlx_buffer_kind kind, int64_t bytes, uint64_t at) { return buffer(kind, constant(bytes), at, uint64_t(bytes)); }
  /// Appends 64-byte aligned scratch of the arena.
  uint32_t arena(int64_t bytes) {
    uint64_t at = entries.back().arena;
    entries.back().arena += uint64_t(bytes + 63) / 64 * 64;
    return buffer(DLX_ARENA, bytes, at);
  }
  void launch(uint32_t function, const Words &grid, const std::vector<Arg> &arguments) {
    launches.push_back(
        {function, uint32_t(args.size()), uint32_t(arguments.size()), {expr(grid), DLX_NONE, DLX_NONE}, {}, {}, DLX_NONE, 0, {}});
    for (const Arg &arg : arguments)
      args.push_back({arg.buffer, 0, arg.offset});
  }
  void instruction(dlx_instruction i) {
    code.push_back(i);
    ++entries.back().ncode;
  }
  /// A stage of the last `n` launches.
  void stage(uint32_t n = 1) { instruction({DLX_STAGE, uint32_t(launches.size()) - n, n, 0, 0, 0, 0, 0}); }
  void stage(uint32_t function, const Words &grid, const std::vector<Arg> &arguments) {
    launch(function, grid, arguments);
    stage();
  }
  struct Move {
    uint32_t view;
    Words start, stride;
  };
  void loop(const Words &trips, uint32_t body, const std::vector<Move> &moves, const std::vector<dlx_swap> &exchanged) {
    uint32_t firstMove = uint32_t(moving.size()), firstSwap = uint32_t(swaps.size());
    for (const Move &move : moves) {
      uint32_t start = expr(move.start), stride = expr(move.stride);
      moving.push_back({move.view, start, stride, 0});
    }
    swaps.insert(swaps.end(), exchanged.begin(), exchanged.end());
    instruction({DLX_LOOP, expr(trips), body, firstMove, uint32_t(moves.size()), firstSwap, uint32_t(exchanged.size()), 0});
  }
  void copy(const Words &bytes, uint32_t to, uint32_t toOffset, uint32_t from, uint32_t fromOffset) {
    instruction({DLX_COPY, expr(bytes), to, from, 0, fromOffset, toOffset, 0});
  }
  /// DLX_PLACE or DLX_TAKE.
  void rows(dlx_instruction_kind kind, uint32_t to, uint32_t from, const Words &bytes, const Words &count, const Words &offset,
            const Words &stride) {
    uint32_t a = expr(bytes), d = expr(count), e = expr(offset), f = expr(stride);
    instruction({uint32_t(kind), a, to, from, d, e, f, 0});
  }

  /// The program's bytes; 64-byte aligned, `size` long.
  std::vector<uint64_t> storage;
  unsigned char *bytes = nullptr;
  uint64_t size = 0;
  dlx_target target = {};
  dlx_descriptor descriptor = {};

  const dlx_descriptor *finish() {
    std::string out(sizeof(dlx_header), '\0');
    dlx_header header = {};
    auto put = [&](dlx_table &table, const void *data, size_t record, size_t count, size_t alignment = 8) {
      out.resize((out.size() + alignment - 1) / alignment * alignment);
      table = {out.size(), count};
      out.append(static_cast<const char *>(data), record * count);
    };
    put(header.strings, strings.data(), 1, strings.size());
    put(header.words, words.data(), sizeof(dlx_word), words.size());
    put(header.exprs, exprs.data(), sizeof(dlx_expr), exprs.size());
    put(header.symbols, symbols.data(), sizeof(dlx_symbol), symbols.size());
    put(header.tensors, tensors.data(), sizeof(dlx_tensor), tensors.size());
    put(header.params, params.data(), 4, params.size());
    put(header.states, states.data(), 4, states.size());
    put(header.writes, writes.data(), 4, writes.size());
    put(header.functions, functions.data(), 4, functions.size());
    put(header.entries, entries.data(), sizeof(dlx_entry), entries.size());
    put(header.buffers, buffers.data(), sizeof(dlx_buffer), buffers.size());
    put(header.args, args.data(), sizeof(dlx_arg), args.size());
    put(header.launches, launches.data(), sizeof(dlx_launch), launches.size());
    put(header.moving, moving.data(), sizeof(dlx_moving), moving.size());
    put(header.swaps, swaps.data(), sizeof(dlx_swap), swaps.size());
    put(header.code, code.data(), sizeof(dlx_instruction), code.size());
    put(header.constants, constants.data(), 1, constants.size(), 64);
    out.resize((out.size() + 7) / 8 * 8);
    header.magic = DLX_MAGIC;
    header.version = DLX_VERSION;
    header.bytes = out.size();
    memcpy(out.data(), &header, sizeof header);
    storage.assign(out.size() / 8 + 8, 0);
    bytes = reinterpret_cast<unsigned char *>((reinterpret_cast<uintptr_t>(storage.data()) + 63) / 64 * 64);
    size = out.size();
    memcpy(bytes, out.data(), size);
    seal();
    target = {"cpu:x86-64-v2", 0, bytes, size, pointers.data(), pointers.size(), nullptr, 0, DLX_DEVICE_CPU, 0};
    descriptor = {DLX_DESCRIPTOR_MAGIC, DLX_VERSION, 1, "test", "by hand", &target, nullptr, 0};
    return &descriptor;
  }
  /// Makes the checksum right after bytes were changed.
  void seal() { reinterpret_cast<dlx_header *>(bytes)->checksum = dlx_checksum(bytes + 24, size - 24); }
};

/// A tensor over a vector's memory.
struct Tensor {
  std::vector<int64_t> shape;
  dlrt_tensor tensor;
  Tensor(void *data, dlrt_datatype dtype, std::vector<int64_t> extents) : shape(std::move(extents)) {
    tensor = {data, {1, 0}, int32_t(shape.size()), dtype, shape.data(), nullptr, 0};
  }
  Tensor(float *data, std::vector<int64_t> extents) : Tensor(data, {2, 32, 1}, std::move(extents)) {}
  Tensor(int32_t *data, std::vector<int64_t> extents) : Tensor(data, {0, 32, 1}, std::move(extents)) {}
  Tensor(const Tensor &) = delete;
  Tensor &operator=(const Tensor &) = delete;
};

/// Model, parameters, a state, team and context of a built program.
struct Session {
  dlrt_model *model = nullptr;
  dlrt_params *params = nullptr;
  dlrt_state *state = nullptr;
  dlrt_team *team = nullptr;
  dlrt_context *context = nullptr;
  explicit Session(Builder &builder, int threads = 1) {
    EXPECT_EQ(dlrt_model_open(builder.finish(), &model), DLRT_OK) << dlrt_error();
    if (!model)
      return;
    EXPECT_EQ(dlrt_params_new(model, &params), DLRT_OK) << dlrt_error();
    EXPECT_EQ(dlrt_state_new(model, &state), DLRT_OK) << dlrt_error();
    EXPECT_EQ(dlrt_team_new(threads, &team), DLRT_OK) << dlrt_error();
    EXPECT_EQ(dlrt_context_new(model, params, team, &context), DLRT_OK) << dlrt_error();
  }
  ~Session() {
    dlrt_context_free(context);
    dlrt_team_free(team);
    dlrt_state_free(state);
    dlrt_params_free(params);
    dlrt_model_free(model);
  }
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  dlrt_status run(const std::vector<dlrt_tensor> &inputs, const std::vector<dlrt_tensor> &outputs, size_t entry = 0) {
    return dlrt_run(context, entry, state, inputs.data(), inputs.size(), outputs.data(), outputs.size());
  }
};

/// The message of a failure contains this.
inline ::testing::AssertionResult failsWith(dlrt_status found, dlrt_status expected, const std::string &part) {
  if (found != expected)
    return ::testing::AssertionFailure() << "status " << found << ", expected " << expected << ": " << dlrt_error();
  if (std::string(dlrt_error()).find(part) == std::string::npos)
    return ::testing::AssertionFailure() << "message '" << dlrt_error() << "' lacks '" << part << "'";
  return ::testing::AssertionSuccess();
}

// Kernels: each block is one f32 element unless said otherwise.

/// out[i] = in[i] + 1
inline int32_t addOne(void *const *buffers, const int64_t *, int64_t begin, int64_t end, void *) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<float *>(buffers[1])[i] = static_cast<const float *>(buffers[0])[i] + 1;
  return 0;
}
/// out[i] = a[i] + b[i]
inline int32_t add(void *const *buffers, const int64_t *, int64_t begin, int64_t end, void *) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<float *>(buffers[2])[i] = static_cast<const float *>(buffers[0])[i] + static_cast<const float *>(buffers[1])[i];
  return 0;
}
/// out[i] = in[i] * in[i], by way of the thread's scratch
inline int32_t square(void *const *buffers, const int64_t *, int64_t begin, int64_t end, void *scratch) {
  float *own = static_cast<float *>(scratch);
  for (int64_t i = begin; i < end; ++i) {
    for (int j = 0; j < 16; ++j)
      own[j] = static_cast<const float *>(buffers[0])[i];
    static_cast<float *>(buffers[1])[i] = own[i % 16] * own[(i + 1) % 16];
  }
  return 0;
}
/// out[i] = 0.5 * out_previous[i] + x[i]: a step of a recurrence: previous, x,
/// out
inline int32_t step(void *const *buffers, const int64_t *, int64_t begin, int64_t end, void *) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<float *>(buffers[2])[i] = 0.5f * static_cast<const float *>(buffers[0])[i] + static_cast<const float *>(buffers[1])[i];
  return 0;
}
/// Fails at block 3.
inline int32_t failAtThree(void *const *, const int64_t *, int64_t begin, int64_t end, void *) { return begin <= 3 && 3 < end ? 42 : 0; }
/// Does nothing.
inline int32_t nothing(void *const *, const int64_t *, int64_t, int64_t, void *) { return 0; }

} // namespace dlrt_test
#endif
