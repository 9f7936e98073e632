# Attempts to get out of a room through what the program itself opens in it. Run in the
# room; prints one line for each that came through, and DONE at the end.
import ctypes
import fnmatch
import os
import signal
import socket
import subprocess
import sys

PORT, HOST_DATA, SECRET = sys.argv[1:4]
DOORS = {"/run/postgresql/.s.PGSQL.5432", "/run/packages/mirror"}
# Patterns of what the way of working has besides: its own display and kernels.
OTHERS = sys.argv[4:]


def came_through(what, proof=""):
    print("CAME THROUGH", what, repr(proof)[:200], flush=True)


def say(path, data, wait=3):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(wait)
    s.connect(path)
    s.sendall(data)
    answer = b""
    try:
        while len(answer) < 1 << 20:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    except OSError:
        pass
    return answer


def sockets():
    found = set()
    for top in ("/run", "/work", "/tmp", "/dev", "/var", "/data", "/in"):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    s = socket.socket(socket.AF_UNIX)
                    s.settimeout(1)
                    s.connect(path)
                    found.add(path)
                except OSError:
                    pass
    for name in ("\0helserom", "\0/tmp/.X11-unix/X0", "\0dbus", "\0" + SECRET):
        try:
            socket.socket(socket.AF_UNIX).connect(name)
            found.add(name)
        except OSError:
            pass
    return found


there = sockets()
others = {path for path in there if any(fnmatch.fnmatch(path, other) for other in OTHERS)}
if there - others != DOORS:
    came_through("other sockets, or not these", sorted(there))


def sql(text):
    words = ["psql", "-AtX", "-v", "ON_ERROR_STOP=1", "-c", text]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


# The door for statements answers, and reads and writes nothing that the room cannot.
if sql("SELECT 40 + 2")[1].strip() != "42":
    came_through("statements are not answered: nothing below is tried")
places = [
    "/proc/1/environ", "/proc/self/environ", "/proc/self/cmdline", "/etc/shadow", "/etc/passwd/..",
    HOST_DATA, HOST_DATA + "/master.key", HOST_DATA + "/helserom.sqlite", HOST_DATA + "/lake",
    "/proc/self/root" + HOST_DATA, "/proc/1/root" + HOST_DATA, "/proc/self/fd", "/proc/self/cwd",
    "/data/../../.." + HOST_DATA, "file://" + HOST_DATA + "/master.key",
    f"http://127.0.0.1:{PORT}/x.csv", f"https://127.0.0.1:{PORT}/x.csv", "s3://bucket/x.csv",
    "gs://bucket/x.csv", "hdfs://127.0.0.1/x.csv", "/data/../run/packages/mirror",
]
# The program behind the door is the same for every way of working.
FORMATS = ("CSV",) if OTHERS else ("CSV", "PARQUET", "JSON", "ARROW")
for n, place in enumerate(places):
    for how in FORMATS:
        made = f"CREATE EXTERNAL TABLE t{n} STORED AS {how} LOCATION '{place}'"
        code, said = sql(f"{made}; SELECT 'here', * FROM t{n} LIMIT 3")
        # A file that says it is empty is a table without rows.
        if code == 0 and "here" in said:
            came_through("a table was read of", (place, how, said))
    code, said = sql(f"SELECT * FROM '{place}' LIMIT 1")
    if code == 0:
        came_through("a file was read by its name", (place, said))
# (Below /tmp it writes where nobody else looks.)
for place in ("/data/x.csv", "/run/postgresql/x.csv", "/run/packages/x.csv", "/etc/x.csv", f"http://127.0.0.1:{PORT}/x.csv", "s3://bucket/x.csv"):
    if sql(f"COPY (SELECT 1 AS n) TO '{place}'")[0] == 0:
        came_through("rows were written to", place)
for text in ("SET datafusion.runtime.memory_limit = '100G'", "LOAD 'x.so'", "CREATE EXTENSION x",
             "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/data/x.so', 'f'",
             "COPY laboratory TO PROGRAM 'sh'", "SELECT pg_read_file('/etc/passwd')",
             "SELECT lo_import('/etc/passwd')", "DO $$ BEGIN END $$"):
    if sql(text)[0] == 0:
        came_through("a statement was obeyed", text)
