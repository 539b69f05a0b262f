"""Parameters from a file, the environment and papermill; what a run leaves for who collects many."""
import os
import pathlib
import signal
import subprocess
import sys

import nbformat
import papermill
import pytest

import kernel as kernels
from conftest import BINARY, spikebook, write_notebook
from test_exec import PARAMETERS, PRINT, read, texts

SCRAP = "application/scrapbook.scrap.json+json"
PAPERMILL = pathlib.Path(sys.executable).with_name("papermill")


def test_file_environment_and_command_line(tmp):
    nb = write_notebook(tmp / "p.ipynb", PARAMETERS, PRINT)
    (tmp / "p.yaml").write_text("# of the second run\ntau: 3\nsteps: 20\nname: from a file\nsizes: [784, 10]\nrates:\n  - 1\n  - .5\n")
    env = {**os.environ, "SPIKEBOOK_PARAM_fast": "true", "SPIKEBOOK_PARAM_steps": "1"}
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", "--params", tmp / "p.yaml", "-p", "name=typed", env=env)
    assert done.returncode == 0, done.stderr
    assert texts(tmp / "out.ipynb")[-1] == 'float64=3 int=20 string="typed" []int=[784 10] []float64=[1 0.5] bool=true\n'
    assert "fast=true, from the environment" in done.stderr
    run = read(tmp / "out.ipynb").metadata.papermill
    assert run == {"exception": None, "parameters": {"tau": 3, "steps": 20, "name": "typed", "sizes": [784, 10], "rates": [1, 0.5], "fast": True}}


def test_cells_do_not_inherit_parameters(tmp):
    """A notebook that runs another one does not set its parameters."""
    nb = write_notebook(tmp / "p.ipynb", ("var tau = 1.5", "parameters"), 'fmt.Printf("%q", os.Getenv("SPIKEBOOK_PARAM_tau"))', "!echo [$SPIKEBOOK_PARAM_tau]")
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", env={**os.environ, "SPIKEBOOK_PARAM_tau": "3"})
    assert done.returncode == 0, done.stderr
    assert texts(tmp / "out.ipynb")[-2:] == ['""', "[]\n"]


@pytest.mark.parametrize("text, env, said", [
    ("tua: 3", {}, "unknown parameter tua"), ("tau: fast", {}, "not of type float64"), ("[1]", {}, "maps the names"), ("tau:", {}, "no value"),
    ("tau: 3", {"SPIKEBOOK_PARAM_tua": "1"}, "unknown parameter tua"), (None, {}, "p.yaml"),
])
def test_wrong_files_run_nothing(tmp, text, env, said):
    nb = write_notebook(tmp / "p.ipynb", PARAMETERS, PRINT)
    if text is not None:
        (tmp / "p.yaml").write_text(text)
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", "--params", tmp / "p.yaml", env={**os.environ, **env})
    assert done.returncode == 2 and said in done.stderr
    assert not (tmp / "out.ipynb").exists()


def test_a_failed_run_says_so(tmp):
    nb = write_notebook(tmp / "p.ipynb", ("var tau = 1.5", "parameters"), 'display.Record("tau", tau)', 'panic("no")', 'display.Record("never", 1)')
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", "-p", "tau=2")
    assert done.returncode == 1
    assert read(tmp / "out.ipynb").metadata.papermill.exception is True
    assert scraps(tmp / "out.ipynb") == {"tau": 2}


