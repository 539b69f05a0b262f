"""A container of an image in buildah's storage, as `docker run --read-only --network none --cap-drop ALL` would make it.

Without an engine: the namespaces are those of `unshare`, which the caller has entered (mounts, network, processes), and
mounts are made by hand. There are no limits of cgroups and no seccomp filter.
"""
import contextlib
import itertools
import os
import pathlib
import signal
import subprocess
import urllib.request

from kernel import wait_until

USER = ["--reuid=1000", "--regid=100", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]


def mount(*args):
    subprocess.run(["mount", *map(str, args)], check=True)


class Root:
    """The root of an image, read-only, with a home, /tmp and /dev/shm that can be written to and hold what the container
    leaves in them. `config` is what buildah says of the image."""

    def __init__(self, image, config, home):
        self.path, self.config = pathlib.Path(image), config
        mount("--make-rprivate", "/")
        mount("--bind", image, image)
        mount("-o", "remount,ro,bind", image)
        mount("-t", "proc", "proc", self.path / "proc")
        mount("--rbind", "-o", "ro", "/sys", self.path / "sys")
        mount("-t", "tmpfs", "-o", "mode=755", "dev", self.path / "dev")
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (self.path / "dev" / name).touch()
            mount("--bind", f"/dev/{name}", self.path / "dev" / name)
        for name, options in ("pts", "newinstance,ptmxmode=666"), ("shm", "mode=1777,size=4g,noexec,nosuid,nodev"):
            (self.path / "dev" / name).mkdir()
            mount("-t", "devpts" if name == "pts" else "tmpfs", "-o", options, name, self.path / "dev" / name)
        for name, to in {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
            (self.path / "dev" / name).symlink_to(to)
        mount("-t", "tmpfs", "-o", "mode=1777,size=2g,nosuid,nodev", "tmp", self.path / "tmp")
        mount("--bind", home, self.path / "home" / "jovyan")

    def argv(self, *command, env=()):
        """The command line that runs a command as the image's user, or with the image's entry point."""
        inside = ["/usr/bin/env", "-i", f"--chdir={self.config['WorkingDir']}", *self.config["Env"], *env]
        return ["chroot", str(self.path), "setpriv", *USER, "--", *inside, *command]

    def run(self, *command, check=True, **kw):
        done = subprocess.run(self.argv(*command), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, **kw)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def left(self):
        """What lies in /tmp and /dev/shm."""
        return sorted(str(p.relative_to(self.path)) for d in ("tmp", "dev/shm") for p in (self.path / d).iterdir())

    def evict(self):
        """Has the system forget the image's files, as if they had never been read."""
        os.sync()  # what is not written yet cannot be forgotten
        for folder, _, names in itertools.chain(os.walk(self.path / "opt"), os.walk(self.path / "usr")):
            for name in names:
                file = os.path.join(folder, name)
                if not os.path.islink(file):
                    fd = os.open(file, os.O_RDONLY)
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                    os.close(fd)


@contextlib.contextmanager
def server(root, port, token, log):
    """JupyterLab as the image starts it; its own command, with the port and what the rig of the browser needs."""
    argv = root.argv(*root.config["Entrypoint"], *root.config["Cmd"], f"--port={port}", "--ServerApp.port_retries=0",
                     "--LabApp.expose_app_in_browser=True", env=[f"JUPYTER_TOKEN={token}"])
    with open(log, "w") as out:
        proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"

    def answers():
        if proc.poll() is not None:
            raise RuntimeError("the container ended:\n" + pathlib.Path(log).read_text())
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url + "/api", timeout=1).close()
            return True

    try:
        wait_until(answers, 90, lambda: "the container does not answer:\n" + pathlib.Path(log).read_text())
        yield url
    finally:
        proc.send_signal(signal.SIGTERM)  # as docker stop does
        proc.wait(20)
