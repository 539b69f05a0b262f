"""A JupyterHub on this machine, and its users as their browsers are: HTTP and WebSockets through the hub's proxy."""
import contextlib
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import requests
import websocket

import kernel as kernels
from conftest import ROOT

HERE = pathlib.Path(__file__).parent
CONFIG = ROOT / "docker" / "hub" / "jupyterhub_config.py"
TOOLS = ROOT / ".cache" / "hub"  # of make hub-tools: the proxy, and the kernelspec for the cache of all users
PROXY = TOOLS / "node_modules" / ".bin" / "configurable-http-proxy"
SHARED = ROOT / ".cache" / "shared"
AS_ROOT = os.geteuid() == 0
SERVER = 240  # seconds that any server may take on a busy machine
FIRST_UID = 61000 if AS_ROOT else 0  # what no distribution gives to users


class Hub:
    """with Hub() as hub: a hub with homes, a folder for temporary files and a kernel of its own."""

    def __enter__(self):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="sb-hub-"))
        self.state.chmod(0o755)
        self.tmp, self.homes, self.log = self.state / "t", self.state / "home", self.state / "log"
        self.homes.mkdir()
        self.tmp.mkdir()
        self.tmp.chmod(0o1777)  # one for all users, as on any machine
        assert PROXY.exists() and SHARED.is_dir(), "JupyterHub's proxy or the cache for many users is missing: run make hub-tools"
        port, hub_port, proxy_port = free_ports(3)
        self.url, self.password, self.culler_token = f"http://127.0.0.1:{port}", secrets.token_hex(8), secrets.token_hex(16)
        rig = {
            "config": str(CONFIG), "modules": str(HERE), "homes": str(self.homes), "first_uid": FIRST_UID, "url": self.url,
            "password": self.password, "hub_port": hub_port, "proxy_port": proxy_port, "proxy": [str(PROXY)], "culler_token": self.culler_token,
            "patience": SERVER,
            # The history and all else lie where they do without a setting; the shared cache is the kernelspec's.
            "environment": {"TMPDIR": str(self.tmp), "JUPYTER_PATH": str(TOOLS / "share" / "jupyter"),
                            "SPIKEBOOK_SHARED_CACHE": str(SHARED), "SPIKEBOOK_TESTS": os.environ["SPIKEBOOK_TESTS"]},
        }
        command = [sys.executable, "-m", "jupyterhub", "-f", str(HERE / "jupyterhub_config.py")]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.state), "HUB_RIG": json.dumps(rig), "HUB_STATE": str(self.state / "hub"),
                       "SPIKEBOOK_TESTS": os.environ["SPIKEBOOK_TESTS"]}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(reachable(command), stdout=log, stderr=log, cwd=self.state, env=environment)
        try:
            kernels.wait_until(self.answers, 60, lambda: "the hub does not answer: " + self.log.read_text()[-3000:])
        except BaseException:
            self.__exit__()
            raise
        return self

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(self.url + "/hub/api", timeout=10).ok

    def stop(self):
        """Ends the hub as systemd would; returns the seconds that it took."""
        start = time.monotonic()
        self.process.terminate()
        self.process.wait(60)
        return time.monotonic() - start

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def user(self, number):
        return User(self, number)

    def cull(self, timeout):
        """Starts a second culler, which is less patient."""
        return subprocess.Popen([sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={timeout}", "--cull-every=1"],
                                env=os.environ | {"JUPYTERHUB_API_TOKEN": self.culler_token, "JUPYTERHUB_API_URL": self.url + "/hub/api"},
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_ports(n):
    with contextlib.ExitStack() as open_:
        sockets = [open_.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(n)]
        return [s.getsockname()[1] for s in sockets]


def reachable(command):
    """The command, in a mount namespace in which all users reach Python, Go and this checkout, if a folder above
    them is one user's only: an empty folder that all may enter stands there, with nothing in it but them."""
    needed = {pathlib.Path(p).resolve() for p in (sys.base_prefix, sys.prefix, ROOT, shutil.which("go"), shutil.which("node"))}
    closed = {}
    for path in sorted(needed):
        for folder in [*reversed(path.parents), path]:
            if not folder.stat().st_mode & 0o001:
                closed.setdefault(folder, []).append(path)
                break
    if not closed or not AS_ROOT:
        return command
    script = "set -e; "
    for folder, paths in closed.items():
        assert folder not in paths, f"{folder} may not be entered by other users"
        script += f"old=$(mktemp -d); mount --bind {folder} $old; mount -t tmpfs -o mode=755 none {folder}; "
        for path in paths:
            script += f"mkdir -p {path}; mount --bind $old/{path.relative_to(folder)} {path}; "
        script += "umount $old; rmdir $old; "
    return ["unshare", "-m", "sh", "-c", script + 'exec "$@"', "sh", *command]


class User:
    """One user with a browser session, a server and a kernel."""

    def __init__(self, hub, number):
        self.hub, self.name = hub, f"user{number}"
        self.uid = FIRST_UID + number if AS_ROOT else os.geteuid()
        self.home = hub.homes / self.name
        self.home.mkdir()
        os.chown(self.home, self.uid, -1)
        self.http = requests.Session()
        self.socket = None

    def login(self):
        page = self.http.get(self.hub.url + "/hub/login", timeout=30)
        xsrf, = re.findall(r'name="_xsrf" value="([^"]+)"', page.text)
        back = self.http.post(self.hub.url + "/hub/login?next=/hub/home", timeout=30,
                              data={"_xsrf": xsrf, "username": self.name, "password": self.hub.password})
        assert back.ok and back.url.endswith("/hub/home"), (back.status_code, back.url)
        made = self.call("POST", f"/hub/api/users/{self.name}/tokens", headers={
            "X-XSRFToken": self.http.cookies.get("_xsrf", path="/hub/"), "Referer": self.hub.url + "/hub/home"})
        self.http.headers["Authorization"] = "token " + made.json()["token"]
        self.http.cookies.clear()

    def call(self, method, path, **kw):
        back = self.http.request(method, self.hub.url + path, timeout=60, **kw)
        assert back.ok, (method, path, back.status_code, back.text[:500])
        return back

    def start(self):
        """Starts the server, and in it the kernel of a notebook; returns the seconds that each took."""
        begin = time.monotonic()
        self.call("POST", f"/hub/api/users/{self.name}/server")
        kernels.wait_until(lambda: self.call("GET", f"/hub/api/users/{self.name}").json()["servers"].get("", {}).get("ready"), SERVER,
                           lambda: f"the server of {self.name} does not start: " + self.hub.log.read_text()[-3000:], pause=0.3)
        server = time.monotonic()
        made = self.call("POST", f"/user/{self.name}/api/sessions", json={
            "path": "work.ipynb", "name": "work.ipynb", "type": "notebook", "kernel": {"name": kernels.NAME}}).json()
        self.kernel = made["kernel"]["id"]
        self.session = uuid.uuid4().hex
        self.socket = websocket.create_connection(
            self.hub.url.replace("http", "ws") + f"/user/{self.name}/api/kernels/{self.kernel}/channels?session_id={self.session}",
            header={"Authorization": self.http.headers["Authorization"]}, timeout=kernels.CELL)
        self.request("kernel_info_request", {})
        return server - begin, time.monotonic() - server

    def request(self, kind, content):
        """Sends a request; returns its published messages, up to idle, and its reply."""
        sent = uuid.uuid4().hex
        self.socket.send(json.dumps({"channel": "shell", "content": content, "metadata": {}, "parent_header": {}, "buffers": [], "header": {
            "msg_id": sent, "msg_type": kind, "username": self.name, "session": self.session, "date": "", "version": "5.3"}}))
        published, reply = [], None
        while reply is None or not (published and kernels.is_status(published[-1], "idle")):
            m = json.loads(self.socket.recv())
            if m["parent_header"].get("msg_id") == sent:
                if m["channel"] == "iopub":
                    published.append(m)
                elif m["channel"] == "shell":
                    reply = m
        return kernels.Result(reply, published)

    def run(self, code):
        """Runs a cell, which must succeed; returns its result and the seconds that it took."""
        begin = time.monotonic()
        result = self.request("execute_request", {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True})
        assert result.ok, (self.name, code, result.errors)
        return result, time.monotonic() - begin

    def close(self):
        if self.socket:
            self.socket.close()

    def stop(self):
        self.close()
        self.call("DELETE", f"/hub/api/users/{self.name}/server")
        kernels.wait_until(lambda: not processes(self), 30, lambda: f"processes of {self.name}: {processes(self)}")


def processes(*users):
    """{pid: command line} of the processes of users. Those who share the uid of the tests are told by their home."""
    found = {}
    for pid, (_, _, command) in kernels.processes().items():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            folder = pathlib.Path(f"/proc/{pid}")
            if AS_ROOT and any(folder.stat().st_uid == u.uid for u in users):
                found[pid] = command
            elif not AS_ROOT and any(f"HOME={u.home}\0".encode() in (folder / "environ").read_bytes() for u in users):
                found[pid] = command
    return found


def runs_a_cell(user):
    """Whether the program of a cell runs: GoNB gives it another name, so it is told by its file."""
    for pid in processes(user):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if "/cells/" in os.readlink(f"/proc/{pid}/exe"):
                return True
    return False


def memory(user):
    """MiB of a user's processes by kind, what they share with others counted in parts (PSS)."""
    sizes = {"server": 0, "kernel": 0}
    for pid, command in processes(user).items():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            sizes["server" if "jupyterhub" in command else "kernel"] += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)[1]) / 1024
    return sizes
