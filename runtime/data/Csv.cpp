// The reader of tables: a first pass for words, classes and places of blocks; rows of blocks.
#include "runtime/data/CsvTable.h"
#include <algorithm>
#include <cstring>
#include <numeric>

namespace dlc::data {

constexpr size_t blockBytes = 1 << 18, mostLine = 64 << 20;

namespace {
/// Lines [at, at + bytes) of a file.
struct Block {
  uint64_t at;
  uint32_t bytes, rows;
  uint64_t line; ///< number of its first
};
class CsvBlocks final : public Blocks {
public:
  std::unique_ptr<Table> table;
  std::vector<Block> list;
  uint32_t count() const override { return list.size(); }
  int64_t rows(uint32_t block) const override { return list[block].rows; }
  Result<Rows> read(std::span<const uint32_t> blocks) const override {
    std::vector<double> samples, values;
    std::vector<std::string> cells;
    Rows rows;
    std::string text;
    int64_t n = 0;
    for (uint32_t block : blocks)
      n += list[block].rows;
    samples.reserve(n * table->width);
    for (uint32_t b : blocks) {
      text.resize(list[b].bytes);
      if (Status s = table->read(list[b].at, text.data(), text.size()); !s)
        return s.error();
      std::string_view rest = text;
      uint64_t line = list[b].line, lines;
      uint32_t found = 0;
      while (!rest.empty()) {
        auto whole = table->split(rest, true, line, cells, lines);
        if (!whole)
          return whole.error();
        if (cells.size() == 1 && cells[0].empty() && table->columns.size() > 1) {
          line += lines;
          continue;
        }
        auto kept = table->row(cells, line, false, &samples, &rows.labels, &values);
        if (!kept)
          return kept.error();
        found += *kept, line += lines;
      }
      if (found != list[b].rows)
        return Error{"'" + table->path + "' changed while it was read: its lines from " + std::to_string(list[b].line) + " had " +
                     std::to_string(list[b].rows) + " samples, now " + std::to_string(found)};
    }
    auto x = Array::make(F64, {n, table->width}), y = Array::make(F64, {n, table->targets});
    if (!x || !y)
      return (x ? y : x).error();
    std::copy(samples.begin(), samples.end(), x->data<double>());
    std::copy(values.begin(), values.end(), y->data<double>());
    rows.samples = std::move(*x), rows.targets = std::move(*y);
    return rows;
  }
};
} // namespace

static std::vector<std::string> wordsOf(const Column &column) {
  std::vector<std::string> words;
  for (auto &word : column.words)
    words.push_back(word.first);
  return words;
}
/// 0 to n - 1 in the order of their values, where all are numbers, else in that of the words.
static void orderClasses(Column &label) {
  std::vector<std::pair<double, std::string>> numbers;
  for (auto &[word, number] : label.words)
    if (double x; toNumber(word, x))
      numbers.emplace_back(x, word);
  if (numbers.size() == label.words.size()) {
    std::sort(numbers.begin(), numbers.end());
    for (size_t i = 0; i < numbers.size(); ++i)
      label.words[numbers[i].second] = int32_t(i);
  }
}

Result<Dataset> openCsv(const std::string &path, const CsvOptions &options, const Preparation *known) {
  auto blocks = std::make_unique<CsvBlocks>();
  blocks->table = std::make_unique<Table>();
  Table &table = *blocks->table;
  table.path = path, table.options = options;
  if (Status s = table.open(); !s)
    return s.error();
  Fingerprint print;
  std::string text;
  std::vector<std::string> cells;
  uint64_t line = 1, at = 0, lines; // of the file: what `text` begins with
  Dataset set;
  set.name = "csv:" + path;
  bool named = false;
  while (at < table.bytes) {
    size_t had = text.size(), more = std::min<uint64_t>(blockBytes, table.bytes - at - had);
    text.resize(had + more);
    if (Status s = table.read(at + had, text.data() + had, more); !s)
      return s.error();
    print.add(text.data() + had, more);
    if (at == 0 && had == 0) {
      if (text.starts_with("\x1f\x8b"))
        return Error{"'" + path + "' is gzip data, which is not read block by block: unpack it with gunzip"};
      if (text.starts_with("\xef\xbb\xbf")) // UTF-8's mark
        text.erase(0, 3), at = 3;
    }
    bool last = at + text.size() == table.bytes;
    std::string_view rest = text;
    Block block = {at, 0, 0, line};
    while (!rest.empty()) {
      if (const void *zero = memchr(rest.data(), 0, std::min<size_t>(rest.size(), 64)); zero && !named)
        return Error{"'" + path + "' is no text: byte " + std::to_string(at + (static_cast<const char *>(zero) - text.data())) + " is 0"};
      std::string_view before = rest;
      auto whole = table.split(rest, last, line, cells, lines);
      if (!whole)
        return whole.error();
      if (!*whole) {
        rest = before;
        break;
      }
      bool first = !named;
      if (first) {
        if (Status s = table.name(cells); !s)
          return s.error();
        if (options.selects)
          table.select(*known);
        for (Column &c : table.columns)
          if (known && c.role == Role::Label)
            for (const std::string &word : known->classes)
              c.words.emplace(word, 0);
          else if (known && c.role == Role::Words)
            for (auto &[column, words] : known->categories)
              for (const std::string &word : column == c.name ? words : std::vector<std::string>())
                c.words.emplace(word, 0);
        named = true;
      }
      if ((first && options.header) || (cells.size() == 1 && cells[0].empty() && table.columns.size() > 1)) {
        line += lines;
        if (first && options.header)
          block.at = at + (text.size() - rest.size()), block.line = line;
        continue;
      }
      auto kept = table.row(cells, line, !known, nullptr, nullptr, nullptr);
      if (!kept)
        return kept.error();
      block.rows += *kept, line += lines;
    }
    uint64_t end = at + (text.size() - rest.size());
    block.bytes = uint32_t(end - block.at);
    if (block.rows)
      blocks->list.push_back(block), set.size += block.rows;
    if (rest.size() > mostLine)
      return Error{"'" + path + "' line " + std::to_string(line) + " has more than " + std::to_string(mostLine) +
                   " bytes: is it a table, or does a quote not end?"};
    at = end;
    text.erase(0, text.size() - rest.size());
  }
  if (set.size == 0 || set.size > INT32_MAX)
    return Error{"'" + path + "' has " + (set.size ? "too many samples" : "no sample")};
  table.layOut();
  Preparation &p = set.preparation;
  for (Column &c : table.columns) {
    if (c.role == Role::Label) {
      orderClasses(c);
      p.classes.resize(c.words.size());
      for (auto &[word, number] : c.words)
        p.classes[number] = word;
    } else if (c.role == Role::Words) {
      p.categories.emplace_back(c.name, wordsOf(c));
      for (auto &word : c.words)
        p.columns.push_back(c.name + "=" + word.first);
    } else if (c.role == Role::Feature) {
      p.columns.push_back(c.name);
    }
  }
  if (table.width == 0)
    return Error{"'" + path + "' has no column for samples"};
  if (p.classes.size() == 1)
    return Error{"'" + path + "' has one class alone, '" + p.classes[0] + "': expected two or more in label=" + options.label};
  if (known && !known->columns.empty() && known->columns != p.columns) {
    for (size_t i = 0; i < std::max(p.columns.size(), known->columns.size()); ++i)
      if (i >= p.columns.size() || i >= known->columns.size() || p.columns[i] != known->columns[i])
        return Error{"'" + path + "' has " + (i < p.columns.size() ? "'" + p.columns[i] + "'" : "nothing") + " as column " +
                     std::to_string(i + 1) + " of a sample: the weights were trained with " +
                     (i < known->columns.size() ? "'" + known->columns[i] + "'" : "none there") + "; drop= leaves columns out"};
  }
  set.shape = {table.width}, set.targets = table.targets;
  set.reconstructs = options.reconstructs, set.standardizes = options.standardizes;
  if (known)
    p.mean = known->mean, p.deviation = known->deviation;
  set.fingerprint = print.value();
  if (set.size * (table.width + table.targets) <= options.most / 8) {
    std::vector<uint32_t> all(blocks->count());
    std::iota(all.begin(), all.end(), 0);
    auto rows = blocks->read(all);
    if (!rows)
      return rows.error();
    set.rows = std::move(*rows);
  } else {
    set.blocks = std::move(blocks);
  }
  return set;
}

} // namespace dlc::data
