// The caller's tensors against the entry's surface: symbols, extents, sizes;
// then the buffers' pointers.
#include "runtime/Context.h"
#include "runtime/Error.h"
#include "runtime/Tensor.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

using namespace dlrt;

/// Whether a symbol may have the value.
static bool isInBounds(const dlx_symbol &symbol, int64_t value) { return value >= symbol.min && value <= symbol.max; }
/// Refuses a value out of bounds; `what` says where it is from.
static dlrt_status refuseValue(const dlrt_model &model, uint32_t s, const char *input, const char *what, int64_t value) {
  const dlx_symbol &bounds = model.program.symbols[s];
  const char *name = model.program.string(bounds.name);
  if (value < 0)
    return fail(DLRT_SHAPE, "input '%s', %s: %" PRId64 " is below the bound %" PRId64 " of symbol %s", input, what, value, bounds.min,
                name);
  bool above = value > bounds.max;
  return fail(DLRT_SHAPE,
              "input '%s', %s: %" PRId64 " is %s the bound %" PRId64 " of symbol %s: compile with --shape %s=%" PRId64 "..%" PRId64, input,
              what, value, above ? "above" : "below", above ? bounds.max : bounds.min, name, name, above ? bounds.min : value,
              above ? value : bounds.max);
}

/// Symbol `s` is the element of input `i`, which no dimension may contradict.
static dlrt_status setFromScalar(const dlrt_model &model, const dlx_entry &entry, const dlrt_tensor *inputs, size_t i, int64_t *symbols) {
  const dlx_tensor &declared = model.program.tensors[entry.inputs + i];
  const char *input = model.infos[entry.inputs + i].name;
  const char *data = dataOf(inputs[i]);
  int64_t value = declared.dtype == DLX_I64 ? *reinterpret_cast<const int64_t *>(data) : *reinterpret_cast<const int32_t *>(data);
  if (!isInBounds(model.program.symbols[declared.symbol], value))
    return refuseValue(model, declared.symbol, input, "its element", value);
  int64_t &symbol = symbols[declared.symbol];
  if (symbol >= 0 && symbol != value)
    return fail(DLRT_SHAPE, "input '%s' is %" PRId64 ", expected %s = %" PRId64 " as other inputs give it", input, value,
                model.program.string(model.program.symbols[declared.symbol].name), symbol);
  symbol = value;
  return DLRT_OK;
}

/// Symbol `s` is `extent` by dimension `d` of input `i`.
static dlrt_status setSymbol(const dlrt_model &model, const dlx_entry &entry, const dlrt_tensor *inputs, size_t i, int32_t d, uint32_t s,
                             int64_t &symbol) {
  const char *input = model.infos[entry.inputs + i].name, *name = model.program.string(model.program.symbols[s].name);
  int64_t extent = inputs[i].shape[d];
  if (symbol == extent)
    return DLRT_OK;
  if (symbol >= 0) { // find who said otherwise
    for (size_t j = 0; j <= i; ++j) {
      const int32_t *symbols = model.dimSymbols(entry.inputs + j);
      for (int32_t k = 0; k < inputs[j].ndim; ++k)
        if (symbols[k] == int32_t(s))
          return fail(DLRT_SHAPE,
                      "input '%s' has extent %" PRId64 " in dimension %d, expected %s = %" PRId64 " as in dimension %d of input '%s'",
                      input, extent, d, name, symbol, k, model.infos[entry.inputs + j].name);
    }
  }
  if (!isInBounds(model.program.symbols[s], extent)) {
    char what[32];
    snprintf(what, sizeof what, "dimension %d", d);
    return refuseValue(model, s, input, what, extent);
  }
  symbol = extent;
  return DLRT_OK;
}

