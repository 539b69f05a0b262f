"""Fixtures: the installed kernel, notebooks, JupyterLab and a browser. A missing part is a failure, never a skipped test."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import uuid

import nbformat
import pytest

import kernel as kernels
import lab as rig

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "bin" / "spikebook"
TUTORIAL = ROOT / "notebooks" / "neuron.ipynb"
ARTIFACTS = pathlib.Path(__file__).parent / "artifacts"  # screenshots and notebooks, to be looked at
METADATA = {"kernelspec": {"name": kernels.NAME, "display_name": "Go SNN (spikebook)", "language": "go"},
            "language_info": {"name": "go", "file_extension": ".go", "mimetype": "text/x-go"}}  # other tools read both


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A skipped test fails: jupyter_kernel_test skips what a kernel does not say that it can do."""
    report = yield
    if report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped, which no test may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def surroundings():
    """The kernel of this checkout and none of the user's settings; at the end, nothing may be left running."""
    state = tempfile.mkdtemp(prefix="sb-")
    mark = uuid.uuid4().hex
    os.environ.pop("JUPYTER_PATH", None)
    os.environ |= {
        "JUPYTER_CONFIG_DIR": state + "/config", "JUPYTER_DATA_DIR": state + "/data", "JUPYTER_RUNTIME_DIR": state + "/run",
        "XDG_CONFIG_HOME": state + "/xdg",  # no start-up file of the user's
        "SPIKEBOOK_HISTORY": "off",  # the tests' cells are none of the user's inputs; test_history names files of its own
        "SPIKEBOOK_TESTS": mark,
    }
    try:
        program = pathlib.Path(kernels.spec()["argv"][0])
    except Exception as e:
        pytest.exit(f"the kernel is not installed in {sys.prefix} ({e}); run: make install", returncode=1)
    if program.resolve() != BINARY.resolve() or not BINARY.exists():
        pytest.exit(f"the installed kernel runs {program}, not {BINARY}; run: make install", returncode=1)
    ARTIFACTS.mkdir(exist_ok=True)
    yield
    shutil.rmtree(state, ignore_errors=True)

    def left():
        found = kernels.marked("SPIKEBOOK_TESTS=" + mark)
        found.pop(os.getpid(), None)  # no one else: all that the tests started must be gone
        return found

    kernels.wait_until(lambda: not left(), 5, lambda: f"processes left behind by the tests: {left()}")


@pytest.fixture(scope="module")
def kernel():
    """A kernel that the tests of one file share."""
    with kernels.Kernel() as k:
        yield k


@pytest.fixture
def report(capsys):
    """Prints what was measured, whether the test fails or not."""
    def report(line):
        with capsys.disabled():
            print("\n" + line)
    return report


@pytest.fixture
def tmp():
    """An empty directory with a short name: a unix socket's path has at most 107 bytes."""
    d = tempfile.mkdtemp(prefix="sb-")
    yield pathlib.Path(d)
    shutil.rmtree(d, ignore_errors=True)


def write_notebook(path, *cells):
    """Makes a notebook of code cells; a cell may be (source, tag)."""
    new = nbformat.v4.new_code_cell
    cells = [new(c) if isinstance(c, str) else new(c[0], metadata={"tags": [c[1]]}) for c in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), path)
    return path


def spikebook(*args, cwd=ROOT, timeout=170, program=BINARY, **kw):
    """Runs bin/spikebook, or a copy of it, and returns the finished process."""
    return subprocess.run([program, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **kw)


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """The tutorial, run by `spikebook exec`: the notebook and the HTML page."""
    d = tmp_path_factory.mktemp("executed")
    done = spikebook("exec", TUTORIAL, "-o", d / "out.ipynb", "--html", d / "out.html")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in "out.ipynb", "out.html":
        shutil.copy(d / name, ARTIFACTS / f"exec_{name}")
    return d


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    """The folder that JupyterLab shows."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(notebooks):
    with rig.Lab(notebooks) as server:
        yield server


@pytest.fixture(scope="session")
def chromium():
    with rig.browser() as b:
        yield b


@pytest.fixture
def open_notebook(lab, chromium, notebooks, request):
    """open_notebook(file) opens a copy of it in JupyterLab. A screenshot is kept of how each test ended."""
    opened = []

    def open_notebook(source):
        name = request.node.name + ".ipynb"
        shutil.copy(source, notebooks / name)
        nb = rig.Notebook(chromium.new_page(viewport=rig.SIZE), lab)
        opened.append(nb)
        return nb.open(name, kernels.NAME)

    yield open_notebook
    for nb in opened:
        if not nb.shown:
            nb.shot(ARTIFACTS / f"{request.node.name}.png")
        nb.close()
        assert nb.away == [], "requests that left the machine"
        assert nb.console == [], "errors in the browser's console"


@pytest.fixture
def notebook(open_notebook, tmp):
    """notebook(source, …) opens a notebook with these cells."""
    return lambda *cells: open_notebook(write_notebook(tmp / "n.ipynb", *cells))
