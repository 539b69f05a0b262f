"""The pages: README.md, CONTRIBUTING.md and docs/. Their blocks of code run, their links lead somewhere, what they quote is said.

All blocks of a page run in order, in a copy of the checkout: go in one session of the kernel, sh by bash (an error ends
a block), python, make. yaml and json are read. A text block is the output of the block before it: its lines occur there in their
order, and … stands for anything. tests/page.py has the marks for errors, files, and what cannot run here.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse

import nbformat
import pytest
import yaml

import kernel as kernels
from conftest import ARTIFACTS, BINARY, METADATA, ROOT
from page import Page

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [*PAGES, ROOT / "RATIONALE.md", ROOT / "CHANGELOG.md"]
VENV = pathlib.Path(sys.prefix)


def named(paths):
    return [str(p.relative_to(ROOT)) for p in paths]


@pytest.fixture
def checkout():
    """A copy of the checkout with what is built: what `make` finds in it is ours, what it writes is not in ours. It is new for
    each page, always at one place, so that Go builds it once."""
    to = VENV.parent / "docs" / "spikebook"
    shutil.rmtree(to, ignore_errors=True)
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                           text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    (to / "bin").mkdir(parents=True)
    shutil.copy2(BINARY, to / "bin")
    venv = to / ".cache" / "venv"  # all of ours but share, where the kernel is installed
    (venv / "share" / "jupyter").mkdir(parents=True)
    for file in VENV.iterdir():
        if file.name != "share":
            (venv / file.name).symlink_to(file)
    for file in (VENV / "share" / "jupyter").iterdir():
        if file.name != "kernels":
            (venv / "share" / "jupyter" / file.name).symlink_to(file)
    (to / ".cache" / "spikebook").symlink_to(VENV.parent / "spikebook")
    return to


class Session:
    """What runs the blocks of one page, and what the last one put out. A page has a home directory of its own."""

    def __init__(self, folder, home):
        home.mkdir()
        self.folder, self.kernel, self.output = folder, None, None
        go = json.loads(subprocess.run(["go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH"], capture_output=True, text=True, check=True).stdout)
        self.env = os.environ | go | {
            "HOME": str(home), "CI": "true", "SPIKEBOOK_CACHE": str(VENV.parent / "spikebook"),
            "PATH": os.pathsep.join([str(folder / "bin"), str(VENV / "bin"), os.environ["PATH"]])}
        self.env.pop("JUPYTER_DATA_DIR")  # `install` is for the user whose home this is

    def close(self):
        if self.kernel:
            self.kernel.__exit__()

    def run(self, block):
        if block.file:
            (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.file).write_text(block.text)
        getattr(self, "check_" + (block.language or "nothing"))(block)
        if not block.file and not block.not_run:
            getattr(self, "run_" + block.language, lambda _: None)(block)

    # -- go: the syntax of what is not run is that of a cell
    def check_go(self, block):
        if block.not_run:
            said = self.cells().ask("is_complete_request", {"code": block.text})["content"]["status"]
            assert said == "complete", f"{block}: a cell that is {said}"

    def cells(self):
        if not self.kernel:
            self.kernel = kernels.Kernel(cwd=self.folder).__enter__()
        return self.kernel

    def run_go(self, block):
        result = self.cells().run(block.text)
        errors = ["\n".join(e["traceback"]) + "\n" + e["evalue"] for e in result.errors]
        self.output = result.text + result.stderr + (result.value or "") + "".join(errors)
        self.output += "".join(m["content"]["data"].get("text/plain", "") for m in result.published if m["msg_type"] == "display_data")
        self.judge(block, not result.ok)

    # -- programs
    def check_sh(self, block):
        self.program(["bash", "-n", "-c", block.text])

    def run_sh(self, block):
        self.judge(block, self.program(["bash", "-euo", "pipefail", "-c", block.text], fail=bool(block.fails)))

    def check_python(self, block):
        compile(block.text, str(block), "exec")

    def run_python(self, block):
        self.judge(block, self.program([sys.executable, "-c", block.text], fail=bool(block.fails)))

    def check_make(self, block):
        self.program(["make", "-f", "-", "-n"], input=block.text)

    def program(self, argv, fail=False, input=None):
        with subprocess.Popen(argv, cwd=self.folder, env=self.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                self.output, _ = process.communicate(input or "", timeout=150)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # what it has started, too
                raise
        assert fail or process.returncode == 0, f"{argv[-1]}\nended with status {process.returncode}:\n{self.output}"
        return process.returncode != 0

    def judge(self, block, failed):
        self.output = re.sub(r"\x1b\[[0-9;]*m", "", self.output)
        assert failed == bool(block.fails), f"{block}: {block.text}\n{self.output}"
        for text in block.fails:
            assert text in self.output, f"{block}: expected the error {text!r}, found\n{self.output}"

    # -- data
    def check_yaml(self, block):
        assert list(yaml.safe_load_all(block.text))

    def check_json(self, block):
        json.loads(block.text)

    def check_dockerfile(self, block):
        assert block.not_run or block.file, f"{block}: a Dockerfile runs by a command that names it; mark it with file or not run"

    def check_mermaid(self, block):
        """test_diagrams draws it."""

    def check_text(self, block):
        if block.not_run or block.file:
            return
        assert self.output is not None, f"{block}: a text block is the output of a block before it; mark it with not run if it is none"
        pattern = ".*".join(".*".join(map(re.escape, line.split("…"))) for line in block.text.strip().splitlines())
        assert re.search(pattern, self.output, re.S), f"{block}: expected\n{block.text}\nfound\n{self.output}"

    def check_nothing(self, block):
        raise AssertionError(f"{block}: say behind the fence what it is: go, sh, python, make, yaml, json, dockerfile, mermaid, text")


@pytest.mark.parametrize("path", PAGES, ids=named(PAGES))
def test_blocks(path, checkout, tmp):
    session = Session(checkout, tmp / "home")
    try:
        for block in Page(path).blocks:
            assert hasattr(session, "check_" + (block.language or "nothing")), f"{block}: nothing is known of {block.language!r}"
            session.run(block)
    finally:
        session.close()


def test_what_is_not_run(report):
    """Said in the output, so that nobody thinks that it was."""
    left_out = [b for path in PAGES for b in Page(path).blocks if b.not_run]
    report("\n".join(f"not run: {b} ({b.language}), {b.not_run}" for b in left_out))
    assert all(len(b.not_run) > 10 for b in left_out), "a reason is a sentence"


def test_diagrams(open_notebook, tmp):
    """Mermaid, drawn by JupyterLab's, which has the release that GitHub has, or one near to it."""
    drawn = [b for path in PAGES for b in Page(path).blocks if b.language == "mermaid"]
    assert drawn
    cells = [nbformat.v4.new_markdown_cell(f"{b}\n\n```mermaid\n{b.text}```") for b in drawn]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), tmp / "n.ipynb")
    nb = open_notebook(tmp / "n.ipynb")
    nb.js("n => document.querySelectorAll('.jp-RenderedMermaid img').length === n", 30, len(drawn))
    assert nb.page.locator(".jp-mod-warning").count() == 0, "mermaid found a mistake"
    nb.shot(ARTIFACTS / "test_diagrams.png")


