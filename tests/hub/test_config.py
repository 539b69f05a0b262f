"""The configuration that ships, as JupyterHub and DockerSpawner read it, and that it agrees with what Kubernetes gets."""
import os
import re
import types

import dockerspawner
import jupyterhub.app
import jupyterhub.proxy
import pytest
import yaml
from docker.types import HostConfig
from traitlets.config.loader import PyFileConfigLoader

from hub import CONFIG

VALUES = CONFIG.with_name("values.yaml")
CLASSES = {"JupyterHub": jupyterhub.app.JupyterHub, "Spawner": jupyterhub.app.Spawner, "DockerSpawner": dockerspawner.DockerSpawner,
           "ConfigurableHTTPProxy": jupyterhub.proxy.ConfigurableHTTPProxy}


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_STATE", str(tmp_path / "state"))
    return PyFileConfigLoader(str(CONFIG)).load_config()


@pytest.fixture
def values():
    return yaml.safe_load(VALUES.read_text())


def test_every_setting_is_one(config):
    """traitlets passes over a name with a slip in it."""
    for section, settings in config.items():
        assert set(settings) <= set(CLASSES[section].class_trait_names(config=True)), section


def test_limits_reach_docker(config, values):
    spawner = dockerspawner.DockerSpawner(config=config, user=types.SimpleNamespace(name="ada"))
    assert spawner.mem_limit == 3 << 30 and spawner.cpu_limit == 2
    assert spawner.environment["SPIKEBOOK_SHARED_CACHE"].startswith("/opt/")  # not in the home, which a volume covers
    assert spawner.volume_binds == {"spikebook-ada": {"bind": "/home/jovyan", "mode": "rw"}}
    limits = HostConfig(version="1.44", **config.DockerSpawner.extra_host_config)
    assert limits["ShmSize"] == 1 << 30 and limits["ReadonlyRootfs"] and limits["CapDrop"] == ["ALL"]
    assert limits["SecurityOpt"] == ["no-new-privileges"] and re.search(r"\bexec\b.*size=2g$", limits["Tmpfs"]["/tmp"])


def test_kubernetes_gets_the_same(values):
    """Each place in memory or on disk is mounted, and what lies in memory leaves a kernel room."""
    storage = values["singleuser"]["storage"]
    assert {v["name"]: v["emptyDir"]["sizeLimit"] for v in storage["extraVolumes"]} == {"shm": "1Gi", "tmp": "2Gi"}
    assert {v["name"]: v["mountPath"] for v in storage["extraVolumeMounts"]} == {"shm": "/dev/shm", "tmp": "/tmp"}
    assert values["singleuser"]["extraEnv"]["SPIKEBOOK_SESSION_DIR"] == "/dev/shm"
    assert values["hub"]["config"]["KubeSpawner"]["container_security_context"]["readOnlyRootFilesystem"]
    assert values["hub"]["config"]["KubeSpawner"]["http_timeout"] == values["singleuser"]["startTimeout"]


def test_nobody_comes_in_by_default(config):
    assert "authenticator_class" not in config.JupyterHub and "Authenticator" not in config


def test_the_state_is_the_hubs_alone(config):
    state = os.environ["HUB_STATE"]
    assert os.stat(state).st_mode & 0o077 == 0
    assert state in config.JupyterHub.db_url and state in config.JupyterHub.cookie_secret_file


def test_the_culler_may_stop_servers_and_no_more(config, values):
    service, = config.JupyterHub.services
    role, = config.JupyterHub.load_roles
    assert role["services"] == [service["name"]]
    assert set(role["scopes"]) == {"list:users", "read:users:activity", "read:servers", "delete:servers"}
    assert f"--timeout={values['cull']['timeout']}" in service["command"] and f"--cull-every={values['cull']['every']}" in service["command"]
