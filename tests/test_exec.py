"""`spikebook exec`: a notebook without a front end."""
import json
import os
import signal
import subprocess
import time

import nbformat
import pytest

import kernel as kernels
import lab as rig
from conftest import ARTIFACTS, BINARY, spikebook, write_notebook


def read(path):
    return nbformat.read(path, 4)


def texts(path):
    """What each cell printed."""
    return ["".join(o.text for o in c.get("outputs", []) if o.output_type == "stream") for c in read(path).cells]


def test_result_is_a_valid_notebook(executed):
    nb = read(executed / "out.ipynb")
    nbformat.validate(nb)
    assert nb.metadata.language_info.mimetype == "text/x-go"
    assert nb.metadata.kernelspec.name == "spikebook"
    counts = [c.execution_count for c in nb.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_html_needs_nothing_else(executed, chromium, scheme):
    """The page in a browser that reaches nothing: three pictures, formulas, no request."""
    away = []
    page = chromium.new_page(viewport={"width": 1000, "height": 900}, color_scheme=scheme)
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or away.append(r.url))
    page.goto((executed / "out.html").as_uri())
    sizes = page.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth, i.naturalHeight])")
    assert len(sizes) == 3 and all(done and w > 300 and h > 200 for done, w, h in sizes)
    assert page.locator("math").count() > 10 and page.locator("code.tex").count() == 0
    assert "spike at t = 101" in page.inner_text("body") and "$$" not in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    page.screenshot(path=ARTIFACTS / f"exec_html_{scheme}.png", full_page=True)
    page.close()
    assert away == []


def test_first_failing_cell_ends_it(tmp):
    nb = write_notebook(tmp / "bad.ipynb", 'fmt.Println("first")', "undefinedThing()", 'fmt.Println("third")')
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", "--html", tmp / "out.html")
    assert done.returncode == 1
    assert "undefined: undefinedThing" in done.stderr
    cells = read(tmp / "out.ipynb").cells
    assert cells[0].outputs[0].text == "first\n"
    assert [o.output_type for o in cells[1].outputs] == ["error"]
    assert cells[2].outputs == [] and cells[2].execution_count is None
    assert "undefinedThing" in (tmp / "out.html").read_text()


def test_allow_errors(tmp):
    nb = write_notebook(tmp / "bad.ipynb", "os.Exit(3)", 'fmt.Println("after")')
    spikebook("exec", nb, "-o", tmp / "out.ipynb", "--allow-errors")
    cells = read(tmp / "out.ipynb").cells
    assert cells[0].outputs[0].output_type == "error" and cells[1].outputs[0].text == "after\n"


def test_tags(tmp):
    nb = write_notebook(tmp / "tags.ipynb", ("panic(\"expected\")", "raises-exception"), ("panic(\"skipped\")", "skip-execution"),
                        'fmt.Println("end")')
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb")
    assert done.returncode == 0, done.stderr
    cells = read(tmp / "out.ipynb").cells
    assert cells[0].outputs[-1].output_type == "error" and cells[1].outputs == [] and cells[2].outputs[0].text == "end\n"


@pytest.mark.parametrize("content", [None, "", "not JSON", "[]", "{}", '{"nbformat": 3, "worksheets": []}', '{"nbformat": 4, "cells": 1}'])
def test_not_a_notebook(tmp, content):
    if content is not None:
        (tmp / "n.ipynb").write_text(content)
    done = spikebook("exec", tmp / "n.ipynb", "-o", tmp / "out.ipynb")
    assert done.returncode == 2 and "n.ipynb" in done.stderr
    assert not (tmp / "out.ipynb").exists()


@pytest.mark.parametrize("args", [(), ("--no-such-flag", "n.ipynb"), ("a.ipynb", "b.ipynb"), ("n.ipynb", "-p", "novalue"),
                                  ("n.ipynb", "--timeout", "soon")])
def test_usage(tmp, args):
    write_notebook(tmp / "n.ipynb", "fmt.Println(1)")
    done = spikebook("exec", *args, cwd=tmp)
    assert done.returncode == 2 and done.stderr.strip()


PARAMETERS = ("var tau = 1.5\nvar steps = 10\nvar name = \"a\"\nvar sizes = []int{1}\nvar rates = []float64{0.5}\nvar fast = false",
              "parameters")
PRINT = 'fmt.Printf("%T=%v %T=%v %T=%q %T=%v %T=%v %T=%v\\n", tau, tau, steps, steps, name, name, sizes, sizes, rates, rates, fast, fast)'


def test_parameters_have_the_types_of_their_cell(tmp):
    nb = write_notebook(tmp / "p.ipynb", PARAMETERS, PRINT)
    given = ["-p", "tau=3", "-p", "name=12", "-p", "sizes=[784, 10]", "-p", "rates=[1, 2.5]", "-p", "fast=true"]
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", *given)
    assert done.returncode == 0, done.stderr
    assert texts(tmp / "out.ipynb")[-1] == 'float64=3 int=10 string="12" []int=[784 10] []float64=[1 2.5] bool=true\n'
    tags = [c.metadata.get("tags") for c in read(tmp / "out.ipynb").cells]
    assert tags == [["parameters"], ["injected-parameters"], None]
    # Run again with others: the injected cell is replaced, not joined by a second one.
    done = spikebook("exec", tmp / "out.ipynb", "-o", tmp / "again.ipynb", "-p", 'name=say "hi"\\n')
    assert done.returncode == 0, done.stderr
    assert len(read(tmp / "again.ipynb").cells) == 3
    assert texts(tmp / "again.ipynb")[-1].startswith('float64=1.5 int=10 string="say \\"hi\\"\\\\n"')


