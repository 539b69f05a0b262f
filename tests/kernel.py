"""A kernel as a front end sees it, and its processes as the system sees them.

    with Kernel() as k:
        assert k.run("x := 41").ok
        assert k.run("x + 1").value == "42"

Nothing here waits a fixed time: each wait is for a message or a state, with a limit.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import queue
import time
import uuid

from jupyter_client import KernelManager
from jupyter_client.blocking import BlockingKernelClient
from jupyter_core.paths import jupyter_runtime_dir

NAME = "spikebook"
START = 30  # seconds that any start may take on a busy machine; what it does take is printed by test_protocol
CELL = 90  # seconds that any cell may take


@dataclasses.dataclass
class Result:
    """What one cell gave: its reply, and everything that was published between busy and idle."""

    reply: dict
    published: list

    @property
    def outputs(self):
        """The messages that a notebook would keep as outputs."""
        kinds = ("stream", "display_data", "execute_result", "error")
        return [m for m in self.published if m["msg_type"] in kinds]

    @property
    def text(self):
        return self.stream("stdout")

    @property
    def stderr(self):
        return self.stream("stderr")

    @property
    def value(self):
        """The value of the last expression as text, None if there is none."""
        return self.result.get("text/plain") if self.result else None

    @property
    def result(self):
        """The value of the last expression, by MIME type. There is one at most."""
        results = [m["content"]["data"] for m in self.published if m["msg_type"] == "execute_result"]
        assert len(results) <= 1, results
        return results[0] if results else None

    @property
    def count(self):
        return self.reply["content"]["execution_count"]

    @property
    def ok(self):
        return self.reply["content"]["status"] == "ok" and not self.errors

    @property
    def errors(self):
        return [m["content"] for m in self.published if m["msg_type"] == "error"]

    def stream(self, name):
        return "".join(m["content"]["text"] for m in self.published
                       if m["msg_type"] == "stream" and m["content"]["name"] == name)


class Kernel:
    """The installed kernel, started as nbclient starts it, with a client on all of its channels."""

    def __init__(self, transport="tcp", env=None, cwd=None, program=None):
        runtime = pathlib.Path(jupyter_runtime_dir())  # where a server has its connection files, too
        runtime.mkdir(parents=True, exist_ok=True)
        file = runtime / f"kernel-{uuid.uuid4().hex[:8]}.json"
        self.manager = KernelManager(kernel_name=NAME, transport=transport, connection_file=str(file))
        if program:  # in the place of the installed one
            self.manager.kernel_spec.argv[0] = str(program)
        self.options = {"env": os.environ | (env or {}), "cwd": str(cwd) if cwd else None}
        self.heard = {}  # (channel, msg_id): messages that came while another request's were waited for

    def __enter__(self):
        self.manager.start_kernel(**self.options)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=START)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    # -- cells
    def send(self, code, **kw):
        return self.client.execute(code, **kw)

    def run(self, code, timeout=CELL, **kw):
        return self.result(self.send(code, **kw), timeout)

    def result(self, msg_id, timeout=CELL):
        """The reply and the published messages of one execute_request, up to its idle."""
        deadline = time.monotonic() + timeout
        reply = self.reply(msg_id, timeout)
        published = []
        while not published or not is_status(published[-1], "idle"):
            published.append(self.published(msg_id, deadline))
        return Result(reply, published)

    def published(self, msg_id, deadline):
        """The next IOPub message whose parent is msg_id."""
        return self.next("iopub", msg_id, deadline)

    def reply(self, msg_id, timeout, channel="shell"):
        return self.next(channel, msg_id, time.monotonic() + timeout)

    def next(self, channel, msg_id, deadline):
        """The next message on a channel whose parent is msg_id; others are kept for those who ask for them."""
        socket = getattr(self.client, channel + "_channel")
        while not self.heard.get((channel, msg_id)):
            try:
                m = socket.get_msg(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"nothing more on {channel} for request {msg_id}") from None
            self.heard.setdefault((channel, m["parent_header"].get("msg_id")), []).append(m)
        return self.heard[channel, msg_id].pop(0)

    def wait_output(self, msg_id, text, timeout=CELL):
        """Waits until a running cell has printed text; returns the messages up to it."""
        deadline, seen = time.monotonic() + timeout, []
        while not any(m["msg_type"] == "stream" and text in m["content"]["text"] for m in seen):
            seen.append(self.published(msg_id, deadline))
        return seen

    # -- input
    def asked(self, msg_id, timeout=CELL):
        """The content of the next input_request of a cell."""
        m = self.next("stdin", msg_id, time.monotonic() + timeout)
        assert m["msg_type"] == "input_request"
        return m["content"]

    # -- other requests
    def complete(self, code, cursor=None, timeout=10):
        """The content of the complete_reply. The cursor counts code points, as len does; it is at the end unless told."""
        return self.ask("complete_request", {"code": code, "cursor_pos": len(code) if cursor is None else cursor},
                        timeout=timeout)["content"]

    def inspect(self, code, cursor=None, detail=0, timeout=10):
        return self.ask("inspect_request", {"code": code, "cursor_pos": len(code) if cursor is None else cursor,
                                            "detail_level": detail}, timeout=timeout)["content"]

    def interrupt(self):
        reply = self.ask("interrupt_request", channel="control")
        assert reply["msg_type"] == "interrupt_reply" and reply["content"]["status"] == "ok"

    def ask(self, msg_type, content=None, channel="shell", timeout=10):
        """Sends a request and returns its reply, which must come on the channel that asked."""
        msg = self.client.session.msg(msg_type, content or {})
        getattr(self.client, channel + "_channel").send(msg)
        return self.reply(msg["header"]["msg_id"], timeout, channel)


def is_status(message, state):
    return message["msg_type"] == "status" and message["content"]["execution_state"] == state


@contextlib.contextmanager
def connected(connection_file):
    """A second front end of a kernel that runs already."""
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels(hb=False)  # its thread would still be starting when a short test stops it
    try:
        yield client
    finally:
        client.stop_channels()


# -- processes

def processes():
    """{pid: (parent, state, command line)} of all processes but zombies."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name stands in brackets and may hold anything, brackets too.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue  # has just ended
        if state not in "ZX":
            found[int(entry.name)] = (int(parent), state, command)
    return found


def descendants(pid):
    """{pid: command line} of a process and everything below it."""
    everything, below = processes(), {}
    todo = [pid]
    while todo:
        p = todo.pop()
        if p in everything and p not in below:
            below[p] = everything[p][2]
            todo += [q for q, (parent, _, _) in everything.items() if parent == p]
    return below


def memory(pid):
    """The resident memory of a process in MiB: now, and the most that it ever was."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return tuple(int(status[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


def marked(mark):
    """{pid: command line} of the processes whose environment holds mark, a text like NAME=value."""
    found = {}
    for pid, (_, _, command) in processes().items():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if mark.encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found[pid] = command
    return found


def wait_until(condition, timeout, what, pause=0.05):
    """Waits until condition() is true and returns its value; `what` says in the failure what did not happen."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            detail = what() if callable(what) else what
            raise AssertionError(f"after {timeout} s: {detail}")
        time.sleep(pause)  # between two looks; decides nothing
    return value


def spec():
    """The installed kernelspec: kernel.json as an object."""
    from jupyter_client.kernelspec import KernelSpecManager

    directory = pathlib.Path(KernelSpecManager().get_kernel_spec(NAME).resource_dir)
    return json.loads((directory / "kernel.json").read_text())