dlrt_status dlrt::bindSymbols(const dlrt_model &model, size_t entryIndex, const dlrt_tensor *inputs, size_t ninputs, bool needsData,
                              int64_t *symbols) {
  const dlx_entry &entry = model.program.entries[entryIndex];
  if (ninputs != entry.ninputs)
    return fail(DLRT_VALUE, "%zu inputs for entry '%s', expected %u", ninputs, model.entryName(entryIndex), entry.ninputs);
  uint64_t nsymbols = model.program.symbols.count;
  for (uint64_t s = 0; s < nsymbols; ++s)
    symbols[s] = -1;
  for (size_t i = 0; i < ninputs; ++i) {
    const dlrt_tensor_info &info = model.infos[entry.inputs + i];
    const dlrt_tensor &tensor = inputs[i];
    if (dlrt_status status = checkTensor("input", info, tensor, needsData || info.gives))
      return status;
    const int32_t *dimSymbols = model.dimSymbols(entry.inputs + i);
    for (int32_t d = 0; d < info.ndim; ++d)
      if (dimSymbols[d] >= 0) {
        uint32_t s = uint32_t(dimSymbols[d]);
        if (dlrt_status status = setSymbol(model, entry, inputs, i, d, s, symbols[s]))
          return status;
      } else if (info.dims[d] >= 0 && info.dims[d] != tensor.shape[d]) {
        return fail(DLRT_SHAPE, "input '%s' has shape %s, expected %s", info.name, ShapeText(tensor.shape, tensor.ndim).text,
                    ShapeText(info).text);
      }
  }
  for (size_t i = 0; i < ninputs; ++i)
    if (model.program.tensors[entry.inputs + i].symbol != DLX_NONE)
      if (dlrt_status status = setFromScalar(model, entry, inputs, i, symbols))
        return status;
  for (uint64_t s = 0; s < nsymbols; ++s)
    if (symbols[s] < 0)
      symbols[s] = model.program.symbols[s].min;
  return DLRT_OK;
}

/// What an expression that breaks its promise means: the compiler's fault,
/// found only at these extents.
static dlrt_status broken(const dlrt_model &model, size_t entry, const char *what, uint64_t number) {
  return fail(DLRT_FORMAT,
              "entry '%s': %s %" PRIu64 " is out of bounds at these extents: compile the model again, "
              "and report it if it stays",
              model.entryName(entry), what, number);
}

/// Checks a loop's trip count, views and swaps.
static dlrt_status checkLoop(const dlrt_model &model, size_t entry, const dlx_instruction &loop, const int64_t *values) {
  const Program &program = model.program;
  const dlx_buffer *buffers = model.plans[entry].buffers;
  int64_t trips = values[loop.a];
  if (trips < 0)
    return broken(model, entry, "the trip count in expression", loop.a);
  if (trips == 0)
    return DLRT_OK;
  for (uint32_t i = 0; i < loop.d; ++i) {
    const dlx_moving &moving = program.moving[loop.c + i];
    const dlx_buffer &view = buffers[moving.view];
    int64_t start = values[moving.start], room = values[buffers[view.at].bytes] - values[view.bytes], end;
    bool overflow = __builtin_mul_overflow(values[moving.stride], trips - 1, &end) || __builtin_add_overflow(end, start, &end);
    if (overflow || start < 0 || start > room || end < 0 || end > room)
      return broken(model, entry, "view", moving.view);
  }
  for (uint32_t i = 0; i < loop.f; ++i) {
    const dlx_swap &swap = program.swaps[loop.e + i];
    if (values[buffers[swap.first].bytes] != values[buffers[swap.second].bytes])
      return broken(model, entry, "swapped buffer", swap.second);
  }
  return DLRT_OK;
}

/// Checks a placement: all rows inside both buffers.
static dlrt_status checkPlacement(const dlrt_model &model, size_t entry, const dlx_instruction &place, const int64_t *values) {
  const dlx_buffer *buffers = model.plans[entry].buffers;
  bool takes = place.kind == DLX_TAKE;
  int64_t bytes = values[place.a], rows = values[place.d], offset = values[place.e], stride = values[place.f], dense, last;
  int64_t denseRoom = values[buffers[takes ? place.b : place.c].bytes], room = values[buffers[takes ? place.c : place.b].bytes];
  if (bytes == 0 || rows == 0)
    return DLRT_OK;
  bool good = bytes > 0 && rows > 0 && offset >= 0 && stride >= bytes && !__builtin_mul_overflow(bytes, rows, &dense) &&
              dense <= denseRoom && !__builtin_mul_overflow(rows - 1, stride, &last) && !__builtin_add_overflow(last, offset, &last) &&
              !__builtin_add_overflow(last, bytes, &last) && last <= room;
  return good ? DLRT_OK : broken(model, entry, "a placement into buffer", place.b);
}

