"""A script of ten lines that downloads one image after another with requests.

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
    response = requests.get(url, stream=True, timeout=30)
    response.raise_for_status()
    with open(os.path.join(folder, url.rsplit("/", 1)[-1]), "wb") as file:
        for chunk in response.iter_content(8192):
            file.write(chunk)
