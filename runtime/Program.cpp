// Bytes of a dlx program in, checked tables out. Nothing here trusts a number
// before it was compared with a bound.
#include "runtime/Program.h"
#include "runtime/Error.h"
#include "runtime/Tensor.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

using namespace dlrt;

/// Refuses the program: `REFUSE_UNLESS(condition, format, ...)`.
#define REFUSE_UNLESS(condition, ...)                                                                                                      \
  do {                                                                                                                                     \
    if (!(condition))                                                                                                                      \
      return fail(DLRT_FORMAT, "dlx program: " __VA_ARGS__);                                                                               \
  } while (false)

namespace {
/// Runs the checks of readProgram, table by table.
class Reader {
public:
  Reader(const void *bytes, uint64_t size, Program &program) : bytes(static_cast<const char *>(bytes)), size(size), program(program) {}
  dlrt_status read();

private:
  const char *bytes;
  uint64_t size;
  Program &program;

  template <typename T> dlrt_status table(const char *name, dlx_table range, Table<T> &out);
  dlrt_status tables();
  dlrt_status exprs();
  dlrt_status symbols();
  dlrt_status tensor(uint64_t i);
  dlrt_status numbered(const Table<uint32_t> &table, const char *what);
  dlrt_status surface(const dlx_entry &entry, const char *name);
  dlrt_status entry(uint64_t i);
  dlrt_status buffer(const dlx_entry &entry, const char *name, uint32_t i);
  bool isString(uint32_t offset) const { return offset < program.strings.count; }
  bool isExpr(uint32_t expr) const { return expr < program.exprs.count; }
};
} // namespace

template <typename T> dlrt_status Reader::table(const char *name, dlx_table range, Table<T> &out) {
  REFUSE_UNLESS(range.offset % 8 == 0 && range.offset >= sizeof(dlx_header) && range.offset <= size,
                "table '%s' is at offset %" PRIu64 ", expected a multiple of 8 inside %" PRIu64 " bytes", name, range.offset, size);
  REFUSE_UNLESS(range.count <= (size - range.offset) / sizeof(T) && range.count < DLX_NONE,
                "table '%s' has %" PRIu64 " records, more than %" PRIu64 " bytes hold", name, range.count, size);
  out.records = reinterpret_cast<const T *>(bytes + range.offset);
  out.count = range.count;
  return DLRT_OK;
}

