"""A real JupyterHub: eight users at once, each under a uid of their own, through the hub's proxy."""
import base64
import concurrent.futures
import os
import pathlib
import statistics
import threading

import pytest

import hub as rig
import kernel as kernels
import pry

pytestmark = pytest.mark.timeout(600)  # the first test waits for all that the others look at
USERS = 8
CODE = "layer := neuron.NewLIF(neuron.Tau(2), neuron.StepMode(\"m\"), neuron.StoreVSeq(true))\nsecret := \"of %s\""
STEPS = "spikes := layer.Forward(snn.Full(%s, 50, 1))\nlayer.V().Item()"
PICTURE = "display.PlotOneNeuronVS(layer.VSeq(), spikes)"
COMPILED = "a%d := layer.V().Item()*2\na%d"
ROWS = ["server starts", "kernel starts", "first cell", "picture", "cell, compiled", "cell, a number changed"]


@pytest.fixture(scope="module")
def hub():
    with rig.Hub() as h:
        yield h


@pytest.fixture(scope="module")
def alone(hub):
    """The first two users of the hub, one after the other: what each step took, and their memory."""
    return [session(hub.user(n)) for n in range(2)]


@pytest.fixture(scope="module")
def class_of_eight(hub, alone):
    """Eight users who do the same at the same time. Their servers run until the end of the module."""
    together = threading.Barrier(USERS)
    with concurrent.futures.ThreadPoolExecutor(USERS) as pool:
        running = [pool.submit(session, hub.user(2 + n), together) for n in range(USERS)]
        return [r.result() for r in running]


class Session:
    """What a user saw: seconds by row, MiB, and values."""

    def __init__(self, user):
        self.user, self.seconds = user, {}


def session(user, together=None):
    """Works as a user does. Users who work together wait for one another before each step; one alone leaves at the end."""
    s = Session(user)
    wait = together.wait if together else lambda *_: None
    user.login()
    wait(rig.SERVER)
    s.seconds["server starts"], s.seconds["kernel starts"] = user.start()

    def step(row, code):
        wait(rig.SERVER)
        result, s.seconds[row] = user.run(code)
        return result

    step("first cell", CODE % user.name)
    s.potential = user.run(STEPS % drive(user))[0].value
    s.picture = step("picture", PICTURE).result
    for row, codes in ("cell, compiled", [COMPILED % (n, n) for n in range(5)]), ("cell, a number changed", [STEPS % drive(user, n) for n in range(5)]):
        times = []
        for code in codes:
            step(row, code)
            times.append(s.seconds[row])
        s.seconds[row] = statistics.median(times)
    s.secret = user.run("secret")[0].value
    wait(rig.SERVER)
    s.memory = rig.memory(user)
    if not together:
        user.stop()
    return s


def drive(user, n=0):
    """A current of a user's own."""
    return 1.1 + int(user.name.removeprefix("user")) / 100 + n / 1000


def test_users_do_not_meet(alone, class_of_eight):
    """Each finds their own neuron, with the potential that their own current gave it, and gets a picture."""
    for s in alone + class_of_eight:
        assert s.secret == f'"of {s.user.name}"'
        assert s.picture["text/plain"] and base64.b64decode(s.picture["image/png"]).startswith(b"\x89PNG")
        v = 0.0
        for _ in range(50):
            v += (drive(s.user) - v) / 2
            if v >= 1:
                v = 0.0
        assert float(s.potential) == pytest.approx(v, abs=1e-5)
    assert len({s.potential for s in class_of_eight}) == USERS


def test_nothing_is_compiled_twice(class_of_eight):
    """The first cell of the last user takes as long as that of the second: all that it needs is in the shared cache."""
    for s in class_of_eight:
        own = s.user.home / ".cache" / "spikebook" / "go-build"
        assert own.is_dir() and [f.name for f in own.rglob("*-d")] == []


def test_cost(alone, class_of_eight, report):
    """Prints the table of docs/hub.md."""
    lines = [f"| | first user, alone | second user, alone | {USERS} at once, median | {USERS} at once, slowest |", "| --- | --- | --- | --- | --- |"]
    for row in ROWS:
        times = [s.seconds[row] for s in class_of_eight]
        cells = [alone[0].seconds[row], alone[1].seconds[row], statistics.median(times), max(times)]
        lines.append(f"| {row} | " + " | ".join(f"{t:.2f} s" for t in cells) + " |")
    for kind in "server", "kernel":
        sizes = [s.memory[kind] for s in class_of_eight]
        cells = [alone[0].memory[kind], alone[1].memory[kind], statistics.median(sizes), max(sizes)]
        lines.append(f"| memory of the {kind} | " + " | ".join(f"{m:.0f} MiB" for m in cells) + " |")
    report("\n".join(lines))
    assert max(s.memory["kernel"] for s in class_of_eight) < 100


