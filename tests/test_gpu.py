"""Cells on the devices of a GPU worker: here one that interprets GPU kernels on the CPU, SPIKEBOOK_CUDA=emulated."""
import os
import random
import re
import signal
import time

import pytest

import kernel as kernels

KILLS = int(os.environ.get("SPIKEBOOK_GPU_KILLS", "6"))


@pytest.fixture(scope="module")
def kernel():
    with kernels.Kernel(env=os.environ | {"SPIKEBOOK_CUDA": "emulated"}) as k:
        yield k


def worker(kernel):
    """The process of the worker."""
    return next((pid for pid, command in kernels.descendants(kernel.pid).items() if re.search("[ -]gpu(-worker)? .*-socket ", command)), None)


def answers(kernel):
    kernels.wait_until(lambda: re.search("^cuda: ", kernel.run("%backend").text, re.M), 20, lambda: kernel.run("%backend"))


def run(kernel, code):
    result = kernel.run(code)
    assert result.ok, result.errors
    return result


def test_first_cell(kernel):
    """It waits for the worker, which is started when the kernel is."""
    assert run(kernel, 'fmt.Println(snn.Ones(2).To("cuda").Backend())').text == "cuda\n"


def test_devices(kernel):
    assert run(kernel, "%backend").text == "cpu\ncuda: PTX interpreter on the CPU, not a GPU\n"
    assert run(kernel, "devices, err := gpu.Devices()\nfmt.Println(devices[0].Name, err)").text == "PTX interpreter on the CPU, not a GPU <nil>\n"


def test_values_go_on(kernel):
    run(kernel, 'one := neuron.NewLIF(neuron.StepMode("m"), neuron.Backend("cuda"))\nother := neuron.NewLIF(neuron.StepMode("m"))\n'
                "x := snn.Rand(9, 500).Scale(3)")
    for _ in range(3):
        got = run(kernel, "y, want := one.Forward(x), other.Forward(x)\nfmt.Println(y.Backend(), y.Sub(want).Abs().Sum().Item(), want.Sum().Item() > 0)")
        assert got.text == "cuda 0 true\n"


UPLOADS = '\ns, err := snn.BackendStats("cuda")\nfmt.Println(s.UploadBytes < 100, err) // numbers, no tensor'


def test_tensors_stay(kernel):
    """What a cell leaves on the device is there in the next one; a cell that fails leaves nothing of what it has changed."""
    run(kernel, 'w := snn.Ones(1000).To("cuda").RequireGrad()\nsgd := optim.NewSGD([]*snn.Tensor{w}, 0.5)')
    assert run(kernel, "y := w.Mul(w)\nsum := y.Sum()\nsum.Backward()" + UPLOADS).text == "true <nil>\n"
    failed = kernel.run('sgd.Step()\nfmt.Println(w.At(0))\npanic("no")')
    assert failed.text == "0\n" and not failed.ok
    assert run(kernel, "fmt.Println(w.At(999), w.Backend(), w.Grad().At(0))").text == "1 cuda 2\n"
    run(kernel, "sgd.Step()")
    assert run(kernel, "fmt.Println(w.Exp().At(0))" + UPLOADS).text == "1\ntrue <nil>\n"


def test_stats(kernel):
    """What no variable has is given back when a cell ends."""
    run(kernel, 'fmt.Println(snn.Ones(1000).To("cuda").Exp().Sum().Item() > 2718)')

    def idle():
        stats = run(kernel, "%backend stats").text
        return re.search("^cuda +(.*?)  ", stats, re.M)[1] == re.search("tensors, (.*), stay", stats)[1]

    kernels.wait_until(idle, 5, lambda: run(kernel, "%backend stats").text)


def test_out_of_memory(kernel):
    errors = kernel.run('snn.Zeros(300 << 20).To("cuda")').errors
    assert len(errors) == 1 and re.match("out of memory on PTX interpreter .* asked for 1258291200 bytes, .* are free", errors[0]["evalue"]), errors
    run(kernel, 'snn.Zeros(300).To("cuda")')


def test_interrupted(kernel):
    """What a cell has queued is not done any more when it ends."""
    def launches():
        return int(re.search(r"^cuda .* (\d+) +\d+$", run(kernel, "%backend stats").text, re.M)[1])

    run(kernel, 'queued := neuron.NewLIF(neuron.StepMode("m"), neuron.Backend("cuda"))\nlong := snn.Rand(50, 2000).To("cuda")')
    cell = kernel.send('fmt.Println("begun")\nfor range 10000 {\n\tqueued.Forward(long)\n}')
    kernel.wait_output(cell, "begun")
    time.sleep(0.5)  # the queue fills
    kernel.interrupt()
    assert not kernel.result(cell).ok
    ended = launches()
    time.sleep(0.5)  # time for dozens of them
    assert launches() <= ended + 1  # one may have been running


@pytest.mark.timeout(120 + 3 * KILLS)
def test_killed_worker(kernel, report):
    """The cell that uses it fails, or is done before; the next one works, with the values that there were."""
    run(kernel, 'net := neuron.NewLIF(neuron.StepMode("m"), neuron.Backend("cuda"))\ninput := snn.Rand(50, 2000)')
    seed = random.randrange(1 << 30)
    print("seed", seed)
    rng = random.Random(seed)
    failed = 0
    for _ in range(KILLS):
        before = worker(kernel)
        cell = kernel.send("for range 30 {\n\tnet.Forward(input).Sum().Item()\n}")
        time.sleep(rng.random() / 2)  # the moment of the kill is what is random
        os.kill(before, signal.SIGKILL)
        result = kernel.result(cell)
        if not result.ok:
            failed += 1
            assert len(result.errors) == 1 and "GPU worker" in result.errors[0]["evalue"], result.errors
        kernels.wait_until(lambda: worker(kernel) not in (None, before), 20, "the worker is not started again")
        answers(kernel)
        assert run(kernel, "net.Forward(input).Backend()").value == '"cuda"'
    report(f"{KILLS} kills of the worker, {failed} while a cell used it")
    assert failed, "no kill hit a cell"
