"""The entry: registers the tab in a WebUI; as a program, the command line.

A WebUI runs this file again at each "Reload UI", and does not put it into `sys.modules`; so all
state is in the package beside it.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_DEMO_PORT = 47860
_DEMO_RATE = 4_000_000.0  # bytes a second of a model file, so that its progress can be seen
# ComfyUI's names for the folders of models.
_DEMO_FOLDERS = "checkpoints diffusion_models loras embeddings vae".split()
if _HERE not in sys.path:
    sys.path.append(_HERE)


def _main() -> int:
    """Run the command that the user typed, or the web server; return the exit code."""
    from civitai_manager_libs.cli import arguments, terminal

    terminal.prepare_terminal()
    options = arguments.build_parser().parse_args()
    if options.demo:
        _start_demo()
    if options.command:
        from civitai_manager_libs.cli import commands  # not for `--help`

        return commands.run_command(options)
    from civitai_manager_libs.web import standalone

    return standalone.run_server(options.host, options.port, options.demo, options.auth)


def _start_demo() -> None:
    """Start a local imitation of Civitai, and use it for all requests.

    The demo has its own data folder, so the user's data is not touched. Its port is the same at
    each start if possible, so that unfinished jobs can continue.
    """
    from civitai_demo import server
    from civitai_manager_libs import host

    try:
        demo = server.start_demo(_DEMO_PORT, _DEMO_RATE)
    except OSError:  # the port is in use
        demo = server.start_demo(0, _DEMO_RATE)
    os.environ["CIVITAI_BASE_URL"] = demo.url
    if "CIVITAI_SHORTCUT_DATA" not in os.environ:
        os.environ["CIVITAI_SHORTCUT_DATA"] = os.path.join(host.find_default_data_folder(), "demo")
    from civitai_manager_libs import network, setting
    from civitai_manager_libs.errors import DiskError

    network.bypass_proxies_for("127.0.0.1")
    # Folders for model files, if the user has not chosen any.
    folder = os.path.join(setting.data_folder(), "outputs", "models")
    try:
        setting.load()
        if not setting.model_folders:
            for name in _DEMO_FOLDERS:
                os.makedirs(os.path.join(folder, name), exist_ok=True)
            setting.change("model_folders", folder)
            setting.save()
    except (OSError, DiskError):  # the command or the page tells what cannot be written
        pass


if __name__ == "__main__":
    try:
        sys.exit(_main())
    except KeyboardInterrupt:  # before a command handles it
        sys.exit(130)
elif "modules.script_callbacks" in sys.modules:
    from civitai_manager_libs.web import tab

    tab.add_gallery_tab()
