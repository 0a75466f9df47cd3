#!/usr/bin/env python3
"""Sums of long rows: errors against NumPy's on trailing and leading dimensions, and how far one row of 10^7 uses all cores."""
import argparse
import itertools
import os
import sys
import tempfile

import numpy

import dlrt

COUNT = 64  # results for an error
ROWS = 8  # of 40 MB


def model(a, folder, text, threads):
    path = os.path.join(folder, "m.mlir")
    with open(path, "w") as f:
        f.write(text)
    library = os.path.join(folder, f"lib{len(os.listdir(folder))}.so")
    a.tools.compile(path, library, *(["--target", a.target] if a.target else []))
    return dlrt.Model(a.tools, library, {}, threads)


def errors(a, folder):
    """RMS relative errors of sums over n terms, NumPy's row sums beside them."""
    worst, r = 0, numpy.random.default_rng(1)
    for n in (2 ** k for k in range(8, 23, 2)):
        count = max(4, min(COUNT, 2 ** 24 // n))
        sums = {name: model(a, folder, f"""func.func @main(%x: tensor<{shape}xf32>) -> tensor<{count}xf32> {{
  %y = dl.sum %x dims [{dim}] : tensor<{shape}xf32>
  return %y : tensor<{count}xf32>
}}""", a.threads[-1]) for name, shape, dim in (("rows", f"{count}x{n}", 1), ("columns", f"{n}x{count}", 0))}
        for kind, draw in (("uniform", r.random), ("normal", r.standard_normal)):
            x = dlrt.aligned((count, n))
            x[:] = draw((count, n), numpy.float32)
            exact, scale = x.sum(1, dtype=numpy.float64), numpy.abs(x).sum(1, dtype=numpy.float64)
            rms = lambda y: float(numpy.sqrt(numpy.mean(((y - exact) / scale) ** 2)))  # noqa: E731
            columns, out = dlrt.aligned((n, count)), dlrt.aligned((count,))
            columns[:] = x.T
            theirs, row = rms(x.sum(1)), {"n": n, "terms": kind}
            for name, argument in (("rows", x), ("columns", columns)):
                sums[name].bind("run", [argument], [out])()
                row[name] = rms(out)
                worst = max(worst, row[name] / theirs)
            dlrt.show({**row, "numpy": theirs}, a.json)
        for m in sums.values():
            m.close()
    return worst


def scaling(a, folder):
    """Rates of one row of 10^7 on each number of threads; `read` is a plain read of the same bytes by as many rows as blocks.

    Calls take ROWS rows in turn, more than all caches hold: of one row of 40 MB, two cores keep in a third level of 32 MB what
    one core reads from memory each time, and a plain read then runs three times as fast on them."""
    n, parts, r = 10 ** 7, 100, numpy.random.default_rng(2)
    rows, out, index = [dlrt.aligned((1, n)) for _ in range(ROWS)], dlrt.aligned((1, n)), dlrt.aligned((1,), numpy.int64)
    for x in rows:
        x[:] = r.standard_normal((1, n), numpy.float32)
    one, many = dlrt.aligned((1,)), dlrt.aligned((parts,))
    row, cut = f"tensor<1x{n}xf32>", f"tensor<{parts}x{n // parts}xf32>"
    programs = {
        "read": (f"(%x: {cut}) -> tensor<{parts}xf32>", f"%y = dl.sum %x dims [1] : {cut}", f"%y : tensor<{parts}xf32>", [x.reshape(parts, -1) for x in rows], [many]),
        "sum": (f"(%x: {row}) -> tensor<1xf32>", f"%y = dl.sum %x dims [1] : {row}", "%y : tensor<1xf32>", rows, [one]),
        "softmax": (f"(%x: {row}) -> {row}", f"%y = dl.softmax %x axis 1 : {row}", f"%y : {row}", rows, [out]),
        "argmax": (f"(%x: {row}) -> tensor<1xi64>", f"%v, %y = dl.argmax %x axis 1 : {row}", "%y : tensor<1xi64>", rows, [index])}
    ns = {}
    for threads in a.threads:
        for name, (head, body, result, inputs, outputs) in programs.items():
            m = model(a, folder, f"func.func @main{head} {{\n  {body}\n  return {result}\n}}", threads)
            calls = itertools.cycle([m.bind("run", [x], outputs) for x in inputs])
            ns[name, threads] = dlrt.interleave({"dlc": lambda: next(calls)()}, threads, a.rounds, 3)["dlc"]
            m.close()
    first = a.threads[0]
    for threads in a.threads[1:]:
        base = ns["read", first] / ns["read", threads]
        for name in programs:
            speedup = ns[name, first] / ns[name, threads]
            dlrt.show({"row": name, "threads": threads, "ms": ns[name, threads] / 1e6, "speedup": speedup, "of_read": speedup / base}, a.json)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", help="as dlc compile's")
    a = dlrt.arguments(parser)
    folder = tempfile.mkdtemp(prefix="dlc-bench-")
    scaling(a, folder)
    if (worst := errors(a, folder)) > 2:
        sys.exit(f"an error of {worst:.2f} times NumPy's")


if __name__ == "__main__":
    main()