dlrt_status dlrt::evaluateEntry(const dlrt_model &model, size_t entry, const int64_t *symbols, EntryState &state) {
  uint64_t symbolBytes = model.program.symbols.count * sizeof(int64_t);
  if (state.evaluated && memcmp(state.symbols.data(), symbols, symbolBytes) == 0)
    return DLRT_OK;
  const EntryPlan &plan = model.plans[entry];
  int64_t *values = state.values.data();
  state.evaluated = false;
  memcpy(state.symbols.data(), symbols, symbolBytes);
  for (uint32_t expr : plan.exprs)
    if (!evaluate(model.program, expr, symbols, values[expr]))
      return broken(model, entry, "expression", expr);
  for (uint32_t b = 0; b < plan.entry->nbuffers; ++b) {
    int64_t bytes = values[plan.buffers[b].bytes];
    if (bytes < 0 || uint64_t(bytes) > plan.buffers[b].bound)
      return broken(model, entry, "buffer", b);
  }
  for (const dlx_instruction &instruction : plan.code) {
    if (instruction.kind == DLX_STAGE) {
      int64_t blocks = 0;
      for (uint32_t l = instruction.a; l < instruction.a + instruction.b; ++l) {
        int64_t grid = values[plan.launches[l].grid];
        if (grid < 0 || grid > dlrt_team::maxBlocks || (blocks += grid) > dlrt_team::maxBlocks)
          return broken(model, entry, "the grid of launch", l);
      }
    } else if (instruction.kind == DLX_LOOP) {
      if (dlrt_status status = checkLoop(model, entry, instruction, values))
        return status;
    } else if (instruction.kind != DLX_COPY) {
      if (dlrt_status status = checkPlacement(model, entry, instruction, values))
        return status;
    } else {
      int64_t bytes = values[instruction.a];
      if (bytes < 0 || bytes > values[plan.buffers[instruction.b].bytes] - int64_t(instruction.f) ||
          bytes > values[plan.buffers[instruction.c].bytes] - int64_t(instruction.e))
        return broken(model, entry, "a copy to buffer", instruction.b);
    }
  }
  state.evaluated = true;
  return DLRT_OK;
}

/// Extents against their evaluated expressions, and the bytes they make.
static dlrt_status checkExtents(const dlrt_model &model, const char *what, uint32_t t, const dlrt_tensor &tensor, const int64_t *values,
                                uint64_t &bytes) {
  const dlx_tensor &declared = model.program.tensors[t];
  for (uint32_t d = 0; d < declared.rank; ++d)
    if (tensor.shape[d] != values[declared.dims + d]) {
      int64_t expected[maxRank];
      memcpy(expected, values + declared.dims, declared.rank * sizeof(int64_t));
      return fail(DLRT_SHAPE, "%s '%s' has shape %s, expected %s for these inputs", what, model.infos[t].name,
                  ShapeText(tensor.shape, tensor.ndim).text, ShapeText(expected, declared.rank).text);
    }
  if (!denseBytes(tensor.shape, declared.rank, declared.dtype, bytes))
    return fail(DLRT_SHAPE, "%s '%s' with shape %s is larger than memory", what, model.infos[t].name,
                ShapeText(tensor.shape, tensor.ndim).text);
  return DLRT_OK;
}

/// Refuses an output whose memory an input or another output uses.
static dlrt_status checkOverlap(const dlrt_model &model, const dlx_entry &entry, const dlrt_tensor *inputs, const dlrt_tensor *outputs,
                                size_t output, uint64_t bytes) {
  uintptr_t begin = reinterpret_cast<uintptr_t>(dataOf(outputs[output])), end = begin + bytes;
  for (size_t i = 0; i < entry.ninputs + output; ++i) {
    bool isInput = i < entry.ninputs;
    const dlrt_tensor &other = isInput ? inputs[i] : outputs[i - entry.ninputs];
    uint32_t t = isInput ? entry.inputs + uint32_t(i) : entry.outputs + uint32_t(i - entry.ninputs);
    uint64_t otherBytes = 0;
    denseBytes(other.shape, uint32_t(other.ndim), model.program.tensors[t].dtype, otherBytes); // checked before
    uintptr_t otherBegin = reinterpret_cast<uintptr_t>(dataOf(other));
    if (bytes && otherBytes && begin < otherBegin + otherBytes && otherBegin < end)
      return fail(DLRT_VALUE, "output '%s' overlaps %s '%s' in memory: give each output its own", model.infos[entry.outputs + output].name,
                  isInput ? "input" : "output", model.infos[t].name);
  }
  return DLRT_OK;
}

