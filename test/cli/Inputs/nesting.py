"""nesting.py FOLDER COMMAND...: runs it on models whose brackets stand behind what may hide them; prints statuses and messages."""
import subprocess
import sys

open_, close = "[" * 10000, "]" * 10000
strings = [r'"\""', r'"a\"b"', r'"\\"', r'"\"//"', '"//"', '"->"', '"("', '"' + r'\"' * 3 + '"']
texts = [f"module attributes {{a = {s}, b = {open_}{close}}} {{}}" for s in strings]
texts.append("#set = affine_set<(d0) : (" + ", ".join(["d0 >= 0"] * 20000) + f")>\nmodule attributes {{b = {open_}{close}}} {{}}")
texts.append("#m = affine_map<(d0) -> (" + "-" * 100000 + "d0)>\nmodule {}")
for sign, first, next_ in (("#", "1 : i64", "[#a{0}]"), ("!", "f32", "tuple<!a{0}>"), ("#", "1 : i64", "[#a{0}, #a{0}]")):
    lines = [f"{sign}a0 = {first}"] + [f"{sign}a{i} = {next_.format(i - 1)}" for i in range(1, 60 if ", " in next_ else 20000)]
    texts.append("\n".join(lines) + f"\nfunc.func @main(%x: tensor<1xf32>) attributes {{x = {sign}a{len(lines) - 1}}} {{ return }}")
for operator in (" floordiv 2", " * B"):
    texts.append(f"dl.symbol @B : 1 to 2\nfunc.func @main(%x: tensor<?xf32, #dl.dims<B{operator * 50000}>>) {{ return }}")
for i, text in enumerate(texts):
    path = f"{sys.argv[1]}/hidden{i}.mlir"
    with open(path, "w") as f:
        f.write(text)
    done = subprocess.run([*sys.argv[2:], path, "--emit", "dl"], capture_output=True, text=True)
    print(f"{done.returncode}: {done.stderr.strip()[:300]}")
