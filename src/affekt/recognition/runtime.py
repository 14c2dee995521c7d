"""ONNX Runtime, told to report nothing to anybody before it is loaded.

From version 1.29 on it gathers usage data by default, in the user's cache and in `/tmp`, and
sends it to its makers. Affekt sends nothing anywhere. Whoever sets the variable decides.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
