"""Cells that ask the user. With raw GoNB a cell that reads its input waits for ever."""
import time

import pytest

import kernel as kernels


def answered(k, code, *lines, timeout=kernels.CELL):
    """Runs a cell and types a line for each request. Returns the requests and the result."""
    cell = k.send(code)
    asked = []
    for line in lines:
        asked.append(k.asked(cell, timeout))
        k.client.input(line)
    return asked, k.result(cell, timeout)


def test_scanln(kernel):
    asked, r = answered(kernel, 'var name string\nvar age int\nn, err := fmt.Scanln(&name, &age)\nfmt.Println(n, err, name, age)', "Ada 36")
    assert asked == [{"prompt": "", "password": False}]
    assert r.ok and r.text == "2 <nil> Ada 36\n"
    assert kernel.run("name").value == '"Ada"'


def test_scan_asks_until_it_has_all(kernel):
    asked, r = answered(kernel, "var a, b, c int\nfmt.Scan(&a, &b, &c)\na + b + c", "1 2", "39")
    assert len(asked) == 2 and r.ok and r.value == "42"


@pytest.mark.parametrize("code", [
    "in := bufio.NewScanner(os.Stdin)\nfor range 2 {\n    in.Scan()\n    fmt.Println(in.Text())\n}",
    'in := bufio.NewReader(os.Stdin)\nfor range 2 {\n    s, _ := in.ReadString(\'\\n\')\n    fmt.Print(s)\n}',
    "for range 2 {\n    var s string\n    fmt.Fscanln(os.Stdin, &s)\n    fmt.Println(s)\n}",
    'for range 2 {\n    var s string\n    fmt.Scanf("%s\\n", &s)\n    fmt.Println(s)\n}',
    "func read() string {\n    var s string\n    fmt.Scanln(&s)\n    return s\n}\nfor range 2 {\n    fmt.Println(read())\n}",
])
def test_ways_to_read(kernel, code):
    asked, r = answered(kernel, code, "erste", "zweite🧠")
    assert len(asked) == 2 and r.ok and r.text == "erste\nzweite🧠\n", r.errors


def test_prompt_and_password(kernel):
    code = """import "spikebook/kernel/session"
name, err := session.ReadLine("your name: ")
key, err := session.ReadPassword("password: ")
fmt.Println(name, len(key), err)"""
    asked, r = answered(kernel, code, "Ada", "geheim")
    assert asked == [{"prompt": "your name: ", "password": False}, {"prompt": "password: ", "password": True}]
    assert r.ok and r.text == "Ada 6 <nil>\n"


def test_what_was_printed_comes_before_the_question(kernel):
    cell = kernel.send('fmt.Print("How many? ")\nvar n int\nfmt.Scanln(&n)\nn')
    kernel.asked(cell)
    kernel.wait_output(cell, "How many? ", 5)
    kernel.client.input("3")
    assert kernel.result(cell).value == "3"


@pytest.mark.parametrize("code", [
    "var s string\nn, err := fmt.Scanln(&s)\nfmt.Println(n, err)",
    "_, err := bufio.NewReader(os.Stdin).ReadString('\\n')\nfmt.Println(0, err)",
    "b, err := io.ReadAll(os.Stdin)\nfmt.Println(len(b), cmp.Or(err, io.EOF))",
    'import "spikebook/kernel/session"\n_, err := session.ReadPassword("password: ")\nfmt.Println(0, err)',
])
def test_input_is_not_allowed(kernel, code):
    """As with nbclient: the end of the input, at once."""
    begin = time.monotonic()
    r = kernel.run(code, allow_stdin=False, timeout=40)
    assert r.ok and r.text == "0 EOF\n", (r.text, r.errors)
    assert time.monotonic() - begin < 30
    assert not kernel.client.stdin_channel.msg_ready()


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("code", ["!cat", "%%bash\ncat\necho end", 'exec.Command("cat").Run()'])
def test_commands_do_not_wait_for_input(kernel, code, allowed):
    """Their input is empty: nobody could type into it. (bash reads its script from there, and so does a cat in the script.)"""
    cell = kernel.send(code, allow_stdin=allowed)
    try:
        r = kernel.result(cell, 10)
    except TimeoutError:
        kernel.interrupt()
        kernel.result(cell)
        raise
    assert r.ok and r.text in ("", "echo end\n")


def test_interrupt_while_the_user_is_asked(kernel):
    assert kernel.run("kept := 1").ok
    cell = kernel.send("kept = 2\nfmt.Scanln()")
    kernel.asked(cell)
    begin = time.monotonic()
    kernel.interrupt()
    r = kernel.result(cell, 10)
    assert time.monotonic() - begin < 2 and len(r.errors) == 1
    assert kernel.run("kept").value == "1"


def test_only_the_front_end_that_sent_the_cell_is_asked(kernel):
    with kernels.connected(kernel.manager.connection_file) as other:
        other.kernel_info()
        other.get_shell_msg(timeout=10)
        asked, r = answered(kernel, "var s string\nfmt.Scanln(&s)\ns", "mine")
        assert asked and r.value == '"mine"'
        assert not other.stdin_channel.msg_ready()


def test_an_answer_that_nobody_wants(kernel):
    """A second click, a line that comes after an interrupt: it must not be the next cell's input."""
    kernel.client.input("stale")
    asked, r = answered(kernel, "var s string\nfmt.Scanln(&s)\ns", "fresh")
    assert asked and r.value == '"fresh"'
