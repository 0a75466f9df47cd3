// libdldata: tables, archives of arrays, pictures and metadata, as written by others, and what is refused of them.
#include "runtime/data/Batches.h"
#include "runtime/data/Csv.h"
#include "runtime/data/Images.h"
#include "runtime/data/Tensors.h"
#include "test/unit/Folder.h"
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlc::data;
using namespace std::string_literals;

namespace {
const std::string fixtures = std::filesystem::current_path().string() + "/test/fixtures/data/"; // other tests go elsewhere
struct Tables : FolderTest {
  Result<Dataset> table(const std::string &text, CsvOptions options = {.label = "y"}) { return openCsv(file("t.csv", text), options); }
  void refuse(const std::string &text, const std::string &part, CsvOptions options = {.label = "y"}) {
    auto set = table(text, options);
    ASSERT_FALSE(set) << text;
    EXPECT_NE(set.error().message.find(part), std::string::npos) << set.error().message;
  }
};
std::vector<double> samplesOf(const Dataset &set) {
  const double *x = set.rows.samples.data<double>();
  return {x, x + set.rows.samples.size()};
}
} // namespace

TEST_F(Tables, CellsByRfc4180) {
  auto set = table("\xef\xbb\xbf"
                   "a,\"b \"\"c\"\"\",y\r\n 1 ,-2e3,no\r\n\"3\",+.5,\"y\nes\"\r\n\r\n4,5,no");
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->preparation.columns, (std::vector<std::string>{"a", "b \"c\""}));
  EXPECT_EQ(set->preparation.classes, (std::vector<std::string>{"no", "y\nes"}));
  EXPECT_EQ(samplesOf(*set), (std::vector<double>{1, -2000, 3, .5, 4, 5}));
  EXPECT_EQ(set->rows.labels, (std::vector<int32_t>{0, 1, 0}));
}
TEST_F(Tables, RolesOfColumns) {
  auto set = table("7;1;red;3\n8;2;blue;4\n", {.values = {"4"}, .drop = {"1"}, .words = {"3"}, .header = false, .separator = ';'});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->preparation.columns, (std::vector<std::string>{"2", "3=blue", "3=red"}));
  EXPECT_EQ(samplesOf(*set), (std::vector<double>{1, 0, 1, 2, 1, 0}));
  EXPECT_EQ(set->targets, 1);
  EXPECT_EQ(set->rows.targets.data<double>()[1], 4);
  auto numbers = table("x,y\n1,10\n2,9\n3,-1\n"); // classes that are numbers are in their order
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->preparation.classes, (std::vector<std::string>{"-1", "9", "10"}));
  auto left = table("x,y\n1,a\n?,b\n3,NA\n4,b\n", {.label = "y", .missing = CsvOptions::Leave});
  ASSERT_TRUE(left);
  EXPECT_EQ(left->size, 2);
  auto mean = table("x,y\n1,a\n,b\n", {.label = "y", .missing = CsvOptions::Mean});
  ASSERT_TRUE(mean);
  EXPECT_TRUE(std::isnan(samplesOf(*mean)[1]));
}
TEST_F(Tables, Refusals) {
  refuse("x,y\n1,a\nten,b\n", "line 3, column 1 ('x') is 'ten': expected a number");
  refuse("x,y\n1,a\n\n1e999,b\n", "line 4, column 1 ('x') is '1e999': expected a number");
  refuse("x,y\n1,a\n,b\n", "line 3, column 1 ('x') is empty: write missing=drop to leave such lines out, or missing=mean");
  refuse("x,y\n1,a\n2,\n", "line 3, column 2 ('y') is empty");
  refuse("x,y\n1,a\n2,b,c\n", "line 3 has 3 cells: expected 2");
  refuse("x,y\n1,a\n2\n", "line 3 has 1 cells: expected 2");
  refuse("x,y\n1,a\n2,a\n", "has one class alone, 'a'");
  refuse("x,z\n1,a\n", "has no column 'y' for label=: it has x, z");
  refuse("x,x,y\n1,1,a\n", "has two columns 'x'");
  refuse("x,y\n1,\"a\n", "line 2, column 2 ('y') has a quote that does not end");
  refuse("x,y\n1,\"a\"b\n", "line 2, column 2 ('y') has text behind its quotes");
  refuse("x,y\n", "has no sample");
  refuse("", "has no sample");
  refuse("y\na\nb\n", "has no column for samples");
  refuse("x,y\n1,a\n", "is given to two keys", {.label = "y", .drop = {"y"}});
  refuse("\x1f\x8b\x08\0"s, "is gzip data");
  refuse("\0\0\x08\x03"s, "is no text: byte 0 is 0");
  expectError(openCsv(folder + "/none", {}), "No such file");
  expectError(openCsv(folder, {}), "not a regular file");
  std::string many = "x,y\n";
  for (int i = 0; i < 1001; ++i)
    many += "1," + std::to_string(i) + "\n";
  refuse(many, "line 1002, column 2 ('y') is the 1001st class: for numbers write value=y");
}
TEST_F(Tables, WhatTheTrainingKnew) {
  auto trained = table("x,c,y\n1,u,b\n2,v,a\n", {.label = "y", .words = {"c"}});
  ASSERT_TRUE(trained);
  auto open = [&](const std::string &text) { return openCsv(file("k.csv", text), {.label = "y", .words = {"c"}}, &trained->preparation); };
  auto one = open("x,c,y\n5,v,b\n"); // one class and word alone have the numbers that they had
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->rows.labels, (std::vector<int32_t>{1}));
  EXPECT_EQ(samplesOf(*one), (std::vector<double>{5, 0, 1}));
  expectError(open("x,c,y\n5,w,b\n"), "line 2, column 2 ('c') is 'w', which the rows of the training did not have");
  expectError(open("x,c,y\n5,u,d\n"), "line 2, column 3 ('y') is 'd'");
  expectError(open("z,c,y\n5,u,a\n"), "has 'z' as column 1 of a sample: the weights were trained with 'x'");
}
TEST_F(Tables, ALargeTableIsReadInBlocks) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 100000; ++i)
    text += std::to_string(i) + "," + std::to_string(i % 7) + ".25," + (i % 3 ? "p" : "q") + "\n";
  std::string path = file("large.csv", text);
  auto memory = openCsv(path, {.label = "y"}), blocks = openCsv(path, {.label = "y", .most = 1000});
  ASSERT_TRUE(memory && blocks);
  EXPECT_FALSE(memory->blocks);
  ASSERT_TRUE(blocks->blocks);
  EXPECT_GT(blocks->blocks->count(), 4u);
  EXPECT_EQ(memory->fingerprint, blocks->fingerprint);
  Part rows = everything(*memory), parts = everything(*blocks);
  auto a = Batches::make(*memory, rows, {.batch = 1000, .type = F64}), b = Batches::make(*blocks, parts, {.batch = 1000, .type = F64});
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(*a->next(), 1000);
    ASSERT_EQ(*b->next(), 1000);
    ASSERT_EQ(std::memcmp(a->samples.data(), b->samples.data(), 16000), 0);
    ASSERT_EQ(std::memcmp(a->labels.data(), b->labels.data(), 4000), 0);
  }
  std::filesystem::resize_file(path, text.size() / 2);
  ASSERT_TRUE(b->start(1));
  for (auto n = b->next();; n = b->next())
    if (!n) {
      EXPECT_NE(n.error().message.find("became shorter while it was read"), std::string::npos) << n.error().message;
      break;
    } else {
      ASSERT_NE(*n, 0);
    }
  text.replace(text.size() / 4, 1, "\n");
  file("large.csv", text);
  ASSERT_TRUE(b->start(1));
  auto n = b->next();
  while (n && *n)
    n = b->next();
  EXPECT_FALSE(n);
}

