"""The hub of the tests: docker/hub/jupyterhub_config.py, with processes under uids of their own for containers."""
import json
import os
import sys

c = get_config()  # noqa: F821, JupyterHub defines it
rig = json.loads(os.environ.pop("HUB_RIG"))
load_subconfig(rig["config"])  # noqa: F821, JupyterHub defines it

sys.path.insert(0, rig["modules"])
from spawner import UidSpawner  # noqa: E402

c.JupyterHub.spawner_class = UidSpawner
c.UidSpawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.UidSpawner.homes = rig["homes"]
c.UidSpawner.first_uid = rig["first_uid"]
# Between users of one machine TCP ports are open to all.
c.UidSpawner.args = ["--KernelManager.transport=ipc"]
c.Spawner.start_timeout = c.Spawner.http_timeout = rig["patience"]
c.Spawner.environment |= rig["environment"]

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = rig["password"]
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = rig["url"]
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = rig["hub_port"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{rig['proxy_port']}"
c.ConfigurableHTTPProxy.command = rig["proxy"]
for service in c.JupyterHub.services:
    service["api_token"] = rig["culler_token"]  # a second culler, which the test starts, has the rights of the first
