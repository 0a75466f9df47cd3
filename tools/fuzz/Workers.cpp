// Forked workers, each with a batch of models, and what they tell the parent through a pipe.
#include "tools/fuzz/Workers.h"
#include "tools/fuzz/Reduce.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include <chrono>
#include <csignal>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
namespace dlc::fuzz {
namespace {
constexpr unsigned batch = 48, patience = 60; ///< models a worker; seconds of CPU a model, or twice as many without any
using Clock = std::chrono::steady_clock;
double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

/// A message is a line "TAG NUMBER LENGTH" and so many bytes.
void send(int to, char tag, uint64_t number, StringRef payload = "") {
  std::string s = (Twine(tag) + " " + Twine(number) + " " + Twine(payload.size()) + "\n" + payload).str();
  for (size_t at = 0; at < s.size();) {
    ssize_t n = write(to, s.data() + at, s.size() - at);
    if (n <= 0)
      _exit(3);
    at += n;
  }
}
struct Message {
  char tag;
  uint64_t number;
  std::string payload;
};
/// Takes whole messages off the front of `text`.
std::vector<Message> receive(std::string &text) {
  std::vector<Message> all;
  StringRef rest = text;
  while (true) {
    auto [head, more] = rest.split('\n');
    SmallVector<StringRef> parts;
    head.split(parts, ' ');
    size_t length = 0;
    uint64_t number = 0;
    if (rest.find('\n') == StringRef::npos || parts.size() != 3 || parts[1].getAsInteger(10, number) || parts[2].getAsInteger(10, length) ||
        more.size() < length)
      break;
    all.push_back({head[0], number, more.take_front(length).str()});
    rest = more.drop_front(length);
  }
  text = rest.str();
  return all;
}
std::string pack(const Find &f) { return f.kind + '\1' + f.build + '\1' + f.message; }
Find unpack(StringRef s) {
  auto [kind, rest] = s.split('\1');
  auto [build, message] = rest.split('\1');
  return {kind.str(), build.str(), message.str()};
}
std::string pack(const Counts &c) {
  std::string s;
  llvm::raw_string_ostream os(s);
  os << c.models << ' ' << c.elements << ' ' << c.unbounded << ' ' << c.gradients << ' ' << c.kinks << ' ' << c.rejected << '\n';
  for (auto &[key, n] : c.hits)
    os << key << ' ' << n << '\n';
  for (const std::string &name : c.emitted)
    os << "emitted " << name << '\n';
  return s;
}
/// Adds what was packed; false where it was not.
bool add(StringRef text, Counts &to) {
  SmallVector<StringRef> lines, numbers;
  text.split(lines, '\n', -1, false);
  if (lines.empty())
    return false;
  lines[0].split(numbers, ' ');
  uint64_t *totals[] = {&to.models, &to.elements, &to.unbounded, &to.gradients, &to.kinks, &to.rejected};
  if (numbers.size() != std::size(totals))
    return false;
  uint64_t n = 0;
  for (auto [total, number] : llvm::zip_equal(totals, numbers)) {
    if (number.getAsInteger(10, n))
      return false;
    *total += n;
  }
  for (StringRef line : llvm::drop_begin(lines)) {
    auto [key, count] = line.rsplit(' ');
    if (key == "emitted")
      to.emitted.insert(count.str());
    else if (!count.getAsInteger(10, n))
      to.hits[key.str()] += n;
    else
      return false;
  }
  return true;
}

struct Worker {
  pid_t pid = 0;
  int pipe = -1, errors = -1;
  uint64_t next = 0, end = 0; ///< of its batch
  bool busy = false;
  Clock::time_point started;
  double used = 0; ///< CPU seconds when the model was started
  double seen = 0; ///< CPU seconds when it was last seen to compute
  Clock::time_point moved;
  std::string text;

  double cpu() const {
    clockid_t clock;
    timespec t{};
    return clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t) ? 0 : double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  }
  /// A machine with much else to do is slow, not the model.
  bool late() {
    if (double now = cpu(); now > seen + 0.05)
      seen = now, moved = Clock::now();
    return seen - used > patience || since(moved) > 2 * patience;
  }

