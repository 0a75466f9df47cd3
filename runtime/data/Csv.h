// Tables as text (RFC 4180): a line a sample, a column its label.
#pragma once
#include "Dataset.h"
#include <optional>

namespace dlc::data {

struct CsvOptions {
  std::string label = {};                         ///< the column of classes, or
  std::vector<std::string> values = {};           ///< those of numbers to predict, or
  bool reconstructs = false;                      ///< the sample itself; else there is no target
  std::vector<std::string> drop = {}, words = {}; ///< columns left out; of words, which become a column 0 or 1 each word
  bool header = true;                             ///< the first line has names; else columns are 1, 2, ..
  char separator = ',';
  enum Missing { Refuse, Mean, Leave } missing = Refuse; ///< what becomes of empty cells, NA and NaN; Leave: the line is left out
  bool standardizes = true;
  bool selects = false;             ///< the columns that are known alone; others, and there may be such, are left out
  int64_t most = int64_t(64) << 20; ///< bytes of rows to hold in memory; larger tables are read as they are needed
};

/// Reads a table once, checking every cell and collecting words and classes; with `known` those are expected, as a model was trained with
/// them. A table beyond `most` is read again block by block, in memory for what is asked for and a few bytes a block.
Result<Dataset> openCsv(const std::string &path, const CsvOptions &options, const Preparation *known = nullptr);

} // namespace dlc::data
