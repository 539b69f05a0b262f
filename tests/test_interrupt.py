"""Interrupting: an endless loop, a compilation, a shell command, cells that wait."""
import signal
import time

import kernel as kernels

ENDLESS = '%%\nfmt.Println("started")\nfor {\n}'


def interrupt(k):
    reply = k.ask("interrupt_request", channel="control")
    assert reply["msg_type"] == "interrupt_reply" and reply["content"]["status"] == "ok"


def check(k, r, begin, limit=10):
    assert time.monotonic() - begin < limit
    assert r.reply["content"]["status"] == "error" and len(r.errors) == 1, r.errors
    assert "interrupt" in r.errors[0]["evalue"].lower() + r.errors[0]["ename"].lower()
    after = k.run('%%\nfmt.Println("next")')
    assert after.ok and after.text == "next\n"


def test_endless_loop(kernel):
    cell = kernel.send(ENDLESS)
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    interrupt(kernel)
    check(kernel, kernel.result(cell), begin)


def test_program_that_ignores_the_signal(kernel):
    cell = kernel.send('%%\nsignal.Ignore(os.Interrupt)\nfmt.Println("started")\ntime.Sleep(time.Hour)')
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    interrupt(kernel)
    interrupt(kernel)  # as an impatient user: the second one kills
    check(kernel, kernel.result(cell), begin)


def test_during_compilation(kernel, tmp):
    """The go tool is at work, the cell's program has not begun: it must not run afterwards."""
    proof = tmp / "ran"
    # A package that is not in any cache: a large constant table of its own takes the compiler a while.
    table = ",\n".join(f'"{i}": "{i * 7919 % 100003}-{time.time_ns()}"' for i in range(30000))
    cell = kernel.send(f'var table = map[string]string{{\n{table},\n}}\n%%\nos.WriteFile("{proof}", nil, 0o600)\nfmt.Println(len(table))')

    def compiling():
        return [c for c in kernels.descendants(kernel.pid).values() if c.split()[0].endswith(("/compile", "/link"))]

    kernels.wait_until(compiling, 60, "no compiler was seen")
    begin = time.monotonic()
    interrupt(kernel)
    check(kernel, kernel.result(cell), begin, 15)
    assert not proof.exists()


def test_shell_command(kernel):
    cell = kernel.send("!echo started; sleep 300")
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    interrupt(kernel)
    check(kernel, kernel.result(cell), begin)
    assert not [c for c in kernels.descendants(kernel.pid).values() if c == "sleep 300"]


def test_waiting_cells_are_aborted(kernel):
    cell = kernel.send(ENDLESS)
    waiting = [kernel.send('%%\nfmt.Println("must not run")') for _ in range(2)]
    kernel.wait_output(cell, "started")
    interrupt(kernel)
    assert kernel.result(cell).reply["content"]["status"] == "error"
    for w in waiting:
        r = kernel.result(w)
        assert r.reply["content"]["status"] == "aborted" and r.outputs == []
    assert kernel.run('%%\nfmt.Println("next")').ok


def test_by_signal(kernel):
    """What a kernel gets from Ctrl-C in a terminal."""
    cell = kernel.send(ENDLESS)
    kernel.wait_output(cell, "started")
    begin = time.monotonic()
    kernel.manager.provisioner.process.send_signal(signal.SIGINT)
    check(kernel, kernel.result(cell), begin)


def test_idle_kernel_takes_no_harm(kernel):
    interrupt(kernel)
    kernel.manager.provisioner.process.send_signal(signal.SIGINT)
    kernel.ask("kernel_info_request")  # the signal has arrived by then, and cannot hit the cell
    assert kernel.run('%%\nfmt.Println("fine")').text == "fine\n"
