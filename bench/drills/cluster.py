"""A primary and a synchronous standby under pg_auto_failover, each behind its own pgbouncer.

All on this machine and on 127.0.0.1, in a folder that goes away afterwards. Debian's packages
are installed if they are missing (as root). PostgreSQL refuses to run as root, so root runs
everything as the user that the packages bring.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.process import Failed, free_port

PACKAGES = ("pg-auto-failover-cli", "postgresql-15-auto-failover", "pgbouncer")
PROGRAMS = "/usr/lib/postgresql/15/bin"
USER = "postgres"
NODES = ("a", "b")
HOST = "127.0.0.1"
STEADY_SECONDS = 90.0
# the monitor's patience, in milliseconds: asks every second, and takes a node that has been
# silent for five for dead (its own defaults: 5 and 20 seconds)
PATIENCE = {
    "health_check_period": 1000,
    "health_check_timeout": 1500,
    "health_check_retry_delay": 500,
    "node_considered_unhealthy_timeout": 5000,
    "primary_demote_timeout": 5000,
}
_POOLER = """
[databases]
linli = host=127.0.0.1 port={server} dbname=linli
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
max_client_conn = 200
default_pool_size = 20
server_login_retry = 1
server_connect_timeout = 3
query_wait_timeout = 10
"""


@dataclass
class Cluster:
    """`server`, `pooler`: ports by node."""

    folder: Path
    monitor: int = field(default_factory=free_port)
    server: dict[str, int] = field(default_factory=lambda: {n: free_port() for n in NODES})
    pooler: dict[str, int] = field(default_factory=lambda: {n: free_port() for n in NODES})
    _running: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Through the poolers, to whichever leads to the primary."""
        return self._address(self.pooler)

    @property
    def direct(self) -> str:
        """To the primary itself."""
        return self._address(self.server)

    def _address(self, ports: dict[str, int]) -> str:
        hosts = "&".join(f"host={HOST}:{port}" for port in ports.values())
        return f"postgresql://linli@/linli?{hosts}"

    def begin(self) -> None:
        """Make and start everything; returns when the standby is synchronous."""
        self._make("monitor", "monitor", self.monitor)
        # the monitor listens everywhere unless it is told
        self._pg_autoctl("config", "set", "postgresql.listen_addresses", HOST, of="monitor")
        self._run("monitor")
        self._until(lambda: self._ask("SELECT 1") == "1", "the monitor")
        self._be_quick()
        for name in NODES:
            self._make(name, "postgres", self.server[name], *self._node(name))
            self._run(name)
            self._until(lambda: self._ask(_HEALTHY) == str(len(self._running) - 1), name)
            self._pool(name)
        self._until(lambda: self._ask(_SYNCHRONOUS) == "1", "the standby")

    def primary(self) -> str:
        """The node that the monitor takes for the primary."""
        return self._ask(
            "SELECT nodename FROM pgautofailover.node WHERE goalstate::text ~ 'primary'"
        )

    def standby_names(self, node: str) -> str:
        """What a node's commits wait for."""
        return self._query(self.server[node], "linli", "SHOW synchronous_standby_names")

    def kill(self, node: str) -> None:
        """kill -9 of all that runs on a node, its pooler too, as if the machine had gone."""
        every = [pid for each in self._running.pop(node) for pid in _tree(each.pid)]
        for pid in every:
            _kill(pid)

    def end(self) -> None:
        """Leave nothing behind."""
        for name in list(self._running):
            self.kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _node(self, name: str) -> Sequence[str]:
        monitor = f"postgres://autoctl_node@{HOST}:{self.monitor}/pg_auto_failover"
        return (
            "--monitor", monitor, "--name", name, "--listen", HOST, "--dbname", "linli",
            "--username", "linli",
        )  # fmt: skip

    def _make(self, name: str, kind: str, port: int, *more: str) -> None:
        common = ("--pgport", str(port), "--hostname", HOST, "--auth", "trust", "--no-ssl")
        self._pg_autoctl("create", kind, *common, *more, of=name)

    def _run(self, name: str) -> None:
        self._running[name] = [self._start(["pg_autoctl", "run", "--pgdata", name], name)]

    def _pool(self, name: str) -> None:
        text = _POOLER.format(server=self.server[name], port=self.pooler[name], folder=self.folder)
        (self.folder / f"{name}.ini").write_text(text)
        (self.folder / "users.txt").write_text('"linli" ""\n')
        command = ["/usr/sbin/pgbouncer", str(self.folder / f"{name}.ini")]
        self._running[name].append(self._start(command, f"{name}-pooler"))

    def _be_quick(self) -> None:
        for key, value in PATIENCE.items():
            self._ask(f"ALTER SYSTEM SET pgautofailover.{key} = {value}")
        self._ask("SELECT pg_reload_conf()")

    def _pg_autoctl(self, *command: str, of: str) -> None:
        tail = ("--pgdata", of) if command[0] == "create" else ()
        head = ("pg_autoctl", *command[:2], *(() if tail else ("--pgdata", of)), *command[2:])
        done = subprocess.run([*head, *tail], **self._as(), capture_output=True, check=False)
        if done.returncode:
            raise Failed(done.stderr.decode()[-2000:])

    def _start(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, **self._as(), stdout=log, stderr=log)

    def _ask(self, question: str) -> str:
        return self._query(self.monitor, "pg_auto_failover", question, "postgres")

    def _query(self, port: int, database: str, question: str, user: str = "linli") -> str:
        command = ["psql", "-qAtX", "-h", HOST, "-p", str(port), "-U", user, "-d", database]
        done = subprocess.run(
            [*command, "-c", question], **self._as(), capture_output=True, check=False, timeout=10
        )
        return str(done.stdout.decode()).strip()

    def _as(self) -> dict:  # type: ignore[type-arg]
        """Run as nobody important, and keep everything in our folder."""
        places = {name: str(self.folder / name) for name in _PLACES}
        env = {"PATH": f"{PROGRAMS}:/usr/sbin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **places}
        who = {"user": USER, "group": USER, "extra_groups": []} if os.getuid() == 0 else {}
        return {"cwd": self.folder, "env": env | {"HOME": str(self.folder)}, **who}

    def _until(self, check, what: str) -> None:  # type: ignore[no-untyped-def]
        until = time.monotonic() + STEADY_SECONDS
        while not check():
            if time.monotonic() > until:
                raise Failed(f"{what} did not come up")
            time.sleep(0.3)


_PLACES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")
_HEALTHY = (
    "SELECT count(*) FROM pgautofailover.node WHERE goalstate = reportedstate "
    "AND goalstate IN ('single', 'primary', 'secondary')"
)
_SYNCHRONOUS = (
    "SELECT count(*) FROM pgautofailover.node WHERE goalstate = 'primary' "
    "AND reportedstate = 'primary'"
)


def _tree(pid: int) -> list[int]:
    """A process and all that it has started."""
    try:
        tasks = [each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        tasks = []
    children = [int(child) for each in tasks for child in each.split()]
    return [pid, *(found for child in children for found in _tree(child))]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def install() -> None:
    """Debian's packages, without starting anything. Raises Failed."""
    missing = [each for each in PACKAGES if not _installed(each)]
    if not missing:
        return
    if os.getuid() != 0:
        raise Failed(f"as root: apt-get install {' '.join(missing)}")
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    if done.returncode:
        raise Failed(done.stderr.decode()[-2000:])


def _installed(package: str) -> bool:
    command = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout == b"installed"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """The cluster, running until the block ends."""
    install()
    folder = Path(tempfile.mkdtemp(prefix="linli-ha-"))
    if os.getuid() == 0:
        shutil.chown(folder, USER, USER)
    found = Cluster(folder)
    try:
        found.begin()
        yield found
    finally:
        found.end()
