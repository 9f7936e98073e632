"""What makes Python in a room find packages that were installed in it, and pip ask
the room's mirror. A room has no network: the mirror is a socket in the file system,
which pip cannot be told of in another way."""

import importlib.abc
import importlib.machinery
import os
import site
import sys

MIRROR = "/run/packages/mirror"
VERSION = "python%d.%d" % sys.version_info[:2]
# Where an environment's pip puts them, and where Debian's own does.
PREFIX = os.environ.get("PIP_PREFIX", "")
OWN = [
    os.path.join(PREFIX, "lib", VERSION, "site-packages"),
    os.path.join(PREFIX, "local", "lib", VERSION, "dist-packages"),
] if PREFIX else []

# After what every room has, which it does not replace. Not where nothing is to be
# imported from the work folder.
if not getattr(sys.flags, "safe_path", False):
    for folder in OWN:
        if os.path.isdir(folder):
            site.addsitedir(folder)


def connect(module):
    import socket

    def create_connection(address, timeout=None, *args, **kwargs):
        mirror = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            mirror.connect(MIRROR)
        except OSError:
            mirror.close()
            raise
        return mirror

    module.create_connection = create_connection


def explain(module):
    if os.path.exists(MIRROR):
        words = "Rooms fetch packages that are allowed: see the page `Packages`, where the room's page asks for more."
    else:
        words = "This centre has no mirror of packages for rooms: they have what is on the page `Packages`."
    plain = module.DistributionNotFound.__str__
    module.DistributionNotFound.__str__ = lambda self: plain(self) + "\n" + words


PARTS = {
    "pip._vendor.urllib3.util.connection": connect,
    "pip._internal.exceptions": explain,
}


class Finder(importlib.abc.MetaPathFinder):
    """Finds the two parts of pip as always, and changes each once it is loaded."""

    def find_spec(self, name, path, target=None):
        change = PARTS.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            change(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
