"""A folder for a model hub, from a checkpoint."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from training.__main__ import main
from training.checkpoints import publish
from training.checkpoints.publish import lines
from training.contract.files import read_card
from training.contract.graphs import Graphs, Port
from training.errors import CheckpointError

MODELS = Path(__file__).parents[2] / "assets" / "models"


def test_what_is_published_opens_and_runs_and_says_its_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hub"
    command = ["publish", str(MODELS / "digits-2d"), "--out", str(out), "--licence", "cc-by-sa-3.0"]
    assert main(command) == 0
    card = read_card(out)
    assert card == read_card(MODELS / "digits-2d")
    text = (out / "README.md").read_text("utf-8")
    front = text.split("---\n")[1]
    assert 'license: "cc-by-sa-3.0"' in front
    for metric in card.metrics:
        assert f"value: {metric.value!r}\n" in front
        assert f"| {metric.label} | {metric.value:.4g} |" in text
    config = json.loads((out / "config.json").read_text("utf-8"))
    assert (config["model_type"], config["weights"]) == ("vae", "model.safetensors")

    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(block.strip().splitlines()) == 3
    shown = (
        "print(image.shape, mean.shape, log_variance.shape, 'torch' in __import__('sys').modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", block + shown], cwd=out, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(1, 1, 28, 28) (1, 2) (1, 2) False"

    assert main(command) == 2
    assert "is not empty: give another --out" in capsys.readouterr().err


@pytest.mark.parametrize("folder", sorted(path.name for path in MODELS.iterdir()))
def test_every_model_has_lines_for_each_of_its_graphs(folder: str) -> None:
    card = read_card(MODELS / folder, check=())
    found = lines(card)
    assert len(found) == 1 + len(card.graphs.named())
    compile("\n".join(found), folder, "exec")


@pytest.mark.parametrize(
    "name", ['z": print()}) #', "\\", "a'b", "9 z", "}{", "import", "z²", "np"]
)
def test_a_name_in_a_card_is_no_code(name: str) -> None:
    """The lines are run where somebody publishes a folder, and by everybody who copies them."""
    card = read_card(MODELS / "digits-2d", check=())
    assert card.graphs.decode is not None
    assert card.graphs.encode is not None
    decode = replace(card.graphs.decode, inputs=(replace(card.graphs.decode.inputs[0], name=name),))
    outputs = (*card.graphs.encode.outputs, Port(name, "float32", ("batch",), "state"))
    encode = replace(card.graphs.encode, outputs=outputs)
    found = lines(replace(card, graphs=Graphs(decode=decode, encode=encode)))
    for line in found[1:]:
        assert len(ast.parse(line).body) == 1
    ((targets,),) = [
        node.targets for node in ast.parse(found[2]).body if isinstance(node, ast.Assign)
    ]
    named = {node.id for node in ast.walk(targets) if isinstance(node, ast.Name)}
    assert not named & {"np", "ort", "image"}
    fed = [node for node in ast.walk(ast.parse(found[1])) if isinstance(node, ast.Dict)]
    assert [ast.literal_eval(key) for one in fed for key in one.keys if key] == [name]


def test_lines_that_never_end_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "LONGEST_S", 0.5)
    monkeypatch.setattr(publish, "lines", lambda card: ["while True: pass"])
    with pytest.raises(CheckpointError, match="may never come to an end"):
        publish.publish(MODELS / "digits-2d", tmp_path / "out", None)
    assert list(tmp_path.iterdir()) == []
