"""Case (h): time to store 10,000 images and to compute their statistics."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from measure import ENTRY, make_environment, measure_process, median
from tables import format_number, format_table, format_verdict

__all__ = ["measure_stats"]

_LIMIT = 0.3  # seconds
_SCRIPT = """
import json, random, sys, time
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import image_from_json
from civitai_manager_libs.library import gallery_stats, image_records, wait_for_writes

rng, size = random.Random(14), int(sys.argv[1])
common = [f"phrase {n}" for n in range(3000)]
samplers = ("DPM++ 2M Karras", "Euler a", "uni_pc", "DPM++ SDE", "DDIM")
def image(number):
    words = [common[int(rng.paretovariate(0.6)) % 3000] for _ in range(30)]
    words += [f"rare{rng.random()}" for _ in range(15)]
    meta = {"prompt": ", ".join(words), "negativePrompt": ", ".join(words[:9])}
    meta |= {"sampler": rng.choice(samplers), "steps": rng.randrange(15, 50)}
    meta |= {"cfgScale": rng.randrange(8, 20) / 2, "Size": "832x1216", "seed": number}
    meta["resources"] = [{"type": "lora", "name": f"lora{rng.randrange(50)}", "weight": 0.8}]
    return image_from_json({
        "id": number, "url": f"{setting.base_url()}/x/{number}/original=true/{number}.jpeg",
        "browsingLevel": 1, "modelVersionIds": [10 + number % 4], "meta": meta,
        "stats": {"likeCount": rng.randrange(50)},
    })
made = [image(n + 1) for n in range(size)]
started = time.perf_counter()
for at in range(0, size, 100):
    image_records.store_images(made[at : at + 100], galleries=("model 7",))
assert wait_for_writes(600)
stored, opened = time.perf_counter() - started, []
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    found = gallery_stats.compute_gallery_stats(7, None, 1)
    opened.append(time.perf_counter() - started)
assert found["image_count"] == size and found["recipe"]
print(json.dumps([stored, opened]))
"""


def measure_stats(scale: str) -> str:
    size, turns = {"full": (10_000, 9), "quick": (10_000, 3)}.get(scale, (300, 1))
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        scripts = str(Path(ENTRY).parent)
        env = make_environment("http://127.0.0.1:9", Path(folder), PYTHONPATH=scripts)
        run = measure_process([sys.executable, "-c", _SCRIPT, str(size), str(turns)], env)
    stored, opened = json.loads(run.output.splitlines()[-1])
    seconds = [stored / size * 1000, opened[0], median(opened)]
    row = [f"{size:,} pictures", *map(format_number, seconds)]
    heads = ["", "ms to keep one", "seconds to open: first", "median"]
    report = format_table("(h) what works here", heads, [row])
    return f"{report}\n{format_verdict('seconds to open, median', median(opened), _LIMIT)}\n"
