"""Getting a whole corpus from its official place."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path

from affekt.corpora.base import Archive, Corpus, FileList
from affekt.corpora.unpack import unpack_zip
from affekt.download import Progress, RetryPolicy, download_file
from affekt.errors import DownloadError

# Several times what the largest archive has.
_MAX_BYTES = 2**33


def get_corpus(
    corpus: Corpus,
    root: Path,
    *,
    retry_policy: RetryPolicy | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download a corpus into `root/name`; broken off, the same call goes on where it stopped.

    Returns:
        The folder.

    Raises:
        DownloadError: the terms allow no download, the folder already holds an unpacked corpus,
            or a download failed.
        ConfigError: the folder cannot be written.
    """
    if not corpus.access.remotes:
        raise DownloadError(
            f"{corpus.title} cannot be downloaded by a command ({corpus.licence.note or 'terms'}): "
            f"{corpus.access.how}; {corpus.access.url}. Then put it into {root / corpus.name}"
        )
    folder = root / corpus.name
    download = partial(download_file, max_bytes=_MAX_BYTES, retry_policy=retry_policy)
    for remote in corpus.access.remotes:
        if isinstance(remote, Archive):
            _get_archive(corpus, remote, folder, download, progress)
        else:
            _get_files(corpus, remote, folder, download, progress)
    return folder


def _get_archive(
    corpus: Corpus,
    remote: Archive,
    folder: Path,
    download: Callable[..., Path],
    progress: Progress | None,
) -> None:
    if folder.is_file():
        raise DownloadError(f"{folder}: is a file where the corpus' folder would be: move it away")
    if folder.exists() and any(folder.iterdir()):
        raise DownloadError(
            f"{folder} already holds files: 'affekt audit --corpus {corpus.name}' checks them; "
            "move them away to download anew"
        )
    archive = download(
        remote.url,
        folder.parent / ".downloads" / remote.filename,
        checksum=remote.checksum,
        progress=progress,
    )
    unpack_zip(archive, folder)
    archive.unlink()


def _get_files(
    corpus: Corpus,
    remote: FileList,
    folder: Path,
    download: Callable[..., Path],
    progress: Progress | None,
) -> None:
    index = download(remote.index_url, folder / remote.index_target)
    for url, target in remote.extras:
        download(url, folder / target)
    names = _names(corpus, remote, index)
    for done, name in enumerate(names, start=1):
        download(remote.url.format(name=name), folder / remote.target.format(name=name))
        if progress is not None:
            progress(corpus.title, done, len(names))


def _names(corpus: Corpus, remote: FileList, index: Path) -> list[str]:
    # What is no table in UTF-8 gives names that the grammar does not know.
    try:
        with index.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            names = [(row.get(remote.column) or "").strip() for row in csv.DictReader(file)]
    except csv.Error:
        names = []
    # A name becomes a path: only what the grammar knows may.
    other = [name for name in names if corpus.parse(name) is None]
    if other or not names:
        raise DownloadError(
            f"{remote.index_url}: not the list of {corpus.title}'s files "
            f"({'it names none' if not names else repr(other[0])}); delete {index} and try again"
        )
    return names
