"""Other front ends: jupyter_kernel_test, papermill, nbconvert, the console."""
import contextlib
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import sys
import termios
import uuid

import jupyter_kernel_test as jkt  # not "from … import KernelTests": pytest would collect the base class, too
import nbformat
import papermill
import pytest

import kernel as kernels
from conftest import write_notebook

JUPYTER = pathlib.Path(sys.executable).with_name("jupyter")
PICTURE = "display.Plot1DSpikes(snn.Ones(3, 2))"


class TestKernel(jkt.KernelTests):
    """The suite that all kernels share. An attribute that is not set would leave its test out: test_nothing_is_left_out."""

    kernel_name = kernels.NAME
    language_name, file_extension = "go", ".go"
    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "oops")'
    code_generate_error = "undefinedThing()"
    complete_code_samples = ["x := 1", "var x = 1", "fmt.Println(1)\n", "func f() int { return 1 }", "f := func() {}\nf()",
                             "%%\nfmt.Println(1)\n", "!ls", "neuron.NewLIF?"]
    incomplete_code_samples = ["func f() {", "for {", "x := 1 +", "f(1,", "x := `open", "%%\nfor {", "%%"]
    invalid_code_samples = ["func )(", "x := := 1", "for ) {", "%%\nx := := 1"]
    # All functions of package strings with this beginning: they are as stable as Go's promise.
    completion_samples = [
        {"text": "strings.ToUp", "matches": {"ToUpper", "ToUpperSpecial"}},
        {"text": "neuron.NewLI", "matches": {"NewLIAF", "NewLIF"}},
        {"text": "x := strings.EqualF", "matches": {"EqualFold"}},
    ]
    code_inspect_sample = "neuron.NewLIF"
    code_page_something = "neuron.NewLIF?"
    code_clear_output = 'fmt.Println("soon gone")\ndisplay.ClearOutput(false)'
    code_execute_result = [
        {"code": "20 * 2.1", "result": "42"},
        {"code": "number := 6\nnumber * 7", "result": "42"},
        {"code": "number", "result": "6"},
        {"code": '"text"', "result": '"text"'},
        {"code": PICTURE, "mime": "image/svg+xml"},
        {"code": "neuron.NewIF()", "mime": "text/markdown"},
    ]
    code_display_data = [
        {"code": PICTURE + ".Show()", "mime": "image/svg+xml"},
        {"code": PICTURE + ".Show()", "mime": "image/png"},
        {"code": "display.Show(neuron.NewIF())", "mime": "text/markdown"},
    ]
    supported_history_operations = "tail", "range", "search"
    code_history_pattern = "20 [*] ?.[0-9]*"

    def get_non_kernel_info_reply(self, timeout=None):
        return super().get_non_kernel_info_reply(timeout=timeout or jkt.TIMEOUT)  # some callers pass None: for ever


class TestIopubWelcome(jkt.IopubWelcomeTests):
    kernel_name = kernels.NAME
    support_iopub_welcome = True


def test_nothing_is_left_out():
    """The suite leaves out what an attribute is not set for; a test of it that was skipped would say nothing."""
    tests = [n for c in (TestKernel, TestIopubWelcome) for n in dir(c) if n.startswith("test_") and callable(getattr(c, n))]
    assert len(tests) == 13, tests
    suite = jkt.KernelTests
    switches = [n for n in vars(suite) if re.search(r"^code_|_samples$|_operations$|^language_name$|^file_extension$", n)]
    assert len(switches) == 16, switches
    assert [n for n in switches if not getattr(TestKernel, n)] == []


def test_papermill(tmp):
    nb = write_notebook(tmp / "n.ipynb", "func twice(x int) int { return 2 * x }", "x := 21", "fmt.Println(twice(x))")
    papermill.execute_notebook(nb, tmp / "out.ipynb", progress_bar=False)
    assert nbformat.read(tmp / "out.ipynb", 4).cells[2].outputs[0].text == "42\n"


def test_papermill_stops_at_an_error(tmp):
    nb = write_notebook(tmp / "n.ipynb", "undefinedThing()", 'fmt.Println("after")')
    with pytest.raises(papermill.PapermillExecutionError, match="undefined: undefinedThing"):
        papermill.execute_notebook(nb, tmp / "out.ipynb", progress_bar=False)


def test_jupyter_execute_stops_at_an_error(tmp):
    nb = write_notebook(tmp / "bad.ipynb", "undefinedThing()", 'fmt.Println("after")')
    done = subprocess.run([JUPYTER, "execute", nb, "--timeout=120"], capture_output=True, text=True, timeout=150)
    assert done.returncode == 1 and "undefined: undefinedThing" in done.stderr


