# npy.py FILE DTYPE SHAPE VALUE...: an array of f4, i4, ... with SHAPE such as 2x784; the values are repeated.
import struct, sys

path, dtype, shape, *values = sys.argv[1:]
shape = tuple(int(n) for n in shape.split("x") if n)
count = 1
for n in shape:
    count *= n
header = str({"descr": "<" + dtype, "fortran_order": False, "shape": shape}).encode()
header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
code = {"f4": "f", "f8": "d", "i4": "i"}[dtype]
number = int if dtype[0] == "i" else float
elements = [number(values[i % len(values)]) for i in range(count)]
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{count}{code}", *elements))
