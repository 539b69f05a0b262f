"""What docs/editors.md says of front ends other than JupyterLab, and of notebooks that were not run: pictures in the console, pages,
slides and PDF without a network, pictures of untrusted notebooks. test_frontends has the conversation with the kernel."""
import re
import subprocess
import zlib

import nbformat
import pytest

import lab as rig
from conftest import ARTIFACTS, ROOT, TUTORIAL, write_notebook
from test_frontends import JUPYTER, console  # noqa: F401, the fixture

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


# -- JupyterLab

@pytest.mark.parametrize("path", NOTEBOOKS, ids=[p.stem for p in NOTEBOOKS])
def test_committed_notebooks_show_their_pictures_untrusted(open_notebook, path):
    """As one sees them who has just cloned the repository: not run, not trusted, so PNG instead of SVG, and no figure as a line of
    text."""
    nb = open_notebook(path)
    assert not nb.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.filter(w => w.model.type === 'code')"
                                ".every(w => w.model.trusted)")
    figures = [o.data["text/plain"] for c in nbformat.read(path, 4).cells for o in c.get("outputs", []) if "image/svg+xml" in o.get("data", {})]
    pictures = nb.pictures()
    assert [p["mime"] for p in pictures] == ["image/png"] * len(figures)
    assert all(p["natural"][0] > 1000 and 300 < p["shown"][0] < 900 for p in pictures)
    shown = nb.page.locator(".jp-Notebook").inner_text()
    assert [text for text in figures if text in shown] == []
    assert nb.page.locator("mjx-merror").count() == 0


# -- the console

def test_the_console_shows_a_figure_as_words(console):
    console.expect("In [1]:")
    console.enter("display.Plot1DSpikes(snn.Ones(3, 2))")
    console.expect("Out[1]: raster: 2 neurons, T=3, 6 spikes")
    console.expect("In [2]:")
    console.enter("neuron.NewLif()")
    console.expect("NewLIF")  # the hint
    console.expect("In [3]:")
    console.enter("for {", "}")
    console.expect("...:")
    console.interrupt_when("/program")
    console.expect("In [4]:")
    console.enter('fmt.Println("goes", "on")')
    console.expect("goes on")


# -- pages, slides, PDF

@pytest.fixture
def offline(chromium, request):
    """offline(file) opens a file in a browser that reaches nobody; what it asked for is in `away`."""
    opened = []

    def offline(path):
        page = chromium.new_page(viewport=rig.SIZE)
        opened.append(page)
        page.away = []
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or page.away.append(r.url))
        page.goto(path.as_uri(), wait_until="load")
        return page

    yield offline
    for page in opened:
        page.screenshot(path=ARTIFACTS / f"{request.node.name}.png")
        page.close()


def converted(tmp, form, source=TUTORIAL):
    done = subprocess.run([JUPYTER, "nbconvert", "--to", form, "--output-dir", tmp, source], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return next(p for p in tmp.iterdir() if p.suffix == ".html")


def pictures(page):
    return page.evaluate("() => [...document.querySelectorAll('img, svg')].map(e => e.getBoundingClientRect().width)")


def test_our_page_needs_no_network(executed, offline):
    """Pictures and formulas, the latter as MathML, which the browser draws."""
    page = offline(executed / "out.html")
    assert page.away == []
    assert len([w for w in pictures(page) if w > 300]) == 3
    formulas = page.evaluate("() => [...document.querySelectorAll('math')].map(e => e.getBoundingClientRect().height)")
    assert len(formulas) > 10 and min(formulas) > 5
    assert "$$" not in page.locator("body").inner_text()


def test_page_of_nbconvert(tmp, offline):
    """Its pictures are in the file; MathJax and RequireJS are not, so that formulas stay TeX without a network."""
    page = offline(converted(tmp, "html"))
    assert len([w for w in pictures(page) if w > 300]) == 3
    assert page.away and all(url.startswith("https://cdnjs.cloudflare.com/") for url in page.away)
    assert "$$" in page.locator("body").inner_text() and page.locator("math").count() == 0


def test_slides_of_nbconvert(tmp, offline):
    """A slide for each cell that is marked as one. Pictures are in the file; reveal.js is not."""
    nb = nbformat.read(write_notebook(tmp / "n.ipynb", "1", "2"), 4)
    tutorial = nbformat.read(TUTORIAL, 4)
    figure = next(c for c in tutorial.cells if any("image/svg+xml" in o.get("data", {}) for o in c.get("outputs", [])))
    nb.cells += [figure]
    for c in nb.cells:
        c.metadata.slideshow = {"slide_type": "slide"}
    nbformat.write(nb, tmp / "n.ipynb")
    page = offline(converted(tmp, "slides", tmp / "n.ipynb"))
    assert page.locator(".slides > section > section").count() == 3
    assert [w for w in pictures(page) if w > 300]
    assert any("reveal.js" in url for url in page.away)


def test_pdf_by_the_browser(executed, tmp):
    """The command of docs/editors.md. The pictures are drawn with lines, the text is text."""
    pdf = tmp / "neuron.pdf"
    command = [rig.chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={pdf}",
               executed / "out.html"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and pdf.exists(), done.stderr
    data = pdf.read_bytes()
    (ARTIFACTS / "test_pdf.pdf").write_bytes(data)
    assert data.startswith(b"%PDF-") and b"/Title (Spiking neurons)" in data
    pages = re.findall(rb"/Type /Page\b(?!s)", data)
    assert 8 <= len(pages) <= 25, len(pages)
    assert data.count(b"/FontFile") >= 2, "the text is no text"
    drawn = sum(zlib.decompress(stream).count(b" l\n") for stream in re.findall(rb"/FlateDecode[^>]*>> stream\n(.*?)\nendstream", data, re.S)
                if stream[:1] == b"\x78")
    assert drawn > 500, "lines of three pictures"
