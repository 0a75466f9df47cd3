// Weights that are read where they lie in a file.
#include "test/unit/RuntimeProgram.h"
#include <fstream>
#include <unistd.h>

using namespace dlrt_test;

namespace {

constexpr int64_t n = 1 << 19, bytes = n * 4; // 2 MB

/// run gives (a + 1) + b, where prepare made a + 1; train adds 1 to c.
void buildModel(Builder &b) {
  uint32_t w[3] = {b.param(DLX_TRAINABLE, "a", DLX_F32, {n}), b.param(DLX_TRAINABLE, "b", DLX_F32, {n}),
                   b.param(DLX_TRAINABLE, "c", DLX_F32, {n})};
  b.param(DLX_OPTIMIZER, "optimizer/step", DLX_F32, {});
  uint32_t one = b.function("add_one", addOne), sum = b.function("add", add);
  b.entry("run");
  b.entries.back().prepare = 2;
  b.entries.back().prepared = uint64_t(bytes);
  uint32_t y = b.output("y", DLX_F32, {constant(n)}, constant(bytes), uint64_t(bytes));
  uint32_t packed = b.buffer(DLX_PREPARED, bytes, 0), direct = b.buffer(DLX_BIND_PARAM, bytes, w[1]);
  b.stage(sum, constant(n), {{packed}, {direct}, {y}});
  b.entry("train");
  b.writesParam(w[2]);
  uint32_t own = b.buffer(DLX_BIND_PARAM, bytes, w[2]);
  b.stage(one, constant(n), {{own}, {own}});
  b.entry("prepare", DLX_IS_PREPARE);
  b.entries.back().prepared = uint64_t(bytes);
  uint32_t from = b.buffer(DLX_BIND_PARAM, bytes, w[0]), to = b.buffer(DLX_PREPARED, bytes, 0);
  b.stage(one, constant(n), {{from}, {to}});
}

struct RuntimeMap : ::testing::Test {
  std::string folder, file;
  Builder b;
  Session *session = nullptr;
  std::vector<float> y = std::vector<float>(n + 16);
  void SetUp() override {
    folder = ::testing::TempDir() + "dlrt-test-XXXXXX";
    ASSERT_TRUE(mkdtemp(folder.data()));
    file = folder + "/w.safetensors";
    buildModel(b);
    session = new Session(b);
    for (float i : {1.0f, 2.0f, 3.0f})
      fill(i == 1 ? "a" : i == 2 ? "b" : "c", 10 * i);
    ASSERT_EQ(dlrt_params_save(session->params, file.c_str(), DLRT_SAVE_WEIGHTS), DLRT_OK) << dlrt_error();
    renew();
  }
  void TearDown() override {
    delete session;
    unlink(file.c_str());
    rmdir(folder.c_str());
  }
  void renew() {
    delete session;
    session = new Session(b);
  }
  float *view(const char *name) {
    dlrt_tensor tensor;
    EXPECT_EQ(dlrt_params_get(session->params, name, &tensor), DLRT_OK) << dlrt_error();
    return static_cast<float *>(tensor.data);
  }
  void fill(const char *name, float value) {
    float *to = view(name);
    for (int64_t i = 0; i < n; ++i)
      to[i] = value;
    EXPECT_EQ(dlrt_params_changed(session->params, name), DLRT_OK);
  }
  dlrt_status map(const std::string &path) { return dlrt_params_map(session->params, path.c_str(), nullptr); }
  float run() {
    float *aligned = reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(y.data()) + 63) / 64 * 64);
    EXPECT_EQ(session->run({}, {Tensor(aligned, {n}).tensor}), DLRT_OK) << dlrt_error();
    EXPECT_EQ(aligned[0], aligned[n - 1]);
    return aligned[n / 2];
  }
  /// Resident KB of the file's mappings; -1: there is none.
  long resident() {
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    long sum = -1;
    for (bool here = false; std::getline(maps, line);) {
      if (line.find('-') < line.find(' '))
        here = line.find(file) != std::string::npos;
      if (here && line.rfind("Rss:", 0) == 0)
        sum = std::max(sum, 0L) + std::stol(line.substr(4));
    }
    return sum;
  }
};

TEST_F(RuntimeMap, ReadsInPlaceAndGivesBackWhatWasPrepared) {
  ASSERT_EQ(map(file), DLRT_OK) << dlrt_error();
  EXPECT_EQ(run(), 31);
  long pages = resident();
  EXPECT_GE(pages, 2048);       // b, which runs read; a was prepared, c is written by training and lies in own memory
  EXPECT_LE(pages, 2048 + 256); // the kernel reads some pages around
  EXPECT_EQ(session->run({}, {}, 1), DLRT_OK) << dlrt_error();
  EXPECT_EQ(view("c")[n - 1], 31);
  unlink(file.c_str()); // the name is free to go
  EXPECT_EQ(run(), 31);
}

/// Own memory that held something before goes too.
TEST_F(RuntimeMap, GivesBackOwnMemory) {
  auto own = [] {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line))
      if (line.rfind("RssAnon:", 0) == 0)
        return std::stol(line.substr(8));
    return 0L;
  };
  std::vector<float> value(n, 1);
  for (const char *name : {"a", "b", "c"}) {
    Tensor tensor(value.data(), {n});
    ASSERT_EQ(dlrt_params_set(session->params, name, &tensor.tensor), DLRT_OK);
  }
  long before = own();
  ASSERT_EQ(map(file), DLRT_OK) << dlrt_error();
  EXPECT_LE(own(), before - 3 * 1024); // a and b, but for the pages that they share with others
  EXPECT_EQ(run(), 31);
}

