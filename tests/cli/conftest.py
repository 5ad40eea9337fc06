"""What tests of the command line stand on."""

from __future__ import annotations

import pytest
from civitai_manager_libs.cli import arguments, commands


@pytest.fixture(autouse=True)
def _english(monkeypatch, library):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def run(capsys):
    """(exit code, stdout, stderr) of one command, in this process."""

    def run(*words):
        capsys.readouterr()
        try:
            code = commands.run_command(arguments.build_parser().parse_args(words))
        except SystemExit as error:
            code = error.code
        return code, *capsys.readouterr()

    return run
