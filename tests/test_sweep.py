"""The sweep of docker/sweep: runs are killed, none is lost, and the next start runs what is not done. SPIKEBOOK_SWEEP_RUNS
and SPIKEBOOK_SWEEP_KILLS say how many; `make soak` has 200 and 10."""
import os
import pathlib
import random
import re
import signal
import subprocess
import time

import pytest
import yaml

from conftest import BINARY, ROOT, spikebook, write_notebook
from test_exec import read
from test_parameters import scraps
from test_tutorial import comparable, outputs

SWEEP = ROOT / "docker" / "sweep"
RUNS = int(os.environ.get("SPIKEBOOK_SWEEP_RUNS", 12))
KILLS = int(os.environ.get("SPIKEBOOK_SWEEP_KILLS", 2))
JOBS = 2


def surroundings(tmp, lines):
    (tmp / "points.txt").write_text("".join(line + "\n" for line in lines))
    return os.environ | {"POINTS": str(tmp / "points.txt"), "OUT": str(tmp / "runs"), "SPIKEBOOK": str(BINARY), "JOBS": str(JOBS)}


def points():
    return (SWEEP / "points.txt").read_text().splitlines()


def sweep(*args, env):
    return subprocess.run([SWEEP / "sweep.sh", *args], env=env, capture_output=True, text=True, timeout=170)


def done(output):
    return {line.removeprefix("done: ") for line in output.splitlines() if line.startswith("done: ")}


def missing(env):
    """Why a run is not done, by its parameters."""
    listed = sweep("missing", env=env)
    assert listed.returncode == 0, listed.stderr
    return dict(line.split("\t")[1:] for line in listed.stdout.splitlines())


