"""What a person sees and does in JupyterLab.

What goes wrong there, and in the console, with raw GoNB (../shared/research/jupyterlab.md, section 0), and the test of each:

    status "Unknown" until a cell has run           test_status_before_the_first_cell, test_protocol.test_every_status_has_its_request_as_parent
    the first Tab shows nothing                     test_lab_assist.test_first_tab, test_assist.test_first_tab
    cells behind an error print under [ ]           test_an_error_stops_run_all, test_errors.test_error_stops_the_cells_behind_it
    "signal: interrupt" twice                       test_interrupt_and_restart, test_interrupt.stopped
    stdout and stderr swap places                   test_output.test_stdout_and_stderr_keep_their_order
    a missing kernel is replaced in silence         test_a_missing_kernel_is_noticed
    a letter instead of an icon                     test_launcher_shows_the_kernel
    no is_complete_reply: the console gets stuck    test_frontends.test_console
    GoNB's log between the console's lines          test_frontends.test_console
    processes stay when the terminal is closed      test_frontends.test_closing_the_consoles_terminal, test_kill
"""
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


def test_dark_theme(open_notebook):
    """Pictures stand on a light ground of their own."""
    nb = open_notebook(TUTORIAL)
    nb.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    nb.js("() => document.body.dataset.jpThemeLight === 'false'")
    nb.shot(ARTIFACTS / "test_dark_theme.png")
    corners = nb.page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(e => {
        const c = document.createElement('canvas'); c.width = e.naturalWidth; c.height = e.naturalHeight;
        const g = c.getContext('2d'); g.drawImage(e, 0, 0);
        return [...g.getImageData(2, 2, 1, 1).data] })""")
    nb.command("apputils:change-theme", {"theme": "JupyterLab Light"})  # before anything fails: it is the server's setting
    nb.js("() => document.body.dataset.jpThemeLight === 'true'")
    assert len(corners) == 3
    for *rgb, alpha in corners:
        assert alpha == 255 and min(rgb) > 200


def test_status_before_the_first_cell(notebook):
    """With raw GoNB the status is "Unknown", with a bolt instead of a circle, until a cell has run."""
    nb = notebook("1")
    nb.js("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'", 10)
    expect(nb.page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")


def test_a_missing_kernel_is_noticed(notebook, notebooks, lab, chromium, tmp):
    """JupyterLab runs such a notebook in silence on the only other kernel of its language, and the rig compares names."""
    write_notebook(notebooks / "other.ipynb", "1")
    text = (notebooks / "other.ipynb").read_text()
    (notebooks / "other.ipynb").write_text(text.replace('"spikebook"', '"gonb"'))
    nb = rig.Notebook(chromium.new_page(viewport=rig.SIZE), lab)
    with pytest.raises(RuntimeError, match="runs on kernel spikebook, not gonb"):
        nb.open("other.ipynb", "gonb")
    nb.close()


def test_cells_remember(notebook):
    """A value from cell to cell; the picture of a last expression; the state of a layer."""
    nb = notebook("layer := neuron.NewLIF(neuron.Tau(2), neuron.StepMode(\"m\"), neuron.StoreVSeq(true))", "x := snn.Full(1.2, 50, 1)",
                  "spikes := layer.Forward(x)\ndisplay.PlotOneNeuronVS(layer.VSeq(), spikes, display.VReset(0))", "layer",
                  "%session", "x.Shape()")
    nb.run_all()
    assert [o["output_type"] for o in nb.all_outputs()] == ["execute_result", "execute_result", "stream", "execute_result"]
    (picture,) = nb.pictures()
    assert picture["mime"] == "image/svg+xml" and picture["shown"][0] > 300
    assert nb.text(5) == "[50 1]"
    assert nb.cell(2).locator(".jp-OutputPrompt").inner_text() == "[3]:"
    assert nb.cell(3).locator("mjx-container").count() > 0 and nb.page.locator("mjx-merror").count() == 0
    for word in "layer", "spikes", "*neuron.Layer", "*snn.Tensor":
        assert word in nb.text(4)
    assert "&{" not in nb.text(4), "a preview shows values, not what they are made of"


def run_cell(nb, i):
    nb.cell(i).locator(".jp-InputArea-prompt").click()
    nb.command("notebook:run-cell")
    nb.wait_done()


def test_an_error_stops_run_all(notebook):
    """One error output, in the user's words; the cells behind it are not run (with raw GoNB they print, under [ ]); they work
    later, and the values are as before the failure."""
    nb = notebook("x := 1", "x = 2\nvar s []int\ns[3]", 'fmt.Println("after", x)', "x = undefinedThing()\nneuron.NewLif()",
                  "layer := neuron.NewIF()\nlayer.SetStepMode(\"q\")", "os.Exit(3)")
    nb.run_all()
    assert [o["output_type"] for o in nb.outputs(1)] == ["error"]
    assert "index out of range [3] with length 0" in nb.text(1) and "s[3]" in nb.text(1)
    assert [nb.text(i) for i in (2, 3, 4, 5)] == [""] * 4 and nb.prompt(2) == "[ ]:"
    for i, *said in (2, "after 1"), (3, "undefined: undefinedThing", "NewLif", "NewLIF"), (4, "step", "q"), (5, "3"):
        run_cell(nb, i)
        for word in said:
            assert word in nb.text(i)
        assert len([o for o in nb.outputs(i) if o["output_type"] == "error"]) == (i > 2)


def test_interrupt_and_restart(notebook):
    """An endless loop, stopped by the button; then restart, which forgets, and Run All."""
    nb = notebook('fmt.Println("start")\nfor {}', "1")
    for start in "notebook:run-cell-and-select-next", "notebook:restart-run-all":
        nb.cell(0).click()
        nb.button(start)
        expect(nb.cell(0).locator(".jp-InputArea-prompt")).to_have_text("[*]:")  # or the last run's output would do below
        expect(nb.output(0).first).to_have_text("start\n", timeout=60_000)
        assert nb.kernel_status() == "busy"
        nb.button("notebook:interrupt-kernel")
        nb.wait_done(15)
        assert [o["output_type"] for o in nb.outputs(0)] == ["stream", "error"] and nb.prompt(0) == "[1]:"
        assert "nterrupt" in nb.text(0) and "signal" not in nb.text(0)
        assert nb.text(1) == ""  # it waited, and was aborted


def test_restart_and_run_all(notebook):
    """The button. Nothing is left from before; the counter begins again."""
    nb = notebook("count := 0", "count++\ncount", 'fmt.Println("done")')
    nb.run_all()
    run_cell(nb, 1)
    assert nb.text(1) == "2" and nb.prompt(1) == "[4]:"
    nb.button("notebook:restart-run-all")
    expect(nb.cell(1).locator(".jp-InputArea-prompt")).to_have_text("[2]:", timeout=60_000)
    expect(nb.output(2).first).to_have_text("done\n", timeout=60_000)
    nb.wait_done()
    assert nb.text(1) == "1" and [nb.prompt(i) for i in range(3)] == ["[1]:", "[2]:", "[3]:"]


def test_output_appears_while_the_cell_runs(notebook):
    nb = notebook('for i := range 30 {\n    fmt.Println("line", i)\n    time.Sleep(100 * time.Millisecond)\n}')
    nb.cell(0).click()
    nb.button("notebook:run-cell-and-select-next")
    seen = set()
    expect(nb.output(0).first).to_contain_text("line 0", timeout=60_000)
    deadline = time.monotonic() + 60
    while nb.kernel_status() == "busy" and time.monotonic() < deadline:
        seen.add(nb.text(0).count("line"))
    nb.wait_done()
    assert nb.text(0).count("line") == 30 and len(seen) > 3


def test_live_update_and_clear_output(notebook):
    """A display that changes in place, also from a later cell; output that is replaced."""
    nb = notebook('live, err := display.ShowLive("first")', "live.Update(display.Plot1DSpikes(snn.Ones(3, 2)))",
                  'for i := range 20 {\n    display.ClearOutput(true)\n    fmt.Println("turn", i)\n}',
                  'fmt.Println("gone")\ndisplay.ClearOutput(false)')
    run_cell(nb, 0)
    assert nb.text(0).strip() == "first"
    nb.run_all()
    assert [p["mime"] for p in nb.pictures()] == ["image/svg+xml"]
    assert nb.output(0).locator("img").count() == 1 and nb.output(1).count() == 0  # in the place of the first
    assert nb.text(2) == "turn 19\n" or nb.text(2) == "turn 19"
    assert nb.outputs(3) == []


def test_input(notebook):
    """A box for a line, and one that hides what is typed."""
    nb = notebook('fmt.Print("Your name? ")\nvar name string\nfmt.Scanln(&name)\nfmt.Println("Hello", name)',
                  'import "spikebook/kernel/session"\nkey, err := session.ReadPassword("Password: ")\nlen(key)')
    box = nb.page.locator(".jp-Stdin-input")
    nb.cell(0).click()
    nb.button("notebook:run-cell-and-select-next")
    expect(box).to_be_visible(timeout=60_000)
    assert box.get_attribute("type") != "password" and "Your name?" in nb.text(0)
    nb.shot(ARTIFACTS / "test_input_line.png")
    box.fill("Ada")
    box.press("Enter")
    nb.wait_done()
    expect(box).to_have_count(0)
    assert "Hello Ada" in nb.text(0)
    nb.cell(1).click()
    nb.button("notebook:run-cell-and-select-next")
    hidden = nb.page.locator(".jp-Stdin-input[type='password']")
    expect(hidden).to_be_visible(timeout=60_000)
    assert "Password:" in nb.cell(1).inner_text()
    hidden.fill("geheim")
    nb.shot(ARTIFACTS / "test_input_password.png")
    hidden.press("Enter")
    nb.wait_done()
    assert "geheim" not in nb.cell(1).inner_text()
    assert [o["data"]["text/plain"] for o in nb.outputs(1) if o["output_type"] == "execute_result"] == ["6"]


def test_launcher_shows_the_kernel(lab, chromium):
    page = chromium.new_page(viewport=rig.SIZE)
    page.goto(f"{lab.url}/lab?reset")
    card = page.locator(".jp-LauncherCard[data-category='Notebook'][title*='Go SNN (spikebook)']")
    card.wait_for(timeout=60_000)
    image = card.locator("img")
    assert image.evaluate("async e => { await e.decode(); return e.naturalWidth }") > 0  # our logo, not a letter
    page.screenshot(path=ARTIFACTS / "test_launcher.png")
    page.close()
