#!/usr/bin/env bash
# Write the pinned requirements of the images anew, with the checksum of every file.
# Needs uv (pip install uv). Run it after a change of pyproject.toml, or to take in updates:
#   deploy/lock.sh            keeps what still fits
#   deploy/lock.sh --upgrade  takes the newest
set -euo pipefail
cd "$(dirname "$0")/.."

lock() { # TARGET [ARGUMENT...]
    local target="deploy/requirements-$1.txt"
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command deploy/lock.sh --output-file "$target" "$@"
}

lock service pyproject.toml --extra service --extra media "$@"
lock page pyproject.toml --extra web --extra media "$@"
# What builds our own wheel; it does not get into the images.
lock build deploy/requirements-build.in "$@"
