"""Bundles: one ONNX file with its metadata and its checksum, shipped or installed."""

from affekt.recognition.bundles.bundle import (
    FEATURES_NAME,
    INPUT_NAME,
    INTENSITY_NAME,
    NOVELTY_NAME,
    OUTPUT_NAMES,
    UNCALIBRATED_NAME,
    Bundle,
)
from affekt.recognition.bundles.checksum import check_checksum, file_sha256, write_model
from affekt.recognition.bundles.installed import install_model, roll_back, use_model
from affekt.recognition.bundles.metadata import METADATA_KEY, BundleMetadata, SetRule
from affekt.recognition.bundles.metadata_reader import read_metadata
from affekt.recognition.bundles.model_files import (
    DEFAULT,
    SHIPPED,
    active_model,
    bundle_path,
    find_release,
    installed_bundles,
    shipped_bundles,
)
from affekt.recognition.bundles.outputs import Floats, Outputs

__all__ = [
    "DEFAULT",
    "FEATURES_NAME",
    "INPUT_NAME",
    "INTENSITY_NAME",
    "METADATA_KEY",
    "NOVELTY_NAME",
    "OUTPUT_NAMES",
    "SHIPPED",
    "UNCALIBRATED_NAME",
    "Bundle",
    "BundleMetadata",
    "Floats",
    "Outputs",
    "SetRule",
    "active_model",
    "bundle_path",
    "check_checksum",
    "file_sha256",
    "find_release",
    "install_model",
    "installed_bundles",
    "read_metadata",
    "roll_back",
    "shipped_bundles",
    "use_model",
    "write_model",
]
