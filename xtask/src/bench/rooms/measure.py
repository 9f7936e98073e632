"""How long a notebook takes to open, and a cell to come back, through the portal
and without it, in turn; and what many idle rooms take. Prints a line of JSON:
seconds and bytes.

    measure.py ADDRESS DATA JUPYTER SERVER REPEATS CELLS ROOMS

SERVER is the process id of the centre.
"""

import asyncio
import http.cookiejar
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import tornado.netutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PATIENCE = 120


class Browser:
    """As much of a browser as opens a notebook."""

    def __init__(self, base):
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path, fields=None, headers=None, method=None):
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.base + path, data, headers or {}, method=method)
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(), answer.url
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace"), path

    def cookies(self):
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)

    def token(self, path):
        return field(self.ask(path)[1], "csrf")


def field(page, name):
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    if not found:
        raise SystemExit(f"no `{name}` in a page: {page[:400]}")
    return found.group(1)


def until(what, ask):
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        found = ask()
        if found:
            return found
        time.sleep(0.02)
    raise SystemExit(f"{what} did not come")


def signed_in(address, account):
    browser = Browser(f"http://{address}")
    fields = {"csrf": browser.token("/sign-in"), "next": "/work", "account": account}
    browser.ask("/sign-in/demo", fields)
    return browser


def api(browser, path, body=None, not_yet=None):
    """What the API answers to somebody who has signed in, to a body or without; nothing
    when it answers that it is too early."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "x-csrf-token": browser.token("/account")}
    request = urllib.request.Request(f"{browser.base}/api/v1{path}", data, headers)
    try:
        with browser.opener.open(request, timeout=PATIENCE) as answer:
            said = answer.read()
            return json.loads(said) if said else None
    except urllib.error.HTTPError as error:
        if error.code == not_yet:
            return None
        raise SystemExit(f"{path}: {error.code} {error.read().decode()}") from error


class Room:
    """A room, as its researcher has it."""

    def __init__(self, portal, id):
        self.portal = portal
        self.id = id
        self.path = f"/rooms/{id}"
        self.inside = None

    def open(self):
        """Seconds from the click to JupyterLab's page."""
        token = self.portal.token(self.path)
        begun = time.monotonic()
        self.portal.ask(f"{self.path}/notebook", {"csrf": token})

        def ticket():
            page = self.portal.ask(f"{self.path}/notebook")[1]
            return page if 'name="ticket"' in page else None

        page = until("the notebook's page", ticket)
        where = re.search(r'action="(http://[^"/]*)/', page).group(1)
        self.inside = Browser(where)
        self.inside.ask("/enter", {"ticket": field(page, "ticket")},
                        {"origin": self.portal.base})
        until("JupyterLab", lambda: self.inside.ask(f"/{self.id}/lab")[0] == 200)
        return time.monotonic() - begun

    def close(self):
        self.portal.ask(f"{self.path}/stop", {"csrf": self.portal.token(self.path)})
        until("the end", lambda: api(self.portal, f"/rooms/{self.id}")["state"] == "open")


