"""The notebooks: the numbers of neuron.ipynb, what cells.ipynb promises, and their outputs as they are committed."""
import base64
import pathlib
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from conftest import ROOT, TUTORIAL, spikebook

JUPYTER = pathlib.Path(sys.executable).with_name("jupyter")
CELLS = ROOT / "notebooks" / "cells.ipynb"


def outputs(path):
    return [o for c in nbformat.read(path, 4).cells for o in c.get("outputs", [])]


def text(path):
    return "".join(o.text for o in outputs(path) if o.output_type == "stream")


def pictures(path):
    return [o for o in outputs(path) if "image/png" in o.get("data", {})]


@pytest.fixture(scope="module")
def by_nbclient(tmp_path_factory):
    """The tutorial, run by `jupyter execute`."""
    d = tmp_path_factory.mktemp("nbclient")
    done = subprocess.run([JUPYTER, "execute", TUTORIAL, f"--output={d / 'out'}", "--timeout=120"], capture_output=True, text=True,
                          timeout=170, cwd=d)
    assert done.returncode == 0, done.stderr
    return d / "out.ipynb"


@pytest.fixture(params=["committed", "exec", "nbclient"])
def result(request):
    if request.param == "committed":
        return TUTORIAL
    if request.param == "exec":
        return request.getfixturevalue("executed") / "out.ipynb"
    return request.getfixturevalue("by_nbclient")


def test_no_errors(result):
    assert [o for o in outputs(result) if o.output_type == "error" or o.get("name") == "stderr"] == []


def test_spike_times(result):
    """x = 0.02 in float32: 50 and 101. The cell behind it counts in float64."""
    assert re.findall(r"^spike at t = (\d+)$", text(result), re.M) == ["50", "101"]
    assert re.findall(r"^spike at t = (\d+), v was", text(result), re.M) == ["49", "99", "149"]
    assert "v[49]=0.99999958\n" in text(result)


def test_square_if(result):
    rows = re.findall(r"^t=\d  x=(0\.\d{4})  s=([01])  v=(\d\.\d{4})$", text(result), re.M)
    assert rows == [("0.7452", "0", "0.5554"), ("0.8062", "1", "0.0000"), ("0.6730", "0", "0.4529"), ("0.0942", "0", "0.4618")]
    assert "multi-step: s = [0 1 0 0]\n" in text(result)


def test_shapes(result):
    assert re.search(r"no input yet:\s+V = 0\n", text(result))
    assert re.search(r"shape \[2 3\]\s+V of shape \[2 3\]", text(result))
    assert re.search(r"shape \[4 5 6\]\s+V of shape \[4 5 6\]", text(result))
    assert "call Reset()" in text(result)


def test_modes_agree(result):
    single, multi = re.search(r"step mode s\n(\[.*\])\nstep mode m\n(\[.*\])\n", text(result)).groups()
    assert single == multi and set(single.strip("[]").split()) == {"0", "1"}


def test_cuda_is_refused_with_a_reason(result):
    assert 'there is no backend "cuda"' in text(result)


def test_three_pictures(result):
    said = [o.data["text/plain"] for o in pictures(result)]
    assert len(said) == 3
    assert all("image/svg+xml" in o.data for o in pictures(result))
    voltage, heatmap, raster = said
    assert "T=150" in voltage and "50, 101" in voltage
    assert "32 neurons" in heatmap and "32 neurons" in raster and "T=50" in raster
    for o in pictures(result):
        png = base64.b64decode(o.data["image/png"])
        width, height = (int.from_bytes(png[a:a + 4], "big") for a in (16, 20))
        assert png.startswith(b"\x89PNG") and width > 1000 and height > 600
        assert o.metadata["image/png"]["width"] < width  # drawn finer than it is shown


def test_the_layer_goes_on_in_the_next_cell(result):
    assert "t=5  X=0.3  S=0  V=0.60\n" in text(result)
    assert "one more  X=0.3  S=0  V=0.90\n" in text(result)


def test_cells_are_natural(result):
    """No cell needs a main, a line %% or an import; values come from earlier cells."""
    code = [c.source for c in nbformat.read(result, 4).cells if c.cell_type == "code"]
    assert not [s for s in code if re.search(r"^%%|^import|func main|\.Show\(", s, re.M)]
    assert len([s for s in code if "layer" in s]) > 2 * len([s for s in code if re.search(r"layer :?= ", s)])


@pytest.fixture(scope="module")
def cells_executed(tmp_path_factory):
    """cells.ipynb, run by `spikebook exec` in a folder where it may write."""
    d = tmp_path_factory.mktemp("cells")
    done = spikebook("exec", shutil.copy(CELLS, d), "-o", d / "out.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.name for p in d.iterdir()) == ["cells.ipynb", "out.ipynb"], "files left behind"
    return d / "out.ipynb"


@pytest.fixture(params=["committed", "exec"])
def cells(request):
    """The code cells of cells.ipynb: source and cell."""
    path = CELLS if request.param == "committed" else request.getfixturevalue("cells_executed")
    return [(c.source, c) for c in nbformat.read(path, 4).cells if c.cell_type == "code"]


def shown(cells, source):
    """The outputs of the one cell that contains source, as one text."""
    found = [c for s, c in cells if source in s]
    assert len(found) == 1, source
    return "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") + re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(o.get("traceback", [])))
                   for o in found[0].outputs)


