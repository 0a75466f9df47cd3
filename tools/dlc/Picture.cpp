// Boxes from an entry's calls, links from the values between them, runs from the numbers in their layers' paths.
#include "tools/dlc/Picture.h"
#include "compiler/kernels/Layers.h"
#include "dialects/dl/Bounds.h"
#include "tools/dlc/Labels.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace dlc::tools {
/// "layer1.0" of "layer1.0.conv1", "" of "conv1".
static StringRef blockOf(StringRef layer) {
  for (size_t at = 0; at < layer.size();) {
    size_t end = std::min(layer.find('.', at), layer.size());
    if (StringRef word = layer.slice(at, end); at && !word.empty() && llvm::all_of(word, llvm::isDigit))
      return layer.take_front(end);
    at = end + 1;
  }
  return "";
}
static std::string opsOf(func::FuncOp kernel) {
  llvm::SetVector<StringRef> names;
  kernel.walk([&](Operation *op) {
    if (auto part = dyn_cast<func::CallOp>(op)) // of a chain
      kernel->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(part.getCallee()).walk([&](Operation *inner) {
        names.insert(inner->getName().stripDialect());
      });
    else
      names.insert(op->getName().stripDialect());
  });
  for (StringRef free : {"func", "return", "call", "constant", "broadcast"})
    names.remove(free);
  return llvm::join(names.getArrayRef(), " ");
}

Picture::Picture(Programs &programs, dlx::ProgramOp program, ModuleOp module, const llvm::StringMap<double> &times)
    : entry(llvm::json::fixUTF8(entryName(program.getSource()))) {
  auto source = module.lookupSymbol<func::FuncOp>(program.getSource());
  addBoxes(programs, program, module, times);
  addLinks(source);
  addRuns();
  Lives lives(program);
  arena = program.getArena(), stages = lives.stages;
  for (auto buffer : program.getBody().front().getOps<dlx::BufferOp>())
    if (auto life = lives.of.lookup(buffer); buffer.getKind() == dlx::BufferKind::arena && life.first >= 0)
      slabs.push_back({int64_t(buffer.getAt()), int64_t(buffer.getBound()), life.first, life.last, life.writer.str()});
}

void Picture::addBoxes(Programs &programs, dlx::ProgramOp program, ModuleOp module, const llvm::StringMap<double> &times) {
  auto source = module.lookupSymbol<func::FuncOp>(program.getSource());
  auto parts = partsOf(source);
  std::vector<Box> found;
  std::vector<Operation *> all;
  llvm::StringMap<int64_t> count;
  source.walk([&](func::CallOp call) {
    func::FuncOp kernel = programs.kernel(call.getCallee()).function;
    auto place = call->getAttrOfType<StringAttr>("dlx.place");
    StringRef at = place ? place.getValue() : "";
    int64_t cost = programs.at(programs.kernel(call.getCallee()).flops);
    found.push_back({call.getCallee().str(), mainOp(kernel) + (at.empty() ? "" : " ") + at.str(), parts.lookup(call).str(),
                     blockOf(Layers::named(at)).str(), opsOf(kernel), cost, 0, kernel->hasAttr("dlx.fallback")});
    all.push_back(call);
    ++count[call.getCallee()];
    flops += cost;
  });
  for (auto &[kernel, time] : times)
    ms += time;
  // The order of layers: a block stands where its first call does, and has all of its calls of that part.
  llvm::MapVector<std::pair<int, StringRef>, std::vector<unsigned>> order;
  std::vector<std::string> own(found.size());
  for (auto [i, box] : llvm::enumerate(found)) {
    box.share = ms > 0 ? times.lookup(box.kernel) / double(count[box.kernel]) / ms : flops ? double(box.flops) / double(flops) : 0;
    own[i] = box.block.empty() ? "#" + std::to_string(i) : box.block;
    order[{box.part == "update" ? 2 : box.part == "backward", own[i]}].push_back(i);
  }
  for (int part : {0, 1, 2})
    for (auto &[key, members] : order)
      for (unsigned i : members)
        if (key.first == part)
          boxes.push_back(found[i]), calls.push_back(all[i]);
}

