from __future__ import annotations

from click.testing import CliRunner

from affekt.cli import main


def test_it_writes_the_folder_and_says_how_to_look_at_it(library, tone_bundle, tmp_path):
    folder = tmp_path / "page"
    words = ["web-bundle", folder, "--model", tone_bundle, "--onnxruntime-web", library]
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0
    assert f"{folder}: the page with the model tones 1.2, " in result.output
    assert f"python -m http.server -d {folder}" in result.output
    assert (folder / "index.html").is_file()


def test_a_mistake_is_one_line_and_exit_code_2(tones, tmp_path):
    model = tones.write_feature_bundle(tmp_path / "features.onnx")
    words = ["web-bundle", str(tmp_path / "page"), "--model", str(model)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert result.output.startswith(f"affekt: {model}: its front end")
    assert result.output.count("\n") == 1
