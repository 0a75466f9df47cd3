// safetensors: round trip, malformed files, failing disks.
#include "test/unit/RuntimeProgram.h"
#include <cfenv>
#include <cmath>
#include <csignal>
#include <dirent.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlrt_test;

namespace {

struct RuntimeSafetensors : ::testing::Test {
  std::string folder;
  Builder b;
  Session *session = nullptr;
  dlrt_loaded loaded = {};
  void SetUp() override {
    folder = ::testing::TempDir() + "dlrt-test-XXXXXX";
    ASSERT_TRUE(mkdtemp(folder.data()));
    b.param(DLX_TRAINABLE, "layer.w", DLX_F32, {2, 3});
    b.param(DLX_TRAINABLE, "b\"\\\n\xc3\xa9", DLX_I64, {});
    b.param(DLX_OPTIMIZER, "layer.w/mean", DLX_BF16, {5}, DLX_INIT_CONSTANT, 2);
    b.param(DLX_TRAINABLE, "empty", DLX_F64, {0, 4});
    session = new Session(b);
  }
  void TearDown() override {
    delete session;
    for (const std::string &name : files())
      unlink((folder + "/" + name).c_str());
    rmdir(folder.c_str());
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    DIR *directory = opendir(folder.c_str());
    while (dirent *entry = readdir(directory))
      if (entry->d_name[0] != '.')
        names.push_back(entry->d_name);
    closedir(directory);
    return names;
  }
  std::string path(const char *name) { return folder + "/" + name; }
  float *w() {
    dlrt_tensor view;
    EXPECT_EQ(dlrt_params_get(session->params, "layer.w", &view), DLRT_OK);
    return static_cast<float *>(view.data);
  }
  std::string save(const char *name, dlrt_saved what = DLRT_SAVE_ALL) {
    EXPECT_EQ(dlrt_params_save(session->params, path(name).c_str(), what), DLRT_OK) << dlrt_error();
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  dlrt_status load(const std::string &bytes) {
    std::ofstream(path("in"), std::ios::binary) << bytes;
    return dlrt_params_load(session->params, path("in").c_str(), &loaded);
  }
};

/// A file of this header and so many bytes of data.
std::string file(const std::string &header, size_t data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<char *>(&length), 8) + header + std::string(data, '\3');
}

TEST_F(RuntimeSafetensors, RoundTrip) {
  for (int i = 0; i < 6; ++i)
    w()[i] = float(i) * 1.5f;
  std::string bytes = save("w.safetensors");
  EXPECT_EQ(bytes.size(), size_t(*reinterpret_cast<const uint64_t *>(bytes.data())) + 8 + 24 + 8 + 10);
  for (int i = 0; i < 6; ++i)
    w()[i] = 0;
  ASSERT_EQ(dlrt_params_load(session->params, path("w.safetensors").c_str(), nullptr), DLRT_OK) << dlrt_error();
  EXPECT_EQ(w()[5], 7.5f);
  EXPECT_EQ(save("again.safetensors"), bytes);
  w()[5] = 0;
  ASSERT_EQ(dlrt_params_load_memory(session->params, bytes.data(), bytes.size(), nullptr), DLRT_OK) << dlrt_error();
  EXPECT_EQ(w()[5], 7.5f);
  EXPECT_EQ(files().size(), 2u); // nothing beside them
}

TEST_F(RuntimeSafetensors, EmbeddedWeightsAreLoaded) {
  w()[0] = 42;
  std::string bytes = save("w");
  b.descriptor.weights = bytes.data();
  b.descriptor.weights_bytes = bytes.size();
  dlrt_params *params;
  ASSERT_EQ(dlrt_params_new(session->model, &params), DLRT_OK) << dlrt_error();
  dlrt_tensor view;
  ASSERT_EQ(dlrt_params_get(params, "layer.w", &view), DLRT_OK);
  EXPECT_EQ(static_cast<float *>(view.data)[0], 42);
  dlrt_params_free(params);
  b.descriptor.weights_bytes -= 1;
  EXPECT_TRUE(failsWith(dlrt_params_new(session->model, &params), DLRT_FORMAT, "embedded weights: "));
}

const char other[] = "\"b\\\"\\\\\\n\\u00e9\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":["
                     "0,8]},"
                     "\"empty\":{\"shape\":[0,4],\"dtype\":\"F64\",\"data_offsets\":[8,8]}";
const char weight[] = "\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]}";

/// A checkpoint of training into a model that has no optimiser, and the model's own part of one.
TEST_F(RuntimeSafetensors, OptimisersAreSkippedOrLeftOut) {
  w()[0] = 42;
  std::string checkpoint = save("all"), weights = save("own", DLRT_SAVE_WEIGHTS);
  EXPECT_EQ(checkpoint.find("layer.w/mean") == std::string::npos, false);
  EXPECT_EQ(weights.find("layer.w/mean"), std::string::npos);
  Builder plain; // as above, without layer.w/mean
  plain.param(DLX_TRAINABLE, "layer.w", DLX_F32, {2, 3});
  plain.param(DLX_TRAINABLE, "b\"\\\n\xc3\xa9", DLX_I64, {});
  plain.param(DLX_TRAINABLE, "empty", DLX_F64, {0, 4});
  Session inference(plain);
  dlrt_tensor view;
  for (const std::string &bytes : {checkpoint, weights}) {
    ASSERT_EQ(dlrt_params_init(inference.params, 1), DLRT_OK);
    ASSERT_EQ(dlrt_params_load_memory(inference.params, bytes.data(), bytes.size(), &loaded), DLRT_OK) << dlrt_error();
    EXPECT_EQ(loaded.skipped, bytes == checkpoint ? 1u : 0u);
    ASSERT_EQ(dlrt_params_get(inference.params, "layer.w", &view), DLRT_OK);
    EXPECT_EQ(static_cast<float *>(view.data)[0], 42);
    ASSERT_EQ(dlrt_params_load_memory(session->params, bytes.data(), bytes.size(), &loaded), DLRT_OK) << dlrt_error();
    EXPECT_EQ(loaded.skipped, 0u);
  }
  std::string both = std::string(other) + "," + weight;
  auto with = [&](const char *name) {
    std::string bytes = file("{" + both + ",\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[32,36]}}", 36);
    return dlrt_params_load_memory(inference.params, bytes.data(), bytes.size(), &loaded);
  };
  EXPECT_EQ(with("optimizer/step"), DLRT_OK) << dlrt_error();
  EXPECT_EQ(loaded.skipped, 1u);
  EXPECT_EQ(with("random/key"), DLRT_OK) << dlrt_error();
  for (const char *name : {"layer.v", "layer/mean", "layer.w2/mean", "random", "optimizer"})
    EXPECT_TRUE(failsWith(with(name), DLRT_NAME, "is no parameter of model 'test': the file belongs to another model")) << name;
}

TEST_F(RuntimeSafetensors, TakesWhatTheFormatAllows) {
  std::string both = std::string(other) + "," + weight;
  EXPECT_EQ(load(file("{" + both + "}", 32)), DLRT_OK) << dlrt_error(); // state may be missing
  EXPECT_EQ(load(file("{ \"__metadata__\" : { \"a\" : \"b\", "
                      "\"c\":\"\\ud83d\\ude00\" } ,\n" +
                          both + "}   ",
                      32)),
            DLRT_OK)
      << dlrt_error();
  EXPECT_EQ(load(file("{\"__metadata__\":{}," + both + "}", 32)), DLRT_OK) << dlrt_error();
}

/// A file with layer.w in another type.
template <typename T> std::string withWeight(const char *dtype, const std::vector<T> &values) {
  size_t end = 8 + values.size() * sizeof(T);
  std::string bytes = file("{" + std::string(other) + ",\"layer.w\":{\"dtype\":\"" + dtype + "\",\"shape\":[2,3],\"data_offsets\":[8," +
                               std::to_string(end) + "]}}",
                           8);
  return bytes + std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

/// Values from IEEE 754's definition of binary16, and ties between two floats.
TEST_F(RuntimeSafetensors, CastsFloatingPoint) {
  const std::vector<uint16_t> half = {0x3c00, 0x0001, 0x83ff, 0x7bff, 0xfc00, 0x8000};
  const float exact[] = {1, 0x1p-24f, -0x1.ff8p-15f, 65504, -INFINITY, -0.0f};
  ASSERT_EQ(load(withWeight("F16", half)), DLRT_OK) << dlrt_error();
  EXPECT_EQ(memcmp(w(), exact, sizeof exact), 0);
  EXPECT_EQ(loaded.cast, 1u);
  EXPECT_EQ(loaded.rounded, 0u);
  ASSERT_EQ(load(withWeight<uint16_t>("BF16", {0x3f80, 0x0001, 0xff7f, 0x7f80, 0x8000, 0xc049})), DLRT_OK) << dlrt_error();
  const float brain[] = {1, 0x1p-133f, -0x1.fep127f, INFINITY, -0.0f, -0x1.92p1f};
  EXPECT_EQ(memcmp(w(), brain, sizeof brain), 0);

  const std::vector<double> wide = {1 + 0x1p-24, 1 + 0x3p-24, 1 + 0x1.8p-24, -0x1p-149, 0x1.fffffefp127, -INFINITY};
  const float nearest[] = {1, 1 + 0x1p-22f, 1 + 0x1p-23f, -0x1p-149f, 0x1.fffffep127f, -INFINITY};

  std::fesetround(FE_UPWARD); // the caller's affair
  dlrt_status status = load(withWeight("F64", wide));
  std::fesetround(FE_TONEAREST);
  ASSERT_EQ(status, DLRT_OK) << dlrt_error();
  EXPECT_EQ(memcmp(w(), nearest, sizeof nearest), 0);
  EXPECT_EQ(loaded.cast, 1u);
  EXPECT_EQ(loaded.rounded, 1u);

  std::vector<double> large = wide;
  large[4] = 0x1.ffffffp127;
  EXPECT_TRUE(
      failsWith(load(withWeight("F64", large)), DLRT_VALUE, "has the value 3.40282e+38 at element 4, more than the parameter's F32 holds"));
  EXPECT_EQ(memcmp(w(), nearest, sizeof nearest), 0);

  // What is cast is copied where the rest is mapped.
  std::ofstream(path("map"), std::ios::binary) << withWeight("F16", half);
  ASSERT_EQ(dlrt_params_map(session->params, path("map").c_str(), &loaded), DLRT_OK) << dlrt_error();
  EXPECT_EQ(loaded.cast, 1u);
  EXPECT_EQ(memcmp(w(), exact, sizeof exact), 0);
}

TEST_F(RuntimeSafetensors, NamesEachFaultAndChangesNothing) {
  std::string both = std::string(other) + "," + weight;
  auto tensor = [&](const char *text) { return file("{" + std::string(other) + "," + text + "}", 32); };
  struct Case {
    std::string bytes;
    dlrt_status status;
    const char *message;
  };
  const Case cases[] = {
      {"", DLRT_FORMAT, "0 bytes, expected a safetensors file"},
      {"1234567", DLRT_FORMAT, "7 bytes"},
      {std::string(8, '\xff'), DLRT_FORMAT, "declares a header of 18446744073709551615 bytes, the file has 8"},
      {std::string("\xff\xff\xff\x04\0\0\0\0", 8) + "{}", DLRT_FORMAT, "declares a header of 83886079 bytes"},
      {file("", 0), DLRT_FORMAT, "expected '{' at byte 8"},
      {file(" {}", 0), DLRT_FORMAT, "expected '{' at byte 8"},
      {file("{", 0), DLRT_FORMAT, "expected a tensor's name"},
      {file("{}x", 0), DLRT_FORMAT, "expected the header's end"},
      {file("{}", 0), DLRT_NAME, "found no tensor 'layer.w', expected F32 [2,3]"},
      {file("{" + both + ",}", 32), DLRT_FORMAT, "expected a tensor's name"},
      {file("{" + both + "}", 31), DLRT_FORMAT, "tensor 'layer.w' has bytes [8, 32), the file has 31"},
      {file("{" + both + "}", 33), DLRT_FORMAT, "33 bytes behind the header, its tensors have 32"},
      {file("{" + std::string(other) + "," + other + "," + weight + "}", 32), DLRT_FORMAT, "overlap"},
      {file("{" + both +
                ",\"empty\":{\"dtype\":\"F64\",\"shape\":[0,4],\"data_"
                "offsets\":[32,32]}}",
            32),
       DLRT_FORMAT, "two tensors have the name 'empty'"},
      {file("{" + both +
                ",\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[32,"
                "36]}}",
            36),
       DLRT_NAME, "tensor 'v' is no parameter of model 'test'"},
      {file("{\"__metadata__\":{},\"__metadata__\":{}," + both + "}", 32), DLRT_FORMAT, "__metadata__ stands twice"},
      {file("{\"__metadata__\":{\"a\":1}," + both + "}", 32), DLRT_FORMAT, "pair of strings"},
      {tensor("\"layer.w\":{\"dtype\":\"I32\",\"shape\":[2,3],\"data_offsets\":"
              "[8,32]}"),
       DLRT_SHAPE, "tensor 'layer.w' is I32 [2,3], expected F32 [2,3]"},
      {tensor("\"layer.w\":{\"dtype\":\"F64\",\"shape\":[2,3],\"data_offsets\":"
              "[8,32]}"),
       DLRT_FORMAT, "tensor 'layer.w' has 24 bytes, expected 48 for F64 [2,3]"},
      {file("{\"b\\\"\\\\\\n\\u00e9\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}," + both.substr(both.find("\"empty")) + "}",
            32),
       DLRT_SHAPE, "is F64 [], expected I64 []"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":"
              "[8,32]}"),
       DLRT_SHAPE, "is F32 [3,2], expected F32 [2,3]"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":["
              "8,32]}"),
       DLRT_SHAPE, "is F32 [6], expected"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":"
              "[4,32]}"),
       DLRT_FORMAT, "begins at byte 4, expected 8 (tensors overlap)"},
      {file("{" + std::string(other) +
                ",\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_"
                "offsets\":[12,36]}}",
            36),
       DLRT_FORMAT, "leave a gap"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":"
              "[32,8]}"),
       DLRT_FORMAT, "has bytes [32, 8)"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":"
              "[8,99999999999999999999]}"),
       DLRT_FORMAT, "integer below 2^63"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,-3],\"data_"
              "offsets\":[8,32]}"),
       DLRT_FORMAT, "non-negative integer"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[02,3],\"data_"
              "offsets\":[8,32]}"),
       DLRT_FORMAT, "non-negative integer"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2.0,3],\"data_"
              "offsets\":[8,32]}"),
       DLRT_FORMAT, "',' or ']'"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":"
              "[8]}"),
       DLRT_FORMAT, "two offsets"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":"
              "[8,32,40]}"),
       DLRT_FORMAT, "fewer numbers"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"data_"
              "offsets\":[8,32]}"),
       DLRT_FORMAT, "once"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3]}"), DLRT_FORMAT, "the keys dtype, shape and data_offsets"},
      {tensor("\"layer.w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":"
              "[8,32],\"x\":1}"),
       DLRT_FORMAT, "expected '}'"},
      {tensor("\"layer.w\":null"), DLRT_FORMAT, "expected '{'"},
      {tensor("\"layer\\x2ew\":{}"), DLRT_FORMAT, "a tensor's name"},
      {tensor("\"layer\\u0000\":{}"), DLRT_FORMAT, "a tensor's name"},
      {tensor("\"layer\\ud800\":{}"), DLRT_FORMAT, "a tensor's name"},
      {tensor("\"layer\\udc00\":{}"), DLRT_FORMAT, "a tensor's name"},
      {tensor("\"layer\nw\":{}"), DLRT_FORMAT, "a tensor's name"},
      {tensor("\"layer.w"), DLRT_FORMAT, "a tensor's name"},
  };
  w()[0] = 77;
  for (const Case &c : cases) {
    EXPECT_TRUE(failsWith(load(c.bytes), c.status, c.message)) << c.bytes;
    EXPECT_TRUE(std::string(dlrt_error()).rfind(path("in"), 0) == 0) << dlrt_error();
    EXPECT_EQ(w()[0], 77);
  }
}

