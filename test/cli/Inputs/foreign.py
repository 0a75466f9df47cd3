# foreign.py FOLDER: a model's net.mlir and the weights of a PyTorch-like net of other layouts and types in torch.safetensors.
# foreign.py FOLDER FILE: what dlc made of them, beside what the layouts' definitions say.
import itertools, json, os, struct, sys

folder = sys.argv[1]
THEIRS = {  # element k of a tensor is k - 9, which every type holds
    "conv.weight": ("F16", [3, 4, 2, 2]), "conv.bias": ("BF16", [3]), "norm.weight": ("F64", [3]), "norm.bias": ("F32", [3]),
    "norm.num_batches_tracked": ("I64", []), "fc.weight": ("F64", [5, 12]), "attn.in_proj": ("F32", [6, 3]),
    "lstm.bias_ih": ("F32", [4]), "lstm.bias_hh": ("F16", [4])}
OURS = {  # type, extents, and the element at an index
    "conv.weight": ("f32", [2, 2, 4, 3], lambda r, s, i, o: ((o * 4 + i) * 2 + r) * 2 + s - 9),
    "conv.bias": ("f32", [3], lambda i: i - 9),
    "norm.gamma": ("bf16", [3], lambda i: i - 9), "norm.beta": ("f64", [3], lambda i: i - 9),
    "fc.weight": ("f32", [12, 5], lambda i, o: o * 12 + (i % 3) * 4 + i // 3 - 9),  # its input was [3, 2, 2], and is [2, 2, 3]
    "attn.key.weight": ("f32", [3, 2], lambda i, o: (2 + o) * 3 + i - 9),
    "lstm.bias": ("f32", [4], lambda i: 2 * (i - 9)), "head": ("f32", [2], lambda i: 7)}
BYTES = {"F16": "e", "F32": "f", "F64": "d", "I64": "q"}


def pack(dtype, v):
    return struct.pack("<f", v)[2:] if dtype == "BF16" else struct.pack("<" + BYTES[dtype], int(v) if dtype == "I64" else v)


def unpack(dtype, b):
    return struct.unpack("<f", b"\0\0" + b)[0] if dtype == "BF16" else struct.unpack("<" + BYTES[dtype], b)[0]


if len(sys.argv) == 2:
    header, data = {}, b""
    for name, (dtype, shape) in THEIRS.items():
        count = 1
        for n in shape:
            count *= n
        bytes = b"".join(pack(dtype, k - 9) for k in range(count))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(bytes)]}
        data += bytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "torch.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)
    with open(os.path.join(folder, "net.mlir"), "w") as f:
        arguments = "".join(f', %p{i}: tensor<{"x".join(map(str, shape))}x{t}> {{dl.param = #dl.param<"{name}", constant(7.0), trainable>}}'
                            for i, (name, (t, shape, _)) in enumerate(OURS.items()))
        f.write(f'func.func @main(%x: tensor<1xf32> {{dl.name = "x"}}{arguments}) -> (tensor<1xf32> {{dl.name = "y"}}) {{\n'
                "  %0 = dl.neg %x : tensor<1xf32>\n  return %0 : tensor<1xf32>\n}\n")
else:
    with open(os.path.join(folder, sys.argv[2]), "rb") as f:
        whole = f.read()
    begin = 8 + struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8:begin])
    right = 0
    for name, (t, shape, element) in OURS.items():
        entry = header[name]
        first, last = entry["data_offsets"]
        size = {"f32": 4, "bf16": 2, "f64": 8}[t]
        assert entry["shape"] == shape and entry["dtype"].lower() == t, name
        indices = list(itertools.product(*map(range, shape)))
        assert last - first == size * len(indices), name
        for k, index in enumerate(indices):
            at = begin + first + size * k
            value = unpack(entry["dtype"], whole[at:at + size])
            assert value == element(*index), (name, index, value, element(*index))
        right += 1
    print(f"{right} of {len(OURS)} parameters right")