/// Refuses a tensor in memory that the run changes beside it: the arena, the state, parameters where it or the entry writes them.
static dlrt_status checkApart(const dlrt_context &context, const dlx_entry &entry, const dlrt_state *carried, const char *what, uint32_t t,
                              const dlrt_tensor &tensor, uint64_t bytes) {
  uintptr_t begin = reinterpret_cast<uintptr_t>(dataOf(tensor)), end = begin + bytes;
  auto overlaps = [&](const void *other, uint64_t size) {
    uintptr_t from = reinterpret_cast<uintptr_t>(other);
    return bytes && size && begin < from + size && from < end;
  };
  const char *name = context.model->infos[t].name;
  if (overlaps(context.arena.data(), context.arena.size()))
    return fail(DLRT_VALUE, "%s '%s' lies in the context's arena, which runs overwrite: give it memory of its own", what, name);
  if (int64_t i = carried ? carried->overlapping(dataOf(tensor), bytes) : -1; i >= 0)
    return fail(DLRT_VALUE, "%s '%s' lies in the memory of state '%s': give it memory of its own, and set states by dlrt_state_set", what,
                name, carried->info(size_t(i)).name);
  const Program &program = context.model->program;
  const dlrt_params &params = *context.params;
  bool isOutput = program.tensors[t].role == DLX_OUTPUT;
  int64_t in = isOutput || entry.nwrites ? params.overlapping(dataOf(tensor), bytes) : -1;
  if (in < 0)
    return DLRT_OK;
  bool written = isOutput;
  for (uint32_t w = 0; w < entry.nwrites && !written; ++w)
    if (uint32_t p = program.writes[entry.writes + w]; overlaps(params.own(p), params.bytes(p)))
      written = true, in = p;
  if (written)
    return fail(DLRT_VALUE,
                "%s '%s' lies in the memory of parameter '%s': give it memory of its own, and set parameters by "
                "dlrt_params_set",
                what, name, params.info(size_t(in)).name);
  return DLRT_OK;
}

/// As checkExtents, before anything is evaluated for the entry: what an input cannot have is said of it, not of a buffer behind it.
static dlrt_status checkInputs(const dlrt_model &model, const dlx_entry &entry, const dlrt_tensor *inputs, const int64_t *symbols) {
  for (uint32_t i = 0; i < entry.ninputs; ++i) {
    const dlx_tensor &declared = model.program.tensors[entry.inputs + i];
    int64_t expected[maxRank];
    bool other = false;
    for (uint32_t d = 0; d < declared.rank; ++d) {
      if (!evaluate(model.program, declared.dims + d, symbols, expected[d]))
        return DLRT_OK;
      other |= inputs[i].shape[d] != expected[d];
    }
    if (other)
      return fail(DLRT_SHAPE, "input '%s' has shape %s, expected %s for these inputs", model.infos[entry.inputs + i].name,
                  ShapeText(inputs[i].shape, inputs[i].ndim).text, ShapeText(expected, declared.rank).text);
  }
  return DLRT_OK;
}

