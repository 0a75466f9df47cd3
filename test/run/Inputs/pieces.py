"""pieces.py FOLDER: x [3, 20, 21] by its 20 slices along dimension 0, 1 and 2 (of 60, 20, 21), reversed in their order and joined."""
import array
import struct
import sys

shape = (60, 20, 21)
axes = (0, 1, 2)


def strides(s):
    return (s[1] * s[2], s[2], 1)


def save(name, shape, values):
    header = str({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    with open(f"{sys.argv[1]}/{name}.npy", "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + array.array("f", values).tobytes())


def parts(axis):
    """Of unequal widths: 1, 2, 1, 2, ... as far as there is room, at least 17."""
    at, out = 0, []
    while at < shape[axis]:
        width = 1 + (len(out) % 4 == 1 and shape[axis] - at > 17 - len(out))
        out.append((at, min(width, shape[axis] - at)))
        at += out[-1][1]
    return out


n = shape[0] * shape[1] * shape[2]
save("x", shape, range(n))
dims = "Bx20x21"
X = "tensor<?x20x21xf32, #dl.dims<B, 20, 21>>"
text = "dl.symbol @B : 60 to 64\nfunc.func @main(%x: " + X + ' {dl.name = "x"}) -> ('
body, results, types = "", [], []
for axis in axes:
    pieces = parts(axis)
    whole = X if axis else "tensor<60x20x21xf32>"
    source = "%x"
    if axis == 0:  # of a constant extent
        body += f"  %c = dl.slice %x offsets <0, 0, 0> sizes <60, 20, 21> strides [1, 1, 1] : {X}\n"
        source = "%c"
    names, kinds = [], []
    for k, (at, width) in enumerate(pieces):
        offsets = ["0", "0", "0"]
        sizes = ["60" if axis == 0 else "B", "20", "21"]
        offsets[axis], sizes[axis] = str(at), str(width)
        kind = (f"tensor<{'x'.join(sizes)}xf32>" if axis == 0 else
                f"tensor<{'x'.join('?' if s == 'B' else s for s in sizes)}xf32, #dl.dims<{', '.join(sizes)}>>")
        body += f"  %p{axis}_{k} = dl.slice {source} offsets <{', '.join(offsets)}> sizes <{', '.join(sizes)}> strides [1, 1, 1] : {whole}\n"
        names.append(f"%p{axis}_{k}")
        kinds.append(kind)
    body += f"  %a{axis} = dl.concat {', '.join(names)} axis {axis} : {', '.join(kinds)}\n"
    body += f"  %r{axis} = dl.concat {', '.join(reversed(names))} axis {axis} : {', '.join(reversed(kinds))}\n"
    order = [i for at, width in reversed(pieces) for i in range(at, at + width)]
    s = strides(shape)
    values = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                c = [i, j, k]
                c[axis] = order[c[axis]]
                values.append(c[0] * s[0] + c[1] * s[1] + c[2])
    save(f"a{axis}", shape, range(n))
    save(f"r{axis}", shape, values)
    for letter in "ar":
        results.append((f"%{letter}{axis}", whole, f"{letter}{axis}"))
text += ", ".join(f'{t} {{dl.name = "{name}"}}' for _, t, name in results) + ") {\n" + body
text += f"  return {', '.join(v for v, _, _ in results)} : {', '.join(t for _, t, _ in results)}\n}}\n"
with open(f"{sys.argv[1]}/pieces.mlir", "w") as f:
    f.write(text)
