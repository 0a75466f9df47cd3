# casts.py FOLDER: weights of other floating-point types, and a model that has them in its own.
# casts.py FOLDER FILE: what dlc made of them against struct's conversions and, for bf16, exact fractions.
import fractions, json, math, os, random, struct, sys

folder = sys.argv[1]
random.seed(1)
half = [struct.pack("<H", n) for n in range(65536) if n & 0x7c00 != 0x7c00]
wide = [math.ldexp(random.getrandbits(53) / 2**52, random.randint(-152, 120)) * random.choice((1, -1)) for _ in range(5000)]
# Halfway between two floats, and between two of bf16, and just beside.
wide += [math.ldexp(1 + (2 * k + 1) * step + off, e) for k in range(40) for step in (2**-24, 2**-8) for off in (0, 2**-40, -2**-40)
         for e in (-130, -3, 90)]
THEIRS = {"a": ("F16", half), "b": ("F64", [struct.pack("<d", v) for v in wide]), "c": ("F64", [struct.pack("<d", v) for v in wide]),
          "d": ("F16", half)}
OURS = {"a": "f32", "b": "f32", "c": "bf16", "d": "bf16"}


def to_bf16(v):
    """The bits of v's nearest bf16, by the definition: 8 bits of significand, the least exponent -126."""
    x = abs(fractions.Fraction(v))
    if not x:
        return struct.pack("<H", 0x8000 if math.copysign(1, v) < 0 else 0)
    e = max(math.frexp(abs(v))[1] - 1, -126)
    q = round(x / fractions.Fraction(2) ** (e - 7))  # Fraction rounds ties to even
    return struct.pack("<H", (0x8000 if v < 0 else 0) + ((e + 126) << 7) + q)


if len(sys.argv) == 2:
    header, data = {}, b""
    for name, (dtype, values) in THEIRS.items():
        bytes = b"".join(values)
        header[name] = {"dtype": dtype, "shape": [len(values)], "data_offsets": [len(data), len(data) + len(bytes)]}
        data += bytes
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "theirs.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)
    n = {name: len(values) for name, (_, values) in THEIRS.items()}
    with open(os.path.join(folder, "net.mlir"), "w") as f:
        arguments = ", ".join(f'%{p}: tensor<{n[p]}x{t}> {{dl.param = #dl.param<"{p}", constant(0.0), trainable>}}' for p, t in OURS.items())
        f.write(f'func.func @main({arguments}) -> (tensor<{n["a"]}xf32> {{dl.name = "half"}}, tensor<{n["b"]}xf32> {{dl.name = "wide"}}) {{\n'
                f'  %0 = dl.neg %a : tensor<{n["a"]}xf32>\n  %1 = dl.neg %b : tensor<{n["b"]}xf32>\n'
                f'  return %0, %1 : tensor<{n["a"]}xf32>, tensor<{n["b"]}xf32>\n}}\n')
else:
    with open(os.path.join(folder, sys.argv[2]), "rb") as f:
        whole = f.read()
    begin = 8 + struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8:begin])
    for name, (dtype, values) in THEIRS.items():
        values = [struct.unpack({"F16": "<e", "F64": "<d"}[dtype], v)[0] for v in values]
        expected = b"".join(struct.pack("<f", v) if OURS[name] == "f32" else to_bf16(v) for v in values)
        first, last = header[name]["data_offsets"]
        size = 4 if OURS[name] == "f32" else 2
        for k in range(0, len(expected), size):
            found = whole[begin + first + k:begin + first + k + size]
            assert found == expected[k:k + size], (name, values[k // size], found.hex(), expected[k:k + size].hex())
        assert last - first == len(expected) and header[name]["dtype"].lower() == OURS[name]
    print("all right")