@pytest.mark.parametrize("form, word", [("html", "image/svg+xml"), ("markdown", "```go"), ("script", "fmt.Println")])
def test_nbconvert(tmp, form, word):
    """The exporter and the lexer that kernel_info names."""
    nb = write_notebook(tmp / "n.ipynb", 'fmt.Println("hello")', PICTURE)
    done = subprocess.run([JUPYTER, "nbconvert", "--to", form, "--execute", "--output", "out", nb], cwd=tmp, capture_output=True,
                          text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    out = next(p for p in tmp.iterdir() if p.stem == "out" and p.is_file())
    assert word in out.read_text() and "hello" in out.read_text()
    assert form != "script" or out.suffix == ".go"


class Console:
    """`jupyter console` in a terminal of its own."""

    def __init__(self, home):
        self.mark = "SPIKEBOOK_CONSOLE=" + uuid.uuid4().hex
        name, value = self.mark.split("=")
        env = os.environ | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "IPYTHONDIR": str(home), name: value}
        self.leader, follower = os.openpty()
        self.process = subprocess.Popen([JUPYTER, "console", "--kernel", kernels.NAME], stdin=follower, stdout=follower,
                                        stderr=follower, env=env, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))  # so that closing it is a SIGHUP
        os.close(follower)
        os.set_blocking(self.leader, False)
        self.shown = ""

    def read(self):
        with contextlib.suppress(BlockingIOError, OSError):  # nothing there; the other end is closed
            self.shown += os.read(self.leader, 65536).decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.shown)  # without colours and cursor movements

    def expect(self, text):
        kernels.wait_until(lambda: text in self.read(), 60, lambda: f"the console shows no {text!r}, but {self.shown!r}")

    def enter(self, *lines):
        for line in lines:
            os.write(self.leader, (line + "\r").encode())  # what the Enter key sends

    def interrupt_when(self, running):
        """Presses Ctrl-C when a process of that name runs."""
        kernels.wait_until(lambda: any(running in c for c in kernels.marked(self.mark).values()), 30, f"no {running} runs")
        os.write(self.leader, b"\x03")

    def close_terminal(self):
        if self.leader >= 0:
            os.close(self.leader)
            self.leader = -1

    def close(self):
        self.close_terminal()
        self.process.kill()
        self.process.wait()
        for pid in kernels.marked(self.mark):  # of a failed test
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def console(tmp):
    c = Console(tmp)
    yield c
    c.close()


def test_console(console):
    """It asks is_complete after each line. With raw GoNB: "The kernel did not respond to an is_complete_request", a line %%
    is sent alone, a later cell is never sent; GoNB's log stands between the lines."""
    console.expect("In [1]:")
    console.enter("x := 20 +", "22")  # a line that is open, and its end
    console.expect("In [2]:")
    console.enter("x")
    console.expect("Out[2]: 42")
    console.expect("In [3]:")
    console.enter("for i := range 2 {", 'fmt.Println("turn", i)', "}")
    console.expect("turn 1")
    console.expect("In [4]:")
    console.enter("%%", 'fmt.Println("from", "the console")', "")  # ends at an empty line
    console.expect("from the console")
    console.expect("In [5]:")
    console.enter('import "spikebook/kernel/session"')
    console.expect("In [6]:")
    console.enter('session.ReadLine("your" + " name? ")')
    console.expect("your name? ")
    console.enter("Ada")
    console.expect('Out[6]: "Ada"')
    os.write(console.leader, b"\x04")  # Ctrl-D
    console.expect("exit")
    os.write(console.leader, b"y\r")
    kernels.wait_until(lambda: console.process.poll() is not None, 20, "the console does not end")
    shown = console.read()
    assert "did not respond" not in shown
    assert not re.search(r"^[IWE]\d{4} |level=|gonb", shown, re.M), shown  # no log


def test_closing_the_consoles_terminal(console):
    """With raw GoNB gonb and gopls stay, with parent 1."""
    console.expect("In [1]:")
    console.enter("for {", "}")
    kernels.wait_until(lambda: any("/program" in c or "gonb_" in c for c in kernels.marked(console.mark).values()), 30,
                       lambda: f"the cell has not begun: {kernels.marked(console.mark)}")
    console.close_terminal()
    kernels.wait_until(lambda: not kernels.marked(console.mark), 10, lambda: f"left behind: {kernels.marked(console.mark)}")
