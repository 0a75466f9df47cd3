// libdldata: IDX and .npy as written by others, refused damage, shuffled batches, files that are whole or not there.
#include "runtime/data/Batches.h"
#include "runtime/data/File.h"
#include "test/unit/Folder.h"
#include "test/unit/Sanitized.h"
#include <cmath>
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
struct Data : FolderTest {
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
  EXPECT_EQ(set->size, 3);
  EXPECT_EQ(set->width(), 2);
  EXPECT_EQ(set->rows.labels, (std::vector<int32_t>{0, 9, 4}));
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

namespace {
/// Rows 0 to n - 1 in blocks of three, each sample its number.
class Threes final : public Blocks {
public:
  explicit Threes(int64_t n) : n(n) {}
  uint32_t count() const override { return uint32_t((n + 2) / 3); }
  int64_t rows(uint32_t block) const override { return std::min<int64_t>(3, n - 3 * block); }
  Result<Rows> read(std::span<const uint32_t> blocks) const override {
    std::vector<double> all;
    Rows r;
    for (uint32_t block : blocks)
      for (int64_t i = 0; i < rows(block); ++i)
        all.push_back(3. * block + double(i)), r.labels.push_back(int32_t(3 * block + i));
    r.samples = std::move(*Array::make(F64, {int64_t(all.size()), 1}));
    r.targets = std::move(*Array::make(F64, {int64_t(all.size()), 0}));
    std::copy(all.begin(), all.end(), r.samples.data<double>());
    most = std::max(most, all.size());
    return r;
  }
  mutable size_t most = 0;

private:
  int64_t n;
};
Dataset numbers(int64_t n, bool inBlocks) {
  auto samples = Array::make(F64, {n, 1});
  auto labels = Array::make(I32, {n});
  for (int i = 0; i < n; ++i)
    samples->data<double>()[i] = labels->data<int32_t>()[i] = i;
  auto set = makeDataset("numbers", std::move(*samples), std::move(*labels));
  if (inBlocks)
    set->rows = {}, set->blocks = std::make_unique<Threes>(n);
  return std::move(*set);
}
std::vector<int> drain(Batches &b) {
  std::vector<int> seen;
  while (int64_t n = *b.next())
    for (int64_t i = 0; i < n; ++i) {
      EXPECT_EQ(b.samples.data<double>()[i], b.labels.data<int32_t>()[i]);
      seen.push_back(b.labels.data<int32_t>()[i]);
    }
  return seen;
}
} // namespace

TEST_F(Data, BatchesVisitEverySampleOnce) {
  for (bool inBlocks : {false, true}) {
    Dataset set = numbers(10, inBlocks);
    Part all = everything(set);
    auto run = [&](std::optional<uint64_t> seed, uint64_t epoch, bool whole, int64_t skipped = 0) {
      auto b = Batches::make(set, all, {.batch = 4, .type = F64, .seed = seed, .whole = whole, .window = 4 * 8});
      EXPECT_TRUE(b);
      EXPECT_TRUE(b->start(epoch, skipped));
      return drain(*b);
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
    const auto whole = run(7, 2, false);
    for (int64_t skipped : {0, 1, 2, 3}) // as a run that goes on does
      EXPECT_EQ(run(7, 2, false, skipped), (std::vector<int>(whole.begin() + std::min<int64_t>(10, 4 * skipped), whole.end())));
    EXPECT_FALSE(Batches::make(set, all, {.batch = 11, .type = F32, .seed = {}, .whole = true}));
  }
}
TEST_F(Data, BlocksAreReadWithinTheWindow) {
  Dataset set = numbers(100, true);
  Part all = everything(set);
  auto b = Batches::make(set, all, {.batch = 8, .type = F64, .seed = 3, .window = 10 * 8});
  ASSERT_TRUE(b);
  auto seen = drain(*b);
  EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), 100u);
  EXPECT_LE(static_cast<const Threes &>(*set.blocks).most, 10u);
  EXPECT_GT(*std::max_element(seen.begin(), seen.begin() + 9) - *std::min_element(seen.begin(), seen.begin() + 9), 9); // of several blocks
}
TEST_F(Data, PartsAreDisjointAndWhole) {
  Dataset set = numbers(103, false);
  Part all = everything(set);
  std::set<uint32_t> left;
  for (uint32_t k = 0; k < 10; ++k) {
    Halves h = fold(all, 5, 10, k);
    EXPECT_GE(h.left.size(), 10u);
    EXPECT_LE(h.left.size(), 11u);
    EXPECT_EQ(h.left.size() + h.kept.size(), 103u);
    for (uint32_t unit : h.left) {
      EXPECT_TRUE(left.insert(unit).second);
      EXPECT_FALSE(std::binary_search(h.kept.begin(), h.kept.end(), unit));
    }
  }
  EXPECT_EQ(left.size(), 103u);
  EXPECT_EQ(share(all, 5, 0.2).left.size(), 21u);
  EXPECT_EQ(share(all, 5, 0.2).left, share(all, 5, 0.2).left);
  EXPECT_NE(share(all, 5, 0.2).left, share(all, 6, 0.2).left);
  EXPECT_EQ(share(all, 5, 1e-9).left.size(), 1u);
}
TEST_F(Data, ColumnsAreStandardizedByAPart) {
  Dataset set = numbers(8, false);
  set.standardizes = true;
  ASSERT_TRUE(standardize(set, {0, 2, 4, 6})); // mean 3, deviation sqrt(5)
  EXPECT_DOUBLE_EQ(set.preparation.mean[0], 3);
  EXPECT_DOUBLE_EQ(set.preparation.deviation[0], std::sqrt(5.));
  Part all = everything(set);
  auto b = Batches::make(set, all, {.batch = 8, .type = F64});
  ASSERT_EQ(*b->next(), 8);
  EXPECT_DOUBLE_EQ(b->samples.data<double>()[7], 4 / std::sqrt(5.));
  set.rows.samples.data<double>()[1] = NAN; // missing: the mean
  ASSERT_TRUE(b->start(0));
  ASSERT_EQ(*b->next(), 8);
  EXPECT_EQ(b->samples.data<double>()[1], 0);
  auto again = Preparation::of(set.preparation.texts());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->mean, set.preparation.mean);
  EXPECT_EQ(again->deviation, set.preparation.deviation);
  EXPECT_EQ(again->classes, set.preparation.classes);
}
TEST_F(Data, BytesBecomeFractions) {
  file("train-images-idx3-ubyte", images), file("train-labels-idx1-ubyte", labels);
  auto set = openMnist(folder, Split::Train);
  Part all = everything(*set);
  auto b = Batches::make(*set, all, {.batch = 2, .type = F32});
  EXPECT_EQ(b->count(), 2);
  EXPECT_EQ(*b->next(), 2);
  EXPECT_EQ(b->samples.data<float>()[1], 1.0f);
  EXPECT_EQ(b->samples.data<float>()[2], 51.0f / 255.0f);
  EXPECT_EQ(*b->next(), 1);
  EXPECT_EQ(b->samples.shape[0], 1);
  EXPECT_EQ(*b->next(), 0);
}
TEST_F(Data, FingerprintsSeeEveryByteAndNoPieces) {
  std::string bytes(100, 'x');
  auto of = [](std::initializer_list<std::string> pieces) {
    Fingerprint print;
    for (const std::string &piece : pieces)
      print.add(piece.data(), piece.size());
    return print.value();
  };
  uint64_t whole = of({bytes});
  for (size_t cut = 0; cut <= 100; ++cut)
    EXPECT_EQ(whole, of({bytes.substr(0, cut), bytes.substr(cut)}));
  for (size_t i = 0; i < 100; ++i) {
    std::string other = bytes;
    other[i] ^= 1;
    EXPECT_NE(whole, of({other}));
  }
  EXPECT_NE(whole, of({bytes, std::string(1, '\0')}));
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