def open_theirs(jupyter):
    """Seconds that `jupyter lab` itself needs to answer with its page."""
    folder = tempfile.mkdtemp()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    server = subprocess.Popen(
        [jupyter, "lab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
         "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    browser = Browser(f"http://127.0.0.1:{port}")

    def answers():
        try:
            return browser.ask("/lab")[0] == 200
        except urllib.error.URLError:
            return False

    try:
        until("jupyter lab", answers)
        return time.monotonic() - begun
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


class OneSocket(tornado.netutil.Resolver):
    """Every host is one unix socket."""

    def initialize(self, path):
        self.path = path

    async def resolve(self, host, port, family=socket.AF_UNSPEC):
        return [(socket.AF_UNIX, self.path)]


async def cell(connection, session):
    """Seconds from a cell to the word that the kernel is idle again."""
    message = uuid.uuid4().hex
    header = {"msg_id": message, "username": "", "session": session, "version": "5.3",
              "msg_type": "execute_request",
              "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    content = {"code": "sum(range(1000))", "silent": False, "store_history": True,
               "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    said = {"header": header, "parent_header": {}, "metadata": {}, "content": content,
            "channel": "shell", "buffers": []}
    begun = time.monotonic()
    await connection.write_message(json.dumps(said))
    while True:
        heard = await asyncio.wait_for(connection.read_message(), PATIENCE)
        if heard is None:
            raise SystemExit("a kernel's socket was closed")
        heard = json.loads(heard)
        if heard.get("parent_header", {}).get("msg_id") == message:
            if heard["content"].get("execution_state") == "idle":
                return time.monotonic() - begun


def kernel_in(room):
    """Starts a kernel, and says what it is called."""
    inside = room.inside
    crossed = next((c.value for c in inside.jar if c.name == "_xsrf"), "")
    headers = {"origin": inside.base, "content-type": "application/json",
               "x-xsrftoken": crossed}
    request = urllib.request.Request(
        f"{inside.base}/{room.id}/api/kernels", json.dumps({"name": "python3"}).encode(), headers)
    with inside.opener.open(request, timeout=PATIENCE) as answer:
        return json.load(answer)["id"]


async def cells(room, data, number):
    """Seconds that cells take through the portal, and on the room's own socket."""
    inside = room.inside
    headers = {"origin": inside.base, "cookie": inside.cookies()}
    kernel = kernel_in(room)
    path = f"/{room.id}/api/kernels/{kernel}/channels?session_id="
    ours, theirs = uuid.uuid4().hex, uuid.uuid4().hex
    host = inside.base.removeprefix("http://")
    through = await websocket_connect(
        HTTPRequest(f"ws://{host}{path}{ours}", headers=headers))
    own = str(next((Path(data) / "rooms" / room.id).rglob("room.sock")))
    direct = await websocket_connect(
        HTTPRequest(f"ws://localhost{path}{theirs}"), resolver=OneSocket(path=own))
    times = {"ours": [], "theirs": []}
    for turn in range(number + 5):
        for name, connection, session in (("ours", through, ours), ("theirs", direct, theirs)):
            took = await cell(connection, session)
            # The first few start the kernel.
            if turn >= 5:
                times[name].append(took)
            # Each hears the other's answers too, and reads them now.
            other = direct if connection is through else through
            while True:
                try:
                    await asyncio.wait_for(other.read_message(), 0.02)
                except asyncio.TimeoutError:
                    break
    return times


class Permits:
    """Makes rooms as that of the demonstration is: each on a permit of its own."""

    def __init__(self, address, researcher):
        self.researcher = researcher
        first = api(researcher, "/applications")[0]
        self.terms = api(researcher, f"/applications/{first['id']}")["terms"]
        self.holders = [signed_in(address, f"holder-{name}")
                        for name in ("population", "laboratory", "patients")]
        self.caseworker = signed_in(address, "caseworker")

    def room(self, number):
        terms = {**self.terms, "title": f"{self.terms['title']} ({number})"}
        path = f"/applications/{api(self.researcher, '/applications', terms)['id']}"
        api(self.researcher, f"{path}/submission", {})
        for holder in self.holders:
            api(holder, f"{path}/review", {"verdict": "approve", "why": "As before."})
        granted = {"verdict": "grant", "why": "As before."}
        permit = api(self.caseworker, f"{path}/decision", granted)["permit"]
        api(self.researcher, f"/permits/{permit}/extracts", {})
        # The extract is built meanwhile.
        room = until("the extract", lambda: api(
            self.researcher, f"/permits/{permit}/rooms", {}, not_yet=409))
        return Room(self.researcher, room.get("room") or room["id"])


def memory_below(server):
    """Bytes that a process and all it started take, what they share counted once."""
    parents, taken = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                pss = re.search(r"^Pss:\s+(\d+) kB", (folder / "smaps_rollup").read_text(), re.M)
            except OSError:
                continue
            parents[int(folder.name)] = int(stat[1])
            taken[int(folder.name)] = int(pss.group(1)) * 1024 if pss else 0

    def is_below(process):
        while process > 1:
            if process == server:
                return True
            process = parents.get(process, 0)
        return False

    return sum(size for process, size in taken.items() if is_below(process))


def idle(address, server, researcher, number):
    """What so many rooms with a kernel each take, and how long one more needs."""
    permits = Permits(address, researcher)
    alone = permits.room(0)
    first = alone.open()
    rooms = [alone]
    for turn in range(1, number):
        room = permits.room(turn)
        room.open()
        rooms.append(room)
    for room in rooms:
        kernel_in(room)
    time.sleep(10)
    memory = memory_below(server)
    one_more = permits.room(number)
    told = {"memory": memory, "first": first, "one_more": one_more.open()}
    for room in [*rooms, one_more]:
        room.close()
    return told


def main():
    address, data, jupyter, server, repeats, number, rooms = sys.argv[1:]
    researcher = signed_in(address, "researcher")
    found = re.search(r"/rooms/(room-[a-z0-9]+)", researcher.ask("/work")[1])
    room = Room(researcher, found.group(1))
    opening = {"ours": [], "theirs": []}
    for turn in range(int(repeats)):
        opening["theirs"].append(open_theirs(jupyter))
        opening["ours"].append(room.open())
        if turn + 1 < int(repeats):
            room.close()
    told = {"opening": opening, "cell": asyncio.run(cells(room, data, int(number)))}
    room.close()
    told["idle"] = idle(address, int(server), researcher, int(rooms))
    print(json.dumps(told))


main()
