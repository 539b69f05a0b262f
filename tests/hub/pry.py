"""What one user of a machine can do with another's files, sockets and processes: tried under their uid, not read off modes."""
import contextlib
import json
import os
import pathlib
import socket
import stat

FOLDERS_OF_ALL = (pathlib.Path("/dev/shm"), pathlib.Path("/tmp"))


def belongings(user, pids):
    """All that a user has: below the home, in the folders of all users, and in /proc."""
    found = [user.home, *user.home.rglob("*")]
    for folder in (*FOLDERS_OF_ALL, user.hub.tmp):
        for entry in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if entry.lstat().st_uid == user.uid and entry not in (user.hub.state, user.hub.homes):
                    found += [entry, *(entry.rglob("*") if entry.is_dir() else ())]
    for pid in pids:
        found += [pathlib.Path(f"/proc/{pid}/{name}") for name in ("environ", "maps", "mem", "fd", "cwd")]
    return found


def attempt(path):
    """What this process can do with a path: a list of read, connect, write."""
    can, mode = [], os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        with contextlib.suppress(OSError):
            os.listdir(path)
            can.append("read")
    elif stat.S_ISSOCK(mode):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
            s.connect(str(path))
            can.append("connect")
    else:
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            can.append("read")
    if os.access(path, os.W_OK):
        can.append("write")
    return can


def as_user(uid, paths):
    """{path: what a process of this uid can do with it}; paths with which it can do nothing are left out."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(out)
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            found = {}
            for path in paths:
                with contextlib.suppress(OSError):
                    if can := attempt(path):
                        found[str(path)] = can
            with os.fdopen(into, "w") as f:
                json.dump(found, f)
            status = 0
        finally:
            os._exit(status)
    os.close(into)
    with os.fdopen(out) as f:
        text = f.read()
    assert os.waitpid(child, 0)[1] == 0, "the process that tries could not"
    return json.loads(text)


def listeners(uid):
    """The TCP ports on which processes of a user listen."""
    ports = set()
    for table in "/proc/net/tcp", "/proc/net/tcp6":
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[7]) == uid:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
