# interrupt.py FOLDER COMMAND...: starts the command, a second one beside it, and stops it by signals once its checkpoint is there.
import fcntl, os, shutil, signal, subprocess, sys, time

folder, command = sys.argv[1], sys.argv[2:]

def start():
    shutil.rmtree(folder, ignore_errors=True)
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not os.path.exists(folder + "/checkpoint.safetensors"):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    return run

for number in (signal.SIGTERM, signal.SIGINT):
    run = start()
    if number == signal.SIGTERM:
        print(subprocess.run(command, capture_output=True, text=True).stderr)
    run.send_signal(number)
    err = run.communicate()[1]
    print(f"{number.name}: status {run.returncode}: {err.strip()}")
# So that the second one comes before the end, the run hangs in a line that nobody reads.
shutil.rmtree(folder, ignore_errors=True)
run = subprocess.Popen(command + ["--json", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
fcntl.fcntl(run.stdout, 1031, 4096)  # F_SETPIPE_SZ

def spent():
    with open(f"/proc/{run.pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[11:13]

before = None
while not os.path.exists(folder + "/checkpoint.safetensors") or before != spent():
    before = spent()
    time.sleep(0.5)
run.send_signal(signal.SIGINT)
time.sleep(0.3)
assert run.poll() is None, "one signal does not end it at once"
run.send_signal(signal.SIGINT)
run.wait()
print(f"twice: killed by {signal.Signals(-run.returncode).name if run.returncode < 0 else run.returncode}")
