"""JupyterLab on a private port and a page of a real browser on it, with nothing that leaves the machine.

    with Lab(folder) as lab, browser() as b:
        nb = Notebook(b.new_page(viewport=SIZE), lab).open("neuron.ipynb", kernel="spikebook")
        nb.run_all()
        print(nb.text(3), nb.outputs(3))
        nb.shot("neuron.png")
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request

from playwright.sync_api import sync_playwright

from kernel import wait_until

SIZE = {"width": 1280, "height": 900}
PAGE = 1800  # pixels; a screenshot that is higher is cut into pages, so that one can look at it

CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # proof that nothing needs the network
]

SETTINGS = {  # <config>/labconfig/default_setting_overrides.json
    "@jupyterlab/apputils-extension:sessionDialogs": {"skipKernelRestartDialog": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # every cell is drawn, scrolled to or not
}
PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/" + p: True for p in (  # <config>/labconfig/page_config.json
    "apputils-extension:announcements",  # news pop-up, news and update look-ups
    "extensionmanager-extension",
    "lsp-extension", "notebook-extension:language-server", "fileeditor-extension:language-server",
)}}


def chromium():
    """The path of the browser. Playwright's own download is not used: a distribution's package does."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    raise FileNotFoundError("no Chromium on PATH; on Debian and Ubuntu: apt-get install chromium")


@contextlib.contextmanager
def browser(*args):
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=chromium(), args=[*CHROMIUM_ARGS, *args])  # headless, fresh profile
        try:
            yield b
        finally:
            b.close()