TEST_F(RuntimeSafetensors, SurvivesEachTruncationAndFlippedByte) {
  std::string good = save("w");
  uint64_t header = *reinterpret_cast<const uint64_t *>(good.data());
  for (size_t size = 0; size < good.size(); ++size) {
    std::vector<char> exact(good.begin(),
                            good.begin() + ptrdiff_t(size)); // so that a sanitizer sees reads behind the end
    exact.shrink_to_fit();
    EXPECT_NE(dlrt_params_load_memory(session->params, exact.data() ? exact.data() : "", size, nullptr), DLRT_OK) << size;
  }
  for (size_t i = 0; i < 8 + header; ++i)
    for (char flip : {'\1', '\x20', '\x80', '\xff'}) {
      std::string bad = good;
      bad[i] = char(bad[i] ^ flip);
      dlrt_params_load_memory(session->params, bad.data(), bad.size(), nullptr);
    }
}

TEST_F(RuntimeSafetensors, RefusesWhatIsNoFile) {
  EXPECT_TRUE(failsWith(dlrt_params_load(session->params, path("none").c_str(), nullptr), DLRT_FILE, "none: cannot open: No such file"));
  EXPECT_TRUE(failsWith(dlrt_params_load(session->params, folder.c_str(), nullptr), DLRT_FILE, "not a regular file"));
  EXPECT_TRUE(failsWith(dlrt_params_load(session->params, "/dev/zero", nullptr), DLRT_FILE, "not a regular file"));
}

