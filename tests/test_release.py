"""What `make release` makes: the same bytes from two folders, and a command that needs nothing of a checkout."""
import hashlib
import os
import shutil
import subprocess
import tarfile

import nbformat
import pytest

from conftest import ROOT, spikebook, write_notebook

VERSION, TIME = "1.2.3-4-g0123456", "1700000000"  # as between two tags, whose notes are those of what is to come
NAME = f"spikebook_{VERSION}_linux_amd64"


def release(root, out, umask):
    """Builds for one system; `make release` builds for all."""
    subprocess.run(["go", "run", "./kernel/release", "-version", VERSION, "-time", TIME, "-systems", "linux/amd64", "-out", out],
                   cwd=root, check=True, umask=umask, env=os.environ | {"GOFLAGS": ""})
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in out.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a release, and the sums of its files."""
    out = tmp_path_factory.mktemp("release") / "out"
    return out, release(ROOT, out, 0o022)


@pytest.mark.timeout(900)  # the first time, all dependencies are compiled without the paths of this machine in them
def test_same_bytes(built, tmp_path):
    """A copy in another folder, at another time, by a user of other habits."""
    _, sums = built
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, files.stdout.split("\0")):
        if (ROOT / name).exists():  # not one that is deleted and not committed
            (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / "copy" / name)
    assert release(tmp_path / "copy", tmp_path / "out", 0o077) == sums
    assert set(sums) == {NAME + ".tar.gz", "SHA256SUMS", "notes.md"}


@pytest.mark.timeout(900)
def test_archive(built, tmp_path):
    """It is what its sum says, and runs in a home where nothing is."""
    out, _ = built
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=out, check=True)
    with tarfile.open(out / (NAME + ".tar.gz")) as t:
        t.extractall(tmp_path, filter="data")
    folder = tmp_path / NAME
    assert {f.name for f in folder.iterdir()} == {"spikebook", "LICENSE", "THIRD_PARTY_LICENSES", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "RATIONALE.md", "docs", "notebooks"}
    assert not list(folder.glob("**/.*")) and (folder / "notebooks/neuron.ipynb").read_bytes() == (ROOT / "notebooks/neuron.ipynb").read_bytes()
    texts = (folder / "THIRD_PARTY_LICENSES").read_text(errors="replace")
    assert "==== Go\n" in texts and "==== modernc.org/sqlite " in texts
    program = folder / "spikebook"
    data = program.read_bytes()
    assert str(ROOT).encode() not in data and b"ld-linux" not in data, "it has a path of this machine, or is not static"

    home = tmp_path / "home"
    home.mkdir()
    caches = subprocess.run(["go", "env", "GOCACHE", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.split()
    ours = {k: v for k, v in os.environ.items() if k == "SPIKEBOOK_TESTS" or not k.startswith(("SPIKEBOOK_", "JUPYTER_", "XDG_"))}
    clean = ours | {"HOME": str(home), "GOCACHE": caches[0], "GOMODCACHE": caches[1]}

    def command(*args):
        done = spikebook(*args, program=program, env=clean, cwd=home, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert command("version").startswith(f"spikebook {VERSION} (go")
    command("install")
    assert (home / ".local/share/jupyter/kernels/spikebook/kernel.json").exists()
    notebook = write_notebook(home / "n.ipynb", 'lif := neuron.NewLIF(neuron.StepMode("m"))', "lif.Forward(snn.Full(3, 4, 1)).Sum()")
    command("exec", notebook, "-o", home / "out.ipynb")
    assert nbformat.read(home / "out.ipynb", 4).cells[1].outputs[0].data["text/plain"] == "4"
