"""The entry: registers the tab in a WebUI; as a program, the command line.

A WebUI executes this file anew at each "Reload UI", as a module that is not in `sys.modules`;
so it stays thin, and all that lives is in the package beside it.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_DEMO_PORT = 47860
if _HERE not in sys.path:
    sys.path.append(_HERE)


def _main() -> int:
    from civitai_manager_libs.cli import arguments, commands, terminal

    terminal.prepare_terminal()
    given = arguments.build_parser().parse_args()
    example = _start_demo() if given.demo else ""
    if given.command:
        return commands.run_command(given)
    from civitai_manager_libs.web import standalone

    return standalone.run_server(given.host, given.port, example, given.auth)


def _start_demo() -> str:
    """Our own offline Civitai in place of the real one; the model to begin with.

    It has a folder of its own beside the user's, and the same address at each start if that is
    free, so that a job of the last time can go on.
    """
    from civitai_manager_libs import host
    from civitai_manager_libs.demo import server
    from civitai_manager_libs.errors import InputError

    try:
        demo = server.start_demo(_DEMO_PORT)
    except InputError:
        demo = server.start_demo()
    os.environ["CIVITAI_BASE_URL"] = demo.url
    host.bypass_proxies_for("127.0.0.1")  # where the demo is
    if "CIVITAI_SHORTCUT_DATA" not in os.environ:
        os.environ["CIVITAI_SHORTCUT_DATA"] = os.path.join(host.default_data_folder(), "demo")
    return "900001"


if __name__ == "__main__":
    try:
        sys.exit(_main())
    except KeyboardInterrupt:  # before there was anything to end
        sys.exit(130)
elif "modules.script_callbacks" in sys.modules:
    from civitai_manager_libs.web import webui

    webui.register_tab()
