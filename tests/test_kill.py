"""Nothing is left behind, however the front end or the kernel ends. After five seconds there is no process and no file."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import uuid

import pytest

import kernel as kernels

# A program of its own that owns a kernel, as nbclient does, and runs an endless cell which has started a `sleep`.
OWNER = """
import sys, json
sys.path.insert(0, sys.argv[1])
import kernel
k = kernel.Kernel(transport=sys.argv[2]).__enter__()
cell = k.send('sleeper := exec.Command("sleep", "654321")\\nsleeper.Start()\\nfmt.Println("started", sleeper.Process.Pid)\\nfor {\\n}')
k.wait_output(cell, "started")
print(json.dumps({"kernel": k.pid}), flush=True)
sys.stdin.read()
"""
GRACE = 5  # seconds


def held(pid):
    """The folders of ours in which a process holds a file open, its locks: also those in shared memory."""
    found = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            path = pathlib.Path(os.readlink(fd))
            found |= {p for p in path.parents if p.name.startswith("spikebook-")}
    return found


class Owned:
    """The owner, and what to look for once it is gone."""

    def __init__(self, tmp, transport):
        self.tmp = tmp
        self.mark = "SPIKEBOOK_KILL_TEST=" + uuid.uuid4().hex
        name, value = self.mark.split("=")
        # HOME stays as it is: the Go caches are there, which are meant to stay.
        env = os.environ | {"TMPDIR": str(tmp), name: value, "JUPYTER_RUNTIME_DIR": str(tmp / "jupyter")}
        (tmp / "jupyter").mkdir()
        self.process = subprocess.Popen([sys.executable, "-c", OWNER, pathlib.Path(__file__).parent, transport], env=env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, "the owner ended early"
        self.kernel = json.loads(line)["kernel"]
        self.before = kernels.descendants(self.process.pid) | kernels.marked(self.mark)
        assert any("sleep 654321" in c for c in self.before.values()), self.before
        assert any("gonb" in c for c in self.before.values()), self.before
        self.folders = held(self.kernel)
        assert list(self.files())  # there is something to clear away

    def files(self):
        """What the kernel has made in the temporary directory. The front end's connection file stands apart, in jupyter/."""
        return [p for p in self.tmp.iterdir() if p.name != "jupyter"] + [p for p in self.folders if p.exists()]

    def left(self, besides=()):
        alive = kernels.processes()
        found = {p: c for p, c in self.before.items() if p in alive and alive[p][2] == c}
        found |= kernels.marked(self.mark)
        return {p: c for p, c in found.items() if p not in besides}

    def expect_nothing_left(self, besides=()):
        kernels.wait_until(lambda: not self.left(besides) and not self.files(), GRACE,
                           lambda: f"left: processes {self.left(besides)}, files {self.files()}")

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(params=["tcp", "ipc"])
def owned(tmp, request):
    o = Owned(tmp, request.param)
    yield o
    o.close()
    for pid in o.left():  # of a failed test
        os.kill(pid, signal.SIGKILL)


def test_front_end_is_killed(owned):
    os.kill(owned.process.pid, signal.SIGKILL)
    owned.process.wait()
    owned.expect_nothing_left()
    assert list((owned.tmp / "jupyter").iterdir()) == []  # the connection file, and the sockets of ipc


def test_front_end_ends_without_a_word(owned):
    os.kill(owned.process.pid, signal.SIGTERM)
    owned.process.wait()
    owned.expect_nothing_left()


def test_kernel_is_killed(owned):
    os.kill(owned.kernel, signal.SIGKILL)
    owned.expect_nothing_left(besides=[owned.process.pid])


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP])
def test_kernel_is_asked_to_end(owned, sig):
    os.kill(owned.kernel, sig)
    owned.expect_nothing_left(besides=[owned.process.pid])


def test_kernel_and_front_end_are_killed_at_once(owned):
    os.kill(owned.kernel, signal.SIGKILL)
    os.kill(owned.process.pid, signal.SIGKILL)
    owned.process.wait()
    owned.expect_nothing_left()


def test_everything_but_the_kernel_is_killed(owned):
    """GoNB, its supervisor, gopls, the cell: the kernel clears up and lives."""
    for pid in owned.before:
        if pid not in (owned.kernel, owned.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # went with another
    survivors = [owned.kernel, owned.process.pid]

    def old():
        return {p: c for p, c in owned.left(survivors).items() if p in owned.before}

    kernels.wait_until(lambda: not old(), GRACE, lambda: f"left: {old()}")
    assert owned.kernel in kernels.processes()


def test_shutdown_leaves_nothing(tmp):
    with kernels.Kernel(env={"TMPDIR": str(tmp)}) as k:
        assert k.run('exec.Command("sleep", "654322").Start()\nf, _ := os.CreateTemp("", "cell")\nfmt.Println(f.Name())').text.strip()
        before = kernels.descendants(k.pid)
        assert "sleep 654322" in before.values() and list(tmp.iterdir())
        folders = held(k.pid)
        assert folders
        k.ask("shutdown_request", {"restart": False}, channel="control")

        def left():
            alive = kernels.processes()
            return {p: c for p, c in before.items() if p in alive and alive[p][2] == c}

        def files():
            return list(tmp.iterdir()) + [p for p in folders if p.exists()]

        kernels.wait_until(lambda: not left() and not files(), GRACE, lambda: f"left: {left()}, {files()}")


def test_exec_is_killed(tmp):
    """`spikebook exec` is a front end, too."""
    from conftest import BINARY, write_notebook

    notebook = write_notebook(tmp / "endless.ipynb", 'exec.Command("sleep", "654323").Start()\nfor {\n}')
    scratch = tmp / "t"
    scratch.mkdir()
    process = subprocess.Popen([BINARY, "exec", notebook], env=os.environ | {"TMPDIR": str(scratch)}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        kernels.wait_until(lambda: "sleep 654323" in kernels.descendants(process.pid).values(), 60, "the cell has not begun")
        before = kernels.descendants(process.pid)
    finally:
        process.kill()
        process.wait()

    def left():
        alive = kernels.processes()
        return {p: c for p, c in before.items() if p in alive and alive[p][2] == c}

    kernels.wait_until(lambda: not left() and not list(scratch.iterdir()), GRACE, lambda: f"left: {left()}, {list(scratch.iterdir())}")
