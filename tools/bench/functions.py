#!/usr/bin/env python3
"""Largest errors of the functions of f32 over all 2^32 floats, the worst confirmed by mpmath, and nanoseconds an element beside PyTorch's."""
import argparse
import functools
import os
import struct
import subprocess
import time

import mpmath

mpmath.mp.prec = 200
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def gelu_tanh(x):
    return x * sigmoid(2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3))


EXACT = {
    "exp2": lambda x: mpmath.mpf(2) ** x, "log2": lambda x: mpmath.log(x, 2), "rsqrt": lambda x: 1 / mpmath.sqrt(x),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), "lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))), "sigmoid": sigmoid,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)), "silu": lambda x: x * sigmoid(x), "softsign": lambda x: x / (1 + abs(x)),
    "gelu": lambda x: x / 2 * mpmath.erfc(-x / mpmath.sqrt(2)), "gelu_tanh": gelu_tanh,
}
TORCH = {"gelu": "nn.functional.gelu", "gelu_tanh": "nn.functional.gelu", "silu": "nn.functional.silu",
         "softplus": "nn.functional.softplus", "softsign": "nn.functional.softsign"}


def value(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def error(name, x, y, floor):
    """Of y against f(x), in units of an f32's last place there."""
    exact = EXACT.get(name) or getattr(mpmath, name)
    y = mpmath.sign(y) * mpmath.mpf(2) ** 128 if y in (float("inf"), -float("inf")) else mpmath.mpf(y)
    e = exact(mpmath.mpf(x))
    if abs(e) > mpmath.mpf(2) ** 128:
        e = mpmath.sign(e) * mpmath.mpf(2) ** 128
    if abs(y - e) <= floor:
        return 0.0
    exponent = -126 if e == 0 else max(min(int(mpmath.floor(mpmath.log(abs(e), 2))), 127), -126)
    return float(abs(y - e) / mpmath.mpf(2) ** (exponent - 23))


def power_row(tool, pairs):
    """Of pow on so many seeded pairs, and whether it is within its bound."""
    out = subprocess.run([tool, "--pow", str(pairs)], check=True, capture_output=True, text=True).stdout.split()
    head = dict(field.split("=", 1) for field in out[1:])
    x, y, z = (value(int(head[k], 16)) for k in "xyz")
    e = mpmath.power(mpmath.mpf(x), mpmath.mpf(y))
    worst = float(abs(z - e) / mpmath.mpf(2) ** (max(int(mpmath.floor(mpmath.log(e, 2))), -126) - 23))
    print(f"| pow | {worst:.4f} | {x!r}, {y!r} | 2 | {head.get('v3', '-')} | {head.get('v4', '-')} | - |", flush=True)
    return worst <= 2 and float(head["error"]) <= 2 and head["different"] == head["inexact"] == "0"


def torch_ns(name, low, high):
    """Nanoseconds an element on one thread, or None."""
    try:
        import torch
    except ImportError:
        return None
    f = torch
    for part in TORCH.get(name, name).split("."):
        f = getattr(f, part, None)
    if f is None:
        return None
    if name == "gelu_tanh":
        f = functools.partial(f, approximate="tanh")
    torch.set_num_threads(1)
    x = torch.linspace(low, high, 1 << 14)
    best = 1e30
    for _ in range(200):
        begin = time.perf_counter_ns()
        f(x)
        best = min(best, time.perf_counter_ns() - begin)
    return best / x.numel()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", nargs="*")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="folder of the binaries")
    parser.add_argument("--stride", type=int, default=1, help="every so many floats")
    parser.add_argument("--worst", type=int, default=1000, help="how many are confirmed")
    a = parser.parse_args()
    tool = os.path.join(a.build, "bin/dlc-functions")
    names = a.function or subprocess.run([tool, "--names"], check=True, capture_output=True, text=True).stdout.split() + ["pow"]
    print("| function | largest error (ulp) | at | bound | v3 ns | v4 ns | PyTorch ns |\n|---|---|---|---|---|---|---|")
    bad = 0
    for name in names:
        if name == "pow":
            bad += not power_row(tool, (1 << 32) // a.stride)
            continue
        out = subprocess.run([tool, name, "--stride", str(a.stride), "--worst", str(a.worst), "--list"], check=True,
                             capture_output=True, text=True).stdout.splitlines()
        head = dict(field.split("=", 1) for field in out[0].split()[1:])
        floor, worst = float(head["floor"]), (0.0, 0.0)
        for line in out[1:]:
            x, y = (value(int(word, 16)) for word in line.split()[:2])
            if x == x and abs(x) != float("inf") and y == y:
                worst = max(worst, (error(name, x, y, floor), x))
            else:
                worst = max(worst, (float("inf"), x))
        bad += worst[0] > float(head["bound"]) or head["different"] != "0"
        torch = torch_ns(name, float(head["low"]), float(head["high"]))
        print(f"| {name} | {worst[0]:.3f} | {worst[1]!r} | {head['bound']} | {head.get('v3', '-')} | {head.get('v4', '-')} | "
              f"{'-' if torch is None else f'{torch:.3f}'} |" + ("" if head["different"] == "0" else f" {head['different']} differ"), flush=True)
    if bad:
        raise SystemExit(f"{bad} functions are beyond their bounds, or differ between targets")


if __name__ == "__main__":
    main()
