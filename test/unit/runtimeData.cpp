// libdldata: IDX and .npy as written by others, refused damage, shuffled batches, files that are whole or not there.
#include "runtime/data/Dataset.h"
#include "runtime/data/File.h"
#include "test/unit/Sanitized.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <zlib.h>

using namespace dlc::data;
using namespace std::string_literals;

namespace {
struct Data : testing::Test {
  std::string folder = testing::TempDir() + "dldata-XXXXXX";
  void SetUp() override { ASSERT_TRUE(mkdtemp(folder.data())); }
  void TearDown() override { ASSERT_EQ(std::system(("rm -rf " + folder).c_str()), 0); }
  std::string file(const std::string &name, const std::string &bytes) {
    std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
    return folder + "/" + name;
  }
  std::string zipped(const std::string &name, const std::string &bytes) {
    gzFile f = gzopen((folder + "/" + name).c_str(), "wb");
    gzwrite(f, bytes.data(), bytes.size());
    gzclose(f);
    return folder + "/" + name;
  }
  std::string contents(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};
template <typename T> void expectError(Result<T> result, const std::string &part) {
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}
const std::string images = "\0\0\x08\x03\0\0\0\x03\0\0\0\x01\0\0\0\x02"s + "\x00\xff\x33\x66\x01\x02"s;
const std::string labels = "\0\0\x08\x01\0\0\0\x03"s + "\x00\x09\x04"s;
std::string npy(const std::string &dict, const std::string &data, char version = 1) {
  std::string text = "\x93NUMPY"s + version + '\0' + char(dict.size()) + '\0' + (version > 1 ? "\0\0"s : ""s);
  return text + dict + data;
}
} // namespace

TEST_F(Data, IdxPlainAndZipped) {
  for (const std::string &path : {file("plain", images), zipped("zipped.gz", images)}) {
    auto array = readIdx(path);
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->shape, (std::vector<int64_t>{3, 1, 2}));
    EXPECT_EQ(array->data<unsigned char>()[3], 0x66);
  }
}
TEST_F(Data, IdxElementsAreBigEndian) {
  auto array = readIdx(file("f", "\0\0\x0d\x01\0\0\0\x02\x3f\x80\0\0\xc0\x20\0\0"s));
  ASSERT_TRUE(array);
  EXPECT_EQ(array->data<float>()[0], 1.0f);
  EXPECT_EQ(array->data<float>()[1], -2.5f);
}
TEST_F(Data, IdxRefusals) {
  expectError(readIdx(folder + "/none"), "No such file");
  expectError(readIdx(folder), "Is a directory");
  expectError(readIdx(file("empty", "")), "is truncated: the IDX header needs 4 bytes, found 0");
  expectError(readIdx(file("magic", "\x01\0\x08\x01"s)), "not an IDX file");
  expectError(readIdx(file("type", "\0\0\x0a\x01"s)), "not an IDX file");
  expectError(readIdx(file("rank", "\0\0\x08\x09"s)), "has 9 dimensions: expected 1 to 8");
  expectError(readIdx(file("rank0", "\0\0\x08\x00"s)), "has 0 dimensions");
  expectError(readIdx(file("extents", "\0\0\x08\x02\0\0\0\x01"s)), "is truncated: the IDX header");
  expectError(readIdx(file("short", images.substr(0, images.size() - 1))),
              "is truncated: an array of [3, 1, 2] needs 6 bytes, at most 5 are left");
  expectError(readIdx(zipped("short.gz", images.substr(0, images.size() - 1))),
              "is truncated: an array of [3, 1, 2] needs 6 bytes, found 5");
  expectError(readIdx(file("long", images + "x")), "goes on after its last element");
  expectError(readIdx(zipped("long.gz", images + "x")), "goes on after its last element");
  expectError(readIdx(file("huge", "\0\0\x0e\x03\x7f\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff"s)), "is truncated");
  expectError(readIdx(zipped("huge.gz", "\0\0\x08\x02\x7f\xff\xff\xff\x7f\xff\xff\xff"s)), "is truncated");
  std::string gz = contents(zipped("whole.gz", images + std::string(5000, 'x')));
  expectError(readIdx(file("cut.gz", gz.substr(0, gz.size() / 2))), "");
  expectError(readIdx(file("flip.gz", gz.substr(0, 12) + "\xff\xff\xff" + gz.substr(15))), "");
}
TEST_F(Data, GzipIsTakenWhole) {
  std::string gz = contents(zipped("whole.gz", images));
  for (size_t cut = 1; cut < gz.size() - 1; ++cut) // a byte of the trailer, or more
    expectError(readIdx(file("cut.gz", gz.substr(0, gz.size() - cut))), "");
  for (const std::string &more : {"x"s, "\0"s, "\x1f"s, gz.substr(0, gz.size() - 1), std::string(300000, 'x')})
    expectError(readIdx(file("more.gz", gz + more)), "");
  expectError(readIdx(file("more.gz", gz + "x")), "other bytes follow its gzip data");
  expectError(readIdx(file("cut.gz", gz.substr(0, gz.size() - 8))), "its gzip data does not end: truncated");
  for (size_t i = gz.size() - 8; i < gz.size(); ++i) { // checksum and length
    std::string bad = gz;
    bad[i] ^= 1;
    expectError(readIdx(file("bad.gz", bad)), "is damaged");
  }
  // Members follow one another, as gzip and pigz may write them.
  std::string two = contents(zipped("a.gz", images.substr(0, 9))) + contents(zipped("b.gz", images.substr(9)));
  auto array = readIdx(file("two.gz", two));
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_EQ(array->data<unsigned char>()[5], 2);
}
TEST_F(Data, PipesGiveWhatTheyHaveNotWhatTheySay) {
  ASSERT_EQ(mkfifo((folder + "/pipe").c_str(), 0600), 0);
  auto through = [&](const std::string &bytes) {
    std::thread writer([&] { std::ofstream(folder + "/pipe", std::ios::binary) << bytes; });
    auto array = readIdx(folder + "/pipe");
    writer.join();
    return array;
  };
  auto good = through(images);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->data<unsigned char>()[3], 0x66);
  std::string large(3 << 20, 'x');
  auto whole = through("\0\0\x08\x01\0\x30\0\0"s + large);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(std::memcmp(whole->data(), large.data(), large.size()), 0);
  // Three gigabytes are said, in memory for far less.
  rlimit before, small = {size_t(2) << 30, size_t(2) << 30};
  getrlimit(RLIMIT_AS, &before);
  small.rlim_max = before.rlim_max;
