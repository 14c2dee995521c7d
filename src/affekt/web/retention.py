"""Retention: recordings stay in memory, and end with their session.

The session storage and the media files of Streamlit are not in its public interface.
`tests/web/test_browser.py` checks this module in a real server.
"""

from __future__ import annotations

import asyncio

from starlette.formparsers import MultiPartParser
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import SessionInfo


def keep_uploads_in_memory(max_bytes: int) -> None:
    """Let no upload pass through a temporary file, as everything above 1 MB would."""
    MultiPartParser.spool_max_size = max_bytes


def end_sessions_after(retention_s: float) -> None:
    """Drop a session, with its recordings, some time after its page was closed.

    Left to itself, Streamlit keeps the last one until somebody else comes and goes.
    """
    plain_save = MemorySessionStorage.save

    def save(storage: MemorySessionStorage, session_info: SessionInfo) -> None:
        plain_save(storage, session_info)
        asyncio.get_running_loop().call_later(retention_s, end, storage, session_info)

    def end(storage: MemorySessionStorage, left: SessionInfo) -> None:
        # Whoever came back is stored no more; whoever left again has an end of their own.
        if storage.get(left.session.id) is left:
            storage.delete(left.session.id)
            left.session.shutdown()
            drop_media(left.session.id)

    MemorySessionStorage.save = save  # type: ignore[assignment, method-assign]


def drop_uploads() -> None:
    """Drop the recordings and the downloads of the session that asks."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
        drop_media(context.session_id)


def drop_media(session_id: str) -> None:
    """Drop what a session's players and download buttons offered."""
    if not runtime.exists():
        return
    media = runtime.get_instance().media_file_mgr
    media.clear_session_refs(session_id)
    for _ in range(2):  # a download is spared the first time
        media.remove_orphaned_files()