@pytest.mark.parametrize("given, word", [("steps=2.5", "steps"), ("fast=maybe", "fast"), ("sizes=[1, 2.5]", "sizes"), ("tua=3", "tau")])
def test_wrong_parameters_run_nothing(tmp, given, word):
    nb = write_notebook(tmp / "p.ipynb", PARAMETERS, PRINT)
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", "-p", given)
    assert done.returncode == 2 and word in done.stderr
    assert not (tmp / "out.ipynb").exists()


def test_timeout_says_which_cell(tmp):
    nb = write_notebook(tmp / "slow.ipynb", 'fmt.Println("quick")', 'fmt.Println("slow")\nfor {\n}')
    begin = time.monotonic()
    done = spikebook("exec", nb, "-o", tmp / "out.ipynb", "--timeout", "3s")
    assert time.monotonic() - begin < 60
    assert done.returncode == 1 and "3s" in done.stderr
    assert texts(tmp / "out.ipynb") == ["quick\n", "slow\n"]


def test_ctrl_c_writes_what_there_is(tmp):
    nb = write_notebook(tmp / "slow.ipynb", 'fmt.Println("quick")', f'os.WriteFile("{tmp}/running", nil, 0o600)\nfor {{\n}}')
    process = subprocess.Popen([BINARY, "exec", nb, "-o", tmp / "out.ipynb"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        kernels.wait_until((tmp / "running").exists, 60, "the second cell has not begun")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
        assert process.wait(20) == 1
    finally:
        process.kill()
        process.communicate()
    assert texts(tmp / "out.ipynb")[0] == "quick\n"


def test_without_o_the_notebook_stays_as_it_is(tmp):
    nb = write_notebook(tmp / "n.ipynb", 'fmt.Println("hi")')
    before = nb.read_bytes()
    done = spikebook("exec", nb)
    assert done.returncode == 0 and nb.read_bytes() == before
    assert "-o" in done.stderr  # it says that nothing is saved


def test_in_place(tmp):
    nb = write_notebook(tmp / "n.ipynb", 'fmt.Println("hi")')
    assert spikebook("exec", nb, "-o", nb).returncode == 0
    assert texts(nb) == ["hi\n"]
    assert [p.name for p in tmp.iterdir()] == ["n.ipynb"]


def test_runs_in_the_notebooks_directory(tmp):
    (tmp / "data.txt").write_text("found")
    nb = write_notebook(tmp / "n.ipynb", '!cat data.txt', 'b, err := os.ReadFile("data.txt")\nfmt.Print(string(b), err)')
    assert spikebook("exec", nb, "-o", tmp / "out.ipynb").returncode == 0
    assert texts(tmp / "out.ipynb")[1] == "found<nil>"


def test_unknown_fields_and_markdown_stay(tmp):
    nb = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("# Ünïcode & <b>html</b>", metadata={"editable": False}),
        nbformat.v4.new_code_cell('fmt.Println("hi <&> ü")', metadata={"my": {"own": [1, 2.5, None]}}),
        nbformat.v4.new_raw_cell("raw"),
    ], metadata={"kernelspec": {"name": "spikebook", "display_name": "x", "language": "go"}, "authors": [{"name": "A"}]})
    nbformat.write(nb, tmp / "n.ipynb")
    assert spikebook("exec", tmp / "n.ipynb", "-o", tmp / "out.ipynb").returncode == 0
    out = json.loads((tmp / "out.ipynb").read_text())
    was = json.loads((tmp / "n.ipynb").read_text())
    for a, b in zip(was["cells"], out["cells"]):
        assert (a["source"], a["metadata"], a["id"]) == (b["source"], b["metadata"], b["id"])
    assert out["metadata"]["authors"] == [{"name": "A"}]
    assert out["cells"][1]["outputs"][0]["text"] == ["hi <&> ü\n"]


def test_progress_on_a_terminal(tmp):
    """On a terminal the line of the running cell is updated in place."""
    nb = write_notebook(tmp / "n.ipynb", 'fmt.Println("one")', 'fmt.Println("two")')
    leader, follower = os.openpty()
    process = subprocess.Popen([BINARY, "exec", nb, "-o", tmp / "out.ipynb"], stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    try:
        while piece := os.read(leader, 4096):
            shown += piece
    except OSError:
        pass  # the other end was closed
    os.close(leader)
    assert process.wait(60) == 0
    assert b"\r" in shown and b"2/2" in shown, shown


def test_html_page_can_be_opened_alone(tmp, chromium):
    """Errors, colours and wide output of a failed run, in the page."""
    red = """esc := string(rune(27)) + "["\nfmt.Println(esc + "31m" + "red" + esc + "0m", strings.Repeat("wide ", 100))"""
    nb = write_notebook(tmp / "n.ipynb", red, "undefinedThing()")
    assert spikebook("exec", nb, "--html", tmp / "out.html").returncode == 1
    page = chromium.new_page(viewport=rig.SIZE)
    page.goto((tmp / "out.html").as_uri())
    body = page.inner_text("body")
    assert "red" in body and "\x1b" not in body and "[31m" not in body and "undefined: undefinedThing" in body
    page.screenshot(path=ARTIFACTS / "exec_html_error.png", full_page=True)
    page.close()