dlrt_status dlrt::bindTensors(dlrt_context &context, size_t entryIndex, const dlrt_state *carried, const dlrt_tensor *inputs,
                              size_t ninputs, const dlrt_tensor *outputs, size_t noutputs) {
  const dlrt_model &model = *context.model;
  const dlx_entry &entry = model.program.entries[entryIndex];
  const EntryPlan &plan = model.plans[entryIndex];
  EntryState &state = context.entries[entryIndex];
  int64_t symbols[maxSymbols];
  if (dlrt_status status = bindSymbols(model, entryIndex, inputs, ninputs, true, symbols))
    return status;
  if (noutputs != entry.noutputs)
    return fail(DLRT_VALUE, "%zu outputs for entry '%s', expected %u", noutputs, model.entryName(entryIndex), entry.noutputs);
  if (dlrt_status status = evaluateEntry(model, entryIndex, symbols, state)) {
    dlrt_status other = checkInputs(model, entry, inputs, symbols);
    return other ? other : status;
  }
  const int64_t *values = state.values.data();
  for (uint32_t i = 0; i < entry.ninputs; ++i) {
    const dlx_tensor &tensor = model.program.tensors[entry.inputs + i];
    uint64_t bytes;
    if (dlrt_status status = checkExtents(model, "input", entry.inputs + i, inputs[i], values, bytes))
      return status;
    if (dlrt_status status = checkApart(context, entry, carried, "input", entry.inputs + i, inputs[i], bytes))
      return status;
    if (tensor.lo < tensor.hi && bytes)
      if (dlrt_status status = checkRange(model.infos[entry.inputs + i].name, tensor.dtype, dataOf(inputs[i]),
                                          bytes / elementBytes(tensor.dtype), tensor.lo, tensor.hi))
        return status;
  }
  for (uint32_t i = 0; i < entry.noutputs; ++i) {
    uint64_t bytes;
    if (dlrt_status status = checkTensor("output", model.infos[entry.outputs + i], outputs[i]))
      return status;
    if (dlrt_status status = checkExtents(model, "output", entry.outputs + i, outputs[i], values, bytes))
      return status;
    if (dlrt_status status = checkOverlap(model, entry, inputs, outputs, i, bytes))
      return status;
    if (dlrt_status status = checkApart(context, entry, carried, "output", entry.outputs + i, outputs[i], bytes))
      return status;
  }
  if (state.exchanged)
    for (uint32_t b : plan.swapped)
      setPointer(plan, state, b, ownPointer(context, entryIndex, plan.buffers[b]));
  state.exchanged = false;
  for (uint32_t b : plan.bound) {
    const dlx_buffer &buffer = plan.buffers[b];
    if (buffer.kind == DLX_BIND_STATE) {
      if (char *data = carried->own(buffer.at); state.pointers[b] != data)
        setPointer(plan, state, b, data);
      continue;
    }
    bool isInput = buffer.kind == DLX_BIND_INPUT;
    const dlrt_tensor &tensor = isInput ? inputs[buffer.at] : outputs[buffer.at];
    uint64_t bytes = 0;
    denseBytes(tensor.shape, uint32_t(tensor.ndim), model.program.tensors[(isInput ? entry.inputs : entry.outputs) + buffer.at].dtype,
               bytes);
    if (uint64_t(values[buffer.bytes]) > bytes)
      return broken(model, entryIndex, "buffer", b);
    char *data = bytes ? dataOf(tensor) : context.arena.data();
    if (state.pointers[b] != data)
      setPointer(plan, state, b, data);
  }
  return DLRT_OK;
}

dlrt_status dlrt_output_shape(const dlrt_context *context, size_t entry, const dlrt_tensor *inputs, size_t ninputs, size_t i,
                              int64_t *shape) {
  const dlrt_model &model = *context->model;
  const dlrt_tensor_info *info = dlrt_entry_output(&model, entry, i);
  if (!info)
    return fail(DLRT_NAME, "output %zu of entry number %zu: model '%s' has none such", i, entry, dlrt_model_name(&model));
  int64_t symbols[maxSymbols];
  if (dlrt_status status = bindSymbols(model, entry, inputs, ninputs, false, symbols))
    return status;
  const dlx_entry &e = model.program.entries[entry];
  for (size_t t = 0; t <= ninputs; ++t) {
    const dlx_tensor &tensor = model.program.tensors[t < ninputs ? e.inputs + t : e.outputs + i];
    for (uint32_t d = 0; d < tensor.rank; ++d) {
      int64_t extent;
      bool known = evaluate(model.program, tensor.dims + d, symbols, extent);
      if (known && t < ninputs && extent != inputs[t].shape[d])
        return fail(DLRT_SHAPE, "input '%s' has extent %" PRId64 " in dimension %u, expected %" PRId64, model.infos[e.inputs + t].name,
                    inputs[t].shape[d], d, extent);
      if (!known || extent < 0)
        return broken(model, entry, "expression", tensor.dims + d);
      if (t == ninputs)
        shape[d] = extent;
    }
  }
  return DLRT_OK;
}
