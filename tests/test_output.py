"""What a cell writes: complete, in order, in few messages, without filling the kernel's memory; and displays that change."""
import hashlib
import time

import pytest

import kernel as kernels
from test_display import sequence


@pytest.mark.parametrize("round_", range(3))
def test_stdout_and_stderr_keep_their_order(kernel, round_):
    """They swap places in raw GoNB, from one run to the next."""
    r = kernel.run('for i := range 50 {\n    fmt.Println("out", i)\n    fmt.Fprintln(os.Stderr, "err", i)\n}')
    assert r.ok
    assert sequence(r) == [f"{name} {i}" for i in range(50) for name in ("out", "err")]


def test_everything_keeps_its_order(kernel):
    r = kernel.run("""for i := range 5 {
    fmt.Println("out", i)
    display.Show(neuron.NewIF())
    fmt.Fprintln(os.Stderr, "err", i)
    display.ClearOutput(true)
    println("built in", i)
}
fmt.Print("no end of line")
display.Show("shown")
"the value\"""")
    assert r.ok and r.value == '"the value"'
    turns = [[f"out {i}", "display_data", f"err {i}", "clear_output", f"built in {i}"] for i in range(5)]
    found = []
    for m in r.published[2:-1]:
        found += m["content"]["text"].splitlines() if m["msg_type"] == "stream" else [m["msg_type"]]
    assert found == [x for turn in turns for x in turn] + ["no end of line", "display_data", "execute_result"]


def test_output_of_children(kernel):
    """A child of the cell writes where the cell does."""
    r = kernel.run("""func child() error {
    c := exec.Command("sh", "-c", "echo child; echo its error >&2")
    c.Stdout, c.Stderr = os.Stdout, os.Stderr
    return c.Run()
}
fmt.Println("before")
child()
fmt.Println("after")""")
    assert r.ok and sequence(r) == ["before", "child", "its error", "after"]


def test_output_appears_while_the_cell_runs(kernel):
    cell = kernel.send('fmt.Print("a line without an end")\nfmt.Scanln()\nfmt.Println(" has ended")')
    kernel.wait_output(cell, "a line without an end")
    kernel.asked(cell)
    kernel.client.input("")
    assert kernel.result(cell).text == " has ended\n"


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "50%\r100%\n", "tab\tand \x07bell", "ä 日本語 🧠\n" * 1000, "\n\n\n", " "])
def test_text_stays_as_it_is(kernel, text):
    points = ", ".join(str(ord(c)) for c in text[:10])
    r = kernel.run(f"fmt.Print(strings.Repeat(string([]rune{{{points}}}), 1))" if len(text) < 100 else
                   'fmt.Print(strings.Repeat("ä 日本語 🧠\\n", 1000))')
    assert r.ok and r.text == (text if len(text) >= 100 else text[:10])


def test_runes_are_not_cut(kernel):
    """Written byte by byte, and across the size of a pipe."""
    r = kernel.run('s := []byte(strings.Repeat("🧠é", 30000))\nfor len(s) > 0 {\n    n := min(len(s), 7)\n    os.Stdout.Write(s[:n])\n    s = s[n:]\n}')
    assert r.ok and r.text == "🧠é" * 30000


def test_bytes_that_are_no_text(kernel):
    r = kernel.run('os.Stdout.Write([]byte{65, 255, 254, 66, 10})\nfmt.Println("after")')
    assert r.ok and r.text.startswith("A") and r.text.endswith("B\nafter\n")


def test_a_flood_of_small_writes(kernel, report):
    """100,000 system calls become few messages: a front end that gets one for each is busy for minutes."""
    begin = time.monotonic()
    r = kernel.run("for i := range 100_000 {\n    fmt.Println(i)\n}")
    report(f"100,000 lines: {len(r.outputs)} messages, {time.monotonic() - begin:.2f} s")
    assert r.ok and r.text == "".join(f"{i}\n" for i in range(100_000))
    assert len(r.outputs) < 1000


def test_a_flood_on_both_streams(kernel, report):
    """Changing streams all the time is the hardest for order and number at once."""
    r = kernel.run('for i := range 20_000 {\n    fmt.Println(i)\n    if i%1000 == 0 {\n        fmt.Fprintln(os.Stderr, "err", i)\n    }\n}')
    report(f"20,000 lines with 20 to stderr: {len(r.outputs)} messages")
    want = []
    for i in range(20_000):
        want += [str(i)] + [f"err {i}"] * (i % 1000 == 0)
    assert r.ok and sequence(r) == want


