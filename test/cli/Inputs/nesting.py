"""nesting.py FOLDER COMMAND...: runs it on models whose brackets stand behind what may hide them; prints statuses and messages."""
import subprocess
import sys

open_, close = "[" * 10000, "]" * 10000
strings = [r'"\""', r'"a\"b"', r'"\\"', r'"\"//"', '"//"', '"->"', '"("', '"' + r'\"' * 3 + '"']
texts = [f"module attributes {{a = {s}, b = {open_}{close}}} {{}}" for s in strings]
texts.append("#set = affine_set<(d0) : (" + ", ".join(["d0 >= 0"] * 20000) + f")>\nmodule attributes {{b = {open_}{close}}} {{}}")
for i, text in enumerate(texts):
    path = f"{sys.argv[1]}/hidden{i}.mlir"
    with open(path, "w") as f:
        f.write(text)
    done = subprocess.run([*sys.argv[2:], path, "--emit", "dl"], capture_output=True, text=True)
    print(f"{done.returncode}: {done.stderr.strip()[:300]}")