@pytest.mark.parametrize("path", LINKED, ids=named(LINKED))
def test_links(path):
    page = Page(path)
    for line, target in page.links:
        where, url = f"{path.name}:{line}: {target}", urllib.parse.urlsplit(target)
        if url.scheme:
            assert url.scheme in ("https", "http") and url.netloc, where
            continue
        to = path if not url.path else path.parent / urllib.parse.unquote(url.path)
        assert to.exists(), f"{where}: there is no such file"
        assert to.resolve().is_relative_to(ROOT), f"{where}: outside of the repository"
        if url.fragment:
            assert url.fragment in Page(to).anchors, f"{where}: no such heading; there are {sorted(Page(to).anchors)}"


def test_links_that_leave(report):
    """Their form is checked by test_links, not that somebody answers: a test must not need the network."""
    away = sorted({target for path in LINKED for _, target in Page(path).links if urllib.parse.urlsplit(target).scheme})
    report("not followed: " + " ".join(away))


@pytest.mark.parametrize("package, returned", [("neuron", "Layer"), ("neuron", "Parallel"), ("neuron", "Option"), ("surrogate", "Function")])
def test_neurons_lists_everything(package, returned):
    """All constructors of neurons, options and surrogates stand in neurons.md."""
    listed = subprocess.run(["go", "doc", "-short", f"./snn/{package}"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = re.findall(rf"func (\w+)\(.*\) \*?{returned}$", listed, re.M)
    assert len(names) > 2, listed
    text = (ROOT / "docs" / "neurons.md").read_text()
    assert [n for n in names if not re.search(rf"`{n}[(`]", text)] == []


def test_every_page_is_in_the_index():
    listed = {(ROOT / "docs" / target.partition("#")[0]).resolve() for _, target in Page(ROOT / "docs" / "README.md").links}
    assert [p.name for p in PAGES if p.parent.name == "docs" and p.name != "README.md" and p not in listed] == []
    assert (ROOT / "docs" / "README.md") in {(ROOT / target).resolve() for _, target in Page(ROOT / "README.md").links}
