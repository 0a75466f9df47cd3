"""limits.py FOLDER: models at the limits of runtime/dlx.h, and one beyond each."""
import sys


def write(name, text):
    with open(f"{sys.argv[1]}/{name}.mlir", "w") as f:
        f.write(text)


def identity(type):
    return f"func.func @main(%x: {type}) -> {type} {{\n  return %x : {type}\n}}\n"


for n in (32, 33):
    write(f"rank{n}", identity(f"tensor<{'1x' * n}f32>"))
write("inner33", "func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {\n"
      f"  %0 = dl.reshape %x : tensor<1xf32> -> tensor<{'1x' * 33}f32>\n"
      f"  %1 = dl.reshape %0 : tensor<{'1x' * 33}f32> -> tensor<1xf32>\n  return %1 : tensor<1xf32>\n}}\n")
for n in (256, 257):
    write(f"symbols{n}", "".join(f"dl.symbol @S{i} : 1 to 8\n" for i in range(n)) + identity("tensor<?xf32, #dl.dims<S0>>"))
for n in (16, 17):
    t = "tensor<2xf32>"
    text = f"func.func @main(%a0: {t}) -> {t} {{\n"
    for i in range(n):
        text += f"%r{i} = dl.scan <2> carry(%a{i}) {{ ^bb0(%a{i + 1}: {t}):\n"
    text += f"%r{n} = dl.neg %a{n} : {t}\n"
    for i in reversed(range(n)):
        text += f"dl.yield %r{i + 1} : {t}\n}} : ({t}) -> {t}\n"
    write(f"scans{n}", text + f"return %r0 : {t}\n}}\n")
for n in (1024, 1025):
    body = "(%x: tensor<1xf32>) -> tensor<1xf32> { return %x : tensor<1xf32> }\n"
    write(f"functions{n}", "".join(f"func.func @{'f%d' % i if i else 'main'}{body}" for i in range(n)))



terms = " + ".join([f"S{i} * S{j}" for i in range(50) for j in range(i)][:1000])  # one form of so many is not sought
symbols = "".join(f"dl.symbol @S{i} : 1 to 2\n" for i in range(50))
sources = ", ".join(f"%x{i}: tensor<?xf32, #dl.dims<S{i}>>" for i in range(50))
one, two = f"tensor<?xf32, #dl.dims<{terms}>>", f"tensor<?x?xf32, #dl.dims<{terms}, {terms}>>"
for name, type in (("words", one), ("toolong", two)):  # a product of two such is more than an expression holds
    write(name, f"{symbols}func.func @main({sources}, %y: {type}) -> {type} {{\n  %0 = dl.neg %y : {type}\n  return %0 : {type}\n}}\n")
write("product", f"dl.symbol @B : 1 to 1\nfunc.func @main(%x: tensor<?xf32, #dl.dims<{' * '.join('B' * 2000)}>>) {{\n  return\n}}\n")
write("blocks", "func.func @main(%x: tensor<17592186044416xf32>) -> tensor<17592186044416xf32> {\n"
      "  %0 = dl.neg %x : tensor<17592186044416xf32>\n  return %0 : tensor<17592186044416xf32>\n}\n")
