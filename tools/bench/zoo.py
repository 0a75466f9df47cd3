#!/usr/bin/env python3
"""The zoo's big nets with PyTorch's seeded weights: outputs and times of inference against ONNX Runtime, OpenVINO and PyTorch, losses and
times of the training step against PyTorch. What is not installed is left out."""
import argparse
import importlib.util
import io
import os
import tempfile

import numpy

import dlrt
import language

IMAGE = (224, 224, 3)
# name: input's name, its shape behind the batch, output
NETS = {
    "resnet18": ("image", IMAGE, "probabilities"), "resnet50": ("image", IMAGE, "probabilities"), "vgg16": ("image", IMAGE, "probabilities"),
    "mobilenet_v2": ("image", IMAGE, "probabilities"), "inception_v3": ("image", (299, 299, 3), "probabilities"),
    "unet": ("image", (256, 256, 3), "mask"), "lstm": ("sequence", (128, 64), "probabilities"),
    "transformer": ("sequence", (128, 256), "probabilities"), "bert_encoder": ("hidden", (128, 768), "hidden"),
}
TRAIN = ["--train", "--loss", "sparse_categorical_cross_entropy", "--optimizer", "sgd(lr=0.01,momentum=0.9)"]
CLASSES = {name: 1000 if of == "image" else 10 for name, (of, _, out) in NETS.items() if out == "probabilities"}


def torch_net(name):
    """The logits (or what the net gives) of NCHW images or of sequences, in evaluation mode, from seed 0."""
    import torch
    from torch import nn
    torch.manual_seed(0)

    class UNet(nn.Module):
        def __init__(self, features=32):
            super().__init__()
            previous = 3
            for i, n in enumerate(["encoder1", "encoder2", "encoder3", "encoder4", "bottleneck"]):
                setattr(self, n, self.block(previous, features << i))
                previous = features << i
            for i in range(3, -1, -1):
                setattr(self, f"up{i + 1}", nn.ConvTranspose2d(features << (i + 1), features << i, 2, 2))
                setattr(self, f"decoder{i + 1}", self.block(features << (i + 1), features << i))
            self.conv = nn.Conv2d(features, 1, 1)

        @staticmethod
        def block(before, after):
            layers = {}
            for i in "12":
                layers.update({"conv" + i: nn.Conv2d(before, after, 3, padding=1, bias=False), "norm" + i: nn.BatchNorm2d(after),
                               "relu" + i: nn.ReLU(inplace=True)})
                before = after
            block = nn.Sequential()
            for key, layer in layers.items():
                block.add_module(key, layer)
            return block

        def forward(self, x):
            skips = []
            for i in range(1, 5):
                skips.append(getattr(self, f"encoder{i}")(x))
                x = nn.functional.max_pool2d(skips[-1], 2)
            x = self.bottleneck(x)
            for i in range(4, 0, -1):
                x = getattr(self, f"decoder{i}")(torch.cat([getattr(self, f"up{i}")(x), skips[i - 1]], 1))
            return self.conv(x)

    class Lstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.fc = nn.LSTM(64, 256, 2, batch_first=True), nn.Linear(256, 10)

        def forward(self, x):
            return self.fc(self.lstm(x)[0][:, -1])

    class Encoder(nn.Module):
        def __init__(self, count, width, heads, hidden, activation, epsilon, classes):
            super().__init__()
            self.layers = nn.ModuleList(nn.TransformerEncoderLayer(width, heads, hidden, 0.0, activation, epsilon, batch_first=True)
                                        for _ in range(count))
            self.fc = nn.Linear(width, classes) if classes else None

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.fc(x.mean(1)) if self.fc else x

    if name == "unet":
        net = UNet()
    elif name == "lstm":
        net = Lstm()
    elif name == "transformer":
        net = Encoder(6, 256, 4, 1024, "relu", 1e-5, 10)
    elif name == "bert_encoder":
        net = Encoder(12, 768, 12, 3072, "gelu", 1e-12, None)
    else:
        import torchvision.models
        more = {"aux_logits": False, "init_weights": True} if name == "inception_v3" else {}
        net = getattr(torchvision.models, name)(weights=None, **more)
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    if norms:  # statistics of two images, so that a net of random weights neither fades nor saturates
        for m in norms:
            m.momentum = 1.0
        with torch.no_grad():
            net.train()(torch.randn(2, NETS[name][1][2], *NETS[name][1][:2]))
        for m in norms:
            m.momentum = 0.1
    return net.eval()