def test_cells_keeps_its_promises(cells):
    assert shown(cells, "x++") == "42"
    assert shown(cells, "step(0.9)\nstep(0.9)\nsteps") == "2"
    assert shown(cells, "x was %d") == '"x was 42"'
    assert shown(cells, "trace.name") == "membrane potential 5\n"
    assert shown(cells, "tail[0] = 30") == "[1 2 30 4] 0\n"
    assert shown(cells, "x * 1000;") == ""
    mistakes = shown(cells, "lyer.Forward")
    assert "undefined: lyer" in mistakes and "layer" in mistakes and '"three"' in mistakes and "never printed" not in mistakes.split("line")[0]
    assert "Reset()" in shown(cells, "steps = 1000000")
    assert [shown([sc], "steps") for sc in cells if sc[0] == "steps"] == ["7"]
    assert 'step mode "backwards"' in shown([sc for sc in cells if not sc[0].startswith("_")], "backwards")
    assert shown(cells, '_ = layer.SetStepMode("backwards")') == ""
    assert "results" in shown(cells, "results := make(chan int)") and shown(cells, "countTo(answer)") == "903"
    assert all(name in shown([sc for sc in cells if sc[0] == "%session"], "%session") for name in ("answer", "layer", "trace"))


def test_cells_fails_only_where_it_says(cells):
    for source, c in cells:
        failed = any(o.output_type == "error" for o in c.outputs)
        assert failed == ("raises-exception" in c.metadata.get("tags", [])), source


@pytest.fixture(scope="module", params=["surrogate", "custom-neurons"])
def training(request, tmp_path_factory):
    """The notebooks that train a neuron, run by `spikebook exec`."""
    out = tmp_path_factory.mktemp("training") / "out.ipynb"
    done = spikebook("exec", ROOT / "notebooks" / f"{request.param}.ipynb", "-o", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return request.param, out


def test_training_reaches_its_rate(training):
    name, out = training
    rates = [float(r) for r in re.findall(r"^epoch .* rate ([\d.]+)", text(out), re.M)]
    want = {"surrogate": 0.2, "custom-neurons": 0.1}[name]
    assert len(rates) == 5 and abs(rates[0] - want) > 0.05 and rates[-1] == want
    assert len(pictures(out)) == {"surrogate": 4, "custom-neurons": 3}[name]


def test_committed_training_is_that_of_today(training):
    name, out = training
    for committed, again in zip(comparable(ROOT / "notebooks" / f"{name}.ipynb"), comparable(out), strict=True):
        assert committed == again, f"run: bin/spikebook exec notebooks/{name}.ipynb -o notebooks/{name}.ipynb, and look at it"


@pytest.mark.parametrize("name, says", [("backends", ["equal: true", "0 downloads"]), ("networks", ["[0 0 1]\n[0 0 0]\n[0 1 0]\n[1 0 0]\n"])])
def test_others_committed_are_those_of_today(name, says, tmp_path):
    out = tmp_path / "out.ipynb"
    done = spikebook("exec", ROOT / "notebooks" / f"{name}.ipynb", "-o", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [s for s in says if s not in text(out)] == []
    for committed, again in zip(comparable(ROOT / "notebooks" / f"{name}.ipynb"), comparable(out), strict=True):
        assert committed == again, f"run: bin/spikebook exec notebooks/{name}.ipynb -o notebooks/{name}.ipynb, and look at it"


def comparable(path):
    """The cells with what must be the same when they are run again: all but the PNG."""
    return [(c.source, [{**o.get("data", {}), "image/png": None, "text": o.get("text"), "traceback": o.get("traceback")}
                        for o in c.get("outputs", [])]) for c in nbformat.read(path, 4).cells]


@pytest.mark.parametrize("name", ["neuron", "cells"])
def test_committed_outputs_are_those_of_today(name, request):
    """Run again, a notebook gives what is committed: text for text, and the same pictures as SVG."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    today = request.getfixturevalue("executed") / "out.ipynb" if name == "neuron" else request.getfixturevalue("cells_executed")
    for committed, again in zip(comparable(path), comparable(today), strict=True):
        assert committed == again, f"run: bin/spikebook exec {path} -o {path}, and look at it"


def test_every_notebook_is_fit_to_commit():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        nb = nbformat.read(path, 4)
        nbformat.validate(nb)
        assert nb.metadata.kernelspec == {"name": "spikebook", "display_name": "Go SNN (spikebook)", "language": "go"}
        code = [c for c in nb.cells if c.cell_type == "code"]
        assert [c.execution_count for c in code] == list(range(1, len(code) + 1)), f"{path.name} was not run top to bottom"
        for o in outputs(path):
            if "image/svg+xml" in o.get("data", {}):
                assert {"image/png", "text/plain"} <= set(o.data)  # an untrusted notebook shows the PNG only
