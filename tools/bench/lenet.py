#!/usr/bin/env python3
"""LeNet: inference of batch 64 and 1 against ONNX Runtime, the training step of batch 64 against eager PyTorch, in one process."""
import argparse
import os
import tempfile

import numpy

import dlrt
import nets

FC = [("dense", 500), ("relu",), ("dense", 10), ("softmax",)]
CONV = (5, 5), (1, 1), (0, 0, 0, 0)
NET = nets.Net((28, 28, 1), [("conv", 20, *CONV), ("maxpool", (2, 2), (2, 2)), ("conv", 50, *CONV), ("maxpool", (2, 2), (2, 2)), *FC],
               ["conv1", "conv2", "fc1", "fc2"])
TRAIN = ["--train", "--loss", "sparse_categorical_cross_entropy", "--optimizer", "sgd(lr=0.01,momentum=0.9,l2=0.0005)"]
LR, L2, MOMENTUM = 0.01, 0.0005, 0.9


def torch_step(batch, threads):
    """(training step, its last loss) of eager PyTorch."""
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    p = {name: torch.tensor(a, requires_grad=True) for name, a in NET.torch_weights().items()}
    image = torch.tensor(NET.nchw(NET.input(batch)))
    label = torch.arange(batch) % 10
    optimizer = torch.optim.SGD(list(p.values()), lr=LR, momentum=MOMENTUM, weight_decay=L2)

    def step():
        optimizer.zero_grad()
        x = image
        for name in ("conv1", "conv2"):
            x = F.max_pool2d(F.conv2d(x, p[name + ".weight"], p[name + ".bias"]), 2)
        x = F.relu(x.flatten(1) @ p["fc1.weight"] + p["fc1.bias"])
        step.loss = F.cross_entropy(x @ p["fc2.weight"] + p["fc2.bias"], label)
        step.loss.backward()
        optimizer.step()
    return step, lambda: float(step.loss)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="microseconds by kernel")
    parser.add_argument("--only", choices=("infer", "train"))
    a = dlrt.arguments(parser)
    folder = tempfile.mkdtemp(prefix="dlc-bench-")
    text, library, one = (os.path.join(folder, name) for name in ("lenet.mlir", "liblenet.so", "liblenet1.so"))
    with open(text, "w") as f:
        f.write(a.tools.text("zoo", "lenet"))
    seconds = a.tools.compile(text, library, *TRAIN)
    a.tools.compile(text, one, "--shape", "B=1")
    dlrt.show({"what": "compile lenet with train_step", "seconds": seconds}, a.json)
    rates = {}
    for threads in a.threads:
        for batch in (64, 1) if a.only != "train" else ():
            image = dlrt.aligned_copy(NET.input(batch))
            out, fixed, theirs = (dlrt.aligned((batch, 10)) for _ in range(3))
            ours = dlrt.Model(a.tools, library, NET.params, threads)
            model, result = NET.onnx(batch)
            contestants = {"dlc": ours.bind("run", [image], [out]),
                           "onnxruntime": dlrt.onnx_session(model, threads, {"x": dlrt.aligned_copy(NET.nchw(image))}, {result: theirs})}
            if batch == 1:
                contestants["static"] = dlrt.Model(a.tools, one, NET.params, threads).bind("run", [image], [fixed])
            ns = dlrt.interleave(contestants, threads, a.rounds)
            row = {"what": f"infer b{batch}", "threads": threads, "dlc_us": ns["dlc"] / 1e3, "onnxruntime_us": ns["onnxruntime"] / 1e3,
                   "ratio": ns["onnxruntime"] / ns["dlc"], "error": dlrt.relative_error(out, theirs)}
            if batch == 1:
                row["static_us"] = ns["static"] / 1e3
                row["same_bits"] = bool((out == fixed).all())
            dlrt.show(row, a.json)
            if a.profile and threads == 1:
                for name, us in ours.profile(contestants["dlc"]):
                    dlrt.show({"what": f"kernel b{batch}", "name": name, "us": us}, a.json)
        if a.only == "infer":
            continue
        step, loss = torch_step(64, threads)
        image, label = dlrt.aligned_copy(NET.input(64)), dlrt.aligned_copy(numpy.arange(64, dtype=numpy.int32) % 10)
        our_loss = dlrt.aligned((1,)).reshape(())
        ours = dlrt.Model(a.tools, library, NET.params, threads)
        train = ours.bind("train_step", [image, label, dlrt.scalar(LR), dlrt.scalar(L2), dlrt.scalar(MOMENTUM)], [our_loss, dlrt.aligned((64, 10))])
        for _ in range(10):
            train()
            step()
        same = abs(float(our_loss) - loss()) / abs(loss())
        ns = dlrt.interleave({"dlc": train, "torch": step}, threads, a.rounds)
        rates[threads] = 64e9 / ns["dlc"]
        dlrt.show({"what": "train b64", "threads": threads, "dlc_us": ns["dlc"] / 1e3, "torch_us": ns["torch"] / 1e3, "ratio": ns["torch"] / ns["dlc"],
                   "images_per_s": rates[threads], "loss_error_after_10": same}, a.json)
        if a.profile and threads == 1:
            for name, us in ours.profile(train):
                dlrt.show({"what": "kernel train", "name": name, "us": us}, a.json)
    if len(rates) > 1:
        first, *_, last = rates.values()
        dlrt.show({"what": "training, more threads against fewer", "ratio": last / first}, a.json)


if __name__ == "__main__":
    main()
