"""Completion and inspection as a person meets them in JupyterLab: Tab and Shift-Tab."""
import time

import pytest
from playwright.sync_api import expect

from conftest import ARTIFACTS

POPUP = ".jp-Completer:not(.lm-mod-hidden)"


def entries(nb, timeout=30):
    """{name: (kind, signature)} of what the pop-up shows."""
    nb.page.locator(POPUP + " .jp-Completer-match").first.wait_for(timeout=timeout * 1000)
    rows = nb.page.locator(POPUP + " .jp-Completer-item").evaluate_all("""rows => rows.map(r => [
        r.querySelector('.jp-Completer-match').textContent,
        r.querySelector('[data-icon]')?.dataset.icon ?? r.querySelector('.jp-Completer-monogram')?.textContent ?? '',
        r.querySelector('.jp-Completer-typeExtended')?.textContent ?? ''])""")
    return {name: (icon, kind) for name, icon, kind in rows}


def test_first_tab(notebook, report):
    """With raw GoNB nothing is shown for the first Tab, ever: JupyterLab waits one second."""
    nb = notebook("1")
    nb.new_cell("neuron.New")
    begin = time.monotonic()
    nb.page.keyboard.press("Tab")
    found = entries(nb)
    report(f"JupyterLab: pop-up {time.monotonic() - begin:.2f} s after the first Tab")
    assert list(found)[:3] == ["New", "NewActivationAwareIF", "NewAdEx"] and {"NewIF", "NewLIF", "NewPSN"} <= set(found)
    assert {kind for _, kind in found.values()} == {"function"}
    nb.shot(ARTIFACTS / "test_first_tab.png")
    for _ in range(list(found).index("NewLIF")):
        nb.page.keyboard.press("ArrowDown")
    nb.page.keyboard.press("Enter")
    expect(nb.cell(-1).locator(".cm-line").first).to_have_text("neuron.NewLIF")


def test_members_of_a_live_variable(notebook):
    nb = notebook("layer := neuron.NewLIF()")
    nb.run_all()
    nb.new_cell("layer.")
    nb.page.keyboard.press("Tab")
    found = entries(nb)
    assert {"Forward", "Reset", "V", "SetStepMode"} <= set(found)
    assert found["Forward"][1] == "function"
    nb.shot(ARTIFACTS / "test_members_of_a_live_variable.png")
    nb.page.keyboard.type("For")  # the list follows what is typed
    expect(nb.page.locator(POPUP + " .jp-Completer-match")).to_have_count(1)
    nb.page.keyboard.press("Enter")
    expect(nb.cell(-1).locator(".cm-line").first).to_have_text("layer.Forward")


def test_completion_behind_an_emoji(notebook):
    """The browser counts UTF-16 units, the protocol code points."""
    nb = notebook('s := "🧠🎉"')
    nb.new_cell('t := "🧠🎉"; strings.EqualF')
    nb.page.keyboard.press("Tab")
    assert list(entries(nb)) == ["EqualFold"]
    nb.page.keyboard.press("Enter")
    expect(nb.cell(-1).locator(".cm-line").first).to_have_text('t := "🧠🎉"; strings.EqualFold')


@pytest.mark.parametrize("code, words", [
    ("neuron.NewLIF(", ["func neuron.NewLIF(options ...neuron.Option) *neuron.Layer", "NewLIF returns a layer of LIF neurons"]),
    ("layer.Forward(", ["Forward(x *snn.Tensor) *snn.Tensor"]),
    ("double(", ["double(x float64) float64", "double is twice x."]),
], ids=["library", "variable", "own"])
def test_inspection(notebook, request, code, words):
    nb = notebook("layer := neuron.NewLIF()\n// double is twice x.\nfunc double(x float64) float64 { return 2 * x }")
    nb.run_all()
    nb.new_cell(code)
    nb.page.keyboard.press("Shift+Tab")
    tip = nb.page.locator(".jp-Tooltip")
    tip.wait_for(timeout=30_000)
    for word in words:
        expect(tip).to_contain_text(word)
    nb.shot(ARTIFACTS / f"test_inspection_{request.node.callspec.id}.png")


def test_completion_while_a_cell_runs(notebook):
    nb = notebook("for {}")
    nb.cell(0).click()
    nb.button("notebook:run-cell-and-select-next")
    nb.js("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'", 30)
    nb.new_cell("neuron.New")
    nb.page.keyboard.press("Tab")
    assert "NewLIF" in entries(nb)
    nb.page.keyboard.press("Escape")
    nb.button("notebook:interrupt-kernel")
    nb.wait_done(15)


def test_pager(notebook):
    """A question is answered in the pane below the notebook."""
    nb = notebook("neuron.NewLIF?")
    nb.run_all()
    nb.page.locator(".jp-Notebook").get_by_text("NewLIF returns a layer").first.wait_for()
    nb.shot(ARTIFACTS / "test_pager.png")