def test_nobody_reads_or_plants(class_of_eight, hub):
    """While a cell of one user runs, another tries all files, sockets and processes of theirs, and the shared cache."""
    assert rig.AS_ROOT or not os.environ.get("CI"), "the users of this test have uids of their own, for which it must run as root"
    theirs, other = class_of_eight[0].user, class_of_eight[1].user
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        cell = pool.submit(theirs.run, 'fmt.Println(os.WriteFile(os.TempDir()+"/mine", []byte(secret), 0o644))\ntime.Sleep(6 * time.Second)')
        kernels.wait_until(lambda: list(hub.tmp.glob("spikebook-*/**/mine")), 5, "the cell does not write its file")
        paths = pry.belongings(theirs, rig.processes(theirs))
        own = pry.as_user(theirs.uid, paths) if rig.AS_ROOT else {}
        got = pry.as_user(other.uid, paths) if rig.AS_ROOT else open_by_mode(paths)
        assert not cell.done()
        cell.result()
    names = "\n".join(map(str, paths))
    for kind in "history.sqlite", "/cells/", "/go-build", "/run/kernel-", "/dev/shm/spikebook-", "/spikebook-", "/mine", "/environ":
        assert kind in names, f"nothing like {kind} was there to be tried"
    if rig.AS_ROOT:
        assert sum("connect" in can for can in own.values()) >= 5, "sockets that their owner can reach"
        assert len(own) > len(paths) / 2
        assert pry.listeners(theirs.uid) and len(pry.listeners(theirs.uid)) == 1, "the server's port, none of a kernel"
    assert {p: can for p, can in got.items() if not of_home(theirs, p)} == {}
    assert [p for p, can in got.items() if "write" in can] == []

    shared = pry.as_user(other.uid, [rig.SHARED, *rig.SHARED.rglob("*")]) if rig.AS_ROOT else {}
    assert [p for p, can in shared.items() if "write" in can] == []


def of_home(user, path):
    """Whether a path is what any home that others may enter shows: the folders themselves, how often which of Go's tools
    was called, and what npm logs when Jupyter looks for language servers."""
    p = pathlib.Path(path)
    if not p.is_relative_to(user.home):
        return False
    name = str(p.relative_to(user.home))
    return name.startswith((".config/go/telemetry", ".npm")) or name in (
        ".", ".cache", ".cache/spikebook", ".config", ".config/go", ".local", ".local/share", ".ipython")


def open_by_mode(paths):
    """What modes would let others read: all that can be said where all users have one uid."""
    found = {}
    for p in paths:
        if not str(p).startswith("/proc/") and p.lstat().st_mode & 0o004 and all(f.stat().st_mode & 0o001 for f in p.parents):
            found[str(p)] = ["read"]
    return found


def test_idle_servers_are_ended(class_of_eight, hub):
    """What was idle for longer than the limit is stopped, a server that was just started is not."""
    idle = [s.user for s in class_of_eight]
    fresh = hub.user(USERS + 2)
    fresh.login()
    fresh.start()
    for u in idle:
        u.close()
    culler = hub.cull(15)
    try:
        kernels.wait_until(lambda: not rig.processes(*idle), 60, lambda: f"not culled: {rig.processes(*idle)}")
        assert rig.processes(fresh), "a server that was not idle was ended, too"
        kernels.wait_until(lambda: not rig.processes(fresh), 60, "the last server is not culled")
    finally:
        culler.terminate()
        culler.wait()


def test_all_ends_with_the_hub(class_of_eight, hub, report):
    """A hub that is stopped leaves no process of its users, not even of cells that run, and no file outside their homes."""
    users = [hub.user(USERS + 3 + n) for n in range(2)]
    for u in users:
        u.login()
        u.start()
        u.run(CODE % u.name)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = [pool.submit(u.run, "for { time.Sleep(time.Second) }") for u in users]
        try:
            kernels.wait_until(lambda: all(rig.runs_a_cell(u) for u in users), 60, "the cells do not run")
            assert left(hub, users)
        finally:
            seconds = hub.stop()  # else the pool waits for the cells
        kernels.wait_until(lambda: not rig.processes(*users), 10, lambda: f"left: {rig.processes(*users)}")
        for r in running:
            assert r.exception() is not None  # the connection was closed
    everybody = [s.user for s in class_of_eight] + users
    assert rig.processes(*everybody) == {}
    assert left(hub, everybody) == []
    report(f"the hub and two servers with running cells ended in {seconds:.1f} s")


def left(hub, users):
    """What users have in the folders of all."""
    uids = {u.uid for u in users}
    folders = [hub.tmp, *(pry.FOLDERS_OF_ALL if rig.AS_ROOT else [])]
    return [p for f in folders for p in f.iterdir() if p.lstat().st_uid in uids]
