// Malformed programs and descriptors are refused: each flipped byte, each
// truncation, each rule by its message.
#include "runtime/Model.h"
#include "test/unit/RuntimeProgram.h"
#include <functional>
#include <sys/mman.h>
#include <unistd.h>

using namespace dlrt_test;

namespace {

/// A program that has something of everything.
void buildEverything(Builder &b) {
  uint32_t s = b.symbolic("T", 1, 8);
  Words bytes = symbol(s) * constant(16);
  uint32_t w = b.param(DLX_TRAINABLE, "w", DLX_F32, {4}, DLX_INIT_NORMAL, 0, 1);
  b.param(DLX_STATE, "n", DLX_I64, {}, DLX_INIT_CONSTANT, 3);
  uint32_t f = b.function("step", step), g = b.function("add_one", addOne);
  b.constants.assign(64, '\1');
  b.entry("prepare", DLX_IS_PREPARE);
  b.entries.back().prepared = 64;
  uint32_t weight = b.buffer(DLX_BIND_PARAM, 16, w), ready = b.buffer(DLX_PREPARED, 16, 0);
  b.stage(g, constant(4), {{weight}, {ready}});
  b.entry("run");
  b.writesParam(w);
  b.entries.back().prepared = 64;
  uint32_t x = b.input("x", DLX_F32, {symbol(s), constant(4)}, bytes, 128);
  uint32_t y = b.output("y", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t h = b.arena(16), next = b.arena(16), xt = b.buffer(DLX_VIEW, 16, x);
  uint32_t packed = b.buffer(DLX_PREPARED, 16, 0), c = b.buffer(DLX_CONSTANT, 16, 0);
  uint32_t carried = b.buffer(DLX_BIND_STATE, 8, 0);
  b.copy(constant(16), h, 0, packed, 0);
  b.loop(symbol(s), 1, {{xt, constant(0), constant(16)}}, {{h, next}});
  b.stage(f, constant(4), {{h}, {xt}, {next}});
  b.stage(f, constant(4), {{h}, {c}, {y}});
  b.rows(DLX_PLACE, h, packed, constant(4), constant(2), constant(4), constant(8));
  b.rows(DLX_TAKE, next, c, constant(4), constant(2), constant(0), constant(8));
  b.copy(constant(8), carried, 0, c, 0);
  std::swap(b.entries[0], b.entries[1]); // prepare entries come last
  b.entries[0].prepare = 1;
}

/// Opens a program's bytes as they are; frees what opens.
dlrt_status open(Builder &b) {
  dlrt_model *model;
  dlrt_status status = dlrt_model_open(&b.descriptor, &model);
  dlrt_model_free(model);
  return status;
}

TEST(RuntimeProgram, EverythingRuns) {
  Builder b;
  buildEverything(b);
  Session session(b, 2);
  alignas(64) float x[32] = {}, y[4];
  size_t entry;
  ASSERT_EQ(dlrt_entry_find(session.model, "run", &entry), DLRT_OK);
  for (int64_t steps : {8, 1, 3})
    ASSERT_EQ(session.run({Tensor(x, {steps, 4}).tensor}, {Tensor(y, {4}).tensor}, entry), DLRT_OK) << dlrt_error();
}

TEST(RuntimeProgram, RefusesEachFlippedByte) {
  Builder b;
  buildEverything(b);
  b.finish();
  ASSERT_EQ(open(b), DLRT_OK);
  for (uint64_t i = 0; i < b.size; ++i)
    for (unsigned char flip : {0x01, 0x80, 0xff}) {
      b.bytes[i] ^= flip;
      ASSERT_EQ(open(b), DLRT_FORMAT) << "byte " << i;
      b.bytes[i] ^= flip;
    }
}

TEST(RuntimeProgram, SurvivesEachFlippedByteUnderARightChecksum) {
  Builder b;
  buildEverything(b);
  b.finish();
  std::vector<unsigned char> good(b.bytes, b.bytes + b.size);
  int opened = 0;
  for (uint64_t i = 24; i < b.size; ++i)
    for (unsigned char flip : {0x01, 0x02, 0x40, 0x80, 0xff}) {
      b.bytes[i] ^= flip;
      b.seal();
      dlrt_model *model;
      if (dlrt_model_open(&b.descriptor, &model) == DLRT_OK) {
        ++opened;
        // Kernels and trip counts are not to be trusted now; everything short
        // of running them is harmless.
        dlrt_params *params = nullptr;
        dlrt_context *context = nullptr;
        uint64_t most = uint64_t(1) << 30;
        int64_t elements = 1;
        for (size_t p = 0; p < dlrt_model_params(model); ++p)
          for (int32_t d = 0; d < dlrt_model_param(model, p)->ndim; ++d)
            if (dlrt_model_param(model, p)->dims[d] > 1000)
              elements = 0;
        for (size_t s = 0; s < dlrt_model_states(model); ++s)
          for (int32_t d = 0; d < dlrt_model_state(model, s)->ndim; ++d)
            if (dlrt_model_state(model, s)->dims[d] > 1000)
              elements = 0;
        for (uint64_t e = 0; e < model->program.entries.count; ++e)
          if (model->program.entries[e].arena > most || model->program.entries[e].scratch > most)
            elements = 0;
        if (elements && dlrt_params_new(model, &params) == DLRT_OK && dlrt_context_new(model, params, nullptr, &context) == DLRT_OK) {
          alignas(64) float x[32] = {};
          Tensor in(x, {3, 4});
          int64_t shape[32];
          for (size_t entry = 0; entry < dlrt_model_entries(model); ++entry)
            dlrt_output_shape(context, entry, &in.tensor, 1, 0, shape);
          dlrt_params_init(params, 1);
          dlrt_state *state = nullptr;
          dlrt_state_new(model, &state);
          dlrt_state_free(state);
        }
        dlrt_context_free(context);
        dlrt_params_free(params);
        dlrt_model_free(model);
      }
      memcpy(b.bytes, good.data(), b.size);
    }
  EXPECT_GT(opened, 0);
}

TEST(RuntimeProgram, RefusesEachTruncation) {
  Builder b;
  buildEverything(b);
  b.finish();
  for (uint64_t size = 0; size < b.size; ++size) {
    // In memory of its own length, so that a sanitizer sees reads behind the
    // end.
    unsigned char *copy = static_cast<unsigned char *>(aligned_alloc(64, (size + 64) / 64 * 64));
    memcpy(copy, b.bytes, size);
    b.target.program = copy;
    b.target.program_bytes = size;
    EXPECT_EQ(open(b), DLRT_FORMAT) << size;
    if (size >= sizeof(dlx_header) && size % 8 == 0) { // and when the header agrees
      dlx_header *header = reinterpret_cast<dlx_header *>(copy);
      header->bytes = size;
      header->checksum = dlx_checksum(copy + 24, size - 24);
      EXPECT_EQ(open(b), DLRT_FORMAT) << size;
    }
    free(copy);
  }
}

/// Each change of the builder's tables, and a part of the message that refuses
/// it.
struct Fault {
  const char *message;
  std::function<void(Builder &)> change;
};

TEST(RuntimeProgram, NamesEachFault) {
  const Fault faults[] = {
      {"has words", [](Builder &b) { b.exprs[3].count = 0; }},
      {"has words", [](Builder &b) { b.exprs[3].count = 65; }},
      {"has words", [](Builder &b) { b.exprs[3].first = 0xfffffff0; }},
      {"unknown opcode", [](Builder &b) { b.words[0].op = DLX_OPCODES; }},
      {"unknown opcode", [](Builder &b) { b.words[0].op = -1; }},
      {"uses symbol 7 of 1", [](Builder &b) { b.words[0] = {DLX_SYMBOL, 7}; }},
      {"uses symbol -1", [](Builder &b) { b.words[0] = {DLX_SYMBOL, -1}; }},
      {"pops an empty stack", [](Builder &b) { b.words[0].op = DLX_ADD; }},
      {"leaves 2 values", [](Builder &b) { b.expr({{DLX_PUSH, 1}, {DLX_PUSH, 1}}); }},
      {"bounds 3..2", [](Builder &b) { b.symbols[0].min = 3, b.symbols[0].max = 2; }},
      {"bounds -1..8", [](Builder &b) { b.symbols[0].min = -1; }},
      {"no name", [](Builder &b) { b.symbols[0].name = 100000; }},
      {"unknown dtype 8", [](Builder &b) { b.tensors[0].dtype = DLX_DTYPES; }},
      {"unknown role", [](Builder &b) { b.tensors[0].role = DLX_ROLES; }},
      {"unknown initialiser", [](Builder &b) { b.tensors[0].init = DLX_INITS; }},
      {"has rank", [](Builder &b) { b.tensors[0].rank = 33; }},
      {"has the range", [](Builder &b) { b.tensors[2].lo = 2; }},
      {"larger than memory", [](Builder &b) { b.tensors[2].dims = b.expr(constant(INT64_MAX)), b.expr(constant(4)); }},
      {"no extent at the bounds", [](Builder &b) { b.tensors[2].dims = b.expr(constant(-2)), b.expr(constant(4)); }},
      {"no extent at the bounds",
       [](Builder &b) { b.tensors[2].dims = b.expr({{DLX_PUSH, 1}, {DLX_PUSH, 0}, {DLX_MOD, 0}}), b.expr(constant(4)); }},
      {"symbolic extent", [](Builder &b) { b.tensors[0].dims = b.expr(symbol(0)); }},
      {"is tensor 99", [](Builder &b) { b.params[0] = 99; }},
      {"a parameter and a state have the name 'w'", [](Builder &b) { b.tensors[1].name = b.tensors[0].name; }},
      {"two entries have the name", [](Builder &b) { b.entries[0].name = b.entries[1].name; }},
      {"unknown flags", [](Builder &b) { b.entries[0].flags = 8; }},
      {"outside the tensors", [](Builder &b) { b.entries[0].ninputs = 100; }},
      {"has another role", [](Builder &b) { b.entries[0].inputs = 0; }},
      {"outside the tables", [](Builder &b) { b.entries[0].nbuffers = 1000; }},
      {"outside the tables", [](Builder &b) { b.entries[0].code = 0xffffffff; }},
      {"wants more than memory", [](Builder &b) { b.entries[0].arena = UINT64_MAX; }},
      {"prepare entry", [](Builder &b) { b.entries[1].nwrites = 1; }},
      {"nothing prepares", [](Builder &b) { b.entries[0].prepare = DLX_NONE; }},
      {"prepares another block", [](Builder &b) { b.entries[0].prepared = 128; }},
      {"prepares another block", [](Builder &b) { b.entries[0].prepare = 0; }},
      {"come last", [](Builder &b) { std::swap(b.entries[0], b.entries[1]), b.entries[1].prepare = 0; }},
      {"has kind", [](Builder &b) { b.buffers[2].kind = DLX_BUFFER_KINDS; }},
      {"larger at the symbols' bounds", [](Builder &b) { b.buffers[2].bound = 64; }},
      {"names number 5 of 1", [](Builder &b) { b.buffers[2].at = 5; }},
      {"is bound by", [](Builder &b) { b.buffers[2].bound = 1000; }},
      {"has bytes [128, +16) of 128", [](Builder &b) { b.buffers[4].at = 128; }},
      {"has bytes [8, +16)", [](Builder &b) { b.buffers[4].at = 8; }},
      {"names number 4 of 4", [](Builder &b) { b.buffers[6].at = 4; }}, // a view over itself
      {"stage of launches", [](Builder &b) { b.code[0].b = 100; }},
      {"of kernel 2", [](Builder &b) { b.launches[0].kernel = 2; }},
      {"with arguments", [](Builder &b) { b.launches[0].nargs = 1000; }},
      {"expression 999", [](Builder &b) { b.launches[0].grid[0] = 999; }},
      {"is buffer 9 of 2", [](Builder &b) { b.args[0].buffer = 9; }},
      {"or a view outside its loop", [](Builder &b) { b.args[5].buffer = 4; }},
      {"is at 17 of a buffer of 16", [](Builder &b) { b.args[0].offset = 17; }},
      {"is at -4", [](Builder &b) { b.args[0].offset = -4; }},
      {"leaves its surroundings", [](Builder &b) { b.code[2].b = 6; }},
      {"views or swaps are outside", [](Builder &b) { b.code[2].d = 2; }},
      {"which is no view", [](Builder &b) { b.moving[0].view = 0; }},
      {"neither in the arena nor an output", [](Builder &b) { b.swaps[0].first = 0; }},
      {"neither in the arena nor an output", [](Builder &b) { b.swaps[0].second = 77; }},
      {"may only read", [](Builder &b) { b.code[1].b = 5; }},
      {"offset is outside", [](Builder &b) { b.code[1].f = 17; }},
      {"a copy from buffer 99", [](Builder &b) { b.code[1].c = 99; }},
      {"unknown kind", [](Builder &b) { b.code[0].kind = DLX_INSTRUCTIONS; }},
      {"symbol 'T' is used, but no input gives it", [](Builder &b) { b.launches[0].grid[0] = b.expr(symbol(0)); }},
      {"has the grid of a device", [](Builder &b) { b.launches[1].grid[1] = 0; }},
      {"has the grid of a device", [](Builder &b) { b.launches[1].threads[0] = 128; }},
      {"has the grid of a device", [](Builder &b) { b.launches[1].cluster[2] = 1; }},
      {"has the grid of a device", [](Builder &b) { b.launches[1].shared = 0; }},
      {"has the grid of a device", [](Builder &b) { b.launches[1].stream = 1; }},
      {"has the grid of a device", [](Builder &b) { b.launches[1].reserved[1] = 1; }},
      {"instruction 0 is on stream 2", [](Builder &b) { b.code[1].stream = 2; }},
      {"is for a device with streams", [](Builder &b) { b.entries[0].streams = 2; }},
      {"in memory space 1", [](Builder &b) { b.buffers[2].space = 1; }},
      {"entry 'run' writes parameter 1 of 1", [](Builder &b) { b.writes[0] = 1; }},
      {"code or writes outside the tables", [](Builder &b) { b.entries[0].nwrites = 2; }},
      {"may only read", [](Builder &b) { b.buffers[4].kind = DLX_BIND_PARAM, b.buffers[4].at = b.entries[0].nwrites = 0; }},
      {"state 0 is tensor 99", [](Builder &b) { b.states[0] = 99; }},
      {"state 'w' has role 2", [](Builder &b) { b.states[0] = 0; }},
      {"parameter 'n' has role 5", [](Builder &b) { b.params[0] = 1; }},
      {"state 'n' starts at random", [](Builder &b) { b.tensors[1].init = DLX_INIT_NORMAL; }},
      {"prepare entry 'prepare' reads state", [](Builder &b) { b.buffers[0].kind = DLX_BIND_STATE; }},
      {"tensor 'x' gives symbol 0 of 1, expected an input of rank 0", [](Builder &b) { b.tensors[2].symbol = 0; }},
      {"tensor 'w' gives symbol 3", [](Builder &b) { b.tensors[0].symbol = 3; }},
      {"last string does not end", [](Builder &b) { b.strings += "x"; }},
      {"function 0 has no name", [](Builder &b) { b.functions[0] = 5000; }},
  };
  for (const Fault &fault : faults) {
    Builder b;
    buildEverything(b);
    fault.change(b);
    b.finish();
    EXPECT_TRUE(failsWith(open(b), DLRT_FORMAT, fault.message)) << "expected " << fault.message;
  }
}

TEST(RuntimeProgram, RefusesDeepLoopsAndViewsMovedTwice) {
  Builder deep;
  deep.entry("run");
  for (uint32_t i = 0; i < 20; ++i)
    deep.loop(constant(1), 19 - i, {}, {});
  deep.finish();
  EXPECT_TRUE(failsWith(open(deep), DLRT_FORMAT, "nested deeper than 16"));
  Builder twice;
  twice.entry("run");
  uint32_t a = twice.arena(64), v = twice.buffer(DLX_VIEW, 4, a);
  twice.loop(constant(2), 1, {{v, constant(0), constant(4)}}, {});
  twice.loop(constant(2), 0, {{v, constant(0), constant(4)}}, {});
  twice.finish();
  EXPECT_TRUE(failsWith(open(twice), DLRT_FORMAT, "moved twice"));
}

TEST(RuntimeProgram, RefusesHeaders) {
  auto refuses = [](const char *message, const std::function<void(dlx_header &)> &change) {
    Builder b;
    buildEverything(b);
    b.finish();
    change(*reinterpret_cast<dlx_header *>(b.bytes));
    b.seal();
    return failsWith(open(b), DLRT_FORMAT, message);
  };
  EXPECT_TRUE(refuses("no dlx program", [](dlx_header &h) { h.magic = 1; }));
  EXPECT_TRUE(refuses("use a newer libdlrt", [](dlx_header &h) { h.version = DLX_VERSION + 1; }));
  EXPECT_TRUE(refuses("ABI 2, this runtime reads 3: compile it anew", [](dlx_header &h) { h.version = 2; }));
  EXPECT_TRUE(refuses("a reader with features 0x4: use a newer libdlrt", [](dlx_header &h) { h.features = 4; }));
  EXPECT_TRUE(refuses("truncated or corrupt", [](dlx_header &h) { h.bytes += 8; }));
  EXPECT_TRUE(refuses("table 'words' is at offset", [](dlx_header &h) { h.words.offset += 4; }));
  EXPECT_TRUE(refuses("table 'code' is at offset", [](dlx_header &h) { h.code.offset = UINT64_MAX - 7; }));
  EXPECT_TRUE(refuses("table 'words' is at offset 0", [](dlx_header &h) { h.words.offset = 0; }));
  EXPECT_TRUE(refuses("table 'args' has", [](dlx_header &h) { h.args.count = UINT64_MAX / 4; }));
  EXPECT_TRUE(refuses("constants are not 64-byte aligned", [](dlx_header &h) { h.constants.offset -= 8; }));
}

TEST(RuntimeProgram, CopiesAProgramThatStandsAskew) {
  Builder b;
  buildEverything(b);
  b.finish();
  std::vector<unsigned char> askew(b.size + 128);
  unsigned char *at = reinterpret_cast<unsigned char *>((reinterpret_cast<uintptr_t>(askew.data()) + 63) / 64 * 64 + 3);
  memcpy(at, b.bytes, b.size);
  b.target.program = at;
  EXPECT_EQ(open(b), DLRT_OK) << dlrt_error();
}

TEST(RuntimeProgram, ReadsNothingBehindAProgramOfAWrongLength) {
  Builder b;
  buildEverything(b);
  b.finish();
  size_t page = size_t(sysconf(_SC_PAGESIZE)), room = (b.size + page - 1) / page * page;
  auto *memory = static_cast<unsigned char *>(mmap(nullptr, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + room, page, PROT_NONE), 0);
  unsigned char *at = memory + room - b.size; // of no alignment but 8
  memcpy(at, b.bytes, b.size);
  for (const unsigned char *program : {at, at - 3}) {
    memmove(const_cast<unsigned char *>(program), b.bytes, b.size);
    b.target.program = program;
    EXPECT_EQ(open(b), DLRT_OK) << dlrt_error();
    for (int bit = 0; bit < 64; ++bit) {
      uint64_t size = b.size ^ uint64_t(1) << bit;
      b.target.program_bytes = size;
      EXPECT_EQ(open(b), DLRT_FORMAT) << bit;
      b.target.program_bytes = b.size;
      memcpy(const_cast<unsigned char *>(program) + 8, &size, 8); // the header's
      EXPECT_EQ(open(b), DLRT_FORMAT) << bit;
      memcpy(const_cast<unsigned char *>(program) + 8, &b.size, 8);
    }
  }
  munmap(memory, room + page);
}

TEST(RuntimeProgram, ExpressionsHaveALengthAndADepth) {
  auto opens = [](const Words &grid) {
    Builder b;
    b.entry("run");
    b.stage(b.function("nothing", nothing), grid, {});
    b.finish();
    return open(b);
  };
  Words sum = constant(1), nested = constant(1);
  while (sum.size() + 2 <= DLX_MAX_WORDS)
    sum = sum + constant(0);
  EXPECT_EQ(opens(sum), DLRT_OK) << dlrt_error();
  EXPECT_TRUE(failsWith(opens(sum + constant(0)), DLRT_FORMAT, "words"));
  for (int depth = 1; depth < DLX_MAX_STACK; ++depth)
    nested = constant(1) * nested;
  EXPECT_EQ(opens(nested), DLRT_OK) << dlrt_error();
  EXPECT_TRUE(failsWith(opens(constant(1) * nested), DLRT_FORMAT, "stacks more than 128 values"));
}

/// y = x[S, T) of x[T]: the greatest extent of y is not where both are greatest.
TEST(RuntimeProgram, BoundsAreTheGreatestValuesNotThoseAtTheSymbolsBounds) {
  Builder b;
  uint32_t t = b.symbolic("T", 8, 16), s = b.symbolic("S", 1, 8), h = b.symbolic("H", 3, 16);
  Words rest = symbol(t) + symbol(s) * constant(-1), mod = symbol(h);
  mod.insert(mod.end(), {{DLX_PUSH, 8}, {DLX_MOD, 0}});
  b.entry("run");
  b.input("x", DLX_F32, {symbol(t)}, symbol(t) * constant(4), 64);
  b.input("s", DLX_F32, {symbol(s)}, symbol(s) * constant(4), 32);
  b.input("h", DLX_F32, {symbol(h)}, symbol(h) * constant(4), 64);
  b.output("y", DLX_F32, {rest}, rest * constant(4), 60);
  b.output("z", DLX_F32, {mod}, mod * constant(4), 28);
  Session session(b);
  ASSERT_TRUE(session.model);
  EXPECT_EQ(dlrt_entry_output(session.model, 0, 0)->max_dims[0], 15);
  EXPECT_EQ(dlrt_entry_output(session.model, 0, 1)->max_dims[0], 7);
  alignas(64) float x[16], o[2][16];
  for (int64_t n : {8, 16})
    for (int64_t k : {1, 8})
      for (int64_t m : {3, 7, 8, 15, 16})
        EXPECT_EQ(session.run({Tensor(x, {n}).tensor, Tensor(x, {k}).tensor, Tensor(x, {m}).tensor},
                              {Tensor(o[0], {n - k}).tensor, Tensor(o[1], {m % 8}).tensor}),
                  DLRT_OK)
            << dlrt_error();
}

TEST(RuntimeDescriptor, NamesEachFault) {
  auto refuses = [](dlrt_status status, const char *message, const std::function<void(Builder &)> &change) {
    Builder b;
    buildEverything(b);
    b.finish();
    change(b);
    return failsWith(open(b), status, message);
  };
  dlrt_model *model;
  EXPECT_TRUE(failsWith(dlrt_model_open(nullptr, &model), DLRT_VALUE, "null"));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "not written by dlc", [](Builder &b) { b.descriptor.magic = 5; }));
  EXPECT_TRUE(
      refuses(DLRT_FORMAT, "artefact of ABI 4, this runtime reads 3: use a newer libdlrt", [](Builder &b) { b.descriptor.abi = 4; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "artefact of ABI 2, this runtime reads 3: compile it anew", [](Builder &b) { b.descriptor.abi = 2; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "0 targets", [](Builder &b) { b.descriptor.ntargets = 0; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "1 targets", [](Builder &b) { b.descriptor.targets = nullptr; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "65 targets, expected 1 to 64", [](Builder &b) { b.descriptor.ntargets = 65; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "has no name", [](Builder &b) { b.target.target = nullptr; }));
  EXPECT_TRUE(refuses(DLRT_CPU, "this CPU is x86-64", [](Builder &b) { b.target.features = uint64_t(1) << 40; }));
  EXPECT_TRUE(refuses(DLRT_CPU, "found targets nvptx:sm_90a",
                      [](Builder &b) { b.target.target = "nvptx:sm_90a", b.target.device = DLX_DEVICE_CUDA; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "has 1 functions, its program expects 2", [](Builder &b) { b.target.nfunctions = 1; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "has 2 functions", [](Builder &b) { b.target.functions = nullptr; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "has no code", [](Builder &b) { b.pointers[1] = nullptr; }));
  EXPECT_TRUE(refuses(DLRT_FORMAT, "dlx program: there is none", [](Builder &b) { b.target.program = nullptr; }));
}

TEST(RuntimeDescriptor, TakesTheBestTargetThatTheCpuRuns) {
  Builder b;
  buildEverything(b);
  b.finish();
  dlx_target targets[4] = {b.target, b.target, b.target, b.target};
  const char *names[] = {"nvptx:sm_90a", "cpu:x86-64-v4", "cpu:x86-64-v3", "cpu:x86-64-v2"};
  for (int i = 0; i < 4; ++i) {
    targets[i].target = names[i];
    targets[i].features = i ? (2u << (3 - i)) - 1 : 0;
    targets[i].device = i ? DLX_DEVICE_CPU : DLX_DEVICE_CUDA;
  }
  b.descriptor.targets = targets;
  b.descriptor.ntargets = 4;
  uint64_t host = dlrt_cpu_features();
  auto chosen = [&] {
    dlrt_model *model;
    EXPECT_EQ(dlrt_model_open(&b.descriptor, &model), DLRT_OK) << dlrt_error();
    std::string target = model ? dlrt_model_target(model) : "";
    dlrt_model_free(model);
    return target;
  };
  if (host & DLX_CPU_V4)
    EXPECT_EQ(chosen(), names[1]);
  setenv("DLRT_CPU_MASK", "v4", 1);
  if (host & DLX_CPU_V3)
    EXPECT_EQ(chosen(), names[2]);
  setenv("DLRT_CPU_MASK", "v4,v3", 1);
  EXPECT_EQ(chosen(), names[3]);
  b.descriptor.ntargets = 3;
  EXPECT_TRUE(failsWith(open(b), DLRT_CPU,
                        "(DLRT_CPU_MASK is set), the artefact has code for nvptx:sm_90a, "
                        "cpu:x86-64-v4, cpu:x86-64-v3: compile it with --target cpu:x86-64-v2"));
  unsetenv("DLRT_CPU_MASK");
}

} // namespace
