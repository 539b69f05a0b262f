"""Interrupting, at any stage of a cell: analysis, compilation, run, its children, shell lines, cells that wait. Each stops within
half a second, on a machine that has nothing else to do; the kernel stays usable and every value is as it was before the cell."""
import signal
import time
import uuid

import pytest

import kernel as kernels

ENDLESS = 'fmt.Println("started")\nfor {\n}'
DEMAND = 0.5  # seconds
MARGIN = 1.5  # for other programs on this machine; what was measured is printed


@pytest.fixture
def keeps(kernel):
    """A value that no interrupt may change, and a check of that and of the kernel."""
    assert kernel.run('kept := []int{1, 2, 3}\nnote := "as it was"').ok
    yield
    r = kernel.run('fmt.Sprint(kept) + " " + note')
    assert r.ok and r.value == '"[1 2 3] as it was"', (r.value, r.errors)


def stopped(k, cell, begin, report, what, demand=DEMAND):
    """Waits for the end of an interrupted cell and checks what holds for each."""
    try:
        r = k.result(cell, 30)
    except TimeoutError:
        k.interrupt()  # for the tests behind this one
        raise
    took = time.monotonic() - begin
    report(f"interrupt: {what}: {took:.2f} s")
    assert took < demand + MARGIN
    assert r.reply["content"]["status"] == "error" and len(r.errors) == 1, r.errors
    assert "interrupt" in (r.errors[0]["evalue"] + r.errors[0]["ename"]).lower()
    assert "signal" not in r.stderr and "exit status" not in r.stderr  # said once, by the error: raw GoNB says it twice
    return r


def heavy():
    """A cell whose compilation takes seconds, and that no cache holds: it has names that were never used before."""
    name = "f" + uuid.uuid4().hex
    body = "(m map[string]int) (s string) { for k, v := range m { s += fmt.Sprint(k, v+len(s)) }; return s }"
    functions = "\n".join(f"func {name}_{i}{body}" for i in range(3000))
    calls = "\n".join(f"s += {name}_{i}(nil)" for i in range(3000))
    return f'import "net/http"\n{functions}\nfunc {name}() string {{\ns := http.StatusText(200)\n{calls}\nreturn s\n}}\n{name}()'


def compilers(k):
    return [c for c in kernels.descendants(k.pid).values() if c.partition(" ")[0].endswith(("/compile", "/link", "/asm"))]


@pytest.mark.parametrize("code", [
    ENDLESS,
    'fmt.Println("started")\ntime.Sleep(time.Hour)',
    'fmt.Println("started")\nc := make(chan int)\ntime.AfterFunc(time.Hour, func() { c <- 1 })\n<-c',
    'fmt.Println("started")\nkept[0] = 9\nnote = "changed"\nfor { kept = append(kept, 1)[:1] }',
    'fmt.Println("started")\nfor range 4 {\n    go func() { for {} }()\n}\nfor {}',
    'fmt.Println("started")\nfor { fmt.Println("flood") }',
    '%%\nfmt.Println("started")\nfor {\n}',
], ids=["loop", "sleep", "channel", "values", "goroutines", "flood", "%%"])
def test_a_running_cell(kernel, keeps, report, code):
    cell = kernel.send(code)
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    kernel.interrupt()
    stopped(kernel, cell, begin, report, code.splitlines()[-1])


def test_a_program_that_ignores_the_signal(kernel, keeps, report):
    cell = kernel.send('signal.Ignore(os.Interrupt)\nkept[0] = 9\nfmt.Println("started")\nfor {\n}')
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    kernel.interrupt()
    stopped(kernel, cell, begin, report, "a program that ignores the signal")


def test_the_second_interrupt_kills_hard(kernel, keeps, report):
    """As an impatient user: it is not waited whether the program ends itself."""
    cell = kernel.send('signal.Ignore(os.Interrupt)\nfmt.Println("started")\nfor {\n}')
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    kernel.interrupt()
    kernel.interrupt()
    stopped(kernel, cell, begin, report, "the second time", demand=0.3)


def test_a_program_that_tidies_up(kernel, keeps, report):
    """One that catches the signal has its moment."""
    cell = kernel.send("""stop := make(chan os.Signal, 1)
signal.Notify(stop, os.Interrupt)
fmt.Println("started")
<-stop
fmt.Println("tidied up")""")
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    kernel.interrupt()
    assert "tidied up\n" in stopped(kernel, cell, begin, report, "a program that tidies up").text


