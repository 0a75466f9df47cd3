// The checksum of a shared library, in its build ID: over all that the program headers load, but for the fields of the ELF
// header that name sections. So `strip`, which changes no other byte of these, leaves an artefact as good as it was.
#ifndef DLC_RUNTIME_SEAL_H
#define DLC_RUNTIME_SEAL_H
#include "runtime/dlx.h"
#include <elf.h>
#include <stddef.h>
#include <string.h>

namespace dlrt {

class Seal {
public:
  /// Headers and build ID stand in so many bytes at the begin of a file.
  static constexpr uint64_t headBytes = 4096;
  static constexpr unsigned mostLoads = 16;

  /// By a file's first headBytes bytes, or all of a shorter one; false where dlc wrote none such, or its headers are damaged.
  bool find(const unsigned char *head, uint64_t size) {
    Elf64_Ehdr elf;
    if (size < sizeof elf)
      return false;
    memcpy(&elf, head, sizeof elf);
    uint64_t headers = uint64_t(elf.e_phnum) * sizeof(Elf64_Phdr);
    if (memcmp(elf.e_ident, ELFMAG, SELFMAG) || elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
        elf.e_phentsize != sizeof(Elf64_Phdr) || headers > size || elf.e_phoff > size - headers)
      return false;
    for (uint64_t at = elf.e_phoff; at < elf.e_phoff + headers; at += sizeof(Elf64_Phdr)) {
      Elf64_Phdr segment;
      memcpy(&segment, head + at, sizeof segment);
      uint64_t from = segment.p_offset, count = segment.p_filesz;
      if (segment.p_type == PT_NOTE && from <= size && count <= size - from)
        findNote(head, from, from + count);
      if (segment.p_type != PT_LOAD || count == 0)
        continue;
      if (number == mostLoads || from < end() || count > INT64_MAX - from || (number == 0 && from != 0))
        return false;
      loads[number++] = {from, from + count};
    }
    // What was read here is checked as well.
    return place != 0 && number != 0 && place + sizeof seal <= loads[0].end && elf.e_phoff + headers <= loads[0].end;
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
    const Range nought[] = {{offsetof(Elf64_Ehdr, e_shoff), offsetof(Elf64_Ehdr, e_flags)},
                            {offsetof(Elf64_Ehdr, e_shentsize), sizeof(Elf64_Ehdr)},
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
    for (Elf64_Nhdr note; at + sizeof note <= end;) {
      memcpy(&note, head + at, sizeof note);
      uint64_t name = at + sizeof note, bytes = name + (uint64_t(note.n_namesz) + 3) / 4 * 4;
      at = bytes + (uint64_t(note.n_descsz) + 3) / 4 * 4;
      if (at > end || note.n_type != NT_GNU_BUILD_ID || note.n_descsz != sizeof seal || note.n_namesz != 4 || memcmp(head + name, "GNU", 4))
        continue;
      memcpy(&seal, head + bytes, sizeof seal);
      place = seal.magic == DLX_SEAL_MAGIC ? bytes : 0;
    }
  }
};

} // namespace dlrt
#endif
