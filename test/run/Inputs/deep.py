#!/usr/bin/env python3
"""deep.py N: a model of N pointwise layers, additions of the input and relus in turn."""
import sys

n, t = int(sys.argv[1]), "tensor<4xf32>"
print('func.func @main(%%v0: %s {dl.name = "x"}) -> (%s {dl.name = "y"}) {' % (t, t))
for i in range(n):
    print("  %%v%d = dl.%s : %s" % (i + 1, "relu %%v%d" % i if i % 2 else "add %%v%d, %%v0" % i, t))
print("  return %%v%d : %s\n}" % (n, t))
