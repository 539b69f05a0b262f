"""A cell that fails: exactly one error output, status error, and the next cell works."""
import os
import re
import time

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
    after = kernel.run('fmt.Println("still here")')
    assert after.ok and after.text == "still here\n"
    return error


def shown(error):
    """The error as a front end shows it, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))


@pytest.mark.parametrize("above, line", [("", 2), ("%%\n", 3), ("// a comment\n\n", 4), ('import "strings"\n', 3), ("!true\n", 3)])
def test_compile_error(kernel, above, line):
    """At the user's line and column, with the line and a caret; no line of ours, no path."""
    text = shown(check(kernel, kernel.run(above + 'fmt.Println("fine")\n  undefinedThing()')))
    assert f"line {line}:3: undefined: undefinedThing\n      undefinedThing()\n      ^" in text, text
    assert "/" not in text and "__" not in text and "main.go" not in text


def test_all_compile_errors_at_once(kernel):
    error = check(kernel, kernel.run('var a int = "s"\nneuron.NewLif()\nb := nothing\nsnn.Fulll(1.0, 3)\nfmt.println(a, b)'))
    text = shown(error)
    for line, words in enumerate(['cannot use "s"', "did you mean NewLIF?", "undefined: nothing", "did you mean Full?", "fmt.println"], 1):
        assert f"line {line}:" in text and words in text, text
    assert "and 4 more" in error["evalue"]


def test_column_behind_wide_characters(kernel):
    """The caret stands below the mistake."""
    lines = shown(check(kernel, kernel.run('s := "äöü"; undefinedThing(s)'))).splitlines()
    source = next(i for i, line in enumerate(lines) if line.startswith("    s :="))
    assert lines[source + 1].index("^") == lines[source].index("undefinedThing")


def test_compile_errors_are_found_at_once(kernel, report):
    """Before GoNB or a compiler is asked: the demand is 50 ms."""
    kernel.run("undefinedThing()")
    begin = time.monotonic()
    check_ = kernel.run("layer := neuron.NewLIF()\nlayer.Forwards(snn.Full(1.2, 3))")
    took = time.monotonic() - begin
    report(f"compile error: {1000 * took:.0f} ms")
    assert "did you mean Forward?" in str(check_.errors) and took < 1


def test_compile_error_prints_nothing(kernel):
    r = kernel.run('fmt.Println("never")\nvar x int = "s"')
    assert r.text == "" and r.stderr == ""
    check(kernel, r)


@pytest.mark.parametrize("code", ["x := 3", "var unused int", 'import "os/user"', "x := 1\n{\n    y := 2\n}", "for i, v := range []int{1} {\n}"])
def test_unused_names_are_no_error(kernel, code):
    assert kernel.run(code).ok


def test_syntax_error(kernel):
    check(kernel, kernel.run("for {{{"))


def test_broken_declaration_does_not_stick(kernel):
    check(kernel, kernel.run("func broken() int { return \"text\" }"))


def test_panic(kernel):
    r = kernel.run('fmt.Println("before")\nvar s []int\nfmt.Println(s[3])')
    assert r.text == "before\n"
    error = check(kernel, r)
    text = shown(error)
    assert "index out of range [3] with length 0" in text
    assert "line 3" in text and "    s[3]" in text or "    fmt.Println(s[3])" in text  # the place in the user's words
    assert "goroutine" not in text and ".go:" not in text and "__" not in text


def test_trace_of_a_panic(kernel):
    """The user's lines, through a function of an earlier cell, and none of ours or of the library."""
    assert kernel.run("func at(s []int, i int) int {\n    return s[i]\n}").ok
    text = shown(check(kernel, kernel.run("x := 1\nfmt.Println(at(nil, x))")))
    assert "    return s[i]" in text and "    fmt.Println(at(nil, x))" in text and "line 2" in text, text
    assert text.index("return s[i]") < text.index("at(nil, x)")  # the place first, then who called
    assert ".go:" not in text and "__" not in text and "session" not in text


