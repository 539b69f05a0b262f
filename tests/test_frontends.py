"""Other front ends: jupyter_kernel_test, papermill, nbconvert, the console."""
import os
import pathlib
import re
import subprocess
import sys

import jupyter_kernel_test as jkt  # not "from … import KernelTests": pytest would collect the base class, too
import nbformat
import papermill
import pytest

import kernel as kernels
from conftest import write_notebook

JUPYTER = pathlib.Path(sys.executable).with_name("jupyter")


class TestKernel(jkt.KernelTests):
    """The suite that all kernels share. An attribute that is not set leaves its test out: execute_result, which a bare last
    expression will give, and with it history (test_protocol has it); pager; clear_output; the iopub welcome message."""

    kernel_name = kernels.NAME
    language_name, file_extension = "go", ".go"
    code_hello_world = '%%\nfmt.Println("hello, world")'
    code_stderr = '%%\nfmt.Fprintln(os.Stderr, "oops")'
    code_generate_error = "%%\nundefinedThing()"
    complete_code_samples = ["var x = 1", "%%\nfmt.Println(1)\n", "func f() int { return 1 }"]
    incomplete_code_samples = ["func f() {", "%%\nfor {", "%%"]
    invalid_code_samples = ["func )(", "%%\nx := := 1"]
    code_display_data = [
        {"code": "%%\ndisplay.Plot1DSpikes(snn.Ones(3, 2)).Show()", "mime": "image/svg+xml"},
        {"code": "%%\ndisplay.Plot1DSpikes(snn.Ones(3, 2)).Show()", "mime": "image/png"},
        {"code": "%%\ndisplay.Show(neuron.NewIF())", "mime": "text/markdown"},
    ]

    def get_non_kernel_info_reply(self, timeout=None):
        return super().get_non_kernel_info_reply(timeout=timeout or jkt.TIMEOUT)  # some callers pass None: for ever


# What the suite would skip for want of an attribute is not collected: a skipped test says nothing.
for left_out in "completion", "execute_result", "history", "inspect", "pager", "clear_output":
    setattr(TestKernel, "test_" + left_out, None)


def test_papermill(tmp):
    nb = write_notebook(tmp / "n.ipynb", "func twice(x int) int { return 2 * x }", "%%\nfmt.Println(twice(21))")
    papermill.execute_notebook(nb, tmp / "out.ipynb", progress_bar=False)
    assert nbformat.read(tmp / "out.ipynb", 4).cells[1].outputs[0].text == "42\n"


def test_papermill_stops_at_an_error(tmp):
    nb = write_notebook(tmp / "n.ipynb", "%%\nundefinedThing()", '%%\nfmt.Println("after")')
    with pytest.raises(papermill.PapermillExecutionError, match="undefined: undefinedThing"):
        papermill.execute_notebook(nb, tmp / "out.ipynb", progress_bar=False)


def test_jupyter_execute_stops_at_an_error(tmp):
    nb = write_notebook(tmp / "bad.ipynb", "%%\nundefinedThing()", '%%\nfmt.Println("after")')
    done = subprocess.run([JUPYTER, "execute", nb, "--timeout=120"], capture_output=True, text=True, timeout=150)
    assert done.returncode == 1 and "undefined: undefinedThing" in done.stderr


@pytest.mark.parametrize("form, word", [("html", "image/svg+xml"), ("markdown", "```go"), ("script", "fmt.Println")])
def test_nbconvert(tmp, form, word):
    """The exporter and the lexer that kernel_info names."""
    nb = write_notebook(tmp / "n.ipynb", '%%\nfmt.Println("hello")', "%%\ndisplay.Plot1DSpikes(snn.Ones(3, 2)).Show()")
    done = subprocess.run([JUPYTER, "nbconvert", "--to", form, "--execute", "--output", "out", nb], cwd=tmp, capture_output=True,
                          text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    out = next(p for p in tmp.iterdir() if p.stem == "out" and p.is_file())
    assert word in out.read_text() and "hello" in out.read_text()
    assert form != "script" or out.suffix == ".go"


def test_console(tmp):
    """`jupyter console` asks is_complete after each line: a cell that begins with %% ends at an empty line."""
    leader, follower = os.openpty()
    env = os.environ | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "IPYTHONDIR": str(tmp)}
    process = subprocess.Popen([JUPYTER, "console", "--kernel", kernels.NAME], stdin=follower, stdout=follower,
                               stderr=follower, env=env, start_new_session=True)
    os.close(follower)
    os.set_blocking(leader, False)
    shown = ""

    def expect(text):
        def there():
            nonlocal shown
            try:
                shown += os.read(leader, 65536).decode(errors="replace")
            except BlockingIOError:
                pass
            return text in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)  # without colours and cursor movements
        kernels.wait_until(there, 60, lambda: f"the console shows no {text!r}, but {shown!r}")

    try:
        expect("In [1]:")
        for line in "%%", 'fmt.Println("from", "the console")', "":
            os.write(leader, (line + "\r").encode())  # what the Enter key sends
        expect("from the console")
        expect("In [2]:")
        os.write(leader, b"\x04")  # Ctrl-D
        expect("exit")
        os.write(leader, b"y\r")
        kernels.wait_until(lambda: process.poll() is not None, 20, "the console does not end")
    finally:
        process.kill()
        process.wait()
        os.close(leader)
