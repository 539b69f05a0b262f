"""Completion and inspection: from the first second, while a cell runs, with what the session holds. Raw GoNB answers the first
Tab after 12 s; JupyterLab waits one."""
import time

import pytest

import kernel as kernels

ENDLESS = 'fmt.Println("started")\nfor {\n}'
TAB = 3  # seconds: one is what JupyterLab waits, and what is printed should be below it; other programs share this machine


@pytest.fixture(scope="module")
def session(kernel):
    """The shared kernel after some cells."""
    assert kernel.run("""layer := neuron.NewLIF(neuron.StepMode("m"))
// Reading is one line of a log.
type Reading struct {
    Volt, Amp float64
    note string
}
// Power is volt times ampere.
func (r Reading) Power() float64 { return r.Volt * r.Amp }
// average of the powers.
func average(rs []Reading, weight float64) float64 { return weight }
reading := Reading{Volt: 2, Amp: 3}
table := map[string][]Reading{"a": {reading}}""").ok
    return kernel


def typed(content):
    """{name: (type, signature)} of the entries."""
    entries = content["metadata"]["_jupyter_types_experimental"]
    assert [e["text"] for e in entries] == content["matches"]
    assert all((e["start"], e["end"]) == (content["cursor_start"], content["cursor_end"]) for e in entries)
    return {e["text"]: (e["type"], e.get("signature", "")) for e in entries}


def test_first_tab(report):
    """The first request of all, before any cell."""
    with kernels.Kernel() as k:
        begin = time.monotonic()
        content = k.complete("neuron.New")
        first = time.monotonic() - begin
        found = k.inspect("neuron.NewLIF(")
        second = time.monotonic() - begin - first
    report(f"first completion {first:.2f} s, first inspection {second:.2f} s after the kernel was ready")
    assert content["status"] == "ok" and {"New", "NewIF", "NewLIF"} <= set(content["matches"])
    assert found["found"] and first < TAB and second < TAB


def test_while_a_cell_runs(session):
    cell = session.send(ENDLESS)
    session.wait_output(cell, "started")
    try:
        begin = time.monotonic()
        assert "Forward" in session.complete("layer.")["matches"]
        assert session.inspect("layer.Forward")["found"]
        assert time.monotonic() - begin < TAB
    finally:
        session.interrupt()
        assert session.result(cell).errors


@pytest.mark.parametrize("code, some, none", [
    ("neuron.New", {"New", "NewIF", "NewLIF"}, {"Tau"}),
    ("neuron.NewLIF(neuron.T", {"Tau"}, {"NewLIF"}),
    ("layer.", {"Forward", "Reset", "V", "VSeq"}, set()),
    ("layer.Fo", {"Forward"}, {"Reset"}),
    ("reading.", {"Volt", "Amp", "Power", "note"}, set()),  # also what is not exported: the user's own
    ('table["a"][0].', {"Volt", "Power"}, set()),
    ("layer.Forward(snn.Full(1.2, 50, 1)).", {"Shape", "Data"}, {"Forward"}),
    ("aver", {"average"}, set()),
    ("read", {"reading"}, set()),
    ("Read", {"Reading"}, set()),
    ("local := 1\nloc", {"local"}, set()),
    ("for index := range 3 {\n    ind", {"index"}, set()),
    ("fmt.Println(rea", {"reading"}, set()),
    ("strings.ToU", {"ToUpper", "ToUpperSpecial"}, {"ToLower"}),
    ("fo", {"for"}, set()),
    ("r := Reading{Vo", {"Volt"}, set()),
    ("%se", {"%session"}, set()),
    ("%%\nfmt.Printl", {"Println"}, set()),
    ("var broken int = \"\"\nfunc (\nlayer.Fo", {"Forward"}, set()),
])
def test_completion(session, code, some, none):
    found = set(session.complete(code)["matches"])
    assert some <= found, found
    assert not none & found
    assert not [m for m in found if m.endswith("__")], "names of ours"


def test_completion_replaces_what_is_typed(session):
    content = session.complete("layer.Forw")
    assert (content["matches"], content["cursor_start"], content["cursor_end"]) == (["Forward"], 6, 10)