TEST_F(RuntimeMap, WhatIsWrittenMovesToOwnMemory) {
  ASSERT_EQ(map(file), DLRT_OK);
  EXPECT_EQ(run(), 31);
  fill("b", 5);
  EXPECT_EQ(run(), 16);
  std::vector<float> value(n, 100);
  Tensor tensor(value.data(), {n});
  ASSERT_EQ(dlrt_params_set(session->params, "a", &tensor.tensor), DLRT_OK) << dlrt_error();
  EXPECT_EQ(run(), 106);
  ASSERT_EQ(map(file), DLRT_OK); // where somebody has a view, values come to it
  EXPECT_EQ(run(), 31);
  EXPECT_EQ(view("b")[7], 20);
  ASSERT_EQ(dlrt_params_init(session->params, 1), DLRT_OK);
  EXPECT_EQ(run(), 1);
}

TEST_F(RuntimeMap, AnotherFileTakesItsPlace) {
  ASSERT_EQ(map(file), DLRT_OK);
  EXPECT_EQ(run(), 31);
  std::string second = folder + "/second";
  ASSERT_EQ(dlrt_params_save(session->params, second.c_str(), DLRT_SAVE_ALL), DLRT_OK) << dlrt_error(); // out of the mapping
  fill("a", 0);
  EXPECT_EQ(run(), 21);
  ASSERT_EQ(map(second), DLRT_OK) << dlrt_error();
  EXPECT_EQ(resident(), -1);
  EXPECT_EQ(run(), 31);
  ASSERT_EQ(map(file), DLRT_OK); // lacks optimizer/step, which was read in the second
  EXPECT_EQ(view("optimizer/step")[0], 0);
  ASSERT_EQ(dlrt_params_load(session->params, second.c_str(), nullptr), DLRT_OK) << dlrt_error();
  EXPECT_EQ(run(), 31);
  unlink(second.c_str());
}

TEST_F(RuntimeMap, FaultyFilesChangeNothing) {
  ASSERT_EQ(map(file), DLRT_OK);
  EXPECT_TRUE(failsWith(map(folder + "/none"), DLRT_FILE, "none: cannot open: No such file"));
  EXPECT_TRUE(failsWith(map(folder), DLRT_FILE, "not a regular file"));
  EXPECT_TRUE(failsWith(dlrt_params_map(session->params, nullptr, nullptr), DLRT_VALUE, "dlrt_params_map: a null path"));
  std::string bad = folder + "/bad";
  std::ofstream(bad, std::ios::binary).flush();
  EXPECT_TRUE(failsWith(map(bad), DLRT_FORMAT, "0 bytes, expected a safetensors file of at least 8"));
  std::ofstream(bad, std::ios::binary) << std::string(100, 'x');
  EXPECT_TRUE(failsWith(map(bad), DLRT_FORMAT, "declares a header of"));
  unlink(bad.c_str());
  EXPECT_EQ(run(), 31);
}

/// A file that is smaller than the parts that prepare takes of one.
TEST_F(RuntimeMap, FileOfNothing) {
  Builder plain;
  uint32_t one = plain.function("add_one", addOne), sum = plain.function("add", add);
  plain.entry("run");
  plain.entries.back().prepare = 1, plain.entries.back().prepared = 64;
  uint32_t y = plain.output("y", DLX_F32, {constant(4)}, constant(16), 16), packed = plain.buffer(DLX_PREPARED, 16, 0);
  plain.stage(sum, constant(4), {{packed}, {packed}, {y}});
  plain.entry("prepare", DLX_IS_PREPARE);
  plain.entries.back().prepared = 64;
  uint32_t made = plain.buffer(DLX_PREPARED, 16, 0);
  plain.stage(one, constant(4), {{made}, {made}});
  Session empty(plain);
  std::ofstream(file, std::ios::binary) << std::string("\2\0\0\0\0\0\0\0{}", 10);
  ASSERT_EQ(dlrt_params_map(empty.params, file.c_str(), nullptr), DLRT_OK) << dlrt_error();
  alignas(64) float out[4] = {};
  ASSERT_EQ(empty.run({}, {Tensor(out, {4}).tensor}), DLRT_OK) << dlrt_error();
  EXPECT_EQ(out[3], 2);
}

/// A header of 8 n + 1 bytes: no element lies at a multiple of its size.
TEST_F(RuntimeMap, UnalignedTensorsAreCopied) {
  std::ifstream in(file, std::ios::binary);
  std::string all{std::istreambuf_iterator<char>(in), {}};
  uint64_t length;
  memcpy(&length, all.data(), 8);
  std::string header = all.substr(8, length) + ' ';
  ++length;
  std::ofstream(file, std::ios::binary) << std::string(reinterpret_cast<char *>(&length), 8) + header + all.substr(8 + length - 1);
  ASSERT_EQ(map(file), DLRT_OK) << dlrt_error();
  EXPECT_EQ(run(), 31);
}
} // namespace
