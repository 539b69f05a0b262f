"""Tries the images that build.sh has built: checks, the tutorial in Chromium, and a table of sizes and times.

    .cache/venv/bin/python tests/image/try.py .cache/image

The container's root file system is read-only, its user has no rights, and there is no network but the loopback that it
shares with the browser.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests")]

import nbformat  # noqa: E402
import yaml  # noqa: E402

import lab as rig  # noqa: E402
from conftest import ARTIFACTS, write_notebook  # noqa: E402
from container import Root, server  # noqa: E402
from kernel import NAME, wait_until  # noqa: E402

TOKEN = "tried"
TURNS = 15
PICTURE = ("layer := neuron.NewLIF(neuron.StepMode(\"m\"), neuron.StoreVSeq(true))\n"
           "spikes := layer.Forward(snn.Full(1.2, 50, 1))\n"
           "display.PlotOneNeuronVS(layer.VSeq(), spikes, display.VReset(0))")
CELLS = {  # what is timed; %d is another number each time, %u one that no run has had before: programs are kept
    "a cell that must be compiled": "a%u := []string{fmt.Sprint(1)}\nlen(a%u)",
    "a cell with another number": "fmt.Println(1000 + %d)",
    "a picture with another number": PICTURE.replace("50", "%d"),
}
TIMED = """async code => {
    const k = jupyterapp.shell.currentWidget.sessionContext.session.kernel, start = performance.now();
    const reply = await k.requestExecute({code}).done;
    return [performance.now() - start, reply.content.status, JSON.stringify(reply.content.evalue ?? '')] }"""


def buildah(storage, *args):
    argv = ["buildah", "--root", f"{storage}/root", "--runroot", f"{storage}/run", *args]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def mounted(storage, image):
    """The root of an image and what is said of it."""
    container = buildah(storage, "from", "--pull-never", image)
    try:
        said = json.loads(buildah(storage, "inspect", "--type", "image", image))["Docker"]
        yield buildah(storage, "mount", container), said
    finally:
        try:
            buildah(storage, "rm", container)
        finally:
            subprocess.run(["umount", "--recursive", f"{storage}/root/overlay"], stderr=subprocess.DEVNULL)


def main(storage):
    size = {line.split()[0]: line.split(maxsplit=1)[1] for line in buildah(
        storage, "images", "--format", "{{.Name}}:{{.Tag}} {{.Size}}").splitlines()}
    for image in "localhost/spikebook:latest", "localhost/spikebook:cuda":
        with mounted(storage, image) as (root, said), tempfile.TemporaryDirectory(prefix="sb-") as scratch:
            check_config(image, said)
            home = pathlib.Path(scratch, "home")
            home.mkdir()
            os.chown(home, 1000, 100)
            pathlib.Path(scratch, "said.json").write_text(json.dumps(said["config"]))
            print(f"{image}: {size[image]}", flush=True)
            check_owner(pathlib.Path(root))
            # All mounts and processes end with these namespaces.
            subprocess.run(["unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
                            sys.executable, __file__, "inside", root, scratch, image], check=True)


def check_config(image, said):
    config = said["config"]
    assert config["User"] == "1000:100" and config["WorkingDir"] == "/home/jovyan", config
    assert config["Healthcheck"]["Test"] == ["CMD", "healthcheck"], config
    labels = config["Labels"]
    for name in "title", "description", "version", "licenses":
        assert labels["org.opencontainers.image." + name], labels
    if image.endswith(":cuda"):
        assert "NVIDIA_VISIBLE_DEVICES=all" in config["Env"], config["Env"]


def check_owner(root):
    """Nothing of the image but the home is the user's, or written to by all: a root that is not read-only is as safe."""
    open_to_all = []
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = pathlib.Path(folder, name)
            info = path.lstat()
            loose = info.st_mode & 0o002 and not path.is_symlink() and not info.st_mode & 0o1000
            inner = path.relative_to(root)
            if (loose or info.st_uid == 1000) and inner.parts[0] not in ("home", "dev"):
                open_to_all.append(str(inner))
    assert not open_to_all, open_to_all[:20]


def inside(path, scratch, image):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    root = Root(path, json.loads(pathlib.Path(scratch, "said.json").read_text()), f"{scratch}/home")
    home = pathlib.Path(scratch, "home")
    check_surroundings(root)
    if image.endswith(":cuda"):
        check_worker(root)
        return
    root.evict()
    tutorial(root, home, scratch)
    check_commands(root, home)
    check_home(root, home, scratch)


