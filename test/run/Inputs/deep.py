#!/usr/bin/env python3
"""deep.py KIND N: a model of N layers. pointwise: additions of the input and relus in turn; scalar: each value added to
itself; trained: matrix product, batch normalisation, addition of a value that all layers read, relu."""
import sys

kind, n = sys.argv[1], int(sys.argv[2])
vector, t = "tensor<4xf32>", {"pointwise": "tensor<4xf32>", "scalar": "tensor<f32>", "trained": "tensor<2x4xf32>"}[kind]
params, body = "", []


def param(name, type, *rest):
    global params
    params += ', %%%s: %s {dl.param = #dl.param<"%s", %s, %s>}' % (name, type, name, *rest)


if kind == "trained":
    body.append("%%h = dl.tanh %%v0 : %s" % t)
for i in range(n):
    if kind == "pointwise":
        body.append("%%v%d = dl.%s : %s" % (i + 1, "relu %%v%d" % i if i % 2 else "add %%v%d, %%v0" % i, t))
    elif kind == "scalar":
        body.append("%%v%d = dl.add %%v%d, %%v%d : %s" % (i + 1, i, i, t))
    else:
        param("w%d" % i, "tensor<4x4xf32>", "xavier_uniform(1.0)", "trainable")
        param("g%d" % i, vector, "constant(1.0)", "trainable")
        param("b%d" % i, vector, "constant(0.0)", "trainable")
        param("m%d" % i, vector, "constant(0.0)", "non_trainable")
        param("s%d" % i, vector, "constant(1.0)", "non_trainable")
        body.append("%%p%d = dl.matmul %%v%d, %%w%d : %s, tensor<4x4xf32>" % (i, i, i, t))
        body.append("%%n%d = dl.batch_norm %%p%d, %%g%d, %%b%d, %%m%d, %%s%d : %s, %s" % (i, i, i, i, i, i, t, vector))
        body.append("%%a%d = dl.add %%n%d, %%h : %s" % (i, i, t))
        body.append("%%v%d = dl.relu %%a%d : %s" % (i + 1, i, t))
print('func.func @main(%%v0: %s {dl.name = "x"}%s) -> (%s {dl.name = "y"}) {' % (t, params, t))
print("\n".join("  " + line for line in body))
print("  return %%v%d : %s\n}" % (n, t))