#ifndef SANITIZED // maps terabytes
  setrlimit(RLIMIT_AS, &small);
#endif
  std::string claim = "\0\0\x08\x03\0\x01\0\0\0\0\x01\0\0\0\0\xc0"s + "abc";
  auto piped = through(claim);
  auto unzipped = readIdx(zipped("claim.gz", claim + std::string(4 << 20, '\0')));
  setrlimit(RLIMIT_AS, &before);
  expectError(std::move(piped), "is truncated: an array of [65536, 256, 192] needs 3221225472 bytes, found 3");
  expectError(std::move(unzipped), "is truncated");
}
TEST_F(Data, Mnist) {
  zipped("train-images-idx3-ubyte.gz", images);
  file("train-labels-idx1-ubyte", labels);
  auto set = openMnist(folder, Split::Train);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->size(), 3);
  EXPECT_EQ(set->width(), 2);
  EXPECT_EQ(set->labels, (std::vector<int32_t>{0, 9, 4}));
  expectError(openMnist(folder, Split::Test), "t10k-images-idx3-ubyte");
  file("train-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\x02\x01\x02"s);
  expectError(openMnist(folder, Split::Train), "has 3 images and 2 labels");
  file("train-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\x03\x01\x0a\x02"s);
  expectError(openMnist(folder, Split::Train), "label 1 of '" + folder + "/train' is 10: expected 0 to 9");
  file("train-labels-idx1-ubyte", images);
  expectError(openMnist(folder, Split::Train), "expected u8 [n]");
}

