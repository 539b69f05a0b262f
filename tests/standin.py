"""Notebooks and cells on the worker of `make gpu`, which has gorgonia.org/cu, here with the race detector, on a driver that stands in
for NVIDIA's (gpu/fakecuda): `make test-gpu` runs this. Nothing of it runs on a GPU."""
import os
import re
import signal

import nbformat
import pytest

import kernel as kernels
from conftest import ROOT, spikebook
from test_gpu import run, test_first_cell, test_interrupted, test_killed_worker, test_stats, test_tensors_stay, test_values_go_on  # noqa: F401, with the kernel below

FAKECUDA = ROOT / ".cache" / "fakecuda"
SPIKEBOOK = FAKECUDA / "spikebook"  # has the worker beside it
NAME = "FAKE CUDA (host CPU, not a GPU) 0"


def stand_in(folder, **more):
    """The environment of a kernel whose GPU is the stand-in. What becomes of the driver's contexts is written to folder/journal."""
    return os.environ | {"SPIKEBOOK_CUDA": "stand-in", "SPIKEBOOK_LIBCUDA": str(FAKECUDA / "libcuda.so.1"),
                         "FAKECUDA_JOURNAL": str(folder / "journal"), "GORACE": "halt_on_error=1"} | more


def journal(folder):
    file = folder / "journal"
    return file.read_text().splitlines() if file.exists() else []


def check_nothing_left(folder):
    """Each context that was made was released, with nothing left in it, or lost."""
    def ended():
        contexts = [line for line in journal(folder) if not line.startswith("failed: ")]
        return 2 * contexts.count("made") == len(contexts) > 0

    kernels.wait_until(ended, 5, lambda: journal(folder))
    left = [line for line in journal(folder) if line.startswith("released") and line != "released, left in it: 0"]
    assert not left, journal(folder)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with kernels.Kernel(env=stand_in(tmp_path_factory.mktemp("gpu")), program=SPIKEBOOK) as k:
        yield k


# -- notebooks

def on_cuda(source):
    """A cell as one would change it to have what is in multi-step mode on cuda."""
    if "dense." in source:  # shares the memory of the host
        return source
    source = source.replace("%backend cuda emulated", "%backend cuda")
    source = source.replace('neuron.StepMode("m")', 'neuron.StepMode("m"), neuron.Backend("cuda")')
    source = source.replace('neuron.Backend("cuda"), neuron.Backend("cuda")', 'neuron.Backend("cuda")')
    source = re.sub(r'^(\w+)\.SetStepMode\("m"\)$', r'\g<0>\n\1.SetBackend("cuda")', source, flags=re.M)
    if "range []string{\"s\", \"m\"}" in source:  # cuda takes no single steps
        source = 'layer.SetBackend("cpu")\n' + source
    return source


def execute(source, out, environment, program=SPIKEBOOK):
    done = spikebook("exec", source, "-o", out, env=environment, program=program)
    assert done.returncode == 0, done.stdout + done.stderr
    return [c for c in nbformat.read(out, 4).cells if c.cell_type == "code"]


def outputs(cell):
    """What a cell showed, where it does not say which backend it was."""
    text = str([{k: v for k, v in o.items() if k != "execution_count"} for o in cell.outputs])
    return re.sub("cuda \\(.*?not a GPU\\)( 0\\))?", "cpu", text).replace("PTX interpreter on the CPU, not a GPU", NAME)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """before(name): the cells of a notebook, run as it is."""
    done = {}

    def before(name):
        if name not in done:
            out = tmp_path_factory.mktemp("before") / "out.ipynb"
            done[name] = execute(ROOT / "notebooks" / f"{name}.ipynb", out, os.environ | {"SPIKEBOOK_CUDA": "off"})
        return done[name]
    return before


DIFFERENT = {  # what cells show that tell which backends there are, by words of them
    "range []string{": 'step_mode=m, backend=cpu, supported backends: ["cpu" "cuda"]\n<nil>\n',
    "%backend cpu": "no cuda, until %backend cuda",
}


