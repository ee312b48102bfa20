"""The brand's models on disk: versions that never change, and which of them was put to use, newest last.

    {state_dir}/models/current       one version a line, in the order in which they were put to use; the last one tags
    {state_dir}/models/b3/model.json when it was made, for which pipelines, how it compared, checksums of its files
    {state_dir}/models/b3/ko, …/en   a table a language

A version is written beside and renamed, `current` is replaced in one step: who reads sees old or new, never half.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from filelock import FileLock

from nlp.brand_model import BrandModel
from nlp.language import Pipeline
from nlp.scores import LinearScores
from pipeline.errors import MoksoriError, SettingsError

SHIPPED: Final = "shipped"
"""The name under which the pipelines alone, without a brand's model, are put to use."""


class Models:
    """Keeps versions. pipelines: the version of each shipped pipeline, for which alone a brand's model is good."""

    def __init__(self, state_dir: Path, pipelines: Mapping[Pipeline, str]) -> None:
        self._folder = state_dir / "models"
        self._pipelines = pipelines
        self._current = self._folder / "current"

    def used(self) -> str:
        """What `current` says: cheap enough to ask before every batch, and different after each change."""
        try:
            return self._current.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def newest_good(self) -> tuple[BrandModel | None, str]:
        """The model to tag with, and what is wrong with those put to use after it (empty: nothing)."""
        problems: list[str] = []
        for version in reversed(self.used().split()):
            if version == SHIPPED:
                return None, "; ".join(problems)
            try:
                return self.load(version), "; ".join(problems)
            except SettingsError as error:
                problems.append(str(error))
        return None, "; ".join(problems)

    def load(self, version: str) -> BrandModel:
        """A version, checked. Raises SettingsError where it is not there, broken, or made for other pipelines."""
        folder = self._folder / version
        facts = self._facts(version)
        for name, wanted in facts["pipelines"].items():
            if self._pipelines.get(name) != wanted:
                raise SettingsError(
                    f"{folder}: made for {name}-{wanted}, but {name}-{self._pipelines.get(name)} tags. "
                    "Run `moksori train --brand`"
                )
        for name, checksum in facts["files"].items():
            if _checksum(folder / name) != checksum:
                raise SettingsError(f"{folder}/{name}: not as it was written. Run `moksori models use` another version")
        return BrandModel.from_disk(version, folder, list(facts["pipelines"]))

    def add(self, tables: Mapping[Pipeline, LinearScores], reports: Mapping[Pipeline, Any]) -> str:
        """Writes a new version and returns its name. It is not in use yet."""
        with self._lock():
            version = f"b{1 + max((int(name[1:]) for name in self.versions()), default=0)}"
            scratch = self._folder / f".{version}"
            shutil.rmtree(scratch, ignore_errors=True)
            BrandModel(version, tables).to_disk(scratch)
            files = sorted(file for file in scratch.rglob("*") if file.is_file())
            facts = {
                "version": version,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "pipelines": {name: self._pipelines[name] for name in tables},
                "reports": dict(reports),
                "files": {file.relative_to(scratch).as_posix(): _checksum(file) for file in files},
            }
            (scratch / "model.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
            scratch.rename(self._folder / version)
            return version

    def use(self, version: str) -> None:
        """Puts a version, or SHIPPED, to use. Raises MoksoriError where it is not there, SettingsError where broken."""
        if version != SHIPPED:
            if version not in self.versions():
                known = ", ".join([*self.versions(), SHIPPED])
                raise MoksoriError(f"there is no model {version!r}. There are: {known}")
            self.load(version)
        with self._lock():
            history = self.used().split()
            if history[-1:] != [version]:
                self._replace([*history, version])

    def rollback(self) -> str:
        """Puts what was in use before to use again, and returns its name. Raises MoksoriError where nothing was."""
        with self._lock():
            history = self.used().split()
            if not history:
                raise MoksoriError("no model of the brand was ever put to use: there is nothing to go back to")
            self._replace(history[:-1])
            return history[-2] if len(history) > 1 else SHIPPED

    def versions(self) -> list[str]:
        """All versions on disk, oldest first."""
        names = (folder.name for folder in self._folder.glob("b*") if folder.name[1:].isdecimal())
        return sorted(names, key=lambda name: int(name[1:]))

    def rows(self) -> list[dict[str, Any]]:
        """A row a version: when it was made, from how many texts, whether it tags, what is wrong with it."""
        tags = (self.used().split() or [SHIPPED])[-1]
        rows: list[dict[str, Any]] = [{"version": SHIPPED, "state": "in use" if tags == SHIPPED else ""}]
        for version in self.versions():
            row: dict[str, Any] = {"version": version, "state": "in use" if tags == version else ""}
            try:
                facts = self._facts(version)
                row |= {"made_at": facts["made_at"], "pipelines": facts["pipelines"], "reports": facts["reports"]}
                self.load(version)
            except SettingsError as error:
                row["state"] = f"broken: {error}"
            rows.append(row)
        return rows

    def _facts(self, version: str) -> dict[str, Any]:
        file = self._folder / version / "model.json"
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
            if facts.keys() >= {"made_at", "pipelines", "reports", "files"}:
                return cast("dict[str, Any]", facts)
        except (OSError, ValueError, AttributeError) as error:
            raise SettingsError(f"{file}: cannot be read: {error}") from error
        raise SettingsError(f"{file}: not the description of a model")

    def _replace(self, history: list[str]) -> None:
        scratch = self._current.with_suffix(".tmp")
        with scratch.open("w", encoding="utf-8") as out:
            out.writelines(f"{version}\n" for version in history)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(self._current)

    def _lock(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / ".lock")


def _checksum(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
