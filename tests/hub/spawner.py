"""Servers as processes of one machine, each under a uid that is in no /etc/passwd."""
import os

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Int, Unicode


class UidSpawner(LocalProcessSpawner):
    homes = Unicode(config=True, help="folder of the users' homes, which are there")
    first_uid = Int(config=True, help="uid of user0; 0: all run as the hub does")

    @property
    def home(self):
        return os.path.join(self.homes, self.user.name)

    def user_env(self, env):
        # The usual place of sockets, .local/share/jupyter/runtime, makes a longer path than a socket may have.
        return env | {"USER": self.user.name, "HOME": self.home, "SHELL": "/bin/sh", "JUPYTER_RUNTIME_DIR": os.path.join(self.home, "run")}

    def make_preexec_fn(self, name):
        uid = self.first_uid and self.first_uid + int(name.removeprefix("user"))

        def become():
            os.umask(0o022)  # the usual one: what is private must be made so
            os.chdir(self.home)
            if uid:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)

        return become