def check_surroundings(root):
    """That what is promised of the container is so, before anything is concluded from it."""
    for file in "/x", "/opt/spikebook/cache/x", "/usr/local/go/x", "/home/x":
        done = root.run("touch", file, check=False)
        assert done.returncode != 0 and "Read-only file system" in done.stderr, (file, done)
    root.run("touch", "/home/jovyan/x", "/tmp/x", "/dev/shm/x")
    root.run("rm", "/home/jovyan/x", "/tmp/x", "/dev/shm/x")
    assert root.run("id", "-u").stdout == "1000\n"
    assert re.search(r"^CapEff:\s0+$", root.run("cat", "/proc/self/status").stdout, re.M)
    devices = re.findall(r"^\s*(\w+):", root.run("cat", "/proc/net/dev").stdout, re.M)
    assert devices == ["lo"], devices
    assert root.run("healthcheck", check=False).returncode != 0, "no server, and yet it is healthy"
    for file, *words in (("debian.txt", "python3 ", "tini "), ("python.txt", "jupyterlab==", "jupyterhub==", "papermill=="),
                         ("go.txt", "spikebook: go1.", "janpfeifer/gonb")):
        text = root.run("cat", f"/opt/spikebook/packages/{file}").stdout
        assert all(w in text for w in words), (file, text[:500])


def check_worker(root):
    """There is no GPU: what can be seen is that the worker finds its libraries in the image, serves and ends."""
    root.run("bash", "-c", """mkdir -m 700 /tmp/gpu; spikebook-gpu -socket /tmp/gpu/socket & worker=$!
        until [ -S /tmp/gpu/socket ]; do kill -0 $worker && sleep 0.1 || exit 1; done
        kill $worker && wait $worker""")


def open_notebook(b, url, name):
    """A page on a notebook of the container. The token is given once; then a cookie has it."""
    page = b.new_page(viewport=rig.SIZE)
    page.goto(f"{url}/tree?token={TOKEN}")
    nb = rig.Notebook(page, type("Server", (), {"url": url}))
    return nb.open(name, NAME)


def settle(home):
    """The settings that the rig needs; a user's home has none."""
    conf = home / ".jupyter" / "labconfig"
    conf.mkdir(parents=True)
    (conf / "default_setting_overrides.json").write_text(json.dumps(rig.SETTINGS))
    (conf / "page_config.json").write_text(json.dumps(rig.PAGE_CONFIG))
    subprocess.run(["chown", "-R", "1000:100", home], check=True)


def tutorial(root, home, scratch):
    """The first picture after a cold start, the tutorial, and how long cells take beside those of a JupyterLab outside."""
    settle(home)
    write_notebook(home / "picture.ipynb", PICTURE)
    rows = {}
    with rig.browser() as b:
        for which in "cold start", "second start":
            start = time.monotonic()
            with server(root, 8888, TOKEN, f"{scratch}/log") as url:
                answered = time.monotonic() - start
                nb = open_notebook(b, url, "picture.ipynb")
                opened = time.monotonic() - start
                nb.run_all()
                pictures = nb.pictures()
                rows[which] = answered, opened, time.monotonic() - start
                assert [p["mime"] for p in pictures] == ["image/svg+xml"], nb.text(0)
                check_notebook(nb, "image_picture")
                wait_until(lambda: root.run("healthcheck", check=False).returncode == 0, 10, "the container is not healthy")
                if which == "second start":
                    check_tutorial(b, url)
                    latency = compare(b, url, home)
            assert root.left() == [], "left behind when the container ended"
    print("| from docker run | server answers | notebook open | first picture |\n| --- | --- | --- | --- |")
    for which, times in rows.items():
        print(f"| {which} | " + " | ".join(f"{t:.1f} s" for t in times) + " |")
    print("\n| median of %d | container | outside |\n| --- | --- | --- |" % TURNS)
    for what, (within, without) in latency.items():
        print(f"| {what} | {within:.0f} ms | {without:.0f} ms |")


def check_notebook(nb, name):
    assert nb.away == [] and nb.console == [], (nb.away, nb.console)
    nb.shot(ARTIFACTS / f"{name}.png")


