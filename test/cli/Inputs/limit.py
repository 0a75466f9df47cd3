"""limit.py LOW HIGH STEP COMMAND...: runs it with each limit of its address space (MB); says what ended otherwise than it should."""
import resource
import subprocess
import sys

low, high, step = (int(a) for a in sys.argv[1:4])
for mb in range(low, high, step):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (mb << 20, mb << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    done = subprocess.run(sys.argv[4:], capture_output=True, text=True, preexec_fn=limit)
    if done.returncode < 0 or done.returncode not in (0, 1, 127):
        print(f"{mb} MB: signal or status {done.returncode}: {done.stderr.strip()[-300:]}")
    elif done.returncode == 1 and "error: " not in done.stderr:
        print(f"{mb} MB: status 1 without a message: {done.stderr.strip()[-300:]}")
print("all ended as they should")