def running(out):
    """The runs of a sweep that are executed just now: parameters and process."""
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            argv = (p / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if argv[1:2] == ["exec"] and any(a.startswith(out) for a in argv):
            yield " ".join(b for a, b in zip(argv, argv[1:]) if a == "-p"), int(p.name)


def child(pid):
    """The kernel of a run, None if it has none yet."""
    try:
        children = [c for t in pathlib.Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
    except OSError:
        return None
    return int(children[0]) if children else None


def kill_some(process, out, victims, rng):
    """Kills runs by SIGKILL, each at a moment of its own: every other one itself, the others' kernels. Returns which: 'run', 'kernel'."""
    moments, killed = {}, {}
    kinds = {v: ("run", "kernel")[i % 2] for i, v in enumerate(victims)}
    while process.poll() is None:
        for params, pid in running(out):
            if params not in kinds or params in killed:
                continue
            target = pid if kinds[params] == "run" else child(pid)
            if target is None:
                continue
            if time.monotonic() >= moments.setdefault(params, time.monotonic() + rng.uniform(0, 0.15)):
                os.kill(target, signal.SIGKILL)
                killed[params] = kinds[params]
        time.sleep(0.005)
    return killed


@pytest.mark.timeout(900)
def test_killed_runs_are_run_by_the_next_start(tmp, report):
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    lines = rng.sample(points(), RUNS)
    env, out = surroundings(tmp, lines), str(tmp / "runs")
    begin = time.monotonic()
    with open(tmp / "log", "w") as log:
        process = subprocess.Popen([SWEEP / "sweep.sh", "start"], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        killed = kill_some(process, out, rng.sample(lines, KILLS), rng)
    took, said = time.monotonic() - begin, (tmp / "log").read_text()
    report(f"sweep (seed {seed}): {RUNS} runs, {JOBS} at a time, {KILLS} of them killed: {took:.1f} s, {RUNS / took:.2f} runs/s")
    assert process.returncode == 1 and len(killed) == KILLS, said
    # The rest is complete, and the killed are listed by parameter.
    assert done(said) == set(lines) - set(killed)
    reasons = missing(env)
    assert set(reasons) == set(killed)
    for params, kind in killed.items():
        assert re.search(rf"^\d+\t{re.escape(params)}\t", said, re.M)
        assert reasons[params].startswith({"run": "killed", "kernel": "failed, see "}[kind]), reasons
    notebooks = {p: p.stat().st_mtime_ns for p in (tmp / "runs").glob("*.ipynb")}
    assert len(notebooks) == RUNS - KILLS
    # A second start, by make this time, runs these and no others.
    again = subprocess.run(["make", "-C", SWEEP, "-k", "-j", str(JOBS)], env=env, capture_output=True, text=True, timeout=170)
    assert again.returncode == 0, again.stdout + again.stderr
    assert done(again.stdout) == set(killed) and missing(env) == {}
    assert all(p.stat().st_mtime_ns == t for p, t in notebooks.items()), "a run that was done was run again"
    assert list((tmp / "runs" / "failed").iterdir()) == []
    # Each has the values of its line, and all of them are one table.
    for line in lines:
        path = tmp / "runs" / (line.replace(" ", ",") + ".ipynb")
        assert read(path).metadata.papermill.parameters == {k: float(v) for k, v in (p.split("=") for p in line.split())}
        assert set(scraps(path)) == {"rate", "cv"}
    collect = write_notebook(tmp / "collect.ipynb", 'runs, err := sweep.Read("runs/*.ipynb")\nruns', 'runs.Heatmap("rate", "mu", "tau")')
    ran = spikebook("exec", collect, "-o", tmp / "table.ipynb")
    assert ran.returncode == 0, ran.stderr
    table, picture = (o.data["text/plain"] for o in outputs(tmp / "table.ipynb"))
    assert table.endswith(f"\n{RUNS} runs") and picture.startswith("heatmap of rate: mu (")


def test_a_failure_keeps_its_notebook(tmp):
    """Also: the list says why, and the others are run nevertheless."""
    env = surroundings(tmp, ["tau=0.5", "tau=2 mu=-1e999", "tau=4"])
    ran = sweep("start", env=env)
    assert ran.returncode == 1 and done(ran.stdout) == {"tau=4"}
    assert missing(env) == {"tau=0.5": f"failed, see {tmp}/runs/failed/tau=0.5.log",
                            "tau=2 mu=-1e999": f"failed, see {tmp}/runs/failed/tau=2,mu=-1e999.log"}
    assert "out of range" in (tmp / "runs/failed/tau=2,mu=-1e999.log").read_text()
    assert any(o.output_type == "error" for o in outputs(tmp / "runs/failed/tau=0.5.ipynb"))
    nothing = sweep("run", "4", env=env)
    assert nothing.returncode == 2 and "no parameters on line 4" in nothing.stderr


def test_grid(tmp):
    lines = sweep("grid", "tau=2,5", "mu=0.8,1", "name=x", env=os.environ).stdout
    assert lines.splitlines() == ["tau=2 mu=0.8 name=x", "tau=2 mu=1 name=x", "tau=5 mu=0.8 name=x", "tau=5 mu=1 name=x"]


def test_slurm(tmp):
    """As Slurm runs it: a copy of the script, elsewhere, with a number."""
    script = (SWEEP / "slurm.sh").read_text()
    assert f"#SBATCH --array=1-{len(points())}%" in script
    (tmp / "slurm_script").write_text(script)
    env = surroundings(tmp, points()) | {"SLURM_SUBMIT_DIR": str(SWEEP), "SLURM_ARRAY_TASK_ID": "3"}
    ran = subprocess.run(["bash", tmp / "slurm_script"], env=env, cwd="/", capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert done(ran.stdout) == {points()[2]}


def test_kubernetes(tmp):
    """The command of the pod with index 199, with the places of this machine for those in the image."""
    claim, job = yaml.safe_load_all((SWEEP / "job.yaml").read_text())
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    container, = pod["containers"]
    assert spec["completionMode"] == "Indexed" and spec["completions"] == spec["maxFailedIndexes"] == len(points())
    assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
    assert claim["metadata"]["name"] in [v.get("persistentVolumeClaim", {}).get("claimName") for v in pod["volumes"]]
    here = {"NOTEBOOK": ROOT / "notebooks" / "sweep-point.ipynb", "POINTS": SWEEP / "points.txt", "OUT": tmp / "runs", "SPIKEBOOK": BINARY}
    assert {e["name"]: pathlib.Path(e["value"]).name for e in container["env"]} == {k: v.name for k, v in here.items()}
    command = [a.replace("/sweep/sweep.sh", str(SWEEP / "sweep.sh")) for a in container["command"]]
    env = os.environ | {k: str(v) for k, v in here.items()} | {"JOB_COMPLETION_INDEX": str(spec["completions"] - 1)}
    ran = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert done(ran.stdout) == {points()[-1]}


@pytest.mark.parametrize("name", ["sweep-point", "sweep"])
def test_committed_sweep_is_that_of_today(name, tmp):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    ran = spikebook("exec", path, "-o", tmp / "out.ipynb")
    assert ran.returncode == 0, ran.stderr
    for committed, again in zip(comparable(path), comparable(tmp / "out.ipynb"), strict=True):
        assert committed == again, f"run: bin/spikebook exec {path} -o {path}, and look at it"
