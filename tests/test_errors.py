"""A cell that fails: exactly one error output, status error, and the next cell works."""
import os
import re

import pytest

import kernel as kernels


def check(kernel, r):
    """What holds for every failed cell. Returns the one error."""
    assert r.reply["content"]["status"] == "error"
    assert len(r.errors) == 1, r.errors
    error = r.errors[0]
    assert r.outputs[-1]["msg_type"] == "error"
    assert error["traceback"] and error["ename"] + error["evalue"]
    for key in "ename", "evalue", "traceback":
        assert r.reply["content"][key] == error[key]
    after = kernel.run('%%\nfmt.Println("still here")')
    assert after.ok and after.text == "still here\n"
    return error


def shown(error):
    """The error as a front end shows it, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))


def test_compile_error(kernel):
    error = check(kernel, kernel.run('%%\nfmt.Println("fine")\nundefinedThing()'))
    text = shown(error)
    assert "undefined: undefinedThing" in text
    assert "3:1" in text or "line 3" in text, text  # the user's own line


def test_compile_error_prints_nothing(kernel):
    r = kernel.run('%%\nfmt.Println("never")\nvar x int = "s"')
    assert r.text == "" and r.stderr == ""
    check(kernel, r)


def test_syntax_error(kernel):
    check(kernel, kernel.run("%%\nfor {{{"))


def test_broken_declaration_does_not_stick(kernel):
    check(kernel, kernel.run("func broken() int { return \"text\" }"))


def test_panic(kernel):
    r = kernel.run('%%\nfmt.Println("before")\nvar s []int\nfmt.Println(s[3])')
    assert r.text == "before\n"
    error = check(kernel, r)
    text = shown(error)
    assert "index out of range [3] with length 0" in text
    assert "goroutine" not in text or "s[3]" in text  # the place in the user's words


def test_typed_panic_of_a_neuron(kernel):
    error = check(kernel, kernel.run("%%\nlayer := neuron.NewIF()\nlayer.Forward(snn.Rand(2, 3))\nlayer.Forward(snn.Rand(4, 5, 6))"))
    text = shown(error)
    assert "Reset()" in text and "[2 3]" in text.replace(",", "") and "[4 5 6]" in text.replace(",", "")


def test_exit(kernel):
    error = check(kernel, kernel.run("%%\nos.Exit(3)"))
    assert "3" in error["evalue"]


def test_killed_program(kernel):
    check(kernel, kernel.run("%%\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)\ntime.Sleep(time.Hour)"))


def test_exit_zero_is_no_error(kernel):
    r = kernel.run('%%\nfmt.Println("enough")\nos.Exit(0)')
    assert r.ok and r.text == "enough\n"


def test_output_before_an_error_is_kept(kernel):
    r = kernel.run('%%\nfor i := range 1000 {\n    fmt.Println("line", i)\n}\nos.Exit(3)')
    assert r.text == "".join(f"line {i}\n" for i in range(1000))
    check(kernel, r)


def test_much_output(kernel):
    r = kernel.run('%%\nfor i := range 20000 {\n    fmt.Println(i)\n}')
    assert r.ok and r.text == "".join(f"{i}\n" for i in range(20000))


def test_error_stops_the_cells_behind_it(kernel):
    ids = [kernel.send(code) for code in ("%%\nundefinedThing()", '%%\nfmt.Println("must not run")', '%%\nfmt.Println("nor this")')]
    results = [kernel.result(i) for i in ids]
    assert [r.reply["content"]["status"] for r in results] == ["error", "aborted", "aborted"]
    assert all(r.outputs == [] for r in results[1:])
    assert kernel.run('%%\nfmt.Println("after")').ok


def test_stop_on_error_false(kernel):
    ids = [kernel.send(code, stop_on_error=False) for code in ("%%\nundefinedThing()", '%%\nfmt.Println("runs")')]
    bad, good = (kernel.result(i) for i in ids)
    assert bad.reply["content"]["status"] == "error"
    assert good.ok and good.text == "runs\n"


@pytest.mark.parametrize("victim", ["gonb", "supervise"])
def test_death_of_gonb(victim):
    """The running cell fails with a clear error, the next one runs on a new GoNB."""
    with kernels.Kernel() as k:
        cell = k.send('%%\nfmt.Println("started")\ntime.Sleep(time.Hour)')
        k.wait_output(cell, "started")

        def find():
            return [p for p, command in kernels.descendants(k.pid).items()
                    if p != k.pid and (victim in command.split()[0].split("/")[-1] or victim in command.split()[1:2])]

        pids = find()
        assert pids, kernels.descendants(k.pid)

        os.kill(pids[0], 9)
        r = k.result(cell, 30)
        assert r.reply["content"]["status"] == "error" and len(r.errors) == 1
        text = shown(r.errors[0])
        assert "GoNB" in text and "started again" in text and "Declarations" in text, text
        after = k.run('%%\nfmt.Println("alive")')
        assert after.ok and after.text == "alive\n", after.errors
