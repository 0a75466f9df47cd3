// What was learned of a table's columns, as texts: lists of words have a tab behind each, and \t, \n and \\ in a word are escaped.
#include "runtime/data/Dataset.h"
#include <charconv>

namespace dlc::data {

static std::string list(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words) {
    for (char c : word)
      text += c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
    text += '\t';
  }
  return text;
}
static std::string list(const std::vector<double> &numbers) {
  std::string text;
  for (double x : numbers) {
    char digits[32];
    text.append(digits, std::to_chars(digits, std::end(digits), x).ptr) += ' ';
  }
  return text;
}
static bool parse(std::string_view text, std::vector<std::string> &words) {
  std::string word;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\t')
      words.push_back(std::move(word)), word.clear();
    else if (text[i] == '\\' && ++i < text.size())
      word += text[i] == 't' ? '\t' : text[i] == 'n' ? '\n' : text[i];
    else if (i < text.size())
      word += text[i];
  return word.empty() && (text.empty() || text.back() == '\t');
}
static bool parse(std::string_view text, std::vector<double> &numbers) {
  while (!text.empty()) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers.emplace_back());
    if (error != std::errc() || end == text.data() + text.size() || *end != ' ')
      return false;
    text.remove_prefix(end - text.data() + 1);
  }
  return true;
}

Preparation::Pairs Preparation::texts() const {
  Pairs pairs;
  if (!columns.empty())
    pairs.emplace_back("dlc.columns", list(columns));
  for (auto &[column, words] : categories)
    pairs.emplace_back("dlc.categories." + column, list(words));
  if (!mean.empty())
    pairs.emplace_back("dlc.mean", list(mean)), pairs.emplace_back("dlc.deviation", list(deviation));
  if (!classes.empty())
    pairs.emplace_back("dlc.classes", list(classes));
  return pairs;
}

Result<Preparation> Preparation::of(const Pairs &texts) {
  constexpr std::string_view words = "dlc.categories.";
  Preparation p;
  for (auto &[key, text] : texts) {
    bool good = true;
    if (key == "dlc.columns")
      good = parse(text, p.columns);
    else if (key == "dlc.classes")
      good = parse(text, p.classes);
    else if (key == "dlc.mean")
      good = parse(text, p.mean);
    else if (key == "dlc.deviation")
      good = parse(text, p.deviation);
    else if (key.starts_with(words))
      good = parse(text, p.categories.emplace_back(key.substr(words.size()), std::vector<std::string>()).second);
    if (!good)
      return Error{"its metadata '" + key + "' is damaged"};
  }
  if (p.mean.size() != p.deviation.size() || (!p.mean.empty() && !p.columns.empty() && p.mean.size() != p.columns.size()))
    return Error{"its metadata has " + std::to_string(p.mean.size()) + " means and " + std::to_string(p.deviation.size()) +
                 " deviations for " + std::to_string(p.columns.size()) + " columns"};
  return p;
}

} // namespace dlc::data