def drain(k, cell, watch):
    """Hashes what a cell prints without keeping it, up to idle; watch() is called now and then."""
    digest, size, n, deadline = hashlib.sha256(), 0, 0, time.monotonic() + 150
    while not kernels.is_status(m := k.published(cell, deadline), "idle"):
        if m["msg_type"] == "stream":
            text = m["content"]["text"].encode()
            digest.update(text)
            size += len(text)
            n += 1
            if n % 50 == 0:
                watch()
    return digest.hexdigest(), size, n


HUGE = """w := bufio.NewWriterSize(os.Stdout, 1<<15)
for i := range 1_000_000 {
    fmt.Fprintf(w, "%099d\\n", i)
}
w.Flush()"""
LIMIT = 150  # MiB that the kernel may take while it passes on 100 MB


@pytest.fixture(scope="module")
def digest_of_huge():
    d = hashlib.sha256()
    for i in range(1_000_000):
        d.update(b"%099d\n" % i)
    return d.hexdigest()


def test_100_mb_of_output(report, digest_of_huge):
    """Neither lost nor kept in memory."""
    with kernels.Kernel() as k:
        assert k.run("1").ok
        before, samples = kernels.memory(k.pid)[0], []
        begin = time.monotonic()
        digest, size, n = drain(k, k.send(HUGE), lambda: samples.append(kernels.memory(k.pid)[0]))
        most = kernels.memory(k.pid)[1]
        report(f"100 MB: {n} messages, {time.monotonic() - begin:.1f} s; memory of the kernel {before:.0f} MiB before, "
               f"{most:.0f} at most, {kernels.memory(k.pid)[0]:.0f} after")
        assert (digest, size) == (digest_of_huge, 100_000_000)
        assert most < LIMIT and samples
        assert k.run("2").value == "2"


def test_100_mb_of_output_to_a_slow_front_end(report, digest_of_huge):
    """One that does not read for a while: nothing is lost, the cell waits for it or the kernel keeps little."""
    with kernels.Kernel() as k:
        assert k.run("1").ok
        cell = k.send(HUGE)
        k.wait_output(cell, "0")
        for _ in range(100):  # it is busy with other things
            k.ask("kernel_info_request")
        # What was read to find "0" is the first chunk; it is run again to compare.
        _, size, n = drain(k, cell, lambda: None)
        assert k.reply(cell, 30)["content"]["status"] == "ok"
        most = kernels.memory(k.pid)[1]
        report(f"100 MB to a slow front end: {n} messages, memory at most {most:.0f} MiB")
        assert 100_000_000 - (1 << 17) <= size <= 100_000_000 and most < LIMIT


def test_clear_output(kernel):
    r = kernel.run('fmt.Println("a")\ndisplay.ClearOutput(true)\nfmt.Println("b")\ndisplay.ClearOutput(false)\nfmt.Println("c")')
    assert r.ok
    kinds = [(m["msg_type"], m["content"].get("wait", m["content"].get("text"))) for m in r.published[2:-1]]
    assert kinds == [("stream", "a\n"), ("clear_output", True), ("stream", "b\n"), ("clear_output", False), ("stream", "c\n")]


def displays(r):
    return [m for m in r.published if m["msg_type"] in ("display_data", "update_display_data")]


def test_a_display_is_updated_by_its_cell_and_by_later_ones(kernel):
    r = kernel.run('live, err := display.ShowLive("one")\nlive.Update("two")\nlive.Update(display.Plot1DSpikes(snn.Ones(3, 2)))')
    assert r.ok, r.errors
    later = kernel.run('live.Update("four")')
    assert later.ok and not later.stderr, "the handle is kept from cell to cell"
    shown = displays(r) + displays(later)
    assert [m["msg_type"] for m in shown] == ["display_data"] + 3 * ["update_display_data"]
    ids = {m["content"]["transient"]["display_id"] for m in shown}
    assert len(ids) == 1 and all(ids)
    assert [m["content"]["data"]["text/plain"] for m in (shown[0], shown[1], shown[3])] == ["one", "two", "four"]
    assert "image/svg+xml" in shown[2]["content"]["data"]


def test_two_displays_have_two_ids(kernel):
    r = kernel.run('a, _ := display.ShowLive("a")\nb, _ := display.ShowLive("b")\na.Update("c")')
    first, second, update = (m["content"]["transient"]["display_id"] for m in displays(r))
    assert first != second and update == first


def test_what_is_shown_once_has_no_id(kernel):
    (m,) = displays(kernel.run('display.Show("once")'))
    assert not m["content"]["transient"]
