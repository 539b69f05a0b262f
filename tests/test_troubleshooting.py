"""docs/troubleshooting.md against the source: what it quotes is what the program says, and what names a cure is there."""
import re
import subprocess

from conftest import ROOT

PAGE = ROOT / "docs" / "troubleshooting.md"
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
CHAIN = re.compile(rf'{LITERAL}(?:\s*\+\s*(?:[^"`\n;]*?\+\s*)?{LITERAL})*')
VERB = re.compile(r"%[-+# 0-9.*\[\]]*[vTtcdoqxXeEfFgGspw](?![a-z]{2})")
# How a message names what is to be done.
CURE = re.compile(r"[;:,)] ?(?:then |elsewhere )?(?:call|choose|close|declare|give|install|make|name|open|restart|run|see|set|take|use|wait|write)\b"
                  r"|`spikebook (?:install|doctor)`")
# Who reads the messages of these writes kernels for GPUs, or the wire, not notebooks; the last are tests.
OTHERS = ("gpu/ptx/", "gpu/ptxsim/", "gpu/device/", "gpu/cuda/entry/", "gpu/cuda/pool/", "gpu/worker/", "kernel/jupyter/", "kernel/export/",
          "gpu/fakecuda/", "tests/")


def said(source):
    """The texts of a Go file, with … for what is put in: verbs of fmt and what stands between two + signs."""
    source = re.sub(r"^\s*//.*$", "", source, flags=re.M)
    for chain in CHAIN.findall(source):
        text = re.sub(r'"\s*\+\s*"', "", chain)
        text = re.sub(r'"\s*\+[^"]*\+\s*"', "…", text)[1:-1].replace(r"\"", '"').replace(r"\\", "\\")
        yield re.sub("…+", "…", VERB.sub("…", text.replace("%%", "\0")).replace("\0", "%"))


def texts(*folders):
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *(f"{f}/*.go" for f in folders)], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.split()
    return {t: f for f in files if not f.endswith("_test.go") and not f.startswith(OTHERS) and (ROOT / f).exists()
            for t in said((ROOT / f).read_text())}


def quoted():
    """The messages on the page: what stands in code in the first column of its tables."""
    rows = re.findall(r"^\| (`+) ?(.+?) ?\1 \|", PAGE.read_text(), re.M)
    return [text for _, text in rows]


def test_every_message_is_said():
    sources = texts("kernel", "snn", "display", "gpu")
    missing = [m for m in quoted() if not any(m in t for t in sources)]
    assert missing == [] and len(quoted()) > 50


def test_every_cure_is_findable():
    """A message that says what to do is on the page, up to where it does."""
    page = [m for m in quoted() if CURE.search(m)]
    missing = {t: f for t, f in texts("kernel", "snn", "display", "gpu").items() if CURE.search(t) and not t.endswith(r"\n") and not any(m in t for m in page)}
    assert missing == {}


def test_every_finding_of_doctor_is_there():
    """The names of the checks, and what they say is wrong."""
    page = PAGE.read_text()
    doctor = (ROOT / "kernel" / "doctor.go").read_text()
    checks = re.findall(r'^\t\{"([^"]+)", ', doctor, re.M)
    assert len(checks) > 8 and [c for c in checks if f"| {c} |" not in page] == []
    wrong = [t for file in ("doctor.go", "doctor_jupyter.go") for call in
             re.findall(rf"(?:errors\.New|fmt\.Errorf)\({LITERAL}", (ROOT / "kernel" / file).read_text()) for t in said(call)]
    core = lambda t: re.sub(r"^…: |: ….*$|^… ", "", t)
    assert len(wrong) > 8 and [t for t in wrong if core(t) not in page] == []
