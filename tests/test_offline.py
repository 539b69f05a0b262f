"""With no network at all: an empty network namespace, in which there is not even a route to this machine."""
import os
import subprocess

import nbformat

from conftest import BINARY, write_notebook

FIRST = "layer := neuron.NewIF()\nfmt.Println(layer.Forward(snn.Full(1.5, 2)).Data(), layer.V().Data())"
TENSOR = "d := dense.Of(snn.FromSlice([]float32{1, 2}, 2))\nfmt.Println(d.Data())"
PICTURE = "display.PlotOneNeuronVS(snn.Rand(5), snn.Zeros(5)).Show()"


def namespace():
    """The command that begins an empty network namespace: as root, or in a user namespace of one's own."""
    return ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-n", "-r"]


def test_the_namespace_is_empty():
    done = subprocess.run([*namespace(), "cat", "/proc/net/route", "/proc/net/dev"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line for line in lines if ":" in line and "lo:" not in line] == []
    assert len([line for line in lines if "Iface" not in line and "|" not in line and "lo:" not in line]) == 0


def test_first_cell(tmp):
    notebook = write_notebook(tmp / "first.ipynb", FIRST, TENSOR, PICTURE)
    done = subprocess.run([*namespace(), BINARY, "exec", notebook, "-o", tmp / "out.ipynb"], capture_output=True, text=True,
                          timeout=150, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    first, tensor, picture = (c.outputs for c in nbformat.read(tmp / "out.ipynb", 4).cells)
    assert first[0].text == "[1 1] [0 0]\n"
    assert tensor[0].text == "[1 2]\n"
    assert "image/svg+xml" in picture[0].data and "image/png" in picture[0].data