TEST_F(RuntimeSafetensors, ReportsAFullDisk) {
  EXPECT_TRUE(failsWith(dlrt_params_save(session->params, "/dev/full", DLRT_SAVE_ALL), DLRT_FILE,
                        "/dev/full: cannot write: No space left on device: free some space"));
  struct stat info;
  ASSERT_EQ(stat("/dev/full", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(RuntimeSafetensors, ReportsAFileThatIsTooLargeAndKeepsTheOld) {
  std::string old = save("w");
  rlimit before, small = {100, RLIM_INFINITY};
  getrlimit(RLIMIT_FSIZE, &before);
  small.rlim_max = before.rlim_max;
  setrlimit(RLIMIT_FSIZE, &small);
  dlrt_status status = dlrt_params_save(session->params, path("w").c_str(), DLRT_SAVE_ALL);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(failsWith(status, DLRT_FILE, "cannot write: File too large: raise the file size limit"));
  EXPECT_EQ(save("w"), old);
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(RuntimeSafetensors, SavesThroughLinksAndKeepsModes) {
  save("real");
  chmod(path("real").c_str(), 0600);
  ASSERT_EQ(symlink("real", path("link").c_str()), 0);
  w()[0] = 5;
  std::string through = save("link");
  struct stat info;
  ASSERT_EQ(lstat(path("link").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  ASSERT_EQ(stat(path("real").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_TRUE(failsWith(dlrt_params_save(session->params, folder.c_str(), DLRT_SAVE_ALL), DLRT_FILE, "is a directory"));
  EXPECT_TRUE(failsWith(dlrt_params_save(session->params, path("no/where").c_str(), DLRT_SAVE_ALL), DLRT_FILE,
                        "cannot write beside it: No such file"));
}

} // namespace