def test_a_dropped_error_fails_the_cell(kernel):
    error = check(kernel, kernel.run('layer := neuron.NewIF()\nlayer.SetStepMode("q")\nfmt.Println("not reached")'))
    assert "step mode" in error["evalue"] and 'layer.SetStepMode("q")' in shown(error)
    error = check(kernel, kernel.run('os.ReadFile("/no/such/file")'))
    assert "no such file" in error["evalue"]
    assert kernel.run('_, err := os.ReadFile("/no/such/file")\nerr != nil').value == "true"  # one that is taken does not


@pytest.mark.parametrize("end", ['panic("late")', "os.Exit(3)", "syscall.Kill(os.Getpid(), syscall.SIGKILL)\nselect {}", 'os.ReadFile("/no/such/file")',
                                 "undefinedThing()"])
def test_values_are_as_before_a_failed_cell(kernel, end):
    assert kernel.run('value := 1\nmap_ := map[string]int{"a": 1}').ok
    assert not kernel.run('value = 2\nmap_["a"] = 2\nnewcomer := 3\n' + end).ok
    assert kernel.run('value + map_["a"]').value == "2"
    assert "undefined: newcomer" in str(kernel.run("newcomer").errors)


def test_typed_panic_of_a_neuron(kernel):
    error = check(kernel, kernel.run("layer := neuron.NewIF()\nlayer.Forward(snn.Rand(2, 3))\nlayer.Forward(snn.Rand(4, 5, 6))"))
    text = shown(error)
    assert "Reset()" in text and "[2 3]" in text.replace(",", "") and "[4 5 6]" in text.replace(",", "")


def test_exit(kernel):
    error = check(kernel, kernel.run("os.Exit(3)"))
    assert "3" in error["evalue"]


def test_killed_program(kernel):
    check(kernel, kernel.run("syscall.Kill(os.Getpid(), syscall.SIGKILL)\ntime.Sleep(time.Hour)"))


def test_exit_zero_is_no_error(kernel):
    r = kernel.run('fmt.Println("enough")\nos.Exit(0)')
    assert r.ok and r.text == "enough\n"


def test_output_before_an_error_is_kept(kernel):
    r = kernel.run('for i := range 1000 {\n    fmt.Println("line", i)\n}\nos.Exit(3)')
    assert r.text == "".join(f"line {i}\n" for i in range(1000))
    check(kernel, r)


def test_much_output(kernel):
    r = kernel.run('for i := range 20000 {\n    fmt.Println(i)\n}')
    assert r.ok and r.text == "".join(f"{i}\n" for i in range(20000))


def test_error_stops_the_cells_behind_it(kernel):
    ids = [kernel.send(code) for code in ("undefinedThing()", 'fmt.Println("must not run")', 'fmt.Println("nor this")')]
    results = [kernel.result(i) for i in ids]
    assert [r.reply["content"]["status"] for r in results] == ["error", "aborted", "aborted"]
    assert all(r.outputs == [] for r in results[1:])
    assert kernel.run('fmt.Println("after")').ok


def test_stop_on_error_false(kernel):
    ids = [kernel.send(code, stop_on_error=False) for code in ("undefinedThing()", 'fmt.Println("runs")')]
    bad, good = (kernel.result(i) for i in ids)
    assert bad.reply["content"]["status"] == "error"
    assert good.ok and good.text == "runs\n"


@pytest.mark.parametrize("victim", ["gonb", "supervise"])
def test_death_of_gonb(victim):
    """The running cell fails with a clear error, the next one runs on a new GoNB; values and declarations are still there."""
    with kernels.Kernel() as k:
        assert k.run("kept := 41\nfunc next(x int) int { return x + 1 }").ok
        cell = k.send('kept = 0\nfmt.Println("started")\ntime.Sleep(time.Hour)')
        k.wait_output(cell, "started")

        def find():
            return [p for p, command in kernels.descendants(k.pid).items()
                    if p != k.pid and (victim in command.partition(" ")[0].split("/")[-1] or victim in command.split()[1:2])]

        pids = find()
        assert pids, kernels.descendants(k.pid)

        os.kill(pids[0], 9)
        r = k.result(cell, 30)
        assert r.reply["content"]["status"] == "error" and len(r.errors) == 1
        text = shown(r.errors[0])
        assert "GoNB" in text and "started again" in text and "variables are as they were" in text, text
        after = k.run("next(kept)")
        assert after.ok and after.value == "42", after.errors
