# The notebook server of a room. It listens on one unix socket in the work
# folder; whoever reaches that socket was let in by the centre, which asks the
# permit at every request. So it asks for no password of its own.
import os

c = get_config()  # noqa: F821

folder = os.environ["NOTEBOOK_FOLDER"]

c.ServerApp.sock = os.environ["NOTEBOOK_SOCKET"]
c.ServerApp.sock_mode = "0600"
c.ServerApp.base_url = os.environ["NOTEBOOK_BASE"]
# Not listened on: without it the server looks for an address, and a room has none.
c.ServerApp.ip = "localhost"
c.ServerApp.open_browser = False
c.ServerApp.allow_remote_access = True
c.ServerApp.root_dir = os.environ["HOME"]
c.ServerApp.terminals_enabled = False
c.ServerApp.allow_external_kernels = False
c.IdentityProvider.token = ""
# The centre knows whether a request comes from its own page, the server does not.
c.ServerApp.disable_check_xsrf = True
c.ServerApp.log_level = "WARN"
c.ServerApp.jpserver_extensions = {
    "jupyterlab": True,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "notebook_shim": False,
}

# What is started is one of these two, whatever lies in the work folder.
c.KernelSpecManager.allowed_kernelspecs = {"python3", "ir"}
c.KernelSpecManager.ensure_native_kernel = False

# Sockets that are files: a room has no network, not even its own.
c.KernelManager.transport = "ipc"
c.MappingKernelManager.cull_connected = False

c.LabApp.app_settings_dir = "/run/notebook/settings"
c.LabApp.user_settings_dir = os.path.join(folder, "settings")
c.LabApp.workspaces_dir = os.path.join(folder, "workspaces")
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.FileContentsManager.delete_to_trash = False
