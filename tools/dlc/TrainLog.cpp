// The bar, the lines and the log.
#include "tools/dlc/TrainLog.h"
#include "tools/dlc/Program.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace dlc::tools {
using Clock = std::chrono::steady_clock;

TrainLog::TrainLog(std::string json, bool quiet) : path(std::move(json)), quiet(quiet), bar(isatty(STDERR_FILENO)) {}
TrainLog::~TrainLog() {
  if (fd >= 0)
    close(fd);
}

static std::string duration(double seconds) {
  int64_t s = int64_t(seconds + 0.5);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (s >= 3600)
    os << s / 3600 << ":" << llvm::format("%02d", int(s / 60 % 60)) << ":" << llvm::format("%02d", int(s % 60));
  else
    os << s / 60 << ":" << llvm::format("%02d", int(s % 60));
  return text;
}

void TrainLog::begin(const train::Estimate &e) {
  (void)open(); // for the memo; what is wrong with it is said at the first line
  if (quiet)
    return;
  llvm::outs() << e.samples << " samples, " << e.steps << " steps an epoch";
  if (e.seconds > 0)
    llvm::outs() << ", about " << llvm::format(e.seconds < 10 ? "%.2g" : "%.0f", e.seconds) << " s";
  llvm::outs() << "; memory: parameters " << amount(double(e.parameters), "B") << ", optimiser " << amount(double(e.optimiser), "B")
               << ", step " << amount(double(e.arena), "B") << ", data " << amount(double(e.data), "B") << "\n";
  llvm::outs().flush();
}

void TrainLog::step(int64_t step, int64_t steps, double loss, double rate) {
  auto now = Clock::now();
  if (!bar || (shown && step < steps && now - drawn < std::chrono::milliseconds(100)))
    return;
  static Clock::time_point start = now;
  static int64_t first = step;
  int filled = int(30 * step / steps);
  llvm::errs() << "\r[" << std::string(filled, '#') << std::string(30 - filled, '.') << "] " << step << "/" << steps
               << llvm::format("  loss %.4f  %.0f samples/s", loss, rate);
  if (step > first)
    llvm::errs() << "  " << duration(std::chrono::duration<double>(now - start).count() / double(step - first) * double(steps - step))
                 << " left";
  llvm::errs() << "\033[K";
  shown = true, drawn = now;
}
void TrainLog::clear() {
  if (shown)
    llvm::errs() << "\r\033[K";
  shown = false;
}

data::Status TrainLog::report(const train::Report &r) {
  clear();
  llvm::json::Object line{
      {"step", r.step}, {"epoch", r.epoch}, {"loss", r.training.loss}, {"samples_per_s", r.rate}, {"seconds", r.seconds}};
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::format("epoch %.4g  step %lld  loss %.4f", r.epoch, (long long)r.step, r.training.loss);
  auto say = [&](const train::Metrics &m, const std::string &key, const char *name) {
    const bool training = key.empty(), classes = !std::isnan(m.accuracy), known = !std::isnan(m.loss);
    os << (training ? "" : "  ") << name;
    if (!training && known)
      line[key + "loss"] = m.loss;
    if (classes)
      line[key + "accuracy"] = m.accuracy;
    else
      line[key + "mse"] = m.squared, line[key + "mae"] = m.absolute;
    if (classes)
      os << llvm::format(training ? "  accuracy %.2f %%" : " %.2f %%", 100 * m.accuracy);
    else if (!training)
      os << llvm::format(known ? " loss %.4f" : " mean squared error %.4g", known ? m.loss : m.squared);
  };
  say(r.training, "", "");
  if (r.validation)
    say(*r.validation, "val_", "validation");
  if (r.test)
    say(*r.test, "test_", "test");
  if (!quiet) {
    llvm::outs() << text << llvm::format("  %.0f samples/s\n", r.rate);
    llvm::outs().flush();
  }
  std::string json;
  llvm::raw_string_ostream(json) << llvm::json::Value(std::move(line)) << "\n";
  lines += json;
  return append(json);
}

void TrainLog::note(const std::string &text) {
  clear();
  llvm::errs() << "dlc: warning: " << text << "\n";
}

/// The log is cut behind what the checkpoint knows of it; another file gets the whole run behind what it has.
data::Status TrainLog::resume(int64_t step, const std::string &memo) {
  auto [place, known] = llvm::StringRef(memo).split('\n');
  lines = known.str();
  if (!quiet)
    llvm::outs() << "goes on behind step " << step << "\n";
  if (path.empty() || path == "-")
    return {};
  if (data::Status s = open(); !s)
    return s;
  int64_t from = 0;
  std::string there(lines.size(), '\0');
  if (place.getAsInteger(10, from) || from < 0 || pread(fd, there.data(), there.size(), from) != ssize_t(there.size()) || there != lines)
    return append(lines);
  begun = from, written = from + int64_t(lines.size());
  if (ftruncate(fd, written) != 0 || lseek(fd, written, SEEK_SET) < 0)
    return data::Error{"cannot write '" + path + "': " + std::strerror(errno)};
  return {};
}

/// Behind the last whole line.
data::Status TrainLog::open() {
  if (path.empty() || path == "-" || fd >= 0)
    return {};
  constexpr int how = O_CREAT | O_CLOEXEC;
  if (fd = ::open(path.c_str(), O_RDWR | how, 0666); fd < 0)
    fd = ::open(path.c_str(), O_WRONLY | how, 0666); // a device, say, that cannot be read
  if (fd < 0)
    return data::Error{"cannot write '" + path + "': " + std::strerror(errno)};
  written = std::max<int64_t>(0, lseek(fd, 0, SEEK_END)); // a pipe has no place
  data::Status cut;
  if (char last = '\n'; written > 0 && pread(fd, &last, 1, written - 1) == 1 && last != '\n') // by the death of a process
    cut = append("\n");
  begun = written;
  return cut;
}

/// A line, or none of it.
data::Status TrainLog::append(llvm::StringRef text) {
  if (path.empty())
    return {};
  if (path == "-") {
    llvm::outs() << text;
    llvm::outs().flush();
    return {};
  }
  auto failed = [&] { return data::Error{"cannot write '" + path + "': " + std::strerror(errno)}; };
  if (data::Status s = open(); !s)
    return s;
  for (size_t done = 0; done < text.size();) {
    ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      data::Status s = failed();
      if (ftruncate(fd, written) == 0)
        lseek(fd, written, SEEK_SET);
      return s;
    }
    done += size_t(n);
  }
  written += int64_t(text.size());
  return {};
}

} // namespace dlc::tools
