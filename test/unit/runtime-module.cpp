// Artefact files: the trailer's checks, refusals, and a library that really
// loads.
#include "test/unit/RuntimeProgram.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace dlrt_test;

namespace {

/// A folder for a test's files.
struct RuntimeModule : ::testing::Test {
  std::string folder;
  void SetUp() override {
    char name[] = "/tmp/dlrt-module-XXXXXX";
    folder = mkdtemp(name);
  }
  void TearDown() override {
    for (const char *name : {"a.so", "a.c", "b.so"})
      unlink((folder + "/" + name).c_str());
    rmdir(folder.c_str());
  }
  std::string path() { return folder + "/a.so"; }
  /// Bytes with a right trailer behind them.
  static std::string sealed(std::string bytes) {
    dlx_trailer trailer = {DLX_TRAILER_MAGIC, bytes.size() + sizeof trailer, dlx_checksum(bytes.data(), bytes.size())};
    return bytes.append(reinterpret_cast<char *>(&trailer), sizeof trailer);
  }
  void write(const std::string &bytes) {
    std::ofstream(path() + "~", std::ios::binary) << bytes;
    rename((path() + "~").c_str(), path().c_str());
  }
  dlrt_status load() {
    dlrt_model *model;
    dlrt_status status = dlrt_model_load(path().c_str(), &model);
    dlrt_model_free(model);
    return status;
  }
  /// A real library with one entry called `entry`, or "" where there is no
  /// compiler.
  std::string library(const std::string &entry) {
    Builder b;
    b.entry(entry);
    b.finish();
    std::ofstream source(folder + "/a.c");
    source << "#include \"runtime/dlx.h\"\n_Alignas(64) static const unsigned "
              "char program[] = {";
    for (uint64_t i = 0; i < b.size; ++i)
      source << int(b.bytes[i]) << ',';
    source << "};\nstatic const dlx_target target = {\"cpu:x86-64-v2\", 0, "
              "program, sizeof program, 0, 0};\n"
              "const dlx_descriptor dlc_descriptor = {DLX_DESCRIPTOR_MAGIC, "
              "DLX_ABI_VERSION, 1, \"m\", \"c\", &target, 0, 0};\n";
    source.close();
    std::string command = "cc -shared -fPIC -I. -I.. -I../.. -I" + root() + " -o " + folder + "/b.so " + folder + "/a.c 2>/dev/null";
    if (system(command.c_str()) != 0)
      return "";
    std::ifstream in(folder + "/b.so", std::ios::binary);
    return sealed({std::istreambuf_iterator<char>(in), {}});
  }
  static std::string root() { // test/unit/<this file>
    std::string file = __FILE__;
    size_t at = file.rfind("test/unit/");
    return at == std::string::npos || at == 0 ? "." : file.substr(0, at);
  }
};

TEST_F(RuntimeModule, RefusesFilesByWhatIsWrong) {
  dlrt_model *model;
  EXPECT_TRUE(failsWith(dlrt_model_load((folder + "/none.so").c_str(), &model), DLRT_FILE, "none.so: cannot open: No such file"));
  EXPECT_TRUE(failsWith(dlrt_model_load(folder.c_str(), &model), DLRT_FILE, "not a regular file"));
  EXPECT_EQ(model, nullptr);
  write("");
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "a.so: empty"));
  write("#!/bin/sh\n");
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "not a shared library"));
  write("\177ELF and so on");
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "no dlc trailer"));
  std::string good = sealed("\177ELF" + std::string(200, 'x'));
  write(good.substr(1));
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "not a shared library"));
  write(good.substr(0, good.size() - 1));
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "truncated, stripped or not written by dlc"));
  std::string longer = good;
  longer.insert(50, "y");
  write(longer);
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "229 bytes long, expected 228"));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = char(bad[i] ^ 4);
    write(bad);
    ASSERT_EQ(load(), DLRT_FORMAT) << i;
  }
  write(good); // right trailer, but no library
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "cannot be loaded"));
}

TEST_F(RuntimeModule, LoadsALibraryAndItsSuccessorUnderOneName) {
  std::string first = library("first"), second = library("second");
  if (first.empty())
    GTEST_SKIP() << "no C compiler";
  write(first);
  dlrt_model *a = nullptr, *again = nullptr, *b = nullptr;
  ASSERT_EQ(dlrt_model_load(path().c_str(), &a), DLRT_OK) << dlrt_error();
  ASSERT_EQ(dlrt_model_load(path().c_str(), &again), DLRT_OK) << dlrt_error();
  EXPECT_STREQ(dlrt_entry_name(again, 0), "first");
  write(second); // the first stays loaded
  ASSERT_EQ(dlrt_model_load(path().c_str(), &b), DLRT_OK) << dlrt_error();
  EXPECT_STREQ(dlrt_entry_name(a, 0), "first");
  EXPECT_STREQ(dlrt_entry_name(b, 0), "second");
  dlrt_model_free(a);
  dlrt_model_free(again);
  dlrt_model_free(b);
}

} // namespace
