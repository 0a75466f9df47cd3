#!/usr/bin/env python3
"""npy.py OUT.npy DTYPE EXTENTS VALUE...: writes numbers as .npy; EXTENTS as 2x3 or - for rank 0; the values repeat."""
import struct
import sys

out, dtype, extents, *values = sys.argv[1:]
shape = [] if extents == "-" else [int(n) for n in extents.split("x")]
count = 1
for n in shape:
    count *= n
code, pack = {"f32": ("<f4", "f"), "f64": ("<f8", "d"), "i32": ("<i4", "i"), "i64": ("<i8", "q"), "i8": ("|i1", "b")}[dtype]
number = float if pack in "fd" else int
numbers = [number(values[i % len(values)]) for i in range(count)]
header = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (code, "".join("%d, " % n for n in shape))
header += " " * (63 - (10 + len(header)) % 64) + "\n"
with open(out, "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    f.write(struct.pack("<%d%s" % (count, pack), *numbers))
