# damage.py FILE COPY COMMAND...: cuts FILE and flips single bits of it, at 16 places each of what is loaded, into COPY; COMMAND
# must end with status 1 and a message each time.
import random, struct, subprocess, sys

original = open(sys.argv[1], "rb").read()
(first,), (count,) = struct.unpack_from("<Q", original, 32), struct.unpack_from("<H", original, 56)
segments = [struct.unpack_from("<IIQQQQ", original, first + 56 * i) for i in range(count)]  # type, flags, offset, -, -, bytes
loaded = [at for kind, _, begin, _, _, n in segments if kind == 1 for at in range(begin, begin + n) if not 40 <= at < 48 and not 58 <= at < 64]
random.seed(1)
refused = 0
for k in range(32):
    at = random.choice(loaded)
    bad = original[:at] if k % 2 else original[:at] + bytes([original[at] ^ 1 << k % 8]) + original[at + 1 :]
    with open(sys.argv[2], "wb") as file:
        file.write(bad)
    done = subprocess.run(sys.argv[3:], capture_output=True, text=True)
    good = done.returncode == 1 and "dlc: error: " in done.stderr
    refused += good
    if not good:
        print(f"{'cut' if k % 2 else 'flipped'} at {at}: status {done.returncode}, {done.stderr}")
print(f"{refused} of 32 refused")