def check_tutorial(b, url):
    nb = open_notebook(b, url, "notebooks/neuron.ipynb")
    nb.command("notebook:clear-all-cell-outputs")
    nb.run_all()
    bad = [o for o in nb.all_outputs() if o["output_type"] == "error" or o.get("name") == "stderr"]
    assert not bad, bad
    text = "\n".join(nb.text(i) for i in range(nb.cells.count()))
    assert re.findall(r"^spike at t = (\d+)$", text, re.M) == ["50", "101"], text
    committed = nbformat.read(ROOT / "notebooks" / "neuron.ipynb", 4).cells
    want = sum("image/png" in o.get("data", {}) for c in committed for o in c.get("outputs", []))
    assert len(nb.pictures()) == want > 0
    check_notebook(nb, "image_tutorial")
    nb.close()


def compare(b, url, home):
    """Medians of what cells take in the container and outside, in turns, as load changes."""
    nb = [open_notebook(b, url, "picture.ipynb")]
    with tempfile.TemporaryDirectory() as folder, rig.Lab(folder) as outside:
        write_notebook(pathlib.Path(folder) / "picture.ipynb", PICTURE)
        nb.append(rig.Notebook(b.new_page(viewport=rig.SIZE), outside).open("picture.ipynb", NAME))
        medians = {}
        for what, code in CELLS.items():
            took = [], []
            for i in range(TURNS + 2):
                for page, times in zip(nb, took):
                    cell = code.replace("%d", str(40 + i)).replace("%u", str(time.time_ns()))
                    ms, status, why = page.page.evaluate(TIMED, cell)
                    assert status == "ok", why
                    times.append(ms)
            medians[what] = [statistics.median(t[2:]) for t in took]  # the first must be compiled
        for n in nb:
            n.close()
    return medians


def check_commands(root, home):
    """What is run without a front end."""
    said = root.run("spikebook", "doctor").stdout
    assert "FAIL" not in said, said
    root.run("jupyterhub-singleuser", "--version")
    root.run("papermill", "/opt/spikebook/notebooks/sweep-point.ipynb", "papermill.ipynb", "-k", NAME, "-p", "tau", "2.5")
    check_pod(root, home)
    # A package beside the notebook needs the go command, whose cache must be written to.
    (home / "models").mkdir()
    (home / "models" / "models.go").write_text('package models\n\nimport "html/template"\n\nvar _ template.HTML\n\nfunc Two() int { return 2 }\n')
    write_notebook(home / "own.ipynb", 'import "./models"\nmodels.Two()')
    subprocess.run(["chown", "-R", "1000:100", home], check=True)
    root.run("spikebook", "exec", "own.ipynb", "-o", "own.out.ipynb")
    assert nbformat.read(home / "own.out.ipynb", 4).cells[0].outputs[0].data["text/plain"] == "2"
    assert root.left() == []


def check_pod(root, home):
    """The first pod of the sweep, as the Job has it, but for its volumes."""
    shutil.copytree(ROOT / "docker" / "sweep", home / "sweep")
    _, job = yaml.safe_load_all((home / "sweep" / "job.yaml").read_text())
    container, = job["spec"]["template"]["spec"]["containers"]
    env = {e["name"]: e["value"] for e in container["env"]}
    env |= {"POINTS": "sweep/points.txt", "OUT": "runs", "JOB_COMPLETION_INDEX": "0"}
    command = [a.replace("/sweep/", "sweep/") for a in container["command"]]
    said = root.run("env", *(f"{k}={v}" for k, v in env.items()), *command).stdout
    line = (home / "sweep" / "points.txt").read_text().splitlines()[0]
    assert said == f"done: {line}\n" and (home / "runs" / f"{line.replace(' ', ',')}.ipynb").exists(), said


def check_home(root, home, scratch):
    """A tutorial that was changed stays so, one that is missing comes back, and a home that is not ours is named."""
    mine, gone = home / "notebooks" / "neuron.ipynb", home / "notebooks" / "cells.ipynb"
    assert mine.exists() and gone.exists()
    mine.write_text("mine")
    gone.unlink()
    root.run(*root.config["Entrypoint"], "true")
    assert mine.read_text() == "mine" and gone.stat().st_uid == 1000
    home.chmod(0o755)
    os.chown(home, 0, 0)
    (home / "notebooks").rename(home / "other")
    done = root.run(*root.config["Entrypoint"], "echo", "started")
    assert done.stdout == "started\n" and "/home/jovyan cannot be written to" in done.stderr, done


if __name__ == "__main__":
    if sys.argv[1] == "inside":
        inside(*sys.argv[2:])
    else:
        main(sys.argv[1])
