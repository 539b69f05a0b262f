"""A hub on one machine: a container for each user, with the limits of values.yaml.

    pip install jupyterhub jupyterhub-idle-culler dockerspawner pyyaml && npm install -g configurable-http-proxy
    jupyterhub -f docker/hub/jupyterhub_config.py

Who may come in, and the certificate, are yours to add: a file of your own that begins with
load_subconfig("docker/hub/jupyterhub_config.py") and sets c.JupyterHub.authenticator_class and its kind. Until then
nobody may. The hub makes its secrets itself, in HUB_STATE, readable by its user alone.
"""
import os
import pathlib
import sys

import yaml

c = get_config()  # noqa: F821, JupyterHub defines it

HERE = pathlib.Path(__file__).resolve().parent
STATE = pathlib.Path(os.environ.get("HUB_STATE", "hub-state")).resolve()
values = yaml.safe_load((HERE / "values.yaml").read_text())
user, cull = values["singleuser"], values["cull"]
security = values["hub"]["config"]["KubeSpawner"]["container_security_context"]


def volume(name):
    """The size of a volume of values.yaml, as Docker writes it: 1g for 1Gi."""
    found, = (v["emptyDir"]["sizeLimit"] for v in user["storage"]["extraVolumes"] if v["name"] == name)
    return found.removesuffix("i").lower()


STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{STATE}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = f"{STATE}/proxy.pid"

c.Spawner.default_url = user["defaultUrl"]
c.Spawner.start_timeout = c.Spawner.http_timeout = user["startTimeout"]
c.Spawner.environment = user["extraEnv"]
c.Spawner.cpu_guarantee, c.Spawner.cpu_limit = user["cpu"]["guarantee"], user["cpu"]["limit"]
c.Spawner.mem_guarantee, c.Spawner.mem_limit = user["memory"]["guarantee"], user["memory"]["limit"]

# The home is a volume; Docker's own kind of volume has no limit. It takes what the image has at that place, and the
# owner with it.
c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ.get("SPIKEBOOK_IMAGE", "{name}:{tag}".format(**user["image"]))
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]
c.DockerSpawner.remove = True
c.DockerSpawner.volumes = {"spikebook-{username}": user["storage"]["homeMountPath"]}
c.DockerSpawner.extra_host_config = {
    "read_only": security["readOnlyRootFilesystem"],
    "cap_drop": security["capabilities"]["drop"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 1024,
    "shm_size": volume("shm"),
    "tmpfs": {"/tmp": f"exec,mode=1777,size={volume('tmp')}"},  # programs of cells run there if the home is full
}
# Where containers reach the hub, which runs beside them: Docker's bridge.
c.JupyterHub.hub_ip = os.environ.get("HUB_IP", "172.17.0.1")

c.JupyterHub.services = [{
    "name": "idle-culler",
    "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={cull['timeout']}", f"--cull-every={cull['every']}"],
}]
c.JupyterHub.load_roles = [{
    "name": "idle-culler", "services": ["idle-culler"],
    "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
}]
