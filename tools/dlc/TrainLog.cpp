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

data::Status TrainLog::resume(int64_t step, const std::string &memo) {
  lines = memo;
  if (!quiet)
    llvm::outs() << "goes on behind step " << step << "\n";
  return path == "-" ? data::Status() : append(memo); // the log then has the whole run
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
  if (fd < 0)
    fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0666);
  if (fd < 0)
    return failed();
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
