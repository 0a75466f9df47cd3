"""Examples of the documentation, run through dlc-opt.

examples.py pages FILE...        each block that opens with ```mlir; what stands behind the word are passes to run
examples.py ops OPS_TD           each "Example: `...`" of an op, as mlir-tblgen gives the op's description
Prints what dlc-opt refuses and ends with status 1, or with the number of examples.
"""
import os
import re
import shutil
import subprocess
import sys


def opt(text, *arguments):
    return subprocess.run(["dlc-opt", *arguments, "-o", os.devnull], input=text, text=True, capture_output=True).stderr


def pages(files):
    count = 0
    for path in files:
        with open(path, encoding="utf-8") as f:
            page = f.read()
        for match in re.finditer(r"^```mlir *(.*)\n((?:.*\n)*?)```$", page, re.M):
            count += 1
            errors = opt(match[2], *match[1].split())
            if errors:
                yield f"{path}:{page[:match.start()].count(chr(10)) + 1}: {errors}"
    yield count


def ops(td):
    include = os.path.join(os.path.dirname(shutil.which("mlir-tblgen")), "..", "include")
    root = os.path.dirname(os.path.dirname(os.path.dirname(td)))
    command = ["mlir-tblgen", "-gen-op-doc", "-dialect=dl", "-I", root, "-I", include, td]
    text = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    examples = [" ".join(e.split()) for e in re.findall(r"Example: `(%[^`]*)`", text)]
    for example in examples:
        inputs = sorted(set(re.findall(r"%\w+", example.split("=", 1)[1])))
        # All operands have the first type; where that is wrong dlc-opt says what it wants, one operand at a time.
        types = dict.fromkeys(inputs, re.search(r"tensor<[^>]*>", example)[0])
        for _ in range(len(inputs) + 1):
            arguments = ", ".join(f"{name}: {types[name]}" for name in inputs)
            errors = opt(f"func.func @example({arguments}) {{\n  {example}\n  return\n}}\n")
            wanted = re.search(r"use of value '(%\w+)' expects different type than prior uses: '(.*)' vs '", errors)
            if not wanted:
                break
            types[wanted[1]] = wanted[2]
        if errors:
            yield f"{example}\n{errors}"
    yield len(examples)


*refused, total = pages(sys.argv[2:]) if sys.argv[1] == "pages" else ops(*sys.argv[2:])
print(*refused, f"{total} examples, {len(refused)} refused", sep="\n")
sys.exit(bool(refused) or total == 0)
