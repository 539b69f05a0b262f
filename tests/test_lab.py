"""What a person sees and does in JupyterLab."""
import re
import time

import nbformat
import pytest
from playwright.sync_api import expect

import lab as rig
from conftest import ARTIFACTS, TUTORIAL, write_notebook


def without_outputs(path, to):
    nb = nbformat.read(path, 4)
    for c in nb.cells:
        if c.cell_type == "code":
            c.outputs, c.execution_count = [], None
    nbformat.write(nb, to)
    return to


@pytest.fixture
def notebook(open_notebook, tmp):
    """notebook(source, …) opens a notebook with these cells."""
    return lambda *cells: open_notebook(write_notebook(tmp / "n.ipynb", *cells))


def test_tutorial(open_notebook, tmp):
    """Run All by the menu: no error, three pictures, formulas."""
    nb = open_notebook(without_outputs(TUTORIAL, tmp / "n.ipynb"))
    assert nb.pictures() == []
    nb.page.get_by_role("menuitem", name="Run", exact=True).click()
    nb.page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
    expect(nb.cells.filter(has_text="Where to go from here")).to_have_count(1)
    nb.js("() => document.querySelectorAll('.jp-OutputArea-output img').length === 3", 120)
    nb.wait_done()
    assert [o for o in nb.all_outputs() if o["output_type"] == "error" or o.get("name") == "stderr"] == []
    pictures = nb.pictures()
    assert [p["mime"] for p in pictures] == ["image/svg+xml"] * 3
    assert all(p["natural"][0] > 300 and p["shown"][0] > 300 for p in pictures)
    assert nb.page.locator("mjx-container").count() > 10
    assert nb.page.locator("mjx-merror").count() == 0
    printed = "".join(o["text"] for o in nb.all_outputs() if o["output_type"] == "stream")
    assert "spike at t = 50\nspike at t = 101\n" in printed and "v[49]=0.99999958" in printed
    for i in range(nb.cells.count()):
        if nb.output(i).locator("img").count():
            nb.shot(ARTIFACTS / f"test_tutorial_cell_{i}.png", i)


def test_committed_tutorial_shows_its_pictures_untrusted(open_notebook):
    """As one sees it who has just cloned the repository: not run, not trusted, so PNG instead of SVG."""
    nb = open_notebook(TUTORIAL)
    assert not nb.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.filter(w => w.model.type === 'code')"
                                ".every(w => w.model.trusted)")
    pictures = nb.pictures()
    assert [p["mime"] for p in pictures] == ["image/png"] * 3
    assert all(p["natural"][0] > 1000 and 300 < p["shown"][0] < 900 for p in pictures)
    assert nb.page.locator("mjx-merror").count() == 0


def test_dark_theme(open_notebook):
    """Pictures stand on a light ground of their own."""
    nb = open_notebook(TUTORIAL)
    nb.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    nb.js("() => document.body.dataset.jpThemeLight === 'false'")
    corners = nb.page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(e => {
        const c = document.createElement('canvas'); c.width = e.naturalWidth; c.height = e.naturalHeight;
        const g = c.getContext('2d'); g.drawImage(e, 0, 0);
        return [...g.getImageData(2, 2, 1, 1).data] })""")
    assert len(corners) == 3
    for *rgb, alpha in corners:
        assert alpha == 255 and min(rgb) > 200
    nb.shot(ARTIFACTS / "test_dark_theme.png")
    nb.command("apputils:change-theme", {"theme": "JupyterLab Light"})
    nb.js("() => document.body.dataset.jpThemeLight === 'true'")


def test_status_before_the_first_cell(notebook):
    nb = notebook("%%\nfmt.Println(1)")
    nb.js("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'", 10)


def test_errors(notebook):
    """One error output, in the user's words; the cells behind it are not run; a later one works."""
    nb = notebook("%%\nx := undefinedThing()", '%%\nfmt.Println("after")', '%%\nvar s []int\nfmt.Println(s[3])', "%%\nos.Exit(3)")
    nb.run_all()
    assert [o["output_type"] for o in nb.outputs(0)] == ["error"]
    assert "undefined: undefinedThing" in nb.text(0)
    assert nb.text(1) == "" and nb.prompt(1) == "[ ]:"
    for i, said in (1, "after"), (2, "index out of range [3] with length 0"), (3, "3"):
        nb.cell(i).locator(".jp-InputArea-prompt").click()
        nb.command("notebook:run-cell")
        nb.wait_done()
        assert said in nb.text(i)
        assert len([o for o in nb.outputs(i) if o["output_type"] == "error"]) == (i > 1)


def test_interrupt_and_restart(notebook):
    nb = notebook('%%\nfmt.Println("start")\ntime.Sleep(300 * time.Second)')
    for start in "notebook:run-cell-and-select-next", "notebook:restart-run-all":
        nb.cell(0).click()
        nb.button(start)
        expect(nb.cell(0).locator(".jp-InputArea-prompt")).to_have_text("[*]:")  # or the last run's output would do below
        expect(nb.output(0).first).to_have_text("start\n", timeout=60_000)
        assert nb.kernel_status() == "busy"
        nb.button("notebook:interrupt-kernel")
        nb.wait_done(15)
        assert [o["output_type"] for o in nb.outputs(0)] == ["stream", "error"] and nb.prompt(0) == "[1]:"


def test_output_appears_while_the_cell_runs(notebook):
    nb = notebook('%%\nfor i := range 30 {\n    fmt.Println("line", i)\n    time.Sleep(100 * time.Millisecond)\n}')
    nb.cell(0).click()
    nb.button("notebook:run-cell-and-select-next")
    seen = set()
    expect(nb.output(0).first).to_contain_text("line 0", timeout=60_000)
    deadline = time.monotonic() + 60
    while nb.kernel_status() == "busy" and time.monotonic() < deadline:
        seen.add(nb.text(0).count("line"))
    nb.wait_done()
    assert nb.text(0).count("line") == 30 and len(seen) > 3


def test_launcher_shows_the_kernel(lab, chromium):
    page = chromium.new_page(viewport=rig.SIZE)
    page.goto(f"{lab.url}/lab?reset")
    card = page.locator(".jp-LauncherCard[data-category='Notebook'][title*='Go SNN (spikebook)']")
    card.wait_for(timeout=60_000)
    image = card.locator("img")
    assert image.evaluate("async e => { await e.decode(); return e.naturalWidth }") > 0  # our logo, not a letter
    page.screenshot(path=ARTIFACTS / "test_launcher.png")
    page.close()