def weights(name, net):
    """{dlc's name: array} of PyTorch's modules: convolutions [r, s, in, out], dense layers [in, out]."""
    from torch import nn
    out = {}

    def dense(to, weight, bias):
        out[to + ".weight"], out[to + ".bias"] = weight.T, bias
    for path, m in net.named_modules():
        state = {k: v.detach().numpy() for k, v in list(m.named_parameters(recurse=False)) + list(m.named_buffers(recurse=False))}
        if isinstance(m, nn.Conv2d):
            out[path + ".weight"] = state["weight"].transpose(2, 3, 1, 0)
            if "bias" in state:
                out[path + ".bias"] = state["bias"]
        elif isinstance(m, nn.ConvTranspose2d):
            w = state["weight"].transpose(0, 2, 3, 1)
            out[path + ".weight"], out[path + ".bias"] = w.reshape(w.shape[0], -1), numpy.tile(state["bias"], 4)
        elif isinstance(m, nn.BatchNorm2d):
            out.update({f"{path}.gamma": state["weight"], f"{path}.beta": state["bias"], f"{path}.running_mean": state["running_mean"],
                        f"{path}.running_var": state["running_var"]})
        elif isinstance(m, nn.LayerNorm):
            out[path + ".gamma"], out[path + ".beta"] = state["weight"], state["bias"]
        elif isinstance(m, nn.MultiheadAttention):
            at = path.removesuffix(".self_attn") + ".attention"
            for part, w, b in zip(("query", "key", "value"), numpy.split(state["in_proj_weight"], 3), numpy.split(state["in_proj_bias"], 3)):
                dense(f"{at}.{part}", w, b)
            dense(at + ".out", m.out_proj.weight.detach().numpy(), m.out_proj.bias.detach().numpy())
        elif isinstance(m, nn.LSTM):
            for layer in (0, 1):
                to = f"lstm{layer + 1}"
                out[to + ".weight_x"], out[to + ".weight_h"] = state[f"weight_ih_l{layer}"].T, state[f"weight_hh_l{layer}"].T
                out[to + ".bias"] = state[f"bias_ih_l{layer}"] + state[f"bias_hh_l{layer}"]
        elif isinstance(m, nn.Linear) and not path.endswith("out_proj"):
            w = state["weight"]
            if path == "classifier.0" and name == "vgg16":  # its columns are those of a flattened NCHW image
                w = w.reshape(-1, 512, 7, 7).transpose(0, 2, 3, 1).reshape(w.shape)
            dense(path.replace(".linear", ".fc"), w, state["bias"])
    if name == "bert_encoder":
        out = {key.replace("layers.", "layer.", 1): value for key, value in out.items()}
    return {key: numpy.ascontiguousarray(value) for key, value in out.items()}


def openvino_request(onnx, threads, x, name):
    import openvino
    core = openvino.Core()
    hints = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    request = core.compile_model(core.read_model(onnx), "CPU", hints).create_infer_request()
    request.set_tensor(name, openvino.Tensor(x, shared_memory=True))
    return request.infer


def has(module):
    return importlib.util.find_spec(module) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", nargs="*", help=f"of {', '.join([*NETS, *language.NETS])}; all, unless given")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--only", choices=("infer", "train"))
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="the N slowest kernels, one thread")
    parser.add_argument("--compile", action="store_true", help="torch.compile, too")
    parser.add_argument("--check", action="store_true", help="outputs and losses alone, no times")
    parser.add_argument("--target", default="cpu")
    a = dlrt.arguments(parser)
    known = [*NETS, *language.NETS]
    if unknown := set(a.net) - set(known):
        parser.error(f"no net {', '.join(unknown)}: there are {', '.join(known)}")
    for name in a.net or known:
        (language.NETS[name](a) if name in language.NETS else run(name, a))


