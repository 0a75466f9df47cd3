// Artefact files: the checks of the build ID, refusals, and a library that really loads.
#include "runtime/Seal.h"
#include "test/unit/RuntimeProgram.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace dlrt_test;

namespace {

/// A folder for a test's files.
struct RuntimeModule : ::testing::Test {
  std::string folder;
  void SetUp() override {
    folder = ::testing::TempDir() + "dlrt-module-XXXXXX";
    ASSERT_TRUE(mkdtemp(folder.data()));
  }
  void TearDown() override {
    unsetenv("DLRT_LOAD_COPY");
    std::filesystem::remove_all(folder);
  }
  std::string path() { return folder + "/a.so"; }
  /// A library's bytes with their checksum, and what is wrong where they have no place for it.
  static std::string sealed(std::string bytes) {
    dlrt::Seal seal;
    EXPECT_TRUE(seal.find(reinterpret_cast<const unsigned char *>(bytes.data()), std::min<uint64_t>(bytes.size(), dlrt::Seal::headBytes)));
    char buffer[256];
    uint64_t checksum = 0;
    seal.sum(buffer, sizeof buffer, [&](uint64_t at, void *to, uint64_t n) { return memcpy(to, bytes.data() + at, n), 0; }, checksum);
    return bytes.replace(seal.at(), sizeof checksum, reinterpret_cast<char *>(&checksum), sizeof checksum);
  }
  /// What has an artefact's headers and build ID, and then `count` bytes that are no library.
  static std::string headers(uint64_t count) {
    struct {
      dlrt::ElfHeader elf;
      dlrt::ElfSegment segments[2];
      dlrt::ElfNote note;
      char name[4];
      dlx_seal seal;
    } all = {};
    memcpy(all.elf.ident, dlrt::elfMagic, sizeof dlrt::elfMagic);
    all.elf.segments = sizeof all.elf, all.elf.segmentBytes = sizeof all.segments[0], all.elf.segmentCount = 2;
    all.segments[0].type = dlrt::elfLoad, all.segments[0].fileBytes = sizeof all + count;
    all.segments[1].type = dlrt::elfNote, all.segments[1].fileBytes = sizeof all.note + sizeof all.name + sizeof all.seal;
    all.segments[1].offset = sizeof all - all.segments[1].fileBytes;
    all.note = {4, sizeof all.seal, dlrt::elfBuildId};
    memcpy(all.name, "GNU", 4);
    all.seal.magic = DLX_SEAL_MAGIC;
    return std::string(reinterpret_cast<char *>(&all), sizeof all) + std::string(count, 'x');
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
  /// Over what is there, as a careless copy does it.
  void overwrite(const std::string &bytes) {
    FILE *file = fopen(path().c_str(), "r+b");
    fwrite(bytes.data(), 1, bytes.size(), file);
    fclose(file);
  }
  /// A real library with one entry called `entry`, or "" where there is no
  /// compiler. `more`: further C.
  std::string library(const std::string &entry, const std::string &more = "") {
    Builder b;
    b.entry(entry);
    b.finish();
    std::ofstream source(folder + "/a.c");
    source << "#include \"runtime/dlx.h\"\n_Alignas(64) static const unsigned "
              "char program[] = {";
    for (uint64_t i = 0; i < b.size; ++i)
      source << int(b.bytes[i]) << ',';
    source << "};\nstatic const dlx_target target = {\"cpu:x86-64-v2\", 0, "
              "program, sizeof program, 0, 0, 0, 0, 0, 0};\n"
              "const dlx_descriptor dlc_descriptor = {DLX_DESCRIPTOR_MAGIC, "
              "DLX_VERSION, 1, \"m\", \"c\", &target, 0, 0};\n"
           << more;
    source.close();
    std::string command = "cc -shared -fPIC -I. -I.. -I../.. -I" + root() + " -Wl,--build-id=0x" + buildId() + " -o " + folder + "/b.so " +
                          folder + "/a.c 2>/dev/null";
    if (system(command.c_str()) != 0)
      return "";
    std::ifstream in(folder + "/b.so", std::ios::binary);
    return sealed({std::istreambuf_iterator<char>(in), {}});
  }
  static std::string buildId() {
    dlx_seal none = {DLX_SEAL_MAGIC, 0};
    std::string digits;
    for (size_t i = 0; i < sizeof none; ++i) {
      char two[3];
      snprintf(two, sizeof two, "%02x", reinterpret_cast<unsigned char *>(&none)[i]);
      digits += two;
    }
    return digits;
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
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "no build ID of dlc in it (14 bytes)"));
  std::string good = sealed(headers(200));
  write(good.substr(1));
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "not a shared library"));
  write(good.substr(0, good.size() - 1));
  EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "bytes long, expected " + std::to_string(good.size()) + " or more: truncated"));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = char(bad[i] ^ 4);
    write(bad);
    ASSERT_EQ(load(), DLRT_FORMAT) << i;
  }
  for (const std::string &whole : {good, good + "sections, which nothing loads"}) { // right, but no library
    write(whole);
    EXPECT_TRUE(failsWith(load(), DLRT_FORMAT, "cannot be loaded"));
  }
}

