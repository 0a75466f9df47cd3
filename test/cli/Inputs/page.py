"""page.py FILE.html ENTRY [...]: checks what dlc viz wrote: the page's scripts, and the data in it."""
import argparse
import html.parser
import json

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("entry")
parser.add_argument("--parts", action="store_true")
parser.add_argument("--profile")
parser.add_argument("--asm", action="store_true")
parser.add_argument("--run")
parser.add_argument("--layer")
a = parser.parse_args()


class Page(html.parser.HTMLParser):
    """The tags, the text of the first script, and whatever would ask another place for something."""

    def __init__(self):
        super().__init__()
        self.tags, self.scripts, self.inside, self.sources = [], [], False, []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")
        self.sources += [v for k, v in attributes if k in ("src", "href") or (v and "://" in v)]

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data


page = Page()
page.feed(open(a.file, encoding="utf-8").read())
assert len(page.scripts) == 2 and not page.sources and "img" not in page.tags, (page.tags, page.sources)
data = json.loads(page.scripts[0])
assert data["entry"] == a.entry
boxes, links = data["boxes"], data["links"]
assert abs(sum(b["share"] for b in boxes) - 1) < 1e-9
assert sorted(b for r in data["runs"] for block in r["blocks"] for b in block) == list(range(len(boxes)))
assert all(l["from"] != l["to"] and l["bytes"] > 0 for l in links) and any(l["reason"] for l in links)
assert all("func.func private @" + b["kernel"] in data["kernels"][b["kernel"]]["ir"] for b in boxes)
assert all(0 <= s["first"] <= s["last"] < data["stages"] and s["at"] + s["bytes"] <= data["arena"] for s in data["slabs"])
if a.parts:
    parts = [b["part"] for b in boxes]
    assert parts == sorted(parts, key=["forward", "backward", "update"].index) and len(set(parts)) == 3, parts
if a.profile:
    rows = json.load(open(a.profile))["kernels"]
    assert abs(data["ms"] - sum(r["ms"] for r in rows if r["what"])) < 1e-9 and data["ms"] > 0
if a.asm:
    assert all(any("ret" in data["functions"].get(f, "") for f in k["launches"]) for k in data["kernels"].values())
else:
    assert "functions" not in data
if a.run:
    name, times = a.run.split("=")
    assert [len(r["blocks"]) for r in data["runs"] if r["name"] == name] == [int(times)], [r["name"] for r in data["runs"]]
if a.layer:
    assert any(a.layer in b["what"] for b in boxes), [b["what"] for b in boxes]
