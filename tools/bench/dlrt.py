"""libdlrt by ctypes, the peers' sessions, and the clock: what the benchmarks share. Arrays in, nanoseconds a call out."""
import ctypes
import json
import math
import os
import statistics
import subprocess
import time

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class TensorView(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32),
                ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.c_void_p), ("byte_offset", ctypes.c_uint64)]


class ProfileRow(ctypes.Structure):
    _fields_ = [("function", ctypes.c_char_p), ("calls", ctypes.c_uint64), ("nanoseconds", ctypes.c_uint64)]


def aligned(shape, dtype=numpy.float32):
    """An array of zeros that begins at a multiple of 64 bytes, as the runtime's own."""
    size = math.prod(shape) * numpy.dtype(dtype).itemsize
    raw = numpy.zeros(size + 64, numpy.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin:begin + size].view(dtype).reshape(shape)


def aligned_copy(a):
    b = aligned(a.shape, a.dtype)
    b[...] = a
    return b


def scalar(value):
    """A float of rank 0."""
    return aligned_copy(numpy.array([value], numpy.float32)).reshape(())


def view(array):
    assert array.flags.c_contiguous
    shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    return TensorView(array.ctypes.data, 1, 0, array.ndim, 2 if array.dtype.kind == "f" else 0, array.dtype.itemsize * 8, 1, shape, None, 0)


class Toolchain:
    """The binaries of one build folder."""

    def __init__(self, build):
        self.dlc = os.path.join(build, "bin/dlc")
        self.lib = ctypes.CDLL(os.path.join(build, "lib/libdlrt.so"))
        self.lib.dlrt_error.restype = ctypes.c_char_p
        self.lib.dlrt_profile_rows.restype = ctypes.c_size_t

    def check(self, status):
        if status:
            raise RuntimeError(self.lib.dlrt_error().decode())

    def compile(self, model, out, *options):
        """Seconds that `dlc compile` took, process and linking included."""
        begin = time.perf_counter()
        subprocess.run([self.dlc, "compile", model, "--no-cache", "-o", out, *options], check=True)
        return time.perf_counter() - begin

    def text(self, *arguments):
        return subprocess.run([self.dlc, *arguments], check=True, capture_output=True, text=True).stdout


class Model:
    """An artefact with parameters, run by `threads` threads."""

    def __init__(self, tools, path, params, threads):
        self.tools, self.lib, self.keep = tools, tools.lib, []
        self.model, self.params, self.team, self.context = (ctypes.c_void_p() for _ in range(4))
        tools.check(self.lib.dlrt_model_load(path.encode(), ctypes.byref(self.model)))
        tools.check(self.lib.dlrt_params_new(self.model, ctypes.byref(self.params)))
        for name, value in params.items():
            value = numpy.ascontiguousarray(value, numpy.float32)
            tools.check(self.lib.dlrt_params_set(self.params, name.encode(), ctypes.byref(view(value))))
        tools.check(self.lib.dlrt_team_new(threads, ctypes.byref(self.team)))
        tools.check(self.lib.dlrt_context_new(self.model, self.params, self.team, ctypes.byref(self.context)))

    def state(self):
        """A new state (a sequence's), for bind."""
        state = ctypes.c_void_p()
        self.tools.check(self.lib.dlrt_state_new(self.model, ctypes.byref(state)))
        return state

    def state_array(self, state, name):
        """A copy of what a state holds under this name."""
        tensor = TensorView()
        self.tools.check(self.lib.dlrt_state_get(state, name.encode(), ctypes.byref(tensor)))
        shape = [tensor.shape[i] for i in range(tensor.ndim)]
        return numpy.ctypeslib.as_array(ctypes.cast(tensor.data, ctypes.POINTER(ctypes.c_float)), shape).copy()

    def bind(self, entry, inputs, outputs, state=None):
        """A function that runs the entry on these arrays."""
        index = ctypes.c_size_t()
        self.tools.check(self.lib.dlrt_entry_find(self.model, entry.encode(), ctypes.byref(index)))
        ins = (TensorView * len(inputs))(*map(view, inputs))
        outs = (TensorView * len(outputs))(*map(view, outputs))
        self.keep += [inputs, outputs]
        run, context = self.lib.dlrt_run, self.context
        run.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
        arguments = (context, index, state, ctypes.addressof(ins), len(inputs), ctypes.addressof(outs), len(outputs))
        self.keep += [ins, outs]

        def call():
            if run(*arguments):
                raise RuntimeError(self.lib.dlrt_error().decode())
        call.entry = index
        return call

    def profile(self, call, rounds=15, repeat=5):
        """Microseconds a run, by kernel function: the least of some rounds."""
        least = {}
        for _ in range(rounds):
            call()
            self.lib.dlrt_profile(self.context, 1)
            for _ in range(repeat):
                call()
            rows = (ProfileRow * 256)()
            count = self.lib.dlrt_profile_rows(self.context, call.entry, rows, ctypes.c_size_t(256))
            self.lib.dlrt_profile(self.context, 0)
            for row in rows[:count]:
                name = row.function.decode()
                least[name] = min(least.get(name, math.inf), row.nanoseconds / repeat / 1e3)
        return list(least.items())

    def close(self):
        self.lib.dlrt_context_free(self.context)
        self.lib.dlrt_team_free(self.team)
        self.lib.dlrt_params_free(self.params)
        self.lib.dlrt_model_free(self.model)


def onnx_session(model, threads, inputs, outputs):
    """A function that runs ONNX Runtime on these arrays, {name: array}, without copies."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    io = session.io_binding()
    for name, a in inputs.items():
        io.bind_input(name, "cpu", 0, a.dtype.type, a.shape, a.ctypes.data)
    for name, a in outputs.items():
        io.bind_output(name, "cpu", 0, a.dtype.type, a.shape, a.ctypes.data)

    def call():
        session.run_with_iobinding(io)
    call.keep = inputs, outputs
    return call


def interleave(contestants, threads, rounds=15, block_ms=20):
    """{name: ns a call}. Each round gives each contestant a block of calls behind some that warm it up; between blocks the others'
    workers fall asleep. One thread is timed by its own clock, which a busy machine disturbs less: the median of the blocks. Several
    are timed by the wall clock, call by call: the first decile, for calls whose threads all had a processor."""
    calls, samples = {}, {name: [] for name in contestants}
    for name, f in contestants.items():
        f()
        begin = time.perf_counter_ns()
        f()
        f()
        calls[name] = max(3, int(block_ms * 2e6 / (time.perf_counter_ns() - begin)))
    for _ in range(rounds):
        for name, f in contestants.items():
            time.sleep(0.005)
            for _ in range(1 + calls[name] // 4):
                f()
            begin = time.thread_time_ns()
            for _ in range(calls[name]):
                start = time.perf_counter_ns()
                f()
                if threads > 1:
                    samples[name].append(time.perf_counter_ns() - start)
            if threads == 1:
                samples[name].append((time.thread_time_ns() - begin) / calls[name])
    return {name: statistics.median(s) if threads == 1 else statistics.quantiles(s, n=10)[0] for name, s in samples.items()}


def relative_error(a, b):
    return float(numpy.abs(a - b).max() / numpy.abs(b).max())


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def show(row, as_json):
    """A row: JSON, or its values by name."""
    if as_json:
        print(json.dumps(row), flush=True)
    else:
        print("  ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)


def arguments(parser):
    """The options that every benchmark has, parsed."""
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="folder of the binaries")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="one object a row")
    a = parser.parse_args()
    a.tools = Toolchain(a.build)
    return a