TEST_F(Data, NpyRoundTrip) {
  for (dlrt_datatype type : {F32, F64, I8, I32, I64, U8, Bool})
    for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {3}, {2, 0, 4}, {2, 3, 4}}) {
      auto array = Array::make(type, shape);
      ASSERT_TRUE(array);
      for (size_t i = 0; i < array->bytes(); ++i)
        array->data<unsigned char>()[i] = type == Bool ? i % 2 : i * 7;
      ASSERT_TRUE(writeNpy(folder + "/a.npy", array->view()));
      auto again = readNpy(folder + "/a.npy");
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_TRUE(again->type == type);
      EXPECT_EQ(again->shape, shape);
      EXPECT_EQ(std::memcmp(again->data(), array->data(), array->bytes()), 0);
    }
}
TEST_F(Data, NpyWrittenByNumPy) {
  // numpy.save of numpy.array([[1.5, -2]], 'f4')
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" + std::string(58, ' ') + "\n";
  for (char version : {1, 2, 3}) {
    auto array = readNpy(file("a.npy", npy(dict, "\0\0\xc0\x3f\0\0\0\xc0"s, version)));
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->shape, (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(array->data<float>()[1], -2.0f);
  }
}
TEST_F(Data, NpyRefusals) {
  auto refuse = [&](const std::string &dict, const std::string &data, const std::string &part) {
    expectError(readNpy(file("a.npy", npy(dict, data))), part);
  };
  expectError(readNpy(file("a.npy", "\x93NUMPX\x01\0\0\0"s)), "is not a .npy file");
  expectError(readNpy(file("a.npy", "\x93NUMPY\x04\0\0\0"s)), "is not a .npy file of version");
  expectError(readNpy(file("a.npy", npy("{'descr'", "").substr(0, 12))), "is truncated");
  for (const char *dict :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}", "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999,)}"})
    refuse(dict, "\0\0\0\0"s, "has a damaged header");
  refuse("{'descr': '>f4', 'fortran_order': False, 'shape': ()}", "\0\0\0\0"s, "elements of type '>f4'");
  refuse("{'descr': '<f4', 'fortran_order': True, 'shape': ()}", "\0\0\0\0"s, "Fortran order");
  refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "\0\0\0\0"s, "is truncated: an array of [2] needs 8 bytes, at most 4");
  refuse("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "\0\0\0\0\0"s, "goes on after");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999, 999999999999)}", "", "is truncated");
  refuse("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", "\x02", "neither 0 nor 1");
}

TEST_F(Data, BatchesVisitEverySampleOnce) {
  auto samples = Array::make(F32, {10, 2});
  Dataset set{"ten", std::move(*samples), std::vector<int32_t>(10), 10};
  for (int i = 0; i < 10; ++i)
    set.labels[i] = i, set.samples.data<float>()[2 * i + 1] = i;
  auto run = [&](std::optional<uint64_t> seed, uint64_t epoch, bool whole) {
    auto b = Batches::make(set, 4, F64, seed, whole);
    EXPECT_TRUE(b);
    b->start(epoch);
    std::vector<int> seen;
    while (int64_t n = b->next())
      for (int64_t i = 0; i < n; ++i) {
        EXPECT_EQ(b->samples.data<double>()[2 * i + 1], b->labels.data<int32_t>()[i]);
        seen.push_back(b->labels.data<int32_t>()[i]);
      }
    return seen;
  };
  std::vector<int> plain(10);
  std::iota(plain.begin(), plain.end(), 0);
  EXPECT_EQ(run({}, 3, false), plain);
  EXPECT_EQ(run({}, 0, true).size(), 8u);
  auto first = run(7, 0, false);
  EXPECT_EQ(std::set<int>(first.begin(), first.end()).size(), 10u);
  EXPECT_EQ(first, run(7, 0, false));
  EXPECT_NE(first, run(7, 1, false));
  EXPECT_NE(first, run(8, 0, false));
  EXPECT_FALSE(Batches::make(set, 11, F32, {}, true));
}
TEST_F(Data, BytesBecomeFractions) {
  file("train-images-idx3-ubyte", images), file("train-labels-idx1-ubyte", labels);
  auto set = openMnist(folder, Split::Train);
  auto b = Batches::make(*set, 2, F32, {});
  EXPECT_EQ(b->count(), 2);
  EXPECT_EQ(b->next(), 2);
  EXPECT_EQ(b->samples.data<float>()[1], 1.0f);
  EXPECT_EQ(b->samples.data<float>()[2], 51.0f / 255.0f);
  EXPECT_EQ(b->next(), 1);
  EXPECT_EQ(b->samples.shape[0], 1);
  EXPECT_EQ(b->next(), 0);
}

TEST_F(Data, WritesAreWholeOrNothing) {
  std::string path = file("w", "old");
  EXPECT_TRUE(writeFile(path, {"ne", "w"}));
  EXPECT_EQ(contents(path), "new");
  EXPECT_FALSE(writeFile(folder + "/none/w", {"x"}));
  EXPECT_FALSE(writeFile("/dev/full", {"x"}));
  EXPECT_FALSE(writeFile(folder, {"x"}));
  ASSERT_EQ(symlink(path.c_str(), (folder + "/link").c_str()), 0);
  EXPECT_TRUE(writeFile(folder + "/link", {"through"}));
  EXPECT_EQ(contents(path), "through");
  struct stat info;
  ASSERT_EQ(lstat((folder + "/link").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  EXPECT_EQ(std::system(("test $(ls " + folder + " | wc -l) = 2").c_str()), 0);
}
