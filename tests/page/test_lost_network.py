"""A network that goes away, at the command line: the job rests, no picture is failed for it."""

from __future__ import annotations

import json

import pytest
from api_server import MODEL_ID, ApiServer, reset
from cli_process import CliProcess, part_files


@pytest.mark.parametrize("there,code", [(10, 1), (0, 3)])
def test_job_rests_and_resume_brings_every_picture(tmp_path, there, code):
    dest = tmp_path / "out"
    with ApiServer(count=40) as server:
        program = CliProcess(server.url, tmp_path / "data", http_max_retries=1)
        for image_id in server.ids[there:]:
            server.always(image_id, reset)
        done = program.run("download", str(MODEL_ID), "--dest", str(dest), "--json")
        assert done.returncode == code, done.stderr
        assert done.stderr.endswith(". Go on with: resume 1\n")
        result = json.loads(done.stdout)
        assert (result["saved"], result["failed"]) == (there, [])
        assert sum(server.fetched.values()) < there + 25, "it does not try them all"
        (job,) = json.loads(program.run("jobs", "--json").stdout)
        assert (job["state"], job["failed"], job["waiting"]) == ("paused", 0, 40 - there)
        server._always.clear()
        done = program.run("resume")
    assert done.returncode == 0, done.stderr
    assert len(list(dest.iterdir())) == 3 * 40 and part_files(tmp_path) == []