def test_nothing_to_complete(session):
    content = session.complete("layer.NoSuchMethod")
    assert content["status"] == "ok" and content["matches"] == []
    assert session.complete('"in a string: layer.Fo')["matches"] == []
    assert session.complete("// in a comment: layer.Fo")["matches"] == []


@pytest.mark.parametrize("before", ["", 's := "😀"\n', 's, t := "😀🎉é", "\u0301𝔊"; ', "/* 日本語 🧠 */ "])
@pytest.mark.parametrize("after", ["", '\nu := "🧠"'])
def test_cursors_count_code_points(session, before, after):
    """Since protocol 5.2: not bytes, and not the UTF-16 units of a browser."""
    code = before + "strings.ToUpp" + after
    cursor = len(before) + len("strings.ToUpp")
    content = session.complete(code, cursor)
    assert content["matches"] == ["ToUpper", "ToUpperSpecial"]
    assert (content["cursor_start"], content["cursor_end"]) == (len(before) + len("strings."), cursor)
    assert "ToUpper" in str(session.inspect(before + "strings.ToUpper" + after, cursor)["data"])


def test_types_of_entries(session):
    assert typed(session.complete("neuron.NewLIF")) == {"NewLIF": ("function", "(options ...neuron.Option) *neuron.Layer")}
    entries = typed(session.complete("reading."))
    assert entries["Power"] == ("function", "() float64")
    assert entries["Volt"][0] != "function" and "float64" in entries["Volt"][1]
    kinds = {name: typed(session.complete(name))[name][0] for name in ("reading", "Reading", "neuron", "for")}
    assert len(set(kinds.values())) == 4, kinds  # a variable, a type, a package, a keyword


@pytest.mark.parametrize("cursor", [-5, 1000])
def test_cursor_out_of_range(session, cursor):
    assert session.complete("layer.", cursor)["status"] == "ok"
    assert session.inspect("layer.", cursor)["status"] == "ok"


@pytest.mark.parametrize("code, words", [
    ("neuron.NewLIF", ["func neuron.NewLIF(options ...neuron.Option) *neuron.Layer", "LIF neurons", "tau is 2"]),
    ("neuron.NewLIF(", ["func neuron.NewLIF(", "LIF neurons"]),  # where Shift-Tab is pressed
    ("neuron.NewLIF(neuron.Tau(2), ", ["func neuron.NewLIF("]),
    ("layer.Forward", ["Forward(", "*snn.Tensor"]),
    ("layer", ["layer", "*neuron.Layer"]),
    ("reading.Volt", ["Volt", "float64"]),
    ("reading.Power", ["Power() float64", "Power is volt times ampere."]),
    ("average", ["average(rs []Reading, weight float64) float64", "average of the powers."]),
    ("Reading", ["type Reading struct", "Volt", "Reading is one line of a log."]),
    ("fmt.Println", ["func fmt.Println(a ...any) (n int, err error)", "Println formats"]),
    ("%session", ["%session"]),
])
def test_inspection(session, code, words):
    content = session.inspect(code)
    assert content["status"] == "ok" and content["found"]
    assert {"text/plain", "text/markdown"} <= set(content["data"])
    for word in words:
        assert word in content["data"]["text/plain"]


def test_inspection_in_the_middle_of_a_name(session):
    assert "Println formats" in session.inspect("fmt.Println(layer)", 6)["data"]["text/plain"]
    assert "*neuron.Layer" in session.inspect("fmt.Println(layer)", 14)["data"]["text/plain"]


def test_more_detail_is_the_source(session):
    little, more = (session.inspect("average", detail=d)["data"]["text/plain"] for d in (0, 1))
    assert "return weight" in more and "return weight" not in little


@pytest.mark.parametrize("code", ["noSuchName", "", "   ", "for {", "x :=", '"text"', "layer.NoSuchMethod"])
def test_nothing_to_inspect(session, code):
    content = session.inspect(code, len(code))
    assert content == {"status": "ok", "found": False, "data": {}, "metadata": {}}


def test_a_failed_cell_leaves_no_names(session):
    assert not session.run("ghost := 1\npanic(ghost)").ok
    assert session.complete("gho")["matches"] == []


def test_a_new_type_counts(session):
    assert session.run("reading := \"now a text\"").ok
    assert session.complete("reading.")["matches"] == []
    assert "string" in session.inspect("reading")["data"]["text/plain"]