@pytest.mark.parametrize("lazy", ["0", "1"])
@pytest.mark.parametrize("name", ["neuron", "surrogate", "custom-neurons", "backends"])
def test_notebook(before, tmp_path, tmp, name, lazy):
    """It shows on cuda what it shows on the CPU, to the last digit and pixel; the one about backends what it does on the interpreter."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = on_cuda(cell.source)
    notebook.cells.append(nbformat.v4.new_code_cell("%backend stats"))
    nbformat.write(notebook, tmp_path / "on.ipynb")
    after = execute(tmp_path / "on.ipynb", tmp_path / "out.ipynb", stand_in(tmp, FAKECUDA_LAZY=lazy))
    stats = after.pop().outputs[0].text
    assert int(re.search(r"^cuda .* (\d+) +\d+$", stats, re.M)[1]) > 0, stats  # launches
    for was, cell in zip(before(name), after, strict=True):
        words = next((words for words in DIFFERENT if words in cell.source), None)
        if words:
            assert DIFFERENT[words] in cell.outputs[0].text
        else:
            assert outputs(cell) == outputs(was), cell.source
    check_nothing_left(tmp)


# -- failures of the driver

COMPUTE = """layer := neuron.Equation("v + (x - v)/5", neuron.StepMode("m"), neuron.Backend("cuda"))
w := snn.Ones(500).To("cuda").RequireGrad()
spikes := layer.Forward(x.Mul(w))
spikes.Mean().Backward()
got := []float32{spikes.Sum().Item(), w.Grad().Sum().Item()}
"""
TRUE = COMPUTE + "want != nil && slices.Equal(got, want)"
FILL, LARGER = [f'snn.Ones({n}).To("cuda").Sum().Item() == {n}' for n in (6 << 18, 7 << 18)]  # the first is given back for the second

ASKED_AGAIN = "cuDriverGetVersion cuDeviceGetCount cuDeviceGet cuDeviceGetName cuDeviceTotalMem_v2 cuDeviceGetAttribute"
IN_CELLS = ("cuDevicePrimaryCtxRetain cuCtxSetCurrent cuStreamCreate cuMemAlloc_v2 cuMemcpyHtoD_v2 cuMemcpyDtoH_v2 cuMemcpyDtoDAsync_v2 "
            "cuModuleLoadDataEx cuModuleGetFunction cuLaunchKernel")
WHEN_FULL = "cuStreamSynchronize cuMemFree_v2"
AT_THE_END = WHEN_FULL + " cuModuleUnload cuStreamDestroy_v2 cuDevicePrimaryCtxRelease_v2"
NOT_PERMITTED, LAUNCH_FAILED, ILLEGAL_ADDRESS = 800, 719, 700  # the device is lost with the last two

READABLE = (r"(the variables stay as they were before this cell: )?(Open|Alloc|Free|Upload|Download|Copy|Launch of kernel \w+): "
            r"(device 0: )?(NotPermitted|a thread did what it must not, .*\(LaunchFailed\).*)")


@pytest.fixture
def failing(tmp):
    """A kernel, and fail(specification), which has the driver fail; the memory of its device is 12 MiB."""
    file = tmp / "fail"
    file.write_text("")
    with kernels.Kernel(env=stand_in(tmp, FAKECUDA_FAIL=f"@{file}", FAKECUDA_MEMORY=str(12 << 20)), program=SPIKEBOOK) as kernel:
        yield kernel, file.write_text
    check_nothing_left(tmp)


def test_failures(failing, tmp):
    """Each call of the driver is made to fail once: the cell says so, or does without it, and the next one computes what it should."""
    kernel, fail = failing
    run(kernel, "x := snn.Rand(20, 500).Scale(3)\nvar want []float32")
    run(kernel, COMPUTE + "want = got")
    for call in f"{ASKED_AGAIN} {WHEN_FULL} {IN_CELLS}".split():
        cell = LARGER if call in WHEN_FULL else TRUE
        for n, code in (1, NOT_PERMITTED), (3, NOT_PERMITTED), (1, LAUNCH_FAILED):
            fail(f"cuLaunchKernel:1:{ILLEGAL_ADDRESS}")  # so that the device is opened anew
            assert len(kernel.run(TRUE).errors) == 1
            if cell == LARGER:
                assert run(kernel, FILL).value == "true"
            fail(spec := f"{call}:{n}:{code}")
            result = kernel.run(cell)
            fail("")
            failed = f"failed: {spec}" in journal(tmp)
            assert failed or n > 1, f"{call} was not called"
            if failed and call not in ASKED_AGAIN or not result.ok:
                assert len(result.errors) == 1 and re.fullmatch(READABLE, result.errors[0]["evalue"]), (spec, result.errors)
            else:
                assert result.value == "true", spec
            assert run(kernel, TRUE).value == "true", spec


@pytest.mark.parametrize("call", AT_THE_END.split())
def test_failures_at_the_end(tmp, call):
    """The worker ends, and says to the driver that it has ended, whatever fails meanwhile."""
    file = tmp / "fail"
    file.write_text("")
    with kernels.Kernel(env=stand_in(tmp, FAKECUDA_FAIL=f"@{file}"), program=SPIKEBOOK) as kernel:
        run(kernel, 'y := snn.Ones(9).To("cuda").Exp()')
        file.write_text(f"{call}:1:{NOT_PERMITTED}")
    kernels.wait_until(lambda: len(journal(tmp)) > (2 if "Release" not in call else 1), 5, lambda: journal(tmp))
    assert journal(tmp)[:2] == ["made", f"failed: {call}:1:{NOT_PERMITTED}"]


def test_killed_kernel(tmp):
    """The worker outlives it for as long as it takes to give back what it has."""
    with kernels.Kernel(env=stand_in(tmp), program=SPIKEBOOK) as kernel:
        run(kernel, 'y := snn.Ones(9).To("cuda").Exp()')
        os.kill(kernel.pid, signal.SIGKILL)
        check_nothing_left(tmp)