def test_the_notebook_is_replaced_whole_or_not_at_all(tmp):
    """Killed while it writes, exec leaves the old notebook; not killed, nobody ever reads half of one."""
    nb = write_notebook(tmp / "n.ipynb", 'fmt.Print(strings.Repeat("0123456789abcde\\n", 2<<20))')
    out = write_notebook(tmp / "out.ipynb", '"old"')
    old = out.read_bytes()

    def start():
        return subprocess.Popen([BINARY, "exec", nb, "-o", out], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    process = start()
    kernels.wait_until(lambda: list(tmp.glob(".spikebook-*")), 60, "nothing was written beside the notebook", pause=0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert out.read_bytes() == old
    process, seen = start(), set()
    while process.poll() is None:
        seen.add(out.stat().st_size)
    assert process.returncode == 0
    assert seen <= {len(old), out.stat().st_size}
    assert len(texts(out)[0]) == 32 << 20


def scraps(path):
    """What was recorded, as scrapbook reads it."""
    found = [o.data[SCRAP] for c in nbformat.read(path, 4).cells for o in c.get("outputs", []) if SCRAP in o.get("data", {})]
    assert all(set(s) == {"name", "data", "encoder", "version"} and s.encoder == "json" and s.version == 1 for s in found)
    return {s.name: s.data for s in found}


RECORDS = """display.Record("rate", snn.Full(0.25, 4).Mean())
display.Record("steps", 200)
display.Record("name", "a \\"b\\"")
display.Record("loss", math.NaN())
display.Record("steps", 300)"""


def test_records_are_outputs(tmp):
    nb = write_notebook(tmp / "n.ipynb", RECORDS, 'display.Record("x", []int{1})')
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb")
    assert done.returncode == 1 and 'display.Record("x"): expected a number' in done.stderr
    nbformat.validate(read(tmp / "out.ipynb"))
    assert scraps(tmp / "out.ipynb") == {"rate": 0.25, "steps": 300, "name": 'a "b"', "loss": "NaN"}
    assert read(tmp / "out.ipynb").cells[0].outputs[0].data["text/plain"] == "rate = 0.25"


def test_records_saved_by_jupyterlab(notebook, notebooks, request):
    nb = notebook(RECORDS)
    nb.run_all()
    assert nb.text(0).splitlines()[:2] == ["rate = 0.25", "steps = 200"]
    nb.command("docmanager:save")
    assert scraps(notebooks / f"{request.node.name}.ipynb") == {"rate": 0.25, "steps": 300, "name": 'a "b"', "loss": "NaN"}


def run_papermill(*args):
    return subprocess.run([PAPERMILL, "--no-progress-bar", *map(str, args)], capture_output=True, text=True, timeout=170)


def test_papermill(tmp):
    """The command that its documentation has, with a value of each kind; all take the types of the parameters cell."""
    nb = write_notebook(tmp / "p.ipynb", PARAMETERS, PRINT, 'display.Record("tau", tau)')
    done = run_papermill(nb, tmp / "out.ipynb", "-k", "spikebook", "-p", "tau", "2", "-p", "name", "12", "-p", "sizes", "[784, 10]",
                         "-y", "{rates: [1, 2.5], fast: true}")
    assert done.returncode == 0, done.stderr
    assert texts(tmp / "out.ipynb")[-2] == 'float64=2 int=10 string="12" []int=[784 10] []float64=[1 2.5] bool=true\n'
    assert "unknown parameter" not in done.stderr
    injected = read(tmp / "out.ipynb").cells[1]
    assert injected.metadata.tags == ["injected-parameters"] and injected.source.startswith("// Parameters\nvar fast bool = true\n")
    assert scraps(tmp / "out.ipynb") == {"tau": 2}


@pytest.mark.parametrize("name, value, said", [("tua", "3", "unknown parameter tua"), ("steps", "2.5", '"2.5" is not of type int')])
def test_papermill_refuses(tmp, name, value, said):
    nb = write_notebook(tmp / "p.ipynb", PARAMETERS, PRINT)
    done = run_papermill(nb, tmp / "out.ipynb", "-k", "spikebook", "-p", name, value)
    assert done.returncode != 0 and said in done.stderr


def test_papermill_lists_parameters(tmp):
    nb = write_notebook(tmp / "p.ipynb", ("var tau = 2.0 // in steps\nvar sizes []int", "parameters"))
    assert papermill.inspect_notebook(str(nb)) == {
        "tau": {"name": "tau", "inferred_type_name": "float64", "default": "2.0", "help": "in steps"},
        "sizes": {"name": "sizes", "inferred_type_name": "[]int", "default": "", "help": ""},
    }


def test_papermill_without_a_parameters_cell(tmp):
    """As for exec, the values say of which type they are, whatever another notebook declared that was looked at before."""
    papermill.inspect_notebook(str(write_notebook(tmp / "other.ipynb", ("var tau float32", "parameters"))))
    nb = write_notebook(tmp / "p.ipynb", 'fmt.Printf("%T=%v %T=%v", tau, tau, n, n)')
    papermill.execute_notebook(str(nb), str(tmp / "out.ipynb"), parameters={"tau": 2.5, "n": 3}, kernel_name="spikebook", progress_bar=False)
    assert texts(tmp / "out.ipynb")[-1] == "float64=2.5 int=3"
