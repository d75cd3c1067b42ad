"""How suites measure: in turn, in one run, and what a row of results holds."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "Benchmarks" / "Peers"
# The peer of --against, as rows name it.
OTHER_BUILD = "the other build"


def say(text):
    print(text, file=sys.stderr, flush=True)


def sh(command, **options):
    """Runs a command and reads its last line of standard output as JSON."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True, **options)
    return json.loads(done.stdout.strip().splitlines()[-1])


def environment(packages, python=None):
    """A Python with `packages` (name to install: name to import): `python`, or one from .venv-bench; None where they
    cannot be had."""
    check = "import " + ", ".join(packages.values())
    if python:
        if subprocess.run([python, "-c", check]).returncode:
            say(f"no peer: {python} lacks {', '.join(packages)}")
            return None
        return python
    folder = ROOT / ".venv-bench"
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        if subprocess.run([python, "-c", check], stderr=subprocess.DEVNULL).returncode:
            say(f"installing {', '.join(packages)} into {folder.name}")
            subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
        return python
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"no peer: {error}")
        return None


class Peer:
    """A peer script of Benchmarks/Peers that stays alive between measurements.

    One that cannot start or ends early counts as no peer: `versions` is None and `measure` is not called again.
    """

    def __init__(self, name, command):
        self.name = name
        self.versions = None
        self.process = subprocess.Popen(
            [str(word) for word in command] + ["--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = self._read()
        if answer:
            self.versions = answer["versions"]

    def measure(self, request=None):
        """One measurement, or None where the peer has ended."""
        try:
            self.process.stdin.write(json.dumps(request or {}) + "\n")
            self.process.stdin.flush()
        except OSError:
            return self._read()
        return self._read()

    def _read(self):
        for line in self.process.stdout:
            # Libraries print, too; only our JSON begins like this.
            if line.startswith('{"'):
                return json.loads(line)
        say(f"peer left out: {self.name} ended with status {self.process.wait()}")
        return None

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class OtherBuild:
    """Another build of our own binary in the place of a peer: it is measured by the same command as ours."""

    versions = {}

    def __init__(self, command):
        self.command = command

    def measure(self, request=None):
        return sh(self.command)

    def close(self):
        pass


class Bystanders:
    """How much of the machine's processors other programs take, from /proc.

    With all cores in use a disturbed round says little: a library that waits in a spin for its threads loses far more than
    the share that was taken from it.
    """

    def __init__(self, processes=()):
        self.processes = processes

    def measure(self, call):
        """What `call` answers, and the share of all cores that others had meanwhile, steal included."""
        busy, own, start = self._busy(), self._own(), time.perf_counter()
        result = call()
        whole = (time.perf_counter() - start) * (os.cpu_count() or 1)
        return result, max(0.0, (self._busy() - busy) - (self._own() - own)) / max(whole, 1e-9)

    @staticmethod
    def _busy():
        user, nice, system, _, _, *interrupts = map(int, pathlib.Path("/proc/stat").read_text().split()[1:9])
        return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")

    def _own(self):
        """Seconds of this process, of children that have ended, and of living peers."""
        total = sum(os.times()[:4])
        for process in self.processes:
            try:
                fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        return total


def undisturbed(measure, bystanders, patience, allowed=0.05):
    """A result and others' share, measured again up to `patience` times where others had more than `allowed`; the least
    disturbed one counts. `bystanders(measure)` answers both.

    >>> answers = iter([("a", 0.5), ("b", 0.3), ("c", 0.4), ("d", 0.0)])
    >>> undisturbed(None, lambda _: next(answers), 2)
    ('b', 0.3)
    >>> undisturbed(None, lambda _: next(answers), 2)
    ('d', 0.0)
    """
    best = None
    for _ in range(1 + patience):
        result, share = bystanders(measure)
        if best is None or share < best[1]:
            best = result, share
        if result is None or share <= allowed:
            break
    return best


def in_turn(ours, peers, rounds, watch=lambda measure: (measure(), 0.0)):
    """`rounds` of measurements by everyone, in an order that turns by one each round, so that nobody always has the
    machine another has warmed. Answers our results, by name the peers', and the largest share of the machine that others
    took, as `watch` says. A peer that fails is left out.

    >>> calls = []
    >>> make = lambda name: (lambda: calls.append(name) or len(calls))
    >>> in_turn(make("ours"), {"a": make("a"), "b": lambda: None}, 2)
    ([1, 4], {'a': [2, 3]}, 0.0)
    >>> calls
    ['ours', 'a', 'a', 'ours']
    """
    everyone = [(None, ours), *peers.items()]
    results = {name: [] for name, _ in everyone}
    disturbed = 0.0
    for index in range(rounds):
        turn = index % len(everyone)
        for name, measure in everyone[turn:] + everyone[:turn]:
            if name is not None and name not in results:
                continue
            result, share = watch(measure)
            if result is None:
                del results[name]
            else:
                results[name].append(result)
                disturbed = max(disturbed, share)
    mine = results.pop(None)
    return mine, results, disturbed


def spread(values):
    """(largest - smallest) / median.

    >>> spread([9, 10, 12])
    0.3
    """
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0


def middle_half(mine, theirs, better="more"):
    """The quartiles of what each round of ours is to the peer's of the same round: what a drift of the machine does to both
    drops out. Where 1 lies between them, the rounds tell no difference. None where they do not pair.

    >>> middle_half([1.0, 2.0, 3.0, 4.0, 6.0], [1.0, 1.0, 2.0, 4.0, 4.0])
    (1.0, 1.5)
    >>> middle_half([2.0, 1.0, 4.0], [1.0, 1.0, 1.0], "less")
    (0.25, 1.0)
    >>> middle_half([1.0, 2.0], [1.0]) is None
    True
    """
    if len(mine) != len(theirs) or len(mine) < 3 or not all(mine) or not all(theirs):
        return None
    ratios = sorted(a / b if better == "more" else b / a for a, b in zip(mine, theirs))
    return ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]


def row(suite, case, unit, mine, peer, theirs, better="more", **more):
    """One row of results: medians, their ratio (above 1: we are ahead) and how far rounds lie apart. `best_ratio` compares
    the best rounds: where the two differ much, the machine was disturbed and the best is nearer to the truth; `middle_half`
    says where half of the rounds lie.

    >>> entry = row("s", "c", "ms", [2.0, 1.0, 3.0], "p", [4.0, 6.0], "less")
    >>> entry["ours"], entry["peer_value"], entry["ratio"], entry["spread"], entry["rounds"]
    (2.0, 5.0, 2.5, 1.0, 3)
    >>> entry["best_ratio"]
    4.0
    >>> row("s", "c", "ms", [2.0], None, [])["ratio"] is None
    True
    """
    ours, other = statistics.median(mine), statistics.median(theirs) if theirs else None
    ratio = best = None
    if other and ours:
        ratio = ours / other if better == "more" else other / ours
        best = max(mine) / max(theirs) if better == "more" else min(theirs) / min(mine)
    return {
        "suite": suite, "case": case, "unit": unit, "ours": ours, "peer": peer if theirs else None, "peer_value": other,
        "ratio": ratio, "best_ratio": best, "middle_half": middle_half(mine, theirs, better), "spread": spread(mine),
        "peer_spread": spread(theirs) if theirs else None, "rounds": len(mine), **more,
    }


def machine():
    """The machine in words, for the table."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{model}, {os.cpu_count()} cores, {gigabytes:.0f} GiB, Linux {os.uname().release.split('-')[0]}"


def swift_version():
    """The compiler's version, or None."""
    try:
        done = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return None
    words = done.stdout.split()
    return words[words.index("version") + 1] if "version" in words else None


def today():
    return time.strftime("%Y-%m-%d")
