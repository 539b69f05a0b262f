"""Pictures from cells: their place among the printed lines, their forms, and files."""
import base64

import pytest


def sequence(r):
    """What came in which order: each printed line, each picture."""
    found = []
    for m in r.outputs:
        if m["msg_type"] == "stream":
            found += m["content"]["text"].splitlines()
        else:
            found.append(m["msg_type"])
    return found


@pytest.mark.parametrize("round_", range(3))
def test_pictures_keep_their_place_among_printed_lines(kernel, round_):
    r = kernel.run('for i := range 10 {\n    fmt.Println("before", i)\n    display.Show(neuron.NewIF())\n    fmt.Println("after", i)\n}')
    assert r.ok
    assert sequence(r) == [x for i in range(10) for x in (f"before {i}", "display_data", f"after {i}")]


def test_picture_at_the_end_of_a_failing_cell(kernel):
    r = kernel.run('fmt.Println("before")\ndisplay.Plot1DSpikes(snn.Ones(3, 2)).Show()\npanic("late")')
    assert not r.ok and len(r.errors) == 1
    assert sequence(r) == ["before", "display_data", "error"]


def test_forms_of_a_figure(kernel):
    (m,) = kernel.run("display.Plot1DSpikes(snn.Ones(3, 2)).Show()").outputs
    data = m["content"]["data"]
    assert set(data) == {"image/svg+xml", "image/png", "text/plain"}
    assert data["image/svg+xml"].lstrip().startswith("<") and "<svg" in data["image/svg+xml"][:300]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "2 neurons" in data["text/plain"] and "6 spikes" in data["text/plain"]


def test_a_figure_with_very_many_marks_is_a_png_and_says_so(kernel):
    (m,) = kernel.run("display.Plot2DHeatmap(snn.Rand(1000, 1000)).Show()").outputs
    data = m["content"]["data"]
    assert set(data) == {"image/png", "text/plain"} and "PNG" in data["text/plain"]


@pytest.mark.parametrize("form, magic", [("svg", b"<"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_save(kernel, tmp, form, magic):
    r = kernel.run(f'fmt.Println(display.Plot1DSpikes(snn.Ones(3, 2)).Save("{tmp}/s.{form}"))')
    assert r.text == "<nil>\n"
    assert (tmp / f"s.{form}").read_bytes().startswith(magic)
    assert [p.name for p in tmp.iterdir()] == [f"s.{form}"]


@pytest.mark.parametrize("path, word", [("s.gif", "gif"), ("none/s.svg", "none")])
def test_save_that_fails_says_why(kernel, tmp, path, word):
    r = kernel.run(f'fmt.Println(display.Plot1DSpikes(snn.Ones(3, 2)).Save("{tmp}/{path}"))')
    assert r.ok and "<nil>" not in r.text and word in r.text
    assert list(tmp.iterdir()) == []


def test_wrong_shape_is_an_error_of_the_cell(kernel):
    r = kernel.run("display.Plot1DSpikes(snn.Ones(3)).Show()")
    assert len(r.errors) == 1 and "Plot1DSpikes" in str(r.errors[0]) and "[T, N]" in str(r.errors[0])
    assert "goroutine" not in str(r.errors[0])


def test_show_of_other_values(kernel):
    r = kernel.run('display.Show("some text")\ndisplay.Show(snn.Ones(2, 2))\ndisplay.Show(42)')
    assert r.ok and not r.stderr
    said = str([m["content"] for m in r.outputs])
    assert "some text" in said and "42" in said and "2" in said
