"""The page that recognises inside the browser, which the service shows at `GET /`."""

from __future__ import annotations

import os
from pathlib import Path

from affekt.errors import BundleError, ConfigError

FOLDER_VARIABLE = "AFFEKT_WEB_BUNDLE"


def folder(model: str | Path = "default") -> Path | None:
    """Return the folder of the page: the one that `AFFEKT_WEB_BUNDLE` names, else from the cache.

    Nothing is fetched. The files go out with `web_bundle.media_type` and `web_bundle.HEADERS`.

    Args:
        model: what the page in the cache runs: a name, or the path of a bundle.

    Returns:
        None where no folder is named and there is nothing to make the page of: onnxruntime-web
        was never fetched, the cache cannot be written, or the model cannot run in a browser.

    Raises:
        ConfigError: the named folder was not written by `affekt web-bundle`.
    """
    from affekt.web_bundle import cached_web_bundle, is_web_bundle

    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        if not is_web_bundle(Path(named)):
            raise ConfigError(
                f"{FOLDER_VARIABLE}: {named} holds no page: affekt web-bundle {named} writes one"
            )
        return Path(named)
    try:
        return cached_web_bundle(model)
    except (BundleError, OSError):
        return None
