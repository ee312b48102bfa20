"""spacy.load alone, in a process that has not imported our code, finds tokenizers and components."""

import subprocess
import sys

import pytest

from nlp.tagger import TRAINED


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_pipeline_loads_by_its_path_alone(language: str) -> None:
    code = f"import spacy; print(len(spacy.load({str(TRAINED / language)!r})('late 배송')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) >= 2
