# tutorial.py PAGE ROOT: writes the page's models, runs its commands one after the other, and finds what it says that they print: each
# line is one of the output's, in order; "..." in it is any text. MLIR's blocks are named by their first line, "// NAME.mlir".
import os, re, subprocess, sys

with open(sys.argv[1], encoding="utf-8") as f:
    page = f.read()
for name, text in re.findall(r"^```mlir\n// (\S+\.mlir)\n((?:.*\n)*?)```$", page, re.M):
    with open(name, "w", encoding="utf-8") as f:
        f.write(f"// {name}\n{text}")
commands = re.findall(r"^    \$ (.*)\n((?:    (?!\$ ).*\n)*)", page, re.M)
for command, expected in commands:
    done = subprocess.run(["bash", "-c", command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "ROOT": sys.argv[2]})
    fails = "error:" in expected
    if (done.returncode != 0) != fails:
        sys.exit(f"$ {command}\nstatus {done.returncode}\n{done.stdout}")
    lines = iter(done.stdout.splitlines())
    for line in expected.splitlines():
        pattern = ".*".join(map(re.escape, line[4:].rstrip().split("...")))
        if not any(re.fullmatch(pattern, actual.rstrip()) for actual in lines):
            sys.exit(f"$ {command}\nno line '{line[4:]}' in order in\n{done.stdout}")
print(f"{len(commands)} commands as the page says")
