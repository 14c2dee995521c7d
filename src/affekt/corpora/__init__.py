"""Corpora of emotional speech: what they are, where they come from, and their utterances."""

from affekt.corpora.base import Archive, Corpus, Name
from affekt.corpora.checks import check_names, implausible_length, is_known, trouble_with
from affekt.corpora.datasets import Dataset, DataSource, open_dataset, root_at_hand
from affekt.corpora.labels import LABELS, Labels, canonical_label, check_labels
from affekt.corpora.locate import is_there, locate, path_parts, without_ending
from affekt.corpora.obtain import get_corpus
from affekt.corpora.scan import Scan, scan_folder
from affekt.corpora.table import (
    CORPORA,
    classes_of,
    collection_of,
    corpora_root,
    find_corpus,
    load_corpus,
    scan_corpus,
)
from affekt.corpora.utterance_tables import check_text, write_table
from affekt.corpora.utterances import UNKNOWN_SPEAKER
from affekt.corpora.votes import (
    VOTED,
    VOTED_CORPUS,
    ratings_of_clips,
    read_intensities,
    read_votes,
)

__all__ = [
    "CORPORA",
    "LABELS",
    "UNKNOWN_SPEAKER",
    "VOTED",
    "VOTED_CORPUS",
    "Archive",
    "Corpus",
    "DataSource",
    "Dataset",
    "Labels",
    "Name",
    "Scan",
    "canonical_label",
    "check_labels",
    "check_names",
    "check_text",
    "classes_of",
    "collection_of",
    "corpora_root",
    "find_corpus",
    "get_corpus",
    "implausible_length",
    "is_known",
    "is_there",
    "load_corpus",
    "locate",
    "open_dataset",
    "path_parts",
    "ratings_of_clips",
    "read_intensities",
    "read_votes",
    "root_at_hand",
    "scan_corpus",
    "scan_folder",
    "trouble_with",
    "without_ending",
    "write_table",
]
