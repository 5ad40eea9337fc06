"""What a script of ten lines does: one picture after another, with requests.

python sequential.py FOLDER FILE-OF-URLS
"""

from __future__ import annotations

import os
import sys

import requests

folder, list_file = sys.argv[1:]
with open(list_file) as lines:
    urls = lines.read().split()
for url in urls:
    answer = requests.get(url, stream=True, timeout=30)
    answer.raise_for_status()
    with open(os.path.join(folder, url.rsplit("/", 1)[-1]), "wb") as file:
        for chunk in answer.iter_content(8192):
            file.write(chunk)
