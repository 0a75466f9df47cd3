// dlc-fuzz: random models, built in every way that must agree, against a reference with error bounds. docs/fuzzing.md.
#include "tools/fuzz/Check.h"
#include "tools/fuzz/Workers.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dlc::fuzz;
namespace cl = llvm::cl;

static cl::OptionCategory category("dlc-fuzz");
static cl::opt<std::string> file(cl::Positional, cl::desc("[FILE: check this model, as dlc-fuzz wrote it]"), cl::cat(category));
static cl::opt<uint64_t> seconds("seconds", cl::desc("for how long"), cl::init(60), cl::cat(category));
static cl::opt<uint64_t> seed("seed", cl::desc("of the models"), cl::init(1), cl::cat(category));
static cl::opt<int64_t> only("only", cl::desc("model K of the seed alone"), cl::init(-1), cl::cat(category));
static cl::opt<uint64_t> models("models", cl::desc("stop after so many"), cl::init(UINT64_MAX), cl::cat(category));
static cl::opt<unsigned> jobs("jobs", cl::desc("processes"), cl::init(1), cl::cat(category));
static cl::opt<bool> train("train", cl::desc("gradients too"), cl::cat(category));
static cl::opt<bool> print("print", cl::desc("print the model and stop, with --only"), cl::cat(category));
static cl::opt<bool> first("first", cl::desc("stop at the first find"), cl::cat(category));
static cl::opt<bool> whole("no-reduce", cl::desc("write finds as they are"), cl::cat(category));
static cl::opt<bool> table("coverage", cl::desc("print the whole table of op, type and emitter"), cl::cat(category));
static cl::opt<std::string> tally("tally", cl::desc("add what was met to this file's counts, and report their sum"), cl::cat(category));
static cl::opt<bool> plans("plans", cl::desc("count the coverage from the builds' plans, and run nothing"), cl::cat(category));
static cl::opt<std::string> build("build", cl::desc("with a file: this build alone, such as '-O2 v4'"), cl::cat(category));
static cl::opt<std::string> out("out", cl::desc("folder of finds"), cl::init("fuzz-finds"), cl::cat(category));

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "Random models of dl ops through the whole compiler, compared with a reference.\n");
  MLIRContext context(MLIRContext::Threading::DISABLED);
  dlc::loadDialects(context);
  if (!file.empty()) {
    auto text = llvm::MemoryBuffer::getFileOrSTDIN(file);
    auto model = text ? Model::parse(context, (*text)->getBuffer()) : std::nullopt;
    if (!model) {
      llvm::errs() << "dlc-fuzz: cannot read " << file << "\n";
      return 1;
    }
    Counts counts;
    if (Find find = check(*model, everyBuild, counts, build)) {
      llvm::outs() << find.kind << ", " << find.build << ": " << find.message << "\n";
      return 1;
    }
    llvm::outs() << "nothing found\n";
    return 0;
  }
  if (only >= 0 && print) {
    llvm::outs()
        << generate(context, seed, only, train).text("dlc-fuzz --seed " + std::to_string(seed) + " --only " + std::to_string(only));
    return 0;
  }
  Campaign campaign;
  campaign.seed = seed, campaign.train = train, campaign.jobs = std::max(1u, unsigned(jobs));
  campaign.first = first, campaign.reduce = !whole && !plans, campaign.plans = plans, campaign.table = table, campaign.out = out;
  campaign.tally = tally;
  if (only >= 0)
    campaign.begin = only, campaign.end = uint64_t(only) + 1, campaign.seconds = 600;
  else
    campaign.end = models, campaign.seconds = seconds;
  return campaign.run(context) ? 1 : 0;
}
