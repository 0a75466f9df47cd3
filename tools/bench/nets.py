"""Nets as lists of layers: a model.mlir (NHWC), the same as ONNX (NCHW), and weights by test/fixtures/formula.py's formula."""
import math

import numpy


def u(count, t):
    i = numpy.arange(count, dtype=numpy.int64)
    return (i * 7919 + t * 104729) % 2003 / 1001.0 - 1.0


class Net:
    """Layers: ("conv", k, (r, s), (sh, sw), (top, left, bottom, right)), ("maxpool", (r, s), (sh, sw)), ("relu",), ("dense", n),
    ("softmax",). A dense layer behind an image flattens it. `names` calls the layers that have weights; else w0, w1, ..."""

    def __init__(self, shape, layers, names=None):
        self.shape, self.layers, self.params, self.shapes = shape, layers, {}, [shape]
        for layer in layers:
            shape = self.shapes[-1]
            if layer[0] in ("conv", "dense"):
                name = names[len(self.params) // 2] if names else f"w{len(self.params) // 2}"
                if layer[0] == "conv":
                    w = (*layer[2], shape[2], layer[1])
                else:
                    w = (math.prod(shape), layer[1])
                fan_in = math.prod(w[:-1])
                for kind, extents in (("weight", w), ("bias", w[-1:])):
                    values = u(math.prod(extents), len(self.params)) / math.sqrt(fan_in)
                    self.params[f"{name}.{kind}"] = values.astype(numpy.float32).reshape(extents)
            if layer[0] == "conv":
                shape = (*self.window(shape, *layer[2:]), layer[1])
            elif layer[0] == "maxpool":
                shape = (*self.window(shape, *layer[1:], (0, 0, 0, 0)), shape[2])
            elif layer[0] == "dense":
                shape = (layer[1],)
            self.shapes.append(shape)

    @staticmethod
    def window(shape, kernel, strides, padding):
        return tuple((shape[d] + padding[d] + padding[d + 2] - kernel[d]) // strides[d] + 1 for d in (0, 1))

    def input(self, batch, step=0):
        """NHWC"""
        return (0.5 + 0.5 * u(batch * math.prod(self.shape), 1000 + step)).astype(numpy.float32).reshape(batch, *self.shape)

    def nchw(self, image):
        return numpy.ascontiguousarray(image.transpose(0, 3, 1, 2)) if image.ndim == 4 else image

    def weighted(self):
        """(layer, weight's name, bias's name) or (layer, None, None)"""
        names = iter(self.params)
        for layer in self.layers:
            yield (layer, next(names), next(names)) if layer[0] in ("conv", "dense") else (layer, None, None)

    def mlir(self, batch):
        def tensor(*shape):
            return f"tensor<{'x'.join(map(str, shape))}xf32>"
        arguments = [f'%x: {tensor(batch, *self.shape)} {{dl.name = "x"}}']
        arguments += [f'%p{i}: {tensor(*value.shape)} {{dl.param = #dl.param<"{name}", constant(0.0), trainable>}}'
                      for i, (name, value) in enumerate(self.params.items())]
        body, value, parameter = [], "%x", 0

        def emit(text):
            nonlocal value
            value = f"%v{len(body)}"
            body.append(f"  {value}{', %i' + str(len(body)) if 'max_pool' in text else ''} = {text}")
        for layer, before, after in zip(self.layers, self.shapes, self.shapes[1:]):
            x, y = tensor(batch, *before), tensor(batch, *after)
            if layer[0] == "dense" and len(before) > 1:
                flat = tensor(batch, math.prod(before))
                emit(f"dl.reshape {value} : {x} -> {flat}")
                x = flat
            if layer[0] in ("conv", "dense"):
                w = tensor(*list(self.params.values())[parameter].shape)
                if layer[0] == "conv":
                    emit(f"dl.conv2d {value}, %p{parameter} strides {list(layer[3])} padding {list(layer[4])} : {x}, {w}")
                else:
                    emit(f"dl.matmul {value}, %p{parameter} : {x}, {w}")
                out = value
                emit(f"dl.broadcast %p{parameter + 1} dims [{len(after)}] : {tensor(after[-1])} -> {y}")
                emit(f"dl.add {out}, {value} : {y}")
                parameter += 2
            elif layer[0] == "maxpool":
                emit(f"dl.max_pool2d {value} kernel {list(layer[1])} strides {list(layer[2])} : {x}")
            elif layer[0] == "relu":
                emit(f"dl.relu {value} : {x}")
            else:
                emit(f"dl.softmax {value} axis 1 : {x}")
        out = tensor(batch, *self.shapes[-1])
        return f"func.func @main({', '.join(arguments)}) -> {out} {{\n" + "\n".join(body) + f"\n  return {value} : {out}\n}}\n"

    def torch_weights(self):
        """Name to array: OIHW convolutions, [in, out] dense weights whose rows are in the order of a flattened NCHW image."""
        result, previous = {}, self.shape
        for (layer, weight, bias), before in zip(self.weighted(), self.shapes):
            if layer[0] == "conv":
                result[weight] = self.params[weight].transpose(3, 2, 0, 1)
            elif layer[0] == "dense":
                w = self.params[weight]
                if len(before) == 3:
                    h, width, c = before
                    w = w.reshape(h, width, c, -1).transpose(2, 0, 1, 3).reshape(w.shape)
                result[weight] = w
            if bias:
                result[bias] = self.params[bias]
        return {name: numpy.ascontiguousarray(value) for name, value in result.items()}

    def onnx(self, batch):
        from onnx import TensorProto, helper, numpy_helper
        nodes, value = [], "x"

        def emit(op, inputs, **attributes):
            nonlocal value
            value = f"v{len(nodes)}"
            nodes.append(helper.make_node(op, inputs, [value], **attributes))
        for (layer, weight, bias), before in zip(self.weighted(), self.shapes):
            if layer[0] == "conv":
                emit("Conv", [value, weight, bias], kernel_shape=layer[2], strides=layer[3], pads=layer[4])
            elif layer[0] == "dense":
                if len(before) == 3:
                    emit("Flatten", [value])
                emit("Gemm", [value, weight, bias])
            elif layer[0] == "maxpool":
                emit("MaxPool", [value], kernel_shape=layer[1], strides=layer[2])
            elif layer[0] == "relu":
                emit("Relu", [value])
            else:
                emit("Softmax", [value], axis=1)

        def info(name, shape):
            shape = (shape[2], *shape[:2]) if len(shape) == 3 else shape
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *shape])
        graph = helper.make_graph(nodes, "net", [info("x", self.shape)], [info(value, self.shapes[-1])],
                                  [numpy_helper.from_array(a, name) for name, a in self.torch_weights().items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        model.producer_name = "dlc bench"
        return model, value
