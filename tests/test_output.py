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
    log.Println("log", i)
}
fmt.Print("no end of line")
display.Show("shown")
"the value\"""")
    assert r.ok and r.value == '"the value"'
    turns = [[f"out {i}", "display_data", f"err {i}", "clear_output", f"log {i}"] for i in range(5)]
    found = []
    for m in r.published[2:-1]:
        found += m["content"]["text"].splitlines() if m["msg_type"] == "stream" else [m["msg_type"]]
    found = [x[20:] if " log " in x else x for x in found]  # without date and time
    assert found == [x for turn in turns for x in turn] + ["no end of line", "display_data", "execute_result"]


def test_all_ways_to_standard_error_keep_their_order(kernel):
    ways = ['fmt.Fprintln(w, "writer")', 'l.Print("logger")', 'slog.Warn("slog")', 'os.Stderr.WriteString("method\\n")',
            'io.Copy(os.Stderr, strings.NewReader("copy\\n"))', 'write("function")']
    r = kernel.run("""log.SetFlags(0)
l := log.New(os.Stderr, "", 0)
var w io.Writer = os.Stderr
func write(s string) { fmt.Fprintln(os.Stderr, s) }
for i := range 20 {
""" + "".join(f"    fmt.Println(i)\n    {way}\n" for way in ways) + "}")
    assert r.ok, r.errors
    assert sequence(r) == [x for i in range(20) for word in ("writer", "logger", "WARN slog", "method", "copy", "function") for x in (str(i), word)]


def test_the_built_in_println_is_complete(kernel):
    """The run time writes it, word by word, with no package between: each stream is in order, but not among the other's words."""
    r = kernel.run('for i := range 20 {\n    fmt.Println("out", i)\n    println("built in", i)\n}')
    assert r.ok and [r.text, r.stderr] == ["".join(f"{name} {i}\n" for i in range(20)) for name in ("out", "built in")]


def test_a_flood_of_turns(kernel, report):
    """Streams that take turns without end: complete, in order at first, and no more messages than a Jupyter server passes on."""
    begin = time.monotonic()
    r = kernel.run("""for i := range 10_000 {
    fmt.Println("out", i)
    fmt.Fprintln(os.Stderr, "err", i)
}""")
    report(f"10,000 lines to each stream in turns: {len(r.outputs)} messages, {time.monotonic() - begin:.2f} s")
    assert r.ok and len(r.outputs) < 3000
    found = sequence(r)
    assert [[x for x in found if x.startswith(name)] for name in ("out", "err")] == [[f"{name} {i}" for i in range(10_000)] for name in ("out", "err")]
    assert found[:900] == [f"{name} {i}" for i in range(450) for name in ("out", "err")]


def test_a_flood_of_errors(kernel, report):
    """Each write waits for the kernel; that must not take long."""
    begin = time.monotonic()
    r = kernel.run('for i := range 10_000 {\n    fmt.Fprintln(os.Stderr, i)\n}')
    took = time.monotonic() - begin
    report(f"10,000 lines to stderr: {len(r.outputs)} messages, {took:.2f} s")
    assert r.ok and r.stderr == "".join(f"{i}\n" for i in range(10_000)) and len(r.outputs) < 200 and took < 3


def test_output_of_children(kernel):
    """A child of the cell writes where the cell does. Its own two streams are two pipes, which have no order."""
    r = kernel.run("""func child() error {
    c := exec.Command("sh", "-c", "echo child; echo its error >&2")
    c.Stdout, c.Stderr = os.Stdout, os.Stderr
    return c.Run()
}
fmt.Println("before")
child()
fmt.Println("after")""")
    assert r.ok and [x for x in sequence(r) if x != "its error"] == ["before", "child", "after"] and r.stderr == "its error\n"


def test_output_appears_while_the_cell_runs(kernel):
    cell = kernel.send('fmt.Print("a line without an end")\nfmt.Scanln()\nfmt.Println(" has ended")')
    kernel.wait_output(cell, "a line without an end")
    kernel.asked(cell)
    kernel.client.input("")
    assert kernel.result(cell).text == " has ended\n"


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "50%\r100%\n", "tab\tand \x07bell", "ä 日本語 🧠\n", "\n\n\n", " ", "x" * 100_000])
def test_text_stays_as_it_is(kernel, text):
    runes = ", ".join(str(ord(c)) for c in text[:20])
    r = kernel.run(f"fmt.Print(strings.Repeat(string([]rune{{{runes}}}), {len(text) // len(text[:20])}))")
    assert r.ok and r.text == text


def test_runes_are_not_cut(kernel):
    """Written byte by byte, and across the size of a pipe."""
    r = kernel.run("""s := []byte(strings.Repeat("🧠é", 30000))
for len(s) > 0 {
    n := min(len(s), 7)
    os.Stdout.Write(s[:n])
    s = s[n:]
}""")
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
    r = kernel.run("""for i := range 20_000 {
    fmt.Println(i)
    if i%1000 == 0 {
        fmt.Fprintln(os.Stderr, "err", i)
    }
}""")
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


def test_100_mb_of_output_to_a_slow_front_end(report):
    """One that does not read for a while: nothing is lost, the cell waits for it or the kernel keeps little."""
    with kernels.Kernel() as k:
        assert k.run("1").ok
        cell = k.send(HUGE)
        first = k.wait_output(cell, "0")
        for _ in range(100):  # it is busy with other things
            k.ask("kernel_info_request")
        _, size, n = drain(k, cell, lambda: None)
        size += sum(len(m["content"]["text"]) for m in first if m["msg_type"] == "stream")
        assert k.reply(cell, 30)["content"]["status"] == "ok"
        most = kernels.memory(k.pid)[1]
        report(f"100 MB to a slow front end: {n} messages, memory at most {most:.0f} MiB")
        assert size == 100_000_000 and most < LIMIT


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
