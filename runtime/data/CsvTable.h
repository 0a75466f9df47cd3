// A table's file: its columns and what they are for, lines to cells, cells to rows.
#pragma once
#include "runtime/data/Csv.h"
#include <map>

namespace dlc::data {

enum class Role { Feature, Words, Label, Value, Dropped };
struct Column {
  std::string name;
  Role role;
  int64_t to = 0;                                    ///< the first element of the sample or of the targets
  std::map<std::string, int32_t, std::less<>> words; ///< of columns of words and of the label
};

class Table {
public:
  std::string path;
  CsvOptions options;
  int fd = -1;
  uint64_t bytes = 0;
  std::vector<Column> columns;
  int64_t width = 0, targets = 0;

  Table() = default;
  Table(const Table &) = delete;
  Table &operator=(const Table &) = delete;
  ~Table() {
    if (fd >= 0)
      close(fd);
  }
  Status open();
  Status read(uint64_t at, char *to, size_t count) const;
  Status bad(uint64_t line, size_t column, const std::string &what) const {
    return Error{"'" + path + "' line " + std::to_string(line) + ", column " + std::to_string(column + 1) +
                 (column < columns.size() ? " ('" + columns[column].name + "') " : " ") + what};
  }
  /// Cells of the line at the front, which is taken off; `lines`: how many of the text's it had. False where it does not end in the text.
  Result<bool> split(std::string_view &text, bool last, uint64_t line, std::vector<std::string> &cells, uint64_t &lines) const;
  Status name(const std::vector<std::string> &cells);
  void select(const Preparation &known);
  /// Appends a row, unless it is to be left out. `learn`: words that are new are taken down, and the row stays out.
  Result<bool> row(const std::vector<std::string> &cells, uint64_t line, bool learn, std::vector<double> *samples,
                   std::vector<int32_t> *labels, std::vector<double> *values);
  void layOut();
};

/// A finite number, all of the text.
bool toNumber(std::string_view text, double &x);

} // namespace dlc::data
