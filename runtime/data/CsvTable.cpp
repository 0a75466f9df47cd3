// Cells by RFC 4180, and what each must be by its column's role.
#include "runtime/data/CsvTable.h"
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

namespace dlc::data {

constexpr size_t mostWords = 1000;

Status Table::open() {
  fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0)
    return Error{"cannot read '" + path + "': " + std::strerror(errno)};
  if (!S_ISREG(info.st_mode))
    return Error{"cannot read '" + path + "': not a regular file"};
  bytes = info.st_size;
  return {};
}
Status Table::read(uint64_t at, char *to, size_t count) const {
  for (size_t done = 0; done < count;) {
    ssize_t n = pread(fd, to + done, count - done, off_t(at + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return Error{"cannot read '" + path + "': " + std::strerror(errno)};
    if (n == 0)
      return Error{"'" + path + "' became shorter while it was read: it had " + std::to_string(bytes) + " bytes, now " +
                   std::to_string(at + done)};
    done += size_t(n);
  }
  return {};
}

Result<bool> Table::split(std::string_view &text, bool last, uint64_t line, std::vector<std::string> &cells, uint64_t &lines) const {
  size_t at = 0, count = 0;
  lines = 1;
  auto cell = [&]() -> std::string & {
    if (count == cells.size())
      cells.emplace_back();
    cells[count].clear();
    return cells[count++];
  };
  while (true) {
    std::string &to = cell();
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at == text.size()) {
          if (last)
            return bad(line, count - 1, "has a quote that does not end").error();
          return false;
        }
        if (text[at] == '"') {
          if (at + 1 == text.size() && !last)
            return false;
          if (at + 1 == text.size() || text[at + 1] != '"')
            break;
          ++at;
        }
        lines += text[at] == '\n';
        to += text[at];
      }
      ++at;
      if (at < text.size() && text[at] == '\r')
        ++at;
      if (at < text.size() && text[at] != options.separator && text[at] != '\n')
        return bad(line, count - 1, "has text behind its quotes").error();
    } else {
      size_t begin = at;
      const char *stop = text.data() + at, *end = text.data() + text.size();
      while (stop != end && *stop != options.separator && *stop != '\n')
        ++stop;
      at = stop - text.data();
      while (begin < at && (text[begin] == ' ' || text[begin] == '\t'))
        ++begin;
      size_t behind = at;
      while (behind > begin && (text[behind - 1] == ' ' || text[behind - 1] == '\t' || text[behind - 1] == '\r'))
        --behind;
      to.assign(text, begin, behind - begin);
    }
    if (at == text.size() && !last)
      return false;
    if (at == text.size() || text[at] == '\n')
      break;
    ++at;
  }
  cells.resize(count);
  text.remove_prefix(std::min(at + 1, text.size()));
  return true;
}

/// Roles by the header's names.
Status Table::name(const std::vector<std::string> &cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string name = options.header ? cells[i] : std::to_string(i + 1);
    for (const Column &other : columns)
      if (other.name == name)
        return Error{"'" + path + "' has two columns '" + name + "'"};
    columns.push_back({name, Role::Feature, 0, {}});
  }
  auto give = [&](const std::string &name, Role role, const char *key) -> Status {
    auto column = std::find_if(columns.begin(), columns.end(), [&](auto &c) { return c.name == name; });
    if (column == columns.end()) {
      std::string all;
      for (size_t i = 0; i < columns.size() && i < 40; ++i)
        all += (i ? ", " : "") + columns[i].name;
      return Error{"'" + path + "' has no column '" + name + "' for " + key + "=: it has " + all + (columns.size() > 40 ? ", .." : "")};
    }
    if (column->role != Role::Feature)
      return Error{"column '" + name + "' of '" + path + "' is given to two keys: label, value, drop and categories exclude one another"};
    column->role = role;
    return {};
  };
  if (!options.label.empty())
    if (Status s = give(options.label, Role::Label, "label"); !s)
      return s;
  for (auto &[names, role, key] : {std::tuple(&options.values, Role::Value, "value"), std::tuple(&options.drop, Role::Dropped, "drop"),
                                   std::tuple(&options.words, Role::Words, "categories")})
    for (const std::string &name : *names)
      if (Status s = give(name, role, key); !s)
        return s;
  return {};
}

