"""How seconds and memory of a run grow with its images: `python tests/benchmarks/growth.py`.

Each n is a run in a process of its own, whose peak memory the operating system counts. The model
costs next to nothing, so that all that is left is the benchmark's own. Numbers of images may be
given: `python tests/benchmarks/growth.py 100 1000`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
NUMBERS = (100, 1_000, 10_000, 100_000)
BATCH = 100

TASK = """
name: crowd
summary: Reddish noise into greenish noise, as many images as one likes.
dataset: crowd
source: {domain: red, unconditional: red, split: test}
target: {domain: green, reference: train, held_out: test}
item: {shape: [3, 32, 32], low: -1.0, high: 1.0}
extractor: crowd
metrics: ["success:label=1:within=150", fid, color, accuracy:label=1, transport]
primary: [success, fid, color_deg, accuracy]
ranked_by: success
axes: {method: [ddib], solver: [euler], transform: [identity, normalize]}
scores:
  default: {source: [crowd], target: [crowd]}
protocols:
  quick: {n: 100, nfe: [2], seeds: [0], batch: 100}
"""


def measured(n):
    """A run of n images in this process: its seconds and its peak memory."""
    from bridgebench.api import run_choices
    from bridgebench.plan.choices import choices_of
    from bridgebench.plugins.registry import GROUP, build_registry

    sys.path.insert(0, str(HERE))
    point = EntryPoint("growth", "growth_plugin", GROUP)
    registry = build_registry([*entry_points(group=GROUP), point])
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "crowd.yaml"
        task.write_text(TASK)
        words = {"task": str(task), "n": n, "batch": BATCH, "device": "cpu", "precision": "fp32"}
        loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = perf_counter()
        finished = run_choices(
            choices_of({**words, "out": Path(folder) / "out"}), registry=registry
        )
        seconds = perf_counter() - begun
        statistics = sum(
            path.stat().st_size for path in finished.folder.path.glob("records/*.safetensors")
        )
    if not finished.all_ok:
        raise SystemExit([record.reason for record in finished.records])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "n": n,
        "seconds": seconds,
        "loaded_mb": loaded * 1024 / 1e6,
        "peak_mb": peak * 1024 / 1e6,
        "records_mb": statistics / 1e6,
    }


def in_a_process_of_its_own(n):
    """What `measured` says in a fresh process of one thread, with no encode kept from before."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "BRIDGEBENCH_CACHE_LIMIT": "0"}
    words = [sys.executable, str(HERE / "growth.py"), "--one", str(n)]
    done = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def table(rows):
    """The rows as a Markdown table."""
    lines = [
        "| n | seconds | images of a row a second | peak MB | MB a further 1,000 images "
        "| statistics on disk, MB |",
        "|---|---|---|---|---|---|",
    ]
    for before, row in zip([None, *rows], rows, strict=False):
        slope = "-"
        if before:
            slope = f"{1e3 * (row['peak_mb'] - before['peak_mb']) / (row['n'] - before['n']):.2f}"
        lines.append(
            f"| {row['n']:,} | {row['seconds']:.1f} | {2 * row['n'] / row['seconds']:.0f} "
            f"| {row['peak_mb']:.0f} | {slope} | {row['records_mb']:.2f} |"
        )
    return "\n".join(lines)


def main(words):
    if words[:1] == ["--one"]:
        sys.stdout.write(json.dumps(measured(int(words[1]))) + "\n")
        return
    rows = [in_a_process_of_its_own(int(n)) for n in words or NUMBERS]
    sys.stdout.write(table(rows) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