dlrt_status Reader::tables() {
  const dlx_header &h = *program.header;
#define TABLE(NAME)                                                                                                                        \
  if (dlrt_status status = table(#NAME, h.NAME, program.NAME))                                                                             \
  return status
  TABLE(strings);
  TABLE(words);
  TABLE(exprs);
  TABLE(symbols);
  TABLE(tensors);
  TABLE(params);
  TABLE(states);
  TABLE(writes);
  TABLE(functions);
  TABLE(entries);
  TABLE(buffers);
  TABLE(args);
  TABLE(launches);
  TABLE(moving);
  TABLE(swaps);
  TABLE(code);
  TABLE(constants);
#undef TABLE
  REFUSE_UNLESS(!program.strings.count || program.strings[program.strings.count - 1] == 0, "the last string does not end");
  REFUSE_UNLESS(h.constants.offset % 64 == 0 || !h.constants.count, "constants are not 64-byte aligned");
  for (uint64_t i = 0; i < program.functions.count; ++i)
    REFUSE_UNLESS(isString(program.functions[i]), "function %" PRIu64 " has no name", i);
  return DLRT_OK;
}

dlrt_status Reader::exprs() {
  for (uint64_t i = 0; i < program.exprs.count; ++i) {
    dlx_expr range = program.exprs[i];
    REFUSE_UNLESS(range.count >= 1 && range.count <= DLX_MAX_WORDS && program.words.holds(range.first, range.count),
                  "expression %" PRIu64 " has words [%u, +%u), expected 1 to %u of %" PRIu64, i, range.first, range.count, DLX_MAX_WORDS,
                  program.words.count);
    uint32_t depth = 0;
    for (uint32_t w = 0; w < range.count; ++w) {
      dlx_word word = program.words[range.first + w];
      REFUSE_UNLESS(word.op >= 0 && word.op < DLX_OPCODES, "expression %" PRIu64 " has unknown opcode %" PRId64, i, word.op);
      if (word.op == DLX_PUSH || word.op == DLX_SYMBOL) {
        REFUSE_UNLESS(word.op == DLX_PUSH || (word.value >= 0 && uint64_t(word.value) < program.symbols.count),
                      "expression %" PRIu64 " uses symbol %" PRId64 " of %" PRIu64, i, word.value, program.symbols.count);
        REFUSE_UNLESS(++depth <= DLX_MAX_STACK, "expression %" PRIu64 " stacks more than %u values", i, DLX_MAX_STACK);
        continue;
      }
      REFUSE_UNLESS(depth >= 2, "expression %" PRIu64 " pops an empty stack", i);
      --depth;
    }
    REFUSE_UNLESS(depth == 1, "expression %" PRIu64 " leaves %u values, expected 1", i, depth);
  }
  return DLRT_OK;
}

dlrt_status Reader::symbols() {
  REFUSE_UNLESS(program.symbols.count <= maxSymbols, "%" PRIu64 " symbols, at most %u", program.symbols.count, maxSymbols);
  for (uint64_t i = 0; i < program.symbols.count; ++i) {
    const dlx_symbol &symbol = program.symbols[i];
    REFUSE_UNLESS(isString(symbol.name), "symbol %" PRIu64 " has no name", i);
    REFUSE_UNLESS(symbol.min >= 0 && symbol.min <= symbol.max, "symbol '%s' has bounds %" PRId64 "..%" PRId64, program.string(symbol.name),
                  symbol.min, symbol.max);
  }
  return DLRT_OK;
}

dlrt_status Reader::tensor(uint64_t i) {
  const dlx_tensor &t = program.tensors[i];
  REFUSE_UNLESS(isString(t.name), "tensor %" PRIu64 " has no name", i);
  const char *name = program.string(t.name);
  REFUSE_UNLESS(t.dtype < DLX_DTYPES, "tensor '%s' has unknown dtype %u", name, t.dtype);
  REFUSE_UNLESS(t.role < DLX_ROLES, "tensor '%s' has unknown role %u", name, t.role);
  REFUSE_UNLESS(t.init < DLX_INITS, "tensor '%s' has unknown initialiser %u", name, t.init);
  REFUSE_UNLESS(t.role != DLX_STATE || t.init <= DLX_INIT_CONSTANT, "state '%s' starts at random: it has no seed", name);
  REFUSE_UNLESS(t.symbol == DLX_NONE ||
                    (t.symbol < program.symbols.count && t.role == DLX_INPUT && t.rank == 0 && (t.dtype == DLX_I32 || t.dtype == DLX_I64)),
                "tensor '%s' gives symbol %u of %" PRIu64 ", expected an input of rank 0, i32 or i64", name, t.symbol,
                program.symbols.count);
  REFUSE_UNLESS(t.lo <= t.hi, "tensor '%s' has the range %" PRId64 "..%" PRId64, name, t.lo, t.hi);
  REFUSE_UNLESS(t.rank <= maxRank && program.exprs.holds(t.dims, t.rank), "tensor '%s' has rank %u and dimensions at %u", name, t.rank,
                t.dims);
  REFUSE_UNLESS(t.init != DLX_INIT_ORTHOGONAL || t.rank >= 2, "tensor '%s' of rank %u starts orthogonal", name, t.rank);
  int64_t extents[maxRank];
  for (uint32_t d = 0; d < t.rank; ++d) {
    REFUSE_UNLESS(t.role <= DLX_OUTPUT || isConstant(program, t.dims + d), "parameter or state '%s' has a symbolic extent", name);
    int64_t least;
    REFUSE_UNLESS(boundsOf(program, t.dims + d, least, extents[d]) && extents[d] >= 0,
                  "dimension %u of tensor '%s' has no extent at the bounds", d, name);
  }
  uint64_t bytes;
  REFUSE_UNLESS(denseBytes(extents, t.rank, t.dtype, bytes), "tensor '%s' is larger than memory at the bounds", name);
  return DLRT_OK;
}

/// The parameters, or the states.
dlrt_status Reader::numbered(const Table<uint32_t> &table, const char *what) {
  for (uint64_t i = 0; i < table.count; ++i) {
    REFUSE_UNLESS(table[i] < program.tensors.count, "%s %" PRIu64 " is tensor %u of %" PRIu64, what, i, table[i], program.tensors.count);
    const dlx_tensor &t = program.tensors[table[i]];
    REFUSE_UNLESS(t.role > DLX_OUTPUT && (t.role == DLX_STATE) == (&table == &program.states), "%s '%s' has role %u", what,
                  program.string(t.name), t.role);
  }
  return DLRT_OK;
}

/// An entry's inputs and outputs.
dlrt_status Reader::surface(const dlx_entry &entry, const char *name) {
  REFUSE_UNLESS(program.tensors.holds(entry.inputs, entry.ninputs) && program.tensors.holds(entry.outputs, entry.noutputs),
                "entry '%s' has inputs or outputs outside the tensors", name);
  for (uint32_t i = 0; i < entry.ninputs; ++i)
    REFUSE_UNLESS(program.tensors[entry.inputs + i].role == DLX_INPUT, "input %u of entry '%s' has another role", i, name);
  for (uint32_t i = 0; i < entry.noutputs; ++i)
    REFUSE_UNLESS(program.tensors[entry.outputs + i].role == DLX_OUTPUT, "output %u of entry '%s' has another role", i, name);
  return DLRT_OK;
}

dlrt_status Reader::entry(uint64_t i) {
  const dlx_entry &entry = program.entries[i];
  REFUSE_UNLESS(isString(entry.name), "entry %" PRIu64 " has no name", i);
  const char *name = program.string(entry.name);
  REFUSE_UNLESS((entry.flags & ~uint32_t(DLX_IS_PREPARE)) == 0, "entry '%s' has unknown flags %u", name, entry.flags);
  REFUSE_UNLESS(!entry.streams && !entry.reserved[0] && !entry.reserved[1], "entry '%s' is for a device with streams, not for a CPU", name);
  if (dlrt_status status = surface(entry, name))
    return status;
  REFUSE_UNLESS(program.buffers.holds(entry.buffers, entry.nbuffers) && program.code.holds(entry.code, entry.ncode) &&
                    program.writes.holds(entry.writes, entry.nwrites),
                "entry '%s' has buffers, code or writes outside the tables", name);
  for (uint32_t w = 0; w < entry.nwrites; ++w)
    REFUSE_UNLESS(program.writes[entry.writes + w] < program.params.count, "entry '%s' writes parameter %u of %" PRIu64, name,
                  program.writes[entry.writes + w], program.params.count);
  REFUSE_UNLESS(entry.arena <= DLX_MAX_BYTES && entry.scratch <= DLX_MAX_BYTES && entry.prepared <= DLX_MAX_BYTES,
                "entry '%s' wants more than memory", name);
  if (!(entry.flags & DLX_IS_PREPARE))
    REFUSE_UNLESS(program.callable++ == i, "entry '%s' stands behind a prepare entry: those come last", name);
  if (entry.flags & DLX_IS_PREPARE)
    REFUSE_UNLESS(!entry.ninputs && !entry.noutputs && !entry.nwrites && entry.prepare == DLX_NONE,
                  "prepare entry '%s' has inputs, outputs, writes parameters "
                  "or prepares itself",
                  name);
  else if (entry.prepare == DLX_NONE)
    REFUSE_UNLESS(!entry.prepared, "entry '%s' reads a prepared block that nothing prepares", name);
  else
    REFUSE_UNLESS(entry.prepare < program.entries.count && program.entries[entry.prepare].flags & DLX_IS_PREPARE &&
                      program.entries[entry.prepare].prepared == entry.prepared,
                  "entry '%s' is prepared by entry %u, which is none or "
                  "prepares another block",
                  name, entry.prepare);
  for (uint32_t b = 0; b < entry.nbuffers; ++b)
    if (dlrt_status status = buffer(entry, name, b))
      return status;
  return DLRT_OK;
}

dlrt_status Reader::buffer(const dlx_entry &entry, const char *name, uint32_t i) {
  const dlx_buffer &buffer = program.buffers[entry.buffers + i];
  REFUSE_UNLESS(buffer.kind < DLX_BUFFER_KINDS && isExpr(buffer.bytes), "buffer %u of entry '%s' has kind %u, bytes %u", i, name,
                buffer.kind, buffer.bytes);
  REFUSE_UNLESS(!buffer.space && !buffer.reserved, "buffer %u of entry '%s' is in memory space %u, which a CPU has not", i, name,
                buffer.space);
  int64_t bytes;
  REFUSE_UNLESS(evaluateAtBound(program, buffer.bytes, bytes) && bytes >= 0 && uint64_t(bytes) <= buffer.bound,
                "buffer %u of entry '%s' is larger at the symbols' bounds than "
                "its bound of %" PRIu64 " bytes",
                i, name, buffer.bound);
  uint64_t room = 0, at = buffer.at, numbered = DLX_NONE;
  bool aligned = at % 64 == 0;
  switch (buffer.kind) {
  case DLX_ARENA:
    room = entry.arena;
    break;
  case DLX_PREPARED:
    room = entry.prepared;
    break;
  case DLX_CONSTANT:
    room = program.constants.count;
    break;
  case DLX_BIND_INPUT:
    numbered = entry.ninputs;
    break;
  case DLX_BIND_OUTPUT:
    numbered = entry.noutputs;
    break;
  case DLX_BIND_PARAM:
    numbered = program.params.count;
    break;
  case DLX_BIND_STATE:
    REFUSE_UNLESS(!(entry.flags & DLX_IS_PREPARE), "prepare entry '%s' reads state", name);
    numbered = program.states.count;
    break;
  default:
    numbered = i;
    break; // DLX_VIEW: an earlier buffer, so that views form no cycle
  }
  if (numbered == DLX_NONE) {
    REFUSE_UNLESS(aligned && at <= room && buffer.bound <= room - at,
                  "buffer %u of entry '%s' has bytes [%" PRIu64 ", +%" PRIu64 ") of %" PRIu64 ", or not at a multiple of 64", i, name, at,
                  buffer.bound, room);
    return DLRT_OK;
  }
  REFUSE_UNLESS(at < numbered, "buffer %u of entry '%s' of kind %u names number %" PRIu64 " of %" PRIu64, i, name, buffer.kind, at,
                numbered);
  uint64_t most = 0;
  if (buffer.kind == DLX_VIEW) {
    most = program.buffers[entry.buffers + at].bound;
  } else {
    uint64_t index = buffer.kind == DLX_BIND_INPUT    ? entry.inputs + at
                     : buffer.kind == DLX_BIND_OUTPUT ? entry.outputs + at
                     : buffer.kind == DLX_BIND_STATE  ? program.states[at]
                                                      : program.params[at];
    const dlx_tensor &t = program.tensors[index];
    int64_t extents[maxRank], least;
    for (uint32_t d = 0; d < t.rank; ++d)
      boundsOf(program, t.dims + d, least, extents[d]); // checked in tensor()
    denseBytes(extents, t.rank, t.dtype, most);
  }
  REFUSE_UNLESS(buffer.bound <= most, "buffer %u of entry '%s' is bound by %" PRIu64 " bytes, what it names by %" PRIu64, i, name,
                buffer.bound, most);
  return DLRT_OK;
}

dlrt_status dlrt::checkHeader(const void *bytes, uint64_t size) {
  REFUSE_UNLESS(bytes, "there is none");
  dlx_header header = {};
  REFUSE_UNLESS(size >= offsetof(dlx_header, bytes), "%" PRIu64 " bytes are less than a header: truncated", size);
  memcpy(&header, bytes, size < sizeof header ? offsetof(dlx_header, bytes) : sizeof header);
  REFUSE_UNLESS(header.magic == DLX_MAGIC, "magic %#x, expected %#x: this is no dlx program", header.magic, DLX_MAGIC);
  REFUSE_UNLESS(header.version == DLX_VERSION, "ABI %u, this runtime reads %u: %s", header.version, DLX_VERSION,
                header.version > DLX_VERSION ? "use a newer libdlrt" : "compile it anew");
  REFUSE_UNLESS(size >= sizeof header, "%" PRIu64 " bytes are less than a header: truncated", size);
  REFUSE_UNLESS(header.bytes == size && size % 8 == 0, "%" PRIu64 " bytes long by its header, %" PRIu64 " in fact: truncated or corrupt",
                header.bytes, size);
  return DLRT_OK;
}

dlrt_status Reader::read() {
  REFUSE_UNLESS(reinterpret_cast<uintptr_t>(bytes) % 8 == 0, "not 8-byte aligned");
  if (dlrt_status status = checkHeader(bytes, size))
    return status;
  const dlx_header &header = *(program.header = reinterpret_cast<const dlx_header *>(bytes));
  uint64_t covered = offsetof(dlx_header, checksum) + sizeof header.checksum;
  REFUSE_UNLESS(dlx_checksum(bytes + covered, size - covered) == header.checksum, "the checksum is wrong: corrupt, compile it again");
  REFUSE_UNLESS(!header.features, "it needs a reader with features %#" PRIx64 ": use a newer libdlrt", header.features);
  if (dlrt_status status = tables())
    return status;
  if (dlrt_status status = symbols())
    return status;
  if (dlrt_status status = exprs())
    return status;
  for (uint64_t i = 0; i < program.tensors.count; ++i)
    if (dlrt_status status = tensor(i))
      return status;
  if (dlrt_status status = numbered(program.params, "parameter"))
    return status;
  if (dlrt_status status = numbered(program.states, "state"))
    return status;
  REFUSE_UNLESS(program.entries.count <= DLX_MAX_ENTRIES, "%" PRIu64 " entries, at most %u", program.entries.count, DLX_MAX_ENTRIES);
  for (uint64_t i = 0; i < program.entries.count; ++i)
    if (dlrt_status status = entry(i))
      return status;
  return DLRT_OK;
}

dlrt_status dlrt::readProgram(const void *bytes, uint64_t size, Program &program) { return Reader(bytes, size, program).read(); }