  /// Forks; the child runs `body` with the pipe's end and leaves.
  void start(llvm::function_ref<void(int)> body) {
    int ends[2];
    if (::pipe(ends) || (errors = memfd_create("dlc-fuzz", 0)) < 0)
      llvm::report_fatal_error("no pipe or memory for a worker's messages");
    text.clear();
    busy = false;
    started = moved = Clock::now();
    used = seen = 0;
    pid = fork();
    if (pid == 0) {
      close(ends[0]);
      dup2(errors, 2);
      body(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    pipe = ends[0];
  }
  /// Reads what is there; false at the end.
  bool read() {
    char buffer[1 << 16];
    ssize_t n = ::read(pipe, buffer, sizeof buffer);
    if (n > 0)
      text.append(buffer, n);
    return n > 0;
  }
  /// Waits for the process; why it ended, where it should not have.
  std::string finish() {
    int status = 0;
    close(pipe);
    waitpid(pid, &status, 0);
    std::string why;
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
      why = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit status " + std::to_string(WEXITSTATUS(status));
      char buffer[2000];
      off_t size = lseek(errors, 0, SEEK_END);
      lseek(errors, std::max<off_t>(0, size - off_t(sizeof buffer)), SEEK_SET);
      ssize_t n = ::read(errors, buffer, sizeof buffer);
      if (n > 0)
        why += "\n" + std::string(buffer, n);
    }
    close(errors);
    pid = 0;
    return why;
  }
};
} // namespace

Find checkApart(llvm::function_ref<Find()> check, unsigned seconds) {
  Worker worker;
  worker.start([&](int to) { send(to, 'F', 0, pack(check())); });
  bool late = false;
  while (true) {
    pollfd p{worker.pipe, POLLIN, 0};
    int left = int(1000 * (seconds - since(worker.started)));
    if (left <= 0 || poll(&p, 1, left) == 0) {
      late = true;
      kill(worker.pid, SIGKILL);
      break;
    }
    if (!worker.read())
      break;
  }
  std::string why = worker.finish();
  if (late)
    return {"time", "", "more than " + std::to_string(seconds) + " s"};
  auto messages = receive(worker.text);
  if (!why.empty() || messages.empty())
    return {"crash", "", why};
  return unpack(messages[0].payload);
}

unsigned Campaign::run(MLIRContext &context) {
  auto start = Clock::now();
  if (auto before = llvm::MemoryBuffer::getFile(tally); !tally.empty() && before && !add((*before)->getBuffer(), total)) {
    llvm::errs() << "dlc-fuzz: " << tally << " is no tally of dlc-fuzz; name another file\n";
    return 1;
  }
  uint64_t next = begin, done = 0;
  std::vector<Worker> workers(jobs);
  bool stop = false;
  auto launch = [&](Worker &w) {
    w.start([&](int to) {
      Counts counts;
      for (uint64_t k = w.next; k < w.end; ++k) {
        send(to, 'S', k);
        Model model = generate(context, seed, k, train);
        ++counts.models, counts.rejected += model.rejected;
        Find find = plans ? countPlans(model, k, counts) : check(model, k, counts);
        if (find)
          send(to, 'F', k, pack(find));
        if (since(start) > seconds)
          break;
      }
      send(to, 'C', 0, pack(counts));
    });
  };
  auto ended = [&](Worker &w) {
    std::string why = w.finish();
    if (why.empty() || !w.busy)
      return;
    w.busy = false;
    found(context, w.next, {"crash", "", why});
    if (++w.next < w.end && !stop)
      launch(w);
  };
  while (true) {
    stop |= since(start) > seconds || (first && finds);
    bool any = false;
    for (Worker &w : workers) {
      if (!w.pid && !stop && next < end) {
        w.next = next, w.end = std::min<uint64_t>(end, next + batch), next = w.end;
        launch(w);
      }
      any |= w.pid != 0;
    }
    if (!any)
      break;
    std::vector<pollfd> polls;
    for (Worker &w : workers)
      polls.push_back({w.pid ? w.pipe : -1, POLLIN, 0});
    poll(polls.data(), polls.size(), 500);
    for (auto [w, p] : llvm::zip_equal(workers, polls)) {
      if (!w.pid)
        continue;
      bool open = !p.revents || w.read();
      for (const Message &m : receive(w.text)) {
        if (m.tag == 'S') {
          w.next = m.number, w.busy = true, w.used = w.seen = w.cpu(), w.moved = Clock::now(), ++done;
        } else if (m.tag == 'F') {
          found(context, m.number, unpack(m.payload));
          w.moved = Clock::now(); // reducing took a while
        } else {
          w.busy = false;
          if (!add(m.payload, total))
            llvm::report_fatal_error("a worker's counts cannot be read");
        }
      }
      if (!open) {
        ended(w);
      } else if (w.busy && w.late()) {
        kill(w.pid, SIGKILL);
        w.finish();
        w.busy = false;
        found(context, w.next, {"time", "", "more than " + std::to_string(patience) + " s"});
        if (++w.next < w.end && !stop)
          launch(w);
      } else if (first && finds) {
        kill(w.pid, SIGKILL);
        w.finish();
      }
    }
  }
  report(context, done, since(start));
  if (llvm::Error e = tally.empty() ? llvm::Error::success() : llvm::writeToOutput(tally, [&](llvm::raw_ostream &os) {
        os << pack(total);
        return llvm::Error::success();
      })) {
    llvm::errs() << "dlc-fuzz: " << llvm::toString(std::move(e)) << "\n";
    return 1;
  }
  return finds;
}

void Campaign::found(MLIRContext &context, uint64_t k, Find find) {
  ++finds;
  std::string command = "dlc-fuzz --seed " + std::to_string(seed) + " --only " + std::to_string(k) + (train ? " --train" : "");
  llvm::outs() << "model " << k << ": " << find.kind << (find.build.empty() ? "" : ", ") << find.build << ": " << find.message << "\n";
  llvm::outs().flush();
  Model model = generate(context, seed, k, train);
  std::string text = model.text(command);
  if (double left = double(seconds) - reducing; reduce && left > 1) { // at most as long again as the search itself
    auto begin = Clock::now();
    text = reduced(context, text, find, k, std::min(60u, unsigned(left)));
    reducing += since(begin);
  }
  // The same ops failing in the same way are most likely one fault.
  std::set<std::string> ops;
  if (auto small = Model::parse(context, text))
    small->module->walk([&](Operation *op) {
      if (isa<dl::DlDialect>(op->getDialect()))
        ops.insert(op->getName().stripDialect().str());
    });
  std::string key = find.kind + " of " + llvm::join(ops, " ");
  if (kinds[key]++) {
    llvm::outs() << "  like one before: " << key << "\n";
    return;
  }
  llvm::sys::fs::create_directories(out);
  std::string path = out + "/" + std::to_string(seed) + "-" + std::to_string(k) + "-" + find.kind + ".mlir";
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  std::string message = find.message;
  for (size_t at = 0; (at = message.find('\n', at)) != std::string::npos; at += 4)
    message.replace(at, 1, "\n// ");
  file << "// " << find.kind << ", " << find.build << ": " << message << "\n" << text;
  llvm::outs() << "  written to " << path << "; repeat it by: dlc-fuzz " << path << "\n" << text << "\n";
  llvm::outs().flush();
}

void Campaign::report(MLIRContext &context, uint64_t models, double seconds) {
  auto &os = llvm::outs();
  if (total.models > models)
    os << "with the " << total.models - models << " models of earlier campaigns in " << tally << ":\n";
  printCoverage(os, total.hits, table);
  std::set<std::string> met;
  for (auto &[key, n] : total.hits)
    met.insert(StringRef(key).split(' ').first.split('.').first.str());
  auto unmet = generatedOps();
  llvm::erase_if(unmet, [&](const std::string &op) { return met.count(op); });
  if (!unmet.empty())
    os << "never made: " << llvm::join(unmet, ", ") << "\n";
  std::vector<std::string> never = missingOps(context);
  if (!never.empty())
    os << "no row makes: " << llvm::join(never, ", ") << "\n";
  if (!total.emitted.empty())
    os << "reference by what the dialect emits: " << llvm::join(total.emitted, ", ") << "\n";
  if (!plans)
    os << total.elements << " elements compared with the reference, " << total.unbounded << " of them without a bound; " << total.gradients
       << " gradients with differences, " << total.kinks << " at kinks left out; " << total.rejected << " ops refused while generating\n";
  for (auto &[key, n] : kinds)
    os << n << " x " << key << "\n";
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  double cpu = double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * double(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  os << models << " models in " << llvm::format("%.1f", seconds) << " s (" << llvm::format("%.1f", models / seconds) << " a second, "
     << llvm::format("%.3f", cpu / std::max<uint64_t>(models, 1)) << " s of CPU each), " << finds << " found, " << kinds.size()
     << " of them different\n";
}
} // namespace dlc::fuzz
