"""Lets papermill set the parameters of Go notebooks; the spikebook command says what they mean."""


class Loaded:
    """Not an engine: papermill imports the module for it, which registers the translator. Stands above the imports, for papermill may ask
    for it while the module is half loaded."""


import json
import shutil
import subprocess
import weakref

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators


def command():
    """The spikebook command of the installed kernel."""
    try:
        return KernelSpecManager().get_kernel_spec("spikebook").argv[0]
    except NoSuchKernel:
        if found := shutil.which("spikebook"):
            return found
    raise PapermillException("there is neither a kernel nor a command called spikebook; run: spikebook install")


def ask(cell, parameters):
    request = json.dumps({"cell": cell, "parameters": parameters}, ensure_ascii=False, default=str)
    done = subprocess.run([command(), "papermill"], input=request, capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        raise PapermillException(done.stderr.strip())
    return json.loads(done.stdout)


class GoTranslator(Translator):
    # The parameters cell: papermill inspects it before it codifies. That of a notebook which was only inspected is gone by then.
    cell = staticmethod(lambda: None)

    @classmethod
    def inspect(cls, parameters_cell):
        cls.cell = weakref.ref(parameters_cell)
        try:
            declared = ask(parameters_cell["source"], {})["declared"]
        except PapermillException:
            return []  # as papermill asks for; codify says what is wrong
        return [Parameter(d["Name"], d["Type"] or "None", d["Default"], d["Comment"]) for d in declared]

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        cell = cls.cell()
        return f"// {comment}\n" + ask(cell and cell["source"], parameters)["source"]


papermill_translators.register("go", GoTranslator)