class Lab:
    """The server. All that it writes lies under `state`: no settings, workspaces or trust leak in or out."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="lab-"))
        conf = self.state / "config" / "labconfig"
        conf.mkdir(parents=True)
        (conf / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
        (conf / "page_config.json").write_text(json.dumps(PAGE_CONFIG))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        s = str(self.state)
        self.env = os.environ | {
            "JUPYTER_CONFIG_DIR": s + "/config", "JUPYTER_DATA_DIR": s + "/data", "JUPYTER_RUNTIME_DIR": s + "/run",
            "JUPYTERLAB_SETTINGS_DIR": s + "/settings", "JUPYTERLAB_WORKSPACES_DIR": s + "/workspaces",
        }
        self.argv = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
            "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.root}", "--ServerApp.allow_root=True",
            "--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
            "--ServerApp.terminals_enabled=False", "--LanguageServerManager.autodetect=False",
            "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True",
        ]

    def __enter__(self):
        with open(self.state / "lab.log", "w") as log:
            self.proc = subprocess.Popen(self.argv, env=self.env, cwd=self.root, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)
        try:
            wait_until(self.answers, 60, lambda: "JupyterLab does not answer:\n" + self.log())
        except BaseException:
            self.__exit__()
            raise
        return self

    def answers(self):
        if self.proc.poll() is not None:
            raise RuntimeError("JupyterLab ended:\n" + self.log())
        with contextlib.suppress(OSError):
            urllib.request.urlopen(self.url + "/api", timeout=1).close()
            return True

    def log(self):
        return (self.state / "lab.log").read_text()

    def __exit__(self, *_):
        """SIGTERM: the server shuts its kernels down first."""
        self.proc.terminate()
        try:
            self.proc.wait(20)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
        shutil.rmtree(self.state, ignore_errors=True)


class Notebook:
    """One notebook in one page. `away`: requests that were not for our server; `console`: errors. Both should stay empty.
    `shown`: there is a screenshot of all of it."""

    def __init__(self, page, lab):
        self.page, self.lab, self.away, self.console, self.shown = page, lab, [], [], False
        page.on("request", lambda r: r.url.startswith((lab.url, "data:", "blob:")) or self.away.append(r.url))
        page.on("console", lambda m: m.type == "error" and self.console.append(m.text))

    def open(self, path, kernel, timeout=60):
        """/doc/tree: one document, no side bars. ?reset: forget the tabs of a former visit."""
        self.page.goto(f"{self.lab.url}/doc/tree/{path}?reset")
        self.js("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady || document.querySelector('.jp-Dialog')",
                timeout)
        if self.page.locator(".jp-Dialog").count():  # no such kernel, unreadable file, …
            raise RuntimeError(self.page.locator(".jp-Dialog").inner_text())
        name = self.page.evaluate("""async () => {
            const w = jupyterapp.shell.currentWidget, asked = window.requestsWithoutReply = new Set();
            await w.revealed;
            await w.sessionContext.ready;
            const k = w.sessionContext.session.kernel;
            k.anyMessage.connect((_, {msg, direction}) => {
                if (direction === 'send' && msg.header.msg_type === 'execute_request') asked.add(msg.header.msg_id);
                if (direction === 'recv' && msg.header.msg_type === 'execute_reply') asked.delete(msg.parent_header.msg_id); });
            k.statusChanged.connect((_, s) => ['restarting', 'autorestarting', 'dead'].includes(s) && asked.clear());
            await k.info;
            return k.name }""")
        if name != kernel:  # a missing kernelspec is replaced in silence by another of the same language
            raise RuntimeError(f"{path} runs on kernel {name}, not {kernel}")
        return self

    def js(self, predicate, timeout=30, arg=None):
        return self.page.wait_for_function(predicate, arg=arg, timeout=timeout * 1000)

    # -- doing
    def command(self, name, args=None, timeout=120):
        """A command of the application, as menus and buttons call it; its promise settles when the work is done."""
        self.page.evaluate(
            "([n, a, ms]) => Promise.race([jupyterapp.commands.execute(n, a).then(() => true),"
            " new Promise((_, no) => setTimeout(() => no(new Error(n + ' took too long')), ms))])",
            [name, args or {}, timeout * 1000])

    def button(self, command):
        self.page.locator(f".jp-NotebookPanel-toolbar [data-command='{command}']").click()

    def run_all(self, timeout=120):
        self.command("notebook:run-all-cells", timeout=timeout)
        self.wait_done(timeout)

    def wait_done(self, timeout=120):
        """Every execute_request was answered, no cell shows [*], the kernel is idle. Each alone lies: Lab takes the [*] of
        waiting cells away at the first error, and the kernel is idle between two cells. Then two frames, so that what was
        rendered is on the screen."""
        self.js("""() => { const w = jupyterapp.shell.currentWidget;
            return requestsWithoutReply.size === 0 && w.sessionContext.session?.kernel?.status === 'idle' &&
                ![...w.node.querySelectorAll('.jp-Notebook .jp-InputArea-prompt')].some(p => p.textContent.includes('*')) }""",
                timeout)
        self.page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def new_cell(self, text):
        """A new last cell, in edit mode, with `text` put in as one paste would (no auto-indent, no auto-brackets)."""
        self.cell(-1).locator(".jp-InputArea-prompt").click()
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(text)

    def close(self):
        self.page.evaluate("() => jupyterapp.shell.currentWidget?.sessionContext?.shutdown().catch(() => 0)")  # the kernel
        self.page.close()

    # -- seeing
    def kernel_status(self):
        return self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status")

    @property
    def cells(self):
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")

    def cell(self, i):
        return self.cells.nth(i)

    def prompt(self, i):
        return self.cell(i).locator(".jp-InputArea-prompt").inner_text()

    def output(self, i):
        return self.cell(i).locator(".jp-OutputArea-output")

    def text(self, i):
        return "\n".join(self.output(i).all_inner_texts())

    def outputs(self, i):
        """The outputs as the notebook file would hold them."""
        return self.page.evaluate("i => jupyterapp.shell.currentWidget.content.widgets[i].model.outputs?.toJSON() ?? []", i)

    def all_outputs(self):
        return [o for i in range(self.cells.count()) for o in self.outputs(i)]

    def pictures(self, timeout=15):
        """The pictures among the outputs, once all of them are decoded: MIME type, natural and shown size of each."""
        self.js("""() => [...document.querySelectorAll('.jp-OutputArea-output img')].every(e => e.complete)""", timeout)
        return self.page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(e => ({
            mime: e.src.slice(5, e.src.search(/[;,]/)), natural: [e.naturalWidth, e.naturalHeight],
            shown: [e.width, e.height] }))""")

    def shot(self, path, i=None):
        """Cell i, or the whole notebook in pages: name.png, or name-1.png, name-2.png, … Lab scrolls inside, so the page is
        made as high as the notebook for that."""
        path = pathlib.Path(path)
        for old in path.parent.glob(path.stem + "*.png"):
            if re.fullmatch(r"(-\d+)?", old.stem[len(path.stem):]):
                old.unlink()
        more = self.page.evaluate("() => { const e = document.querySelector('.jp-WindowedPanel-outer');"
                                  " return e ? e.scrollHeight - e.clientHeight : 0 }")
        size = self.page.viewport_size
        width, height = size["width"], min(size["height"] + more, 15000)
        self.page.set_viewport_size({"width": width, "height": height})
        try:
            self.shown = self.shown or i is None
            if i is not None:
                self.cell(i).screenshot(path=path)
            elif height <= PAGE:
                self.page.screenshot(path=path)
            else:
                for n, top in enumerate(range(0, height, PAGE), 1):
                    self.page.screenshot(path=path.with_name(f"{path.stem}-{n}.png"), clip={
                        "x": 0, "y": top, "width": width, "height": min(PAGE, height - top)})
        finally:
            self.page.set_viewport_size(size)
