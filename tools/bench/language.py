"""bert-base and gpt2-small with transformers' seeded weights, by its names: outputs, times against PyTorch and ONNX Runtime."""
import importlib.util
import io
import os
import tempfile

import numpy

import dlrt


def compiled(a, name, *options):
    """The library of a net of the zoo, and the seconds that dlc took."""
    folder = tempfile.mkdtemp(prefix="dlc-bench-")
    text, library = os.path.join(folder, "net.mlir"), os.path.join(folder, "libnet.so")
    with open(text, "w") as f:
        f.write(a.tools.text("zoo", name, "--batch", "1"))
    return library, a.tools.compile(text, library, "--target", a.target, *options)


def parameters(net):
    return {name: value.numpy() for name, value in net.state_dict().items() if name != "lm_head.weight"}


def integer(value):
    return dlrt.aligned_copy(numpy.array([value], numpy.int64)).reshape(())


def report(a, row, contestants, ours, call, threads):
    """A row of times, and the slowest kernels where they are asked for."""
    ns = dlrt.interleave(contestants, threads, a.rounds)
    best = min(v for k, v in ns.items() if k != "dlc")
    dlrt.show({**row, "threads": threads, **{k + "_ms": v / 1e6 for k, v in ns.items()}, "ratio": best / ns["dlc"]}, a.json)
    if a.profile and threads == 1:
        for kernel, us in sorted(ours.profile(call, 3, 1), key=lambda r: -r[1])[:a.profile]:
            dlrt.show({"kernel": kernel, "us": us}, a.json)


def onnx_of(net, inputs, outputs):
    """The net as ONNX: its first two results of these named inputs."""
    import onnx
    import torch

    class Positional(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, *values):
            return tuple(self.net(**dict(zip(inputs, values)), use_cache=False).values())[:len(outputs)]
    buffer = io.BytesIO()
    torch.onnx.export(Positional(), tuple(inputs.values()), buffer, dynamo=False, input_names=list(inputs), output_names=list(outputs))
    return onnx.load_from_string(buffer.getvalue())


def bert(a, length=128):
    import torch
    import transformers
    torch.manual_seed(0)
    net = transformers.BertModel(transformers.BertConfig()).eval()
    library, seconds = compiled(a, "bert-base", "--shape", f"S={length}")
    generator = numpy.random.default_rng(0)
    ids, types = generator.integers(0, 30522, (1, length)), generator.integers(0, 2, (1, length))
    inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": types}
    inputs = {k: dlrt.aligned_copy(v.astype(numpy.int64)) for k, v in inputs.items()}
    theirs = {k: torch.tensor(v) for k, v in inputs.items()}
    hidden, pooled = dlrt.aligned((1, length, 768)), dlrt.aligned((1, 768))
    with torch.no_grad():
        y = net(**theirs)
    for threads in a.threads:
        torch.set_num_threads(threads)
        ours = dlrt.Model(a.tools, library, parameters(net), threads)
        call = ours.bind("run", list(inputs.values()), [hidden, pooled])
        call()
        errors = [dlrt.relative_error(hidden, y.last_hidden_state.numpy()), dlrt.relative_error(pooled, y.pooler_output.numpy())]
        if threads == a.threads[0]:
            dlrt.show({"net": "bert-base", "length": length, "compile_s": seconds, "error": max(errors)}, a.json)
        if a.check:
            return

        def eager():
            with torch.no_grad():
                net(**theirs)
        contestants = {"dlc": call, "torch": eager}
        if importlib.util.find_spec("onnxruntime"):
            outputs = {"hidden": dlrt.aligned((1, length, 768)), "pooled": dlrt.aligned((1, 768))}
            contestants["onnxruntime"] = dlrt.onnx_session(onnx_of(net, theirs, outputs), threads, inputs, outputs)
        report(a, {"net": "bert-base", "length": length}, contestants, ours, call, threads)


def gpt2(a, prompt=128, total=200):
    """Prompts at once, then token by token; times of a prompt and of a step behind it."""
    import torch
    import transformers
    torch.manual_seed(0)
    net = transformers.GPT2LMHeadModel(transformers.GPT2Config()).eval()
    library, seconds = compiled(a, "gpt2-small")
    ids = numpy.random.default_rng(0).integers(0, 50257, (1, total))
    logits = dlrt.aligned((1, 50257))

    def run(ours, state, past, length):
        tokens = dlrt.aligned_copy(ids[:, past:length].astype(numpy.int64))
        return ours.bind("run", [integer(past), integer(length), tokens], [logits], state)
    for threads in a.threads:
        torch.set_num_threads(threads)
        ours = dlrt.Model(a.tools, library, parameters(net), threads)
        steps, once = ours.state(), ours.state()
        if threads == a.threads[0]:
            errors = []
            with torch.no_grad():
                expected = net(torch.tensor(ids)).logits[0].numpy()
            for i in range(total):
                run(ours, steps, i, i + 1)()
                errors.append(dlrt.relative_error(logits[0], expected[i]))
            last = logits.copy()
            run(ours, once, 0, total)()
            same = bool((logits == last).all()) and all(
                (ours.state_array(steps, name) == ours.state_array(once, name)).all()
                for i in range(12) for name in (f"transformer.h.{i}.attn.key", f"transformer.h.{i}.attn.value"))
            dlrt.show({"net": "gpt2-small", "tokens": total, "compile_s": seconds, "error": max(errors), "steps are the prompt's bits": same}, a.json)
        if a.check:
            return
        with torch.no_grad():
            cache = transformers.DynamicCache()
            net(torch.tensor(ids[:, :prompt]), past_key_values=cache)
        token = torch.tensor(ids[:, prompt:prompt + 1])

        def step():
            with torch.no_grad():
                net(token, past_key_values=cache)
            cache.crop(-1)

        def whole():
            with torch.no_grad():
                net(torch.tensor(ids[:, :prompt]), use_cache=True, logits_to_keep=1)
        call = run(ours, once, 0, prompt)
        report(a, {"net": "gpt2-small", "prompt": prompt}, {"dlc": call, "torch": whole}, ours, call, threads)
        call = run(ours, once, prompt, prompt + 1)
        report(a, {"net": "gpt2-small", "step after": prompt}, {"dlc": call, "torch": step}, ours, call, threads)


NETS = {"bert-base": bert, "gpt2-small": gpt2}