# What is no PostgreSQL at all.
for data in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 65536, b"\xff" * 9, b"\0\0\0\x08\x04\xd2\x16\x2f" * 99,
             b"\x7f\xff\xff\xff\0\x03\0\0" + b"a" * 1000):
    try:
        answer = say("/run/postgresql/.s.PGSQL.5432", data)
    except OSError:
        continue
    if SECRET.encode() in answer:
        came_through("a secret", answer)
if sql("SELECT 40 + 2")[1].strip() != "42":
    came_through("statements are no longer answered", "")

# The door for packages answers what pip asks, and is no way to anywhere.
host = b"Host: mirror\r\nConnection: close\r\n\r\n"
asked = [
    b"CONNECT 127.0.0.1:%s HTTP/1.1\r\n" % PORT.encode() + host,
    b"GET http://127.0.0.1:%s/ HTTP/1.1\r\n" % PORT.encode() + host,
    b"GET //127.0.0.1:%s/ HTTP/1.1\r\n" % PORT.encode() + host,
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n" % PORT.encode(),
    b"GET /cran/src/contrib/PACKAGES HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n"
    b"Host: m\r\n\r\n0\r\n\r\nGET http://127.0.0.1:%s/ HTTP/1.1\r\n\r\n" % PORT.encode(),
    b"PUT /cran/src/contrib/x.tar.gz HTTP/1.1\r\nContent-Length: 1\r\n" + host + b"x",
    b"DELETE /cran/src/contrib/PACKAGES HTTP/1.1\r\n" + host,
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host,
    b"GET /cran/src/contrib/PACKAGES HTTP/1.1\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\0" * 100,
]
ways = ["/etc/passwd", "/../etc/passwd", "/cran/../../../../../etc/passwd", HOST_DATA + "/master.key",
        "/cran/src/contrib/../../../master.key", "/cran/src/contrib/%2e%2e/%2e%2e/master.key",
        "/cran/src/contrib/%252e%252e%252fmaster.key", "/cran/src/contrib/..%2f..%2fmaster.key",
        "/cran/src/contrib//etc/passwd", "/pypi/simple/../../master.key", "/cran/src/contrib/.%00",
        "/cran/src/contrib/secret.txt", "/cran/src/contrib/link_1.0.tar.gz"]
asked += [b"GET " + way.encode() + b" HTTP/1.1\r\n" + host for way in ways]
for data in asked:
    try:
        answer = say("/run/packages/mirror", data)
    except OSError:
        continue
    if b"root:" in answer or SECRET.encode() in answer or b" 200 " in answer.split(b"\r\n")[0]:
        came_through("the door for packages gave", (data[:60], answer[:80]))

# The programs behind the doors are in nobody's reach.
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        name = open(f"/proc/{pid}/comm").read().strip()
    except OSError:
        continue
    if name == "helserom" or b"answer-statements" in words[:2] or b"--data" in words:
        came_through("a program of the centre is seen", words)
for what in ("environ", "mem", "auxv", "syscall", "stack"):
    try:
        text = open(f"/proc/1/{what}", "rb").read(64)
    except OSError:
        continue
    if text and SECRET.encode() in text or what == "environ" and text:
        came_through("of process 1", (what, text))
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, 1, 0, 0) == 0:
    came_through("process 1 is traced")
for path in (HOST_DATA, "/proc/1/root" + HOST_DATA, HOST_DATA + "/vault", HOST_DATA + "/rooms"):
    if os.path.exists(path):
        came_through("the data folder is seen", path)
for top in ("/", "/run", "/proc/self/fd"):
    for name in os.listdir(top):
        try:
            if SECRET in os.readlink(os.path.join(top, name)):
                came_through("a link leads out", (top, name))
        except OSError:
            pass
if any(SECRET in value for value in os.environ.values()):
    came_through("the environment tells a secret")
try:
    socket.create_connection(("127.0.0.1", int(PORT)), timeout=2)
    came_through("TCP to the machine")
except OSError:
    pass
# (Everything that runs in a notebook or on a desktop is somebody's own work.)
if not OTHERS:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        os.kill(-1, signal.SIGTERM)
    except OSError:
        pass
if sql("SELECT 40 + 2")[1].strip() != "42":
    came_through("statements were ended from inside", "")
print("DONE", flush=True)