TEST_F(Tables, NpzWrittenByNumPy) {
  for (const char *name : {"stored", "deflated"}) {
    std::string path = fixtures + name + ".npz"; // make.py
    auto x = readNpz(path, "x"), y = readNpz(path, "y");
    ASSERT_TRUE(x) << x.error().message;
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(x->shape, (std::vector<int64_t>{40, 3}));
    for (int i = 0; i < 120; ++i)
      EXPECT_EQ(x->data<float>()[i], float(i % 11) - 0.5f * float(i / 11));
    EXPECT_EQ(y->data<int64_t>()[39], 39 % 4);
    expectError(readNpz(path, "z"), "has no array 'z': it has x, y");
    std::ifstream in(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    for (size_t cut = 1; cut < bytes.size(); cut += 7)
      EXPECT_FALSE(readNpz(file("cut.npz", bytes.substr(0, bytes.size() - cut)), "x")) << cut;
    size_t bad = 0;
    for (size_t i = 0; i < bytes.size(); i += 3) { // what matters to x is looked at, and nothing takes a read out of the file
      std::string other = bytes;
      other[i] ^= 0x10;
      auto read = readNpz(file("bad.npz", other), "x");
      bad += !read;
      if (read) {
        EXPECT_EQ(std::memcmp(read->data(), x->data(), x->bytes()), 0) << i;
      }
    }
    EXPECT_GT(bad, 50u);
  }
}

TEST_F(Tables, PicturesAreThePixelsThatTheyWereMadeOf) {
  // make.py wrote them by Pillow from pixel (x, y) = (16 x + y, 255 - 8 y, 3 x y), grey: 16 x + y
  auto colour = readImage(fixtures + "colour.png"), grey = readImage(fixtures + "grey.png"), palette = readImage(fixtures + "palette.png"),
       clear = readImage(fixtures + "clear.png");
  for (auto *image : {&colour, &grey, &palette, &clear})
    ASSERT_TRUE(*image) << image->error().message;
  EXPECT_EQ(colour->shape, (std::vector<int64_t>{6, 8, 3}));
  EXPECT_EQ(grey->shape, (std::vector<int64_t>{6, 8, 1}));
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 8; ++x) {
      const unsigned char expected[] = {(unsigned char)(16 * x + y), (unsigned char)(255 - 8 * y), (unsigned char)(3 * x * y)};
      EXPECT_EQ(std::memcmp(colour->data<unsigned char>() + 3 * (8 * y + x), expected, 3), 0);
      EXPECT_EQ(std::memcmp(clear->data<unsigned char>() + 3 * (8 * y + x), expected, 3), 0); // its alpha is left out
      EXPECT_EQ(grey->data<unsigned char>()[8 * y + x], 16 * x + y);
    }
  EXPECT_EQ(std::memcmp(palette->data(), colour->data(), colour->bytes()), 0);
  // Pillow's own decoding and conversion of the same files
  auto number = [](const std::string &name) { return readNpy(fixtures + name); };
  for (auto [image, channels, reference] : {std::tuple("colour.png", 1, "colour-as-grey.npy"), std::tuple("photo.jpg", 3, "photo.npy"),
                                            std::tuple("grey.jpg", 1, "grey.npy")}) {
    auto ours = readImage(fixtures + image, channels);
    auto theirs = number(reference);
    ASSERT_TRUE(ours && theirs) << image;
    ASSERT_EQ(ours->bytes(), theirs->bytes());
    for (size_t i = 0; i < ours->bytes(); ++i)
      EXPECT_NEAR(ours->data<unsigned char>()[i], theirs->data<unsigned char>()[i], 1)
          << image << " " << i; // builds of libjpeg differ by one
  }
  auto wide = readImage(fixtures + "grey.png", 3);
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->data<unsigned char>()[3 * 9 + 2], 17);
}
TEST_F(Tables, DamagedPicturesAreRefused) {
  expectError(readImage(folder + "/none.png"), "No such file");
  expectError(readImage(file("text.png", "hello")), "is neither a PNG nor a JPEG file");
  for (const char *name : {"colour.png", "photo.jpg"}) {
    std::ifstream in(fixtures + name, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    for (size_t keep = 4; keep + 12 < bytes.size(); keep += bytes.size() / 40 + 1)
      EXPECT_FALSE(readImage(file("cut", bytes.substr(0, keep)))) << name << " " << keep;
    for (size_t i = 0; i < bytes.size(); i += 3) { // whatever comes of it, it stays within its bounds
      std::string other = bytes;
      other[i] ^= 0xff;
      (void)readImage(file("bad", other));
    }
  }
}
TEST_F(Tables, FoldersOfPicturesByClass) {
  auto put = [&](const std::string &from, const std::string &to) {
    std::filesystem::create_directories((folder + "/" + to).substr(0, (folder + "/" + to).rfind('/')));
    std::filesystem::copy_file(fixtures + from, folder + "/" + to);
  };
  expectError(openImages(folder, {}), "has no folder of a class");
  put("colour.png", "dog/1.png"), put("grey.png", "cat/b.PNG"), put("grey.png", "cat/a.png");
  std::ofstream(folder + "/cat/notes.txt") << "x";
  auto set = openImages(folder, {});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->preparation.classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(set->rows.labels, (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(set->shape, (std::vector<int64_t>{6, 8, 1}));
  auto blocks = openImages(folder, {.channels = 3, .most = 10});
  ASSERT_TRUE(blocks && blocks->blocks);
  EXPECT_EQ(blocks->shape, (std::vector<int64_t>{6, 8, 3}));
  Part all = everything(*blocks);
  auto b = Batches::make(*blocks, all, {.batch = 3, .type = F32});
  ASSERT_EQ(*b->next(), 3);
  EXPECT_EQ(b->samples.data<float>()[2 * 144 + 1], 1.0f);
  Preparation known;
  known.classes = {"bird", "cat", "dog"};
  auto mapped = openImages(folder, {}, &known);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->rows.labels, (std::vector<int32_t>{1, 1, 2}));
  known.classes = {"cat", "cow"};
  expectError(openImages(folder, {}, &known), "dog' is no class of the weights");
  put("photo.jpg", "dog/2.jpg");
  expectError(openImages(folder, {.channels = 3}), "pixels: expected 8 x 6, as '");
  std::filesystem::remove(folder + "/dog/2.jpg");
  std::filesystem::create_directory(folder + "/empty");
  expectError(openImages(folder, {}), "class 'empty' of '" + folder + "' is empty");
  std::filesystem::remove(folder + "/empty");
  put("grey.png", "loose.png");
  expectError(openImages(folder, {}), "lies in no class's folder");
}

TEST_F(Tables, MetadataOfSafetensors) {
  // As the safetensors package writes it, its keys in any order.
  std::string header =
      R"( {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]} ,"__metadata__":{"k\u00e9y":"\"\ud83d\ude00\\\n","b":""} } )";
  uint64_t size = header.size();
  auto with = [&](std::string text) {
    uint64_t n = text.size();
    return readMetadata(file("m", std::string(reinterpret_cast<char *>(&n), 8) + text + "1234"));
  };
  (void)size;
  auto metadata = with(header);
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_EQ(*metadata, (Metadata{{"k\u00e9y", "\"\U0001F600\\\n"}, {"b", ""}}));
  EXPECT_TRUE(with("{}")->empty());
  for (const char *bad :
       {"", "{", "[]", "{\"a\":{}", "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"\\ud800\"}}", "{\"a\" \"b\"}"})
    EXPECT_FALSE(with(bad)) << bad;
  expectError(readMetadata(file("short", "123")), "truncated");
  auto array = Array::make(F32, {2});
  Metadata given = {{"one \"quoted\"\\", "tab\tnewline\n"}};
  ASSERT_TRUE(writeTensors(folder + "/t", {{"x", array->view()}}, given));
  EXPECT_EQ(*readMetadata(folder + "/t"), given);
}
