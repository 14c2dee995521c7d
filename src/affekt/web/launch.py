"""Starting the page: Streamlit, set to write nothing and to call no other host."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from affekt.errors import ConfigError, MissingExtraError
from affekt.recognition import Bundle, shipped_bundles
from affekt.recognition.bundles import installed_bundles

MODEL_VARIABLE = "AFFEKT_APP_MODEL"

# The limit that people read. Streamlit counts a file together with its wrapping, and the browser
# in decimal megabytes, so it is given a little more and the page looks again.
MAX_UPLOAD_BYTES = 200 * 2**20
MAX_UPLOAD_TEXT = "200 MB"
_STREAMLIT_MAX_MB = 210

# A connection that was lost for no longer than this finds its session again.
RETENTION_S = 60.0


def serve(*, host: str, port: int, model: str, retention_s: float = RETENTION_S) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        host: address to listen on; 127.0.0.1 is this machine alone.
        port: to listen on.
        model: offered first: a name, "active" for the one in use, or a path.
        retention_s: how long a session whose page was closed is kept, in seconds.

    Raises:
        MissingExtraError: Streamlit is not installed.
        BundleError: there is no such model, or it is not one of ours.
        ConfigError: `port` is no port.
    """
    if not 1 <= port <= 65535:
        raise ConfigError(f"port must lie in 1 to 65535: {port}")
    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError(what="the web page", package="streamlit", extra="web")
    os.environ[MODEL_VARIABLE] = first_choice(model)
    from streamlit.web import bootstrap

    from affekt.web.retention import end_sessions_after, keep_uploads_in_memory

    keep_uploads_in_memory((_STREAMLIT_MAX_MB + 1) * 2**20)
    end_sessions_after(retention_s)
    page = Path(__file__).with_name("page.py")
    os.chdir(page.parent)  # Streamlit looks for settings in the working folder
    options = streamlit_options(host=host, port=port)
    bootstrap.load_config_options(flag_options=options)
    bootstrap.run(str(page), False, [], options)


def named_models() -> dict[str, Path]:
    """Return the models that have a name: the shipped ones, and those an operator installed."""
    return installed_bundles() | shipped_bundles()


def first_choice(model: str) -> str:
    """Return the name of a model, or its absolute path; it is opened to see that it is one.

    Raises:
        BundleError: there is no such model, or it is not one of ours.
    """
    path = Bundle.load(model).path
    names = [name for name, place in named_models().items() if place == path]
    return names[0] if names else str(path.resolve())


def streamlit_options(*, host: str, port: int) -> dict[str, str | int | bool]:
    """Return the settings of the server, in the form of Streamlit's command line."""
    return {
        "server_address": host,
        "server_port": port,
        "server_headless": True,
        "server_fileWatcherType": "none",
        "server_maxUploadSize": _STREAMLIT_MAX_MB,
        "server_enableXsrfProtection": True,
        "browser_gatherUsageStats": False,
        "client_toolbarMode": "viewer",
        "client_showErrorDetails": "none",
        "logger_level": "warning",
    }
