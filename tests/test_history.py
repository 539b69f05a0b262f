"""The history: tail, range and search, kept in an SQLite file as IPython keeps it."""
import contextlib
import sqlite3

import pytest

import kernel as kernels

SOURCES = ["fmt.Println(1)", "fmt.Println(22)", "fmt.Println(1)", "word := 3"]


def history(k, **content):
    reply = k.ask("history_request", {"output": False, "raw": True} | content)["content"]
    assert reply["status"] == "ok"
    assert all([type(x) for x in entry[:2]] == [int, int] for entry in reply["history"])
    return reply["history"]


def sources(k, **content):
    return [source for _, _, source in history(k, **content)]


@pytest.fixture
def file(tmp):
    return tmp / "sub" / "history.sqlite"


def start(file):
    return kernels.Kernel(env={"SPIKEBOOK_HISTORY": str(file)})


@pytest.mark.parametrize("where", ["file", "off", ":memory:"])
def test_access_types(file, where):
    with start(file if where == "file" else where) as k:
        for source in SOURCES:
            assert k.run(source).ok
        assert k.run("fmt.Println(0)", store_history=False).ok
        assert k.run("fmt.Println(0)", silent=True).ok
        assert sources(k, hist_access_type="tail", n=2) == SOURCES[-2:]
        assert sources(k, hist_access_type="tail", n=100) == SOURCES
        assert sources(k, hist_access_type="tail", n=0) == []
        assert sources(k, hist_access_type="range", session=0, start=2, stop=4) == SOURCES[1:3]
        assert sources(k, hist_access_type="range", session=0, start=1, stop=1) == []
        assert sources(k, hist_access_type="search", pattern="*Println(?)*", n=10) == [SOURCES[0], SOURCES[2]]
        assert sources(k, hist_access_type="search", pattern="*Println(?)*", n=10, unique=True) == [SOURCES[2]]
        assert sources(k, hist_access_type="search", pattern="*Println(*", n=1) == [SOURCES[2]]
        assert sources(k, hist_access_type="search", pattern="*no such thing*", n=1) == []
        assert sources(k, hist_access_type="search", pattern="Println", n=1) == []  # the whole input has to match
        assert [line for _, line, _ in history(k, hist_access_type="tail", n=9)] == [1, 2, 3, 4]
    assert file.exists() == (where == "file")


def test_outputs(file):
    """With output, an entry holds the value of the last expression."""
    with start(file) as k:
        for source in "20 + 22", "x := 1", "neuron.NewIF()":
            assert k.run(source).ok
        entries = [pair for _, _, pair in history(k, hist_access_type="tail", n=3, output=True)]
        assert entries[:2] == [["20 + 22", "42"], ["x := 1", None]]
        assert "IF" in entries[2][1]


def test_failing_cells_are_kept(file):
    with start(file) as k:
        assert not k.run("undefinedThing()").ok
        assert sources(k, hist_access_type="tail", n=1) == ["undefinedThing()"]


def test_across_sessions(file):
    """What one kernel ran, a later one knows."""
    with start(file) as k:
        assert k.run("first := 1").ok and k.run("ünï := \"🧠\"").ok
    with start(file) as k:
        assert sources(k, hist_access_type="tail", n=10) == ["first := 1", 'ünï := "🧠"']
        assert k.run("second := 2").ok
        assert sources(k, hist_access_type="tail", n=10) == ["first := 1", 'ünï := "🧠"', "second := 2"]
        assert sources(k, hist_access_type="range", session=-1, start=1, stop=3) == ["first := 1", 'ünï := "🧠"']
        assert sources(k, hist_access_type="range", session=0, start=1, stop=10) == ["second := 2"]
        assert sources(k, hist_access_type="search", pattern="*:= ?", n=10) == ["first := 1", "second := 2"]
        old, new = (s for s, line, source in history(k, hist_access_type="tail", n=10) if line == 1)
        assert old < new
        assert sources(k, hist_access_type="range", session=old, start=2, stop=3) == ['ünï := "🧠"']


def test_two_kernels_at_once(file):
    with start(file) as a, start(file) as b:
        for i in range(5):
            assert a.run(f"fmt.Println({i})").ok and b.run(f"fmt.Println({i + 100})").ok
        assert sources(a, hist_access_type="range", session=0, start=1, stop=6) == [f"fmt.Println({i})" for i in range(5)]
        assert sources(b, hist_access_type="range", session=0, start=1, stop=6) == [f"fmt.Println({i + 100})" for i in range(5)]
        assert len(sources(a, hist_access_type="search", pattern="fmt.Println*", n=100)) == 10


def test_the_file_has_ipythons_tables(file):
    with start(file) as k:
        assert k.run("6 * 7").ok
        assert history(k, hist_access_type="tail", n=1)
    with contextlib.closing(sqlite3.connect(file)) as db:
        assert db.execute("select line, source, source_raw from history").fetchall() == [(1, "6 * 7", "6 * 7")]
        ((begin, end),) = db.execute("select start, end from sessions").fetchall()
        assert begin and (end is None or end >= begin)
    assert file.stat().st_mode & 0o077 == 0, "others can read what the user has typed"


def test_a_kernel_that_is_killed_loses_no_more_than_its_last_input(file):
    with start(file) as k:
        for source in SOURCES:
            assert k.run(source).ok
        assert len(history(k, hist_access_type="tail", n=9)) == 4
        k.manager.provisioner.process.kill()
    with start(file) as k:
        assert sources(k, hist_access_type="tail", n=9)[:3] == SOURCES[:3]


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_a_damaged_file_stops_nobody(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    with start(file) as k:
        assert k.run("x := 1").ok
        assert sources(k, hist_access_type="tail", n=9) == ["x := 1"]