def test_compilation(kernel, keeps, report, tmp):
    """The compiler is at work, the cell's program has not begun: it must not run afterwards, and is not remembered."""
    proof = tmp / "ran"
    cell = kernel.send(heavy() + f'\nos.WriteFile("{proof}", nil, 0o600)\nghost := 1')
    kernels.wait_until(lambda: compilers(kernel), 60, "no compiler was seen", pause=0.01)
    begin = time.monotonic()
    kernel.interrupt()
    stopped(kernel, cell, begin, report, "the compiler")
    kernels.wait_until(lambda: not compilers(kernel), 2, lambda: f"still at work: {compilers(kernel)}")
    assert not proof.exists()
    assert "undefined: ghost" in str(kernel.run("ghost").errors)


@pytest.mark.parametrize("after", [0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
def test_whatever_it_does_then(kernel, keeps, report, after):
    """Some time after the kernel got the cell, wherever it is: parsing, checking, compiling, linking, starting, running. (An
    interrupt that overtakes its cell, on the other channel, finds nothing to stop.)"""
    cell = kernel.send(heavy().rpartition("\n")[0] + "\nkept[0] = 9\nfor {\n}")
    begin = time.monotonic()
    assert kernels.is_status(kernel.published(cell, begin + 10), "busy")
    begin = time.monotonic()
    kernels.wait_until(lambda: time.monotonic() - begin >= after, 10, "time stands still", pause=0.005)
    begin = time.monotonic()
    kernel.interrupt()
    stopped(kernel, cell, begin, report, f"{after} s after it came")


@pytest.mark.parametrize("code, child", [
    ('fmt.Println("started")\nexec.Command("sleep", "654331").Run()', "sleep 654331"),
    ('fmt.Println("started")\nexec.Command("sh", "-c", "trap \'\' INT; sleep 654332 & wait; sleep 654332").Run()', "sleep 654332"),
    ("!echo started; sleep 654333", "sleep 654333"),
    ("%%bash\necho started\nsleep 654334", "sleep 654334"),
], ids=["child", "deaf", "!", "%%bash"])
def test_children(kernel, keeps, report, code, child):
    """What a cell has started ends with it."""
    def alive():
        return [c for c in kernels.descendants(kernel.pid).values() if c == child]

    cell = kernel.send(code)
    kernel.wait_output(cell, "started")
    kernels.wait_until(alive, 20, "the child has not begun", pause=0.01)
    begin = time.monotonic()
    kernel.interrupt()
    stopped(kernel, cell, begin, report, child)
    kernels.wait_until(lambda: not [p for p, (_, _, c) in kernels.processes().items() if c == child], 2, f"{child} still runs")


def test_waiting_cells_are_aborted(kernel, keeps):
    cell = kernel.send(ENDLESS)
    waiting = [kernel.send("kept[0] = 9") for _ in range(2)]
    kernel.wait_output(cell, "started")
    kernel.interrupt()
    assert kernel.result(cell).reply["content"]["status"] == "error"
    for w in waiting:
        r = kernel.result(w)
        assert r.reply["content"]["status"] == "aborted" and r.outputs == []


def test_by_signal(kernel, keeps, report):
    """What a kernel gets from Ctrl-C in a terminal."""
    cell = kernel.send(ENDLESS)
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    kernel.manager.provisioner.process.send_signal(signal.SIGINT)
    stopped(kernel, cell, begin, report, "by SIGINT")


def test_idle_kernel_takes_no_harm(kernel, keeps):
    kernel.interrupt()
    kernel.manager.provisioner.process.send_signal(signal.SIGINT)
    kernel.ask("kernel_info_request")
    time.sleep(0.5)  # the kernel is told of a signal beside its messages: by now it has been, and the cell is safe
    result = kernel.run('fmt.Println("fine")')
    assert result.text == "fine\n", result


def test_an_interrupt_does_not_hit_the_next_cell(kernel, keeps):
    for i in range(10):
        deaf = "signal.Ignore(os.Interrupt)\n" * (i % 2)
        cell = kernel.send(deaf + ENDLESS)
        kernel.wait_output(cell, "started")
        kernel.interrupt()
        assert kernel.result(cell, 30).errors
        r = kernel.run(f"time.Sleep(30 * time.Millisecond)\nlen(kept) + {i}")
        assert r.ok and r.value == str(3 + i), (i, r.errors)


def test_many_interrupts(kernel, keeps):
    """A user who hammers on the button; the next cell is not hit by the last of them."""
    cell = kernel.send(ENDLESS)
    kernel.wait_output(cell, "started")
    for _ in range(20):
        kernel.interrupt()
    assert kernel.result(cell, 30).errors
    assert kernel.run("20 + 22").value == "42"
