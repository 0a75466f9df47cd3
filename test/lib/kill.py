# kill.py KILLS FULL FOLDER COMMAND...: runs a training command that has `--checkpoint` and `-o`, once in one piece and once killed KILLS
# times at random instants and, of those runs, FULL with a disk that is full for checkpoints; the weights must have one hash, and no
# file be half written. Prints how many instants were in which state.
import hashlib, os, random, resource, shutil, signal, subprocess, sys, time

kills, full, folder, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
seed = int(os.environ.get("KILL_SEED", time.time_ns() % 10**9))
random.seed(seed)

def arguments(name):
    return [a.replace("@", os.path.join(folder, name)) for a in command]

def digest(name):
    with open(os.path.join(folder, name, "w.safetensors"), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

for name in ("whole", "pieces"):
    shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    os.makedirs(os.path.join(folder, name))
start = time.time()
subprocess.run(arguments("whole"), check=True, stdout=subprocess.DEVNULL)
seconds = time.time() - start

checkpoint = os.path.join(folder, "pieces", "c", "checkpoint.safetensors")
done = said = chains = 0
fullRuns = set(random.sample(range(kills), full))

def finish():
    """Ends a chain of pieces, which must have the weights of the whole."""
    global chains
    subprocess.run(arguments("pieces") + ["--resume"], check=True, stdout=subprocess.DEVNULL)
    left = sorted(os.listdir(os.path.join(folder, "pieces", "c")))
    assert [n for n in left if not n.startswith("best-")] == ["checkpoint.safetensors"] and len(left) <= 2, f"seed {seed}: {left}"
    assert digest("whole") == digest("pieces"), f"seed {seed}: other weights"
    chains += 1
    shutil.rmtree(os.path.join(folder, "pieces"))
    os.makedirs(os.path.join(folder, "pieces"))

while done < kills:
    isFull = done in fullRuns
    before = open(checkpoint, "rb").read() if isFull and os.path.exists(checkpoint) else None
    run = subprocess.Popen(arguments("pieces") + ["--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           preexec_fn=(lambda: limit(4096)) if isFull else None)
    time.sleep(random.uniform(0, 0.3 + 1.5 * seconds / kills))
    run.send_signal(signal.SIGKILL)
    err = run.stderr.read().decode()
    status = run.wait()
    if isFull:
        said += "is not written: cannot write" in err and "File too large" in err
        assert before is None or open(checkpoint, "rb").read() == before, "the older checkpoint is gone"
        assert status in (1, -signal.SIGKILL), f"seed {seed}: status {status}: {err}"
    else:
        assert status in (0, -signal.SIGKILL), f"seed {seed}: status {status}: {err}"
    if status == 0:
        finish()
    else:
        done += 1
whole = digest("whole")
finish()
print(f"killed {done} times, {full} of them with a full disk, which {said} said; {chains} runs of one hash: {whole}")