void Picture::addLinks(func::FuncOp source) {
  llvm::DenseMap<Operation *, unsigned> number;
  llvm::DenseMap<int64_t, unsigned> byGroup;
  for (auto [i, call] : llvm::enumerate(calls)) {
    number[call] = i;
    if (auto group = call->getAttrOfType<IntegerAttr>("dlx.group"))
      byGroup[group.getInt()] = i;
  }
  auto ranges = dl::getSymbolRanges(source->getParentOfType<ModuleOp>());
  llvm::MapVector<std::pair<unsigned, unsigned>, Link> found;
  for (auto [to, call] : llvm::enumerate(calls)) {
    llvm::SetVector<Value> work(call->operand_begin(), call->operand_end());
    for (size_t at = 0; at < work.size(); ++at) {
      Operation *def = work[at].getDefiningOp();
      if (!def)
        continue;
      if (auto from = number.find(def); from != number.end())
        found.try_emplace({from->second, to}, Link{from->second, unsigned(to)}).first->second.bytes +=
            dl::getUpperBytes(work[at].getType(), ranges);
      else if (def->getNumOperands() <= 16) // views and copies; not what has very many parts
        work.insert(def->operand_begin(), def->operand_end());
    }
  }
  llvm::DenseMap<std::pair<unsigned, unsigned>, int64_t> most; // of the verdicts of a link: that of most bytes counts
  if (auto verdicts = source->getAttrOfType<ArrayAttr>("dlx.verdicts"))
    for (auto v : verdicts.getAsRange<dlx::VerdictAttr>()) {
      auto from = byGroup.find(v.getFrom()), to = byGroup.find(v.getTo());
      if (v.getFused() || from == byGroup.end() || to == byGroup.end())
        continue;
      std::pair<unsigned, unsigned> key{from->second, to->second};
      auto it = found.find(key);
      if (it == found.end() || most.lookup(key) >= v.getBytes())
        continue;
      most[key] = v.getBytes();
      it->second.reason = (v.getProducer() + " -> " + v.getConsumer() + ": " + v.getReason()).str();
    }
  for (auto &[key, link] : found)
    links.push_back(std::move(link));
}

void Picture::addRuns() {
  std::string before;
  for (unsigned i = 0; i < boxes.size();) {
    std::vector<unsigned> block{i};
    const Box &first = boxes[i];
    while (!first.block.empty() && block.back() + 1 < boxes.size() && boxes[block.back() + 1].block == first.block &&
           boxes[block.back() + 1].part == first.part)
      block.push_back(block.back() + 1);
    // Blocks are equal that have the same ops for the same layers, whatever their extents.
    std::string shape = first.block.empty() ? "" : first.part + maskNumbers(first.block);
    for (unsigned b : block)
      if (!shape.empty())
        shape += "\n" + maskNumbers(boxes[b].what) + ": " + boxes[b].ops;
    if (shape.empty() || shape != before)
      runs.push_back({first.block, first.part, {}});
    before = shape;
    runs.back().blocks.push_back(block);
    i = block.back() + 1;
  }
  for (Run &run : runs) {
    llvm::SmallVector<StringRef> names;
    for (auto &block : run.blocks)
      names.push_back(boxes[block[0]].block);
    run.name = foldNumbers(names);
  }
}

llvm::json::Object Picture::json() const {
  llvm::json::Array boxList, linkList, runList, slabList;
  for (const Box &b : boxes)
    boxList.push_back(llvm::json::Object{{"kernel", b.kernel},
                                         {"what", b.what},
                                         {"part", b.part},
                                         {"block", b.block},
                                         {"ops", b.ops},
                                         {"flops", b.flops},
                                         {"share", b.share},
                                         {"plain", b.plain}});
  for (const Link &l : links)
    linkList.push_back(llvm::json::Object{{"from", int64_t(l.from)}, {"to", int64_t(l.to)}, {"bytes", l.bytes}, {"reason", l.reason}});
  for (const Run &r : runs) {
    llvm::json::Array blocks;
    for (auto &block : r.blocks)
      blocks.push_back(llvm::json::Array(block));
    runList.push_back(llvm::json::Object{{"name", r.name}, {"part", r.part}, {"blocks", std::move(blocks)}});
  }
  for (const Slab &s : slabs)
    slabList.push_back(llvm::json::Object{{"at", s.at}, {"bytes", s.bytes}, {"first", s.first}, {"last", s.last}, {"writer", s.writer}});
  return llvm::json::Object{{"entry", entry},
                            {"boxes", std::move(boxList)},
                            {"links", std::move(linkList)},
                            {"runs", std::move(runList)},
                            {"slabs", std::move(slabList)},
                            {"flops", flops},
                            {"arena", arena},
                            {"stages", stages},
                            {"ms", ms}};
}
} // namespace dlc::tools
