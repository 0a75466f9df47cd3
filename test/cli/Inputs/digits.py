# digits.py MNIST FOLDER N: the first N test images of each digit, as FOLDER/DIGIT/K.png, and as arrays FOLDER/x.npy and y.npy in the
# order of those files.
import gzip, os, struct, sys, zlib

mnist, folder, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
images = gzip.open(mnist + "/t10k-images-idx3-ubyte.gz").read()[16:]
labels = gzip.open(mnist + "/t10k-labels-idx1-ubyte.gz").read()[8:]
os.makedirs(folder)

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def npy(name, descr, shape, data):
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(f"{folder}/{name}.npy", "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)

x, y = b"", b""
for digit in range(10):
    os.makedirs(f"{folder}/{digit}")
    chosen = [i for i in range(len(labels)) if labels[i] == digit][:n]
    for k in sorted(range(n), key=lambda k: f"{k}.png"):
        pixels = images[784 * chosen[k]:784 * (chosen[k] + 1)]
        rows = b"".join(b"\0" + pixels[28 * r:28 * r + 28] for r in range(28))
        with open(f"{folder}/{digit}/{k}.png", "wb") as f:
            f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
        x += pixels
        y += bytes([digit])
npy("x", "|u1", (len(y), 784), x)
npy("y", "|u1", (len(y),), y)
