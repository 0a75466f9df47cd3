# damage-cache.py ENTRY... -- COMMAND...: damages all entries in twenty ways; after each the command must print ones and put entries right.
import pathlib, subprocess, sys

split = sys.argv.index("--")
paths, command = [pathlib.Path(p) for p in sys.argv[1:split]], sys.argv[split + 1:]
good = 0
for way in range(20):
    damaged = []
    for path in paths:
        bytes_ = bytearray(path.read_bytes())
        if way < 10:
            bytes_[len(bytes_) * way // 10] ^= 1 << way % 8
        else:
            del bytes_[len(bytes_) * (way - 10) // 10:]
        path.write_bytes(bytes_)
        damaged.append(bytes(bytes_))
    out = subprocess.run(command, capture_output=True, text=True)
    made = sum(path.read_bytes() != old for path, old in zip(paths, damaged))
    good += out.returncode == 0 and "f32[2]: 1 1" in out.stdout and made == 1
    if out.returncode or made != 1:
        print(way, out.stdout, out.stderr, made)
print(f"{good} of 20 entries made anew")
