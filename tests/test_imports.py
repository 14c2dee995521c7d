"""Recognising is light: what it loads, and how long that takes."""

from __future__ import annotations

import importlib
import json
import runpy
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
import soundfile

HEAVY = (
    *("torch", "lightning", "pandas", "scipy", "librosa", "sklearn"),
    *("matplotlib", "onnx", "pyarrow", "numba", "tensorboard", "av"),
)
SOURCE = Path(__file__).parent.parent / "src"
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
        assert name == "__version__" or "```python" in found.__doc__, f"{name} has no example"
    with pytest.raises(AttributeError, match="has no attribute 'recognise'"):
        affekt.recognise  # noqa: B018 - the access is the test


def test_a_door_has_every_name_that_it_lists() -> None:
    for door in sorted(SOURCE.glob("affekt/**/__init__.py")):
        room = importlib.import_module(".".join(door.relative_to(SOURCE).parts[:-1]))
        missing = [name for name in getattr(room, "__all__", ()) if not hasattr(room, name)]
        assert missing == [], f"{room.__name__} lists what it does not have"
        # What is loaded on first use must not be called as a module, which would be found instead.
        hidden = [
            name for name in getattr(room, "_LAZY", ()) if (door.parent / f"{name}.py").exists()
        ]
        assert hidden == [], f"{room.__name__} has modules that hide its names"


def test_nobody_below_imports_the_face_of_the_package() -> None:
    source = Path(__file__).parent.parent / "src" / "affekt"
    found = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "from affekt import __version__" in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_rooms_are_entered_by_their_doors() -> None:
    graph = grimp.build_graph("affekt", exclude_type_checking_imports=True, cache_dir=None)
    past = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            room = imported.rpartition(".")[0]
            if room in ("", "affekt") or f"{importer}.".startswith(f"{room}."):
                continue
            # A function may be called as the module that holds it.
            door = (SOURCE / Path(*room.split(".")) / "__init__.py").read_text(encoding="utf-8")
            through = f'"{imported.rpartition(".")[2]}"' in door
            if not graph.find_children(imported) and not through:
                past.add(f"{importer} imports {imported}")
    assert past == set()