/// Columns of words are those of the training; what it had no column of is left out.
void Table::select(const Preparation &known) {
  for (Column &c : columns) {
    bool words = std::any_of(known.categories.begin(), known.categories.end(), [&](auto &pair) { return pair.first == c.name; });
    c.role = words                                                                                  ? Role::Words
             : std::find(known.columns.begin(), known.columns.end(), c.name) != known.columns.end() ? Role::Feature
                                                                                                    : Role::Dropped;
  }
}

/// Places of the columns' elements, once their words are known.
void Table::layOut() {
  width = targets = 0;
  for (Column &c : columns) {
    int32_t number = 0;
    for (auto &word : c.words)
      word.second = number++;
    c.to = c.role == Role::Value ? targets : width;
    targets += c.role == Role::Value;
    width += c.role == Role::Feature ? 1 : c.role == Role::Words ? number : 0;
  }
}

static bool isMissing(std::string_view text) {
  return text.empty() || text == "?" || text == "NA" || text == "N/A" || text == "NaN" || text == "nan" || text == "null";
}
bool toNumber(std::string_view text, double &x) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-')
    text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(x);
}

Result<bool> Table::row(const std::vector<std::string> &cells, uint64_t line, bool learn, std::vector<double> *samples,
                        std::vector<int32_t> *labels, std::vector<double> *values) {
  if (cells.size() != columns.size())
    return Error{"'" + path + "' line " + std::to_string(line) + " has " + std::to_string(cells.size()) + " cells: expected " +
                 std::to_string(columns.size()) + ", as the first line has"};
  if (options.missing == CsvOptions::Leave)
    for (size_t i = 0; i < cells.size(); ++i)
      if (columns[i].role != Role::Dropped && isMissing(cells[i]))
        return false;
  size_t sample = samples ? samples->size() : 0;
  if (samples)
    samples->resize(sample + width);
  for (size_t i = 0; i < cells.size(); ++i) {
    Column &c = columns[i];
    const std::string &text = cells[i];
    if (c.role == Role::Dropped)
      continue;
    if (c.role == Role::Label || c.role == Role::Words) {
      if (isMissing(text))
        return bad(line, i, "is empty: write missing=drop to leave such lines out").error();
      auto word = c.words.find(text);
      if (word == c.words.end()) {
        if (!learn)
          return bad(line, i, "is '" + text + "', which the rows of the training did not have").error();
        if (c.words.size() == mostWords)
          return bad(line, i,
                     c.role == Role::Label ? "is the 1001st class: for numbers write value=" + c.name
                                           : "is the 1001st word: leave the column out by drop=" + c.name)
              .error();
        c.words.emplace(text, 0);
      } else if (samples && c.role == Role::Words) {
        (*samples)[sample + c.to + word->second] = 1;
      } else if (labels && c.role == Role::Label) {
        labels->push_back(word->second);
      }
      continue;
    }
    double x = NAN;
    if (isMissing(text)) {
      if (c.role == Role::Value || options.missing != CsvOptions::Mean)
        return bad(line, i,
                   std::string("is empty: write missing=drop to leave such lines out") +
                       (c.role == Role::Value ? "" : ", or missing=mean for the column's mean"))
            .error();
    } else if (!toNumber(text, x)) {
      return bad(line, i,
                 "is '" + text.substr(0, 40) + "': expected a number; " +
                     (c.role == Role::Value ? "classes are given by label="
                                            : "write categories=" + c.name + " for a column of words, drop=" + c.name + " to leave it out"))
          .error();
    }
    if (c.role == Role::Value && values)
      values->push_back(x);
    else if (c.role == Role::Feature && samples)
      (*samples)[sample + c.to] = x;
  }
  return true;
}

} // namespace dlc::data
