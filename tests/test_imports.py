"""Recognising is light: what it loads, and how long that takes."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

HEAVY = (
    *("torch", "lightning", "pandas", "scipy", "librosa", "sklearn"),
    *("matplotlib", "onnx", "pyarrow", "numba", "tensorboard", "av"),
)
REPORT = "\nimport json, sys; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = modules_after("import affekt; affekt.Recognizer")
    assert "onnxruntime" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("write", ["write_bundle", "write_feature_bundle"])
def test_a_whole_prediction_loads_nothing_heavy(tmp_path: Path, write: str) -> None:
    tones = runpy.run_path(str(Path(__file__).parent / "recognition" / "tone_bundle.py"))
    bundle = tones[write](tmp_path / "tones.onnx")
    for label in ("happy", "sad"):
        soundfile.write(tmp_path / f"{label}.wav", tones["tone"](label), 16000)
    words = ["predict", str(tmp_path), "--model", str(bundle)]
    loaded = modules_after(f"""
from affekt.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert end.code == 0
""")
    assert "rich" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_importing_the_core_takes_under_half_a_second() -> None:
    # Time on the processor, and the best of five: what else the machine does is not our cost.
    code = (
        "import time; begin = time.process_time(); import affekt; affekt.Recognizer;"
        "print(time.process_time() - begin)"
    )
    times_s = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(5)
    ]
    assert min(times_s) < 0.5


def test_the_face_of_the_package_lists_what_it_loads_on_first_use() -> None:
    import affekt

    assert set(affekt.__all__) <= set(dir(affekt))
    for name in affekt.__all__:
        found = getattr(affekt, name)
        assert name == "__version__" or found.__doc__
    with pytest.raises(AttributeError, match="has no attribute 'recognise'"):
        affekt.recognise  # noqa: B018 - the access is the test


def test_nobody_below_imports_the_face_of_the_package() -> None:
    source = Path(__file__).parent.parent / "src" / "affekt"
    told = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "from affekt import __version__" in path.read_text(encoding="utf-8")
    ]
    assert told == []
