// Tests of what reads files: each has a folder of its own.
#pragma once
#include "runtime/data/Result.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

struct FolderTest : testing::Test {
  std::string folder = testing::TempDir() + "dldata-XXXXXX";
  void SetUp() override { ASSERT_TRUE(mkdtemp(folder.data())); }
  void TearDown() override { ASSERT_EQ(std::system(("rm -rf " + folder).c_str()), 0); }
  std::string file(const std::string &name, const std::string &bytes) {
    std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
    return folder + "/" + name;
  }
};
template <typename T> void expectError(dlc::data::Result<T> result, const std::string &part) {
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}
