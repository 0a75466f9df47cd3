#!/usr/bin/env python3
"""Random convolution nets and MLPs of awkward sizes: equal outputs, no plain loops in the plans, rates against ONNX Runtime."""
import argparse
import os
import random
import re
import sys
import tempfile

import dlrt
import nets

PRIMES = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67]


def convolutional(r):
    shape = (r.randint(13, 40), r.randint(13, 40), r.choice(PRIMES))
    layers, at = [], shape[:2]
    for _ in range(r.randint(2, 4)):
        kernel = (r.randint(1, 5), r.randint(1, 5))
        strides = (r.randint(1, 2), r.randint(1, 2))
        padding = tuple(r.randint(0, kernel[d % 2] - 1) for d in range(4))
        after = nets.Net.window(at, kernel, strides, padding)
        if min(after) < 3:
            break
        layers += [("conv", r.randint(3, 67), kernel, strides, padding), ("relu",)]
        at = after
        if min(at) >= 6 and r.random() < 0.4:
            layers.append(("maxpool", (2, 2), (2, 2)))
            at = nets.Net.window(at, (2, 2), (2, 2), (0, 0, 0, 0))
    return nets.Net(shape, layers + [("dense", r.choice(PRIMES)), ("softmax",)])


def perceptron(r):
    layers = []
    for _ in range(r.randint(2, 5)):
        layers += [("dense", r.choice([37, 67, 101, 131, 211, 307, 509, 773])), ("relu",)]
    return nets.Net((r.choice([13, 61, 199, 401, 787]),), layers + [("dense", r.choice(PRIMES)), ("softmax",)])


def loops(plan):
    """Kernels with a contraction or a window that have no better emitter than loops."""
    return [k for k in plan.split("func.func")
            if re.search(r"#dlx\.plan<loops", k) and re.search(r"dl\.(conv2d|matmul|max_pool2d)", k)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    a = dlrt.arguments(parser)
    r, bad, ratios = random.Random(a.seed), 0, {t: [] for t in a.threads}
    folder = tempfile.mkdtemp(prefix="dlc-bench-")
    text, library = os.path.join(folder, "odd.mlir"), os.path.join(folder, "libodd.so")
    for number in range(a.count):
        net = perceptron(r) if number % 3 == 2 else convolutional(r)
        batch = r.choice([1, 2, 3, 5, 7, 16, 31])
        with open(text, "w") as f:
            f.write(net.mlir(batch))
        a.tools.compile(text, library)
        plain = loops(a.tools.text("compile", text, "--emit", "plan"))
        model, result = net.onnx(batch)
        for threads in a.threads:
            image, out = net.input(batch), dlrt.aligned((batch, *net.shapes[-1]))
            theirs = dlrt.aligned(out.shape)
            ours = dlrt.Model(a.tools, library, net.params, threads)
            contestants = {"dlc": ours.bind("run", [image], [out]),
                           "onnxruntime": dlrt.onnx_session(model, threads, {"x": net.nchw(image)}, {result: theirs})}
            ns = dlrt.interleave(contestants, threads, a.rounds, 10)
            error, ratio = dlrt.relative_error(out, theirs), ns["onnxruntime"] / ns["dlc"]
            wrong = not error <= 1e-4 or bool(plain)
            bad += wrong
            ratios[threads].append(ratio)
            layers = " ".join("-".join(str(x).replace(" ", "") for x in layer) for layer in net.layers if layer[0] not in ("relu", "softmax"))
            dlrt.show({"net": number, "threads": threads, "dlc_us": ns["dlc"] / 1e3, "onnxruntime_us": ns["onnxruntime"] / 1e3, "ratio": ratio,
                       "error": error, "loops": len(plain), "batch": batch, "layers": f"{net.shape} {layers}".replace(", ", ",")}, a.json)
            ours.close()
    for threads, all_ratios in ratios.items():
        dlrt.show({"threads": threads, "nets": len(all_ratios), "geomean": dlrt.geomean(all_ratios), "worst": min(all_ratios)}, a.json)
    if bad:
        sys.exit(f"{bad} rows differ from ONNX Runtime or run as plain loops")


if __name__ == "__main__":
    main()
