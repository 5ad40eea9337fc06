"""The entry: registers the tab in a WebUI; as a program, the command line.

A WebUI executes this file anew at each "Reload UI", as a module that is not in `sys.modules`;
so it stays thin, and all that lives is in the package beside it.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
if _HERE not in sys.path:
    sys.path.append(_HERE)


def _main() -> int:
    import argparse

    from civitai_manager_libs import cli

    parser = argparse.ArgumentParser(
        prog="civitai_shortcut.py",
        description="Without a command: the gallery tab by itself, in the browser.",
    )
    parser.add_argument("--demo", action="store_true", help="an offline Civitai of our own")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860)
    cli.add_commands(parser)
    arguments = parser.parse_args()
    if arguments.demo:
        from civitai_manager_libs.demo import server

        os.environ["CIVITAI_BASE_URL"] = server.start_demo().url
    if arguments.command:
        return cli.run(arguments)
    from civitai_manager_libs import standalone

    return standalone.run(arguments.host, arguments.port)


if __name__ == "__main__":
    sys.exit(_main())
elif "modules.script_callbacks" in sys.modules:
    from civitai_manager_libs import webui

    webui.register()
