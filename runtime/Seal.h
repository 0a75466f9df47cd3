// The checksum of a shared library, in its build ID: over all that the program headers load, but for the fields of the ELF
// header that name sections. So `strip`, which changes no other byte of these, leaves an artefact as good as it was.
#ifndef DLC_RUNTIME_SEAL_H
#define DLC_RUNTIME_SEAL_H
#include "runtime/dlx.h"
#include <stddef.h>
#include <string.h>

namespace dlrt {

/// Of ELF, 64 bits, little-endian (System V ABI, chapter 4 and 5); <elf.h>'s macros are the names that LLVM gives its own.
struct ElfHeader {
  unsigned char ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, segments, sections;
  uint32_t flags;
  uint16_t headerBytes, segmentBytes, segmentCount, sectionBytes, sectionCount, sectionNames;
};
struct ElfSegment {
  uint32_t type, flags;
  uint64_t offset, address, physical, fileBytes, memoryBytes, alignment;
};
struct ElfNote {
  uint32_t nameBytes, bytes, type;
};
constexpr char elfMagic[] = "\177ELF\2\1"; // 64 bits, little-endian
constexpr uint32_t elfLoad = 1, elfNote = 4, elfBuildId = 3;

class Seal {
public:
  /// Headers and build ID stand in so many bytes at the begin of a file.
  static constexpr uint64_t headBytes = 4096;
  static constexpr unsigned mostLoads = 16;

  /// By a file's first headBytes bytes, or all of a shorter one; false where dlc wrote none such, or its headers are damaged.
  bool find(const unsigned char *head, uint64_t size) {
    ElfHeader elf;
    if (size < sizeof elf)
      return false;
    memcpy(&elf, head, sizeof elf);
    uint64_t headers = uint64_t(elf.segmentCount) * sizeof(ElfSegment);
    if (memcmp(elf.ident, elfMagic, sizeof elfMagic - 1) || elf.segmentBytes != sizeof(ElfSegment) || headers > size ||
        elf.segments > size - headers)
      return false;
    for (uint64_t at = elf.segments; at < elf.segments + headers; at += sizeof(ElfSegment)) {
      ElfSegment segment;
      memcpy(&segment, head + at, sizeof segment);
      uint64_t from = segment.offset, count = segment.fileBytes;
      if (segment.type == elfNote && from <= size && count <= size - from)
        findNote(head, from, from + count);
      if (segment.type != elfLoad || count == 0)
        continue;
      if (number == mostLoads || from < end() || count > INT64_MAX - from || (number == 0 && from != 0))
        return false;
      loads[number++] = {from, from + count};
    }
    // What was read here is checked as well.
    return place != 0 && number != 0 && place + sizeof seal <= loads[0].end && elf.segments + headers <= loads[0].end;
  }
  uint64_t expected() const { return seal.checksum; }
  /// Where in the file that stands.
  uint64_t at() const { return place + offsetof(dlx_seal, checksum); }
  /// Bytes that the file has at least.
  uint64_t end() const { return number ? loads[number - 1].end : 0; }

  /// `read(from, to, count)` gives bytes of the file, and 0 unless it cannot, which ends this; `buffer` has room for `piece` of them,
  /// a multiple of 32.
  template <typename Read> auto sum(char *buffer, uint64_t piece, Read read, uint64_t &checksum) const {
    dlx_checksum_state state = dlx_checksum_begin();
    uint64_t filled = 0;
    const Range nought[] = {{offsetof(ElfHeader, sections), offsetof(ElfHeader, flags)},
                            {offsetof(ElfHeader, sectionBytes), sizeof(ElfHeader)},
                            {at(), at() + sizeof seal.checksum}};
    for (unsigned i = 0; i < number; ++i)
      for (uint64_t from = loads[i].begin, count = 0; from < loads[i].end; from += count) {
        count = loads[i].end - from < piece - filled ? loads[i].end - from : piece - filled;
        if (auto status = read(from, buffer + filled, count))
          return status;
        for (Range r : nought)
          for (uint64_t k = r.begin; k < r.end; ++k)
            if (k >= from && k < from + count)
              buffer[filled + (k - from)] = 0;
        if ((filled += count) == piece)
          dlx_checksum_add(&state, buffer, filled), filled = 0;
      }
    dlx_checksum_add(&state, buffer, filled);
    checksum = dlx_checksum_end(&state);
    return decltype(read(0, buffer, 0))();
  }

private:
  struct Range {
    uint64_t begin, end;
  };
  dlx_seal seal = {};
  uint64_t place = 0; // of it in the file
  Range loads[mostLoads] = {};
  unsigned number = 0;

  void findNote(const unsigned char *head, uint64_t at, uint64_t end) {
    for (ElfNote note; at + sizeof note <= end;) {
      memcpy(&note, head + at, sizeof note);
      uint64_t name = at + sizeof note, bytes = name + (uint64_t(note.nameBytes) + 3) / 4 * 4;
      at = bytes + (uint64_t(note.bytes) + 3) / 4 * 4;
      if (at > end || note.type != elfBuildId || note.bytes != sizeof seal || note.nameBytes != 4 || memcmp(head + name, "GNU", 4))
        continue;
      memcpy(&seal, head + bytes, sizeof seal);
      place = seal.magic == DLX_SEAL_MAGIC ? bytes : 0;
    }
  }
};

} // namespace dlrt
#endif