def run(name, a):
    import torch
    input_name, shape, out_name = NETS[name]
    net = torch_net(name)
    images = len(shape) == 3
    folder = tempfile.mkdtemp(prefix="dlc-bench-")
    text, library = os.path.join(folder, "net.mlir"), os.path.join(folder, "libnet.so")
    x = dlrt.aligned_copy(numpy.random.default_rng(0).standard_normal((a.batch, *shape), numpy.float32))
    theirs = torch.tensor(x.transpose(0, 3, 1, 2).copy() if images else x)
    with open(text, "w") as f:
        f.write(a.tools.text("zoo", name, "--batch", str(a.batch)))
    extents = ["--shape", f"S={shape[0]}"] if name == "bert_encoder" else []
    params = weights(name, net)
    finish = torch.sigmoid if name == "unet" else (lambda y: torch.softmax(y, -1)) if out_name == "probabilities" else lambda y: y
    if a.only != "train":
        seconds = a.tools.compile(text, library, "--target", a.target, *extents)
        with torch.no_grad():
            expected = finish(net(theirs)).numpy()
        if name == "unet":
            expected = expected.transpose(0, 2, 3, 1)
        out = dlrt.aligned(expected.shape)
        dlrt.Model(a.tools, library, params, 1).bind("run", [x], [out])()
        dlrt.show({"net": name, "batch": a.batch, "compile_s": seconds, "error": dlrt.relative_error(out, expected)}, a.json)
    for threads in a.threads if a.only != "train" and not a.check else ():
        torch.set_num_threads(threads)
        ours = dlrt.Model(a.tools, library, params, threads)
        contestants = {"dlc": ours.bind("run", [x], [out])}
        buffer = io.BytesIO()
        torch.onnx.export(net, (theirs,), buffer, dynamo=False, input_names=["x"], output_names=["y"])
        shown = dlrt.aligned_copy(theirs.numpy())
        if has("onnxruntime"):
            import onnx
            model = onnx.load_from_string(buffer.getvalue())
            with torch.no_grad():
                y = dlrt.aligned(net(theirs).shape)
            contestants["onnxruntime"] = dlrt.onnx_session(model, threads, {"x": shown}, {"y": y})
        if has("openvino"):
            contestants["openvino"] = openvino_request(buffer.getvalue(), threads, shown, "x")

        def eager(f=net, x=theirs):
            with torch.no_grad():
                f(x)
        contestants["torch"] = eager
        if a.compile:
            compiled = torch.compile(net)
            contestants["torch.compile"] = lambda: eager(compiled)
        ns = dlrt.interleave(contestants, threads, a.rounds)
        best = min(v for k, v in ns.items() if k != "dlc")
        dlrt.show({"net": name, "batch": a.batch, "threads": threads, **{k + "_ms": v / 1e6 for k, v in ns.items()}, "ratio": best / ns["dlc"]}, a.json)
        if a.profile and threads == 1:
            for kernel, us in sorted(ours.profile(contestants["dlc"], 3, 1), key=lambda row: -row[1])[:a.profile]:
                dlrt.show({"kernel": kernel, "us": us}, a.json)
    if a.only != "infer" and name in CLASSES:
        train(name, a, text, library, params, x, theirs)


def train(name, a, text, library, params, x, theirs):
    """A few steps of SGD with momentum from the same weights; VGG and Inception without their dropout."""
    import torch
    seconds = a.tools.compile(text, library, "--target", a.target, *TRAIN)
    label = dlrt.aligned_copy(numpy.arange(a.batch, dtype=numpy.int32) % CLASSES[name])
    for threads in a.threads:
        torch.set_num_threads(threads)
        best = []
        for layout in (torch.contiguous_format, torch.channels_last) if theirs.ndim == 4 else (torch.contiguous_format,):
            net = torch_net(name).train().to(memory_format=layout)
            for m in net.modules():
                if isinstance(m, torch.nn.Dropout):
                    m.p = 0.0
                if isinstance(m, torch.nn.LSTM):  # which has two biases where one does
                    m.bias_hh_l0.requires_grad_(False)
                    m.bias_hh_l1.requires_grad_(False)
            sgd = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], 0.01, momentum=0.9)
            images, labels = theirs.to(memory_format=layout) if theirs.ndim == 4 else theirs, torch.tensor(label, dtype=torch.int64)

            def step(net=net, sgd=sgd, images=images):
                sgd.zero_grad()
                step.loss = torch.nn.functional.cross_entropy(net(images), labels)
                step.loss.backward()
                sgd.step()
                return float(step.loss.detach())
            best.append(step)
        loss, probabilities = dlrt.aligned((1,)).reshape(()), dlrt.aligned((a.batch, CLASSES[name]))
        ours = dlrt.Model(a.tools, library, params, threads)
        step = ours.bind("train_step", [x, label, dlrt.scalar(0.01), dlrt.scalar(0), dlrt.scalar(0.9)], [loss, probabilities])
        errors = []
        for _ in range(3):
            step()
            errors.append(abs(float(loss) / best[0]() - 1))
        row = {"net": name, "step of batch": a.batch, "threads": threads, "compile_s": seconds, "loss_errors": " ".join(f"{e:.1e}" for e in errors)}
        if not a.check:
            ns = dlrt.interleave({"dlc": step, **{f"torch{i}": f for i, f in enumerate(best)}}, threads, a.rounds)
            least = min(v for k, v in ns.items() if k != "dlc")
            row.update({"dlc_ms": ns["dlc"] / 1e6, "torch_ms": least / 1e6, "ratio": least / ns["dlc"]})
        dlrt.show(row, a.json)
        if a.profile and threads == 1:
            for kernel, us in sorted(ours.profile(step, 2, 1), key=lambda r: -r[1])[:a.profile]:
                dlrt.show({"kernel": kernel, "us": us}, a.json)


if __name__ == "__main__":
    main()
