# lsp.py MODEL: what an editor asks dlc-lsp-server when the mouse is over the model's dl.softmax.
import json, sys


def send(message):
    text = json.dumps({"jsonrpc": "2.0", **message})
    sys.stdout.write(f"Content-Length: {len(text)}\r\n\r\n{text}")


with open(sys.argv[1]) as f:
    model = f.read()
line, column = next((i, l.index("dl.softmax")) for i, l in enumerate(model.split("\n")) if "dl.softmax" in l)
document = {"uri": "file:///net.mlir"}
send({"id": 0, "method": "initialize", "params": {"processId": None, "rootPath": "/", "capabilities": {}, "trace": "off"}})
send({"method": "textDocument/didOpen", "params": {"textDocument": {**document, "languageId": "mlir", "version": 1, "text": model}}})
send({"id": 1, "method": "textDocument/hover", "params": {"textDocument": document, "position": {"line": line, "character": column + 4}}})
send({"id": 2, "method": "shutdown"})
send({"method": "exit"})