/// Headers that say anything.
TEST_F(RuntimeModule, RefusesHeadersThatLeadOutside) {
  const std::string good = headers(5000);
  auto with = [&](size_t at, uint64_t value, size_t bytes) {
    std::string s = good;
    write(s.replace(at, bytes, reinterpret_cast<char *>(&value), bytes));
    return load();
  };
  const size_t load0 = sizeof(dlrt::ElfHeader), second = load0 + sizeof(dlrt::ElfSegment), note = second + sizeof(dlrt::ElfSegment);
  for (uint64_t value :
       {uint64_t(1), uint64_t(100), uint64_t(4095), uint64_t(5000), uint64_t(1) << 31, uint64_t(INT64_MAX), UINT64_MAX - 8, UINT64_MAX})
    for (auto [at, bytes] : {std::pair{offsetof(dlrt::ElfHeader, segments), size_t(8)},
                             {offsetof(dlrt::ElfHeader, segmentCount), 2},
                             {offsetof(dlrt::ElfHeader, segmentBytes), 2},
                             {load0 + offsetof(dlrt::ElfSegment, offset), 8},
                             {load0 + offsetof(dlrt::ElfSegment, fileBytes), 8},
                             {second + offsetof(dlrt::ElfSegment, type), 4},
                             {second + offsetof(dlrt::ElfSegment, offset), 8},
                             {second + offsetof(dlrt::ElfSegment, fileBytes), 8},
                             {note + offsetof(dlrt::ElfNote, nameBytes), 4},
                             {note + offsetof(dlrt::ElfNote, bytes), 4}})
      EXPECT_EQ(with(at, value, bytes), DLRT_FORMAT) << at << " " << value;
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

TEST_F(RuntimeModule, LoadsTheFileThatItCheckedWhateverItsPathMeans) {
  std::string good = library("good"),
              other = library("other", "__attribute__((constructor)) static void run(void) { __builtin_trap(); }\n");
  if (good.empty())
    GTEST_SKIP() << "no C compiler";
  // What the loader would make of the variables holds a library that ends the process.
  for (const char *place :
       {"$LIB", "lib/x86_64-linux-gnu", "lib64", "lib", "$PLATFORM", "x86_64", "haswell", "xeon_phi", "${LIB}", "$ORIGIN"}) {
    std::filesystem::create_directories(folder + "/" + place);
    std::ofstream(folder + "/" + place + "/a.so", std::ios::binary) << (place[0] == '$' ? good : other);
  }
  std::filesystem::current_path(folder);
  for (const char *name : {"/$LIB/a.so", "/${LIB}/a.so", "/$PLATFORM/a.so", "/$ORIGIN/a.so"})
    for (const std::string &at : {folder + name, std::string(name + 1)}) {
      dlrt_model *model = nullptr;
      ASSERT_EQ(dlrt_model_load(at.c_str(), &model), DLRT_OK) << dlrt_error();
      EXPECT_STREQ(dlrt_entry_name(model, 0), "good");
      dlrt_model_free(model);
    }
  std::filesystem::current_path("/");
}

TEST_F(RuntimeModule, DoesNotWaitForPipes) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_TRUE(failsWith(load(), DLRT_FILE, "not a regular file"));
}

TEST_F(RuntimeModule, AFileThatShrinksWhileItIsCheckedIsAnErrorAndNoSignal) {
  std::string large = sealed(headers(size_t(32) << 20));
  large[1000] = 'y'; // never loaded
  for (const char *copied : {"0", "1"}) {
    setenv("DLRT_LOAD_COPY", copied, 1);
    for (int delay : {0, 1000, 4000}) {
      write(large);
      std::thread shrink([&] {
        usleep(useconds_t(delay));
        EXPECT_EQ(truncate(path().c_str(), 4096), 0);
      });
      dlrt_status status = load();
      EXPECT_TRUE(status == DLRT_FILE || status == DLRT_FORMAT) << dlrt_error();
      shrink.join();
    }
  }
}

TEST_F(RuntimeModule, NothingDoneToTheFileShowsInACopy) {
  std::string first = library("first"), second = library("secnd"); // of one length
  if (first.empty())
    GTEST_SKIP() << "no C compiler";
  ASSERT_EQ(first.size(), second.size());
  setenv("DLRT_LOAD_COPY", "1", 1);
  write(first);
  dlrt_model *model = nullptr;
  ASSERT_EQ(dlrt_model_load(path().c_str(), &model), DLRT_OK) << dlrt_error();
  ASSERT_EQ(truncate(path().c_str(), 0), 0);
  EXPECT_STREQ(dlrt_entry_name(model, 0), "first");
  dlrt_model_free(model);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      overwrite(i % 2 ? first : second);
      if (i % 3 == 0)
        EXPECT_EQ(truncate(path().c_str(), 100), 0);
    }
  });
  for (int i = 0; i < 300; ++i) { // whole or refused
    dlrt_status status = dlrt_model_load(path().c_str(), &model);
    if (status == DLRT_OK)
      EXPECT_TRUE(!strcmp(dlrt_entry_name(model, 0), "first") || !strcmp(dlrt_entry_name(model, 0), "secnd"));
    else
      EXPECT_TRUE(status == DLRT_FORMAT || status == DLRT_FILE) << dlrt_error();
    dlrt_model_free(model);
  }
  stop = true;
  writer.join();
}

TEST_F(RuntimeModule, RefusesAFileThatWasChangedUnderAModel) {
  std::string first = library("first"), second = library("secnd");
  if (first.empty())
    GTEST_SKIP() << "no C compiler";
  write(first);
  dlrt_model *model = nullptr;
  ASSERT_EQ(dlrt_model_load(path().c_str(), &model), DLRT_OK) << dlrt_error();
  overwrite(second);
  EXPECT_TRUE(failsWith(load(), DLRT_FILE, "a.so: was changed in place while a model from it is loaded"));
  setenv("DLRT_LOAD_COPY", "1", 1);
  EXPECT_EQ(load(), DLRT_OK) << dlrt_error();
  overwrite(first);
  dlrt_model_free(model);
  unsetenv("DLRT_LOAD_COPY");
  overwrite(second);
  EXPECT_EQ(load(), DLRT_OK) << dlrt_error();
}

} // namespace
