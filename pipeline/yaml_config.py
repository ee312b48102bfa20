"""Reads YAML that people edit, and says by file and line what is wrong and what to write instead."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import SettingsError

M = TypeVar("M", bound=BaseModel)
Location = tuple[str | int, ...]
Lines = dict[Location, int]


def read_yaml(path: Path) -> tuple[dict[str, Any], Lines]:
    """The mapping in a YAML file, and the line of each of its keys and items.

    An empty file is an empty mapping. Raises SettingsError when it cannot be read or is no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SettingsError(f"{path}{line}: not YAML: {getattr(error, 'problem', error)}") from None
    if data is None:
        return {}, {}
    if not isinstance(data, dict):
        raise SettingsError(f"{path}:1: expected a mapping of names to values, found {type(data).__name__}")
    lines: Lines = {}
    _mark_lines(node, (), lines)
    return data, lines


def _mark_lines(node: yaml.Node | None, at: Location, lines: Lines) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*at, str(key.value))] = key.start_mark.line + 1
            _mark_lines(value, (*at, str(key.value)), lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*at, number)] = value.start_mark.line + 1
            _mark_lines(value, (*at, number), lines)


def line_of(location: Location, lines: Lines) -> int | None:
    """The line of the innermost part of this location that `lines` holds."""
    for end in range(len(location), -1, -1):
        if (line := lines.get(location[:end])) is not None:
            return line
    return None


def describe(error: ValidationError, path: Path, lines: Lines, model: type[BaseModel] | None = None) -> SettingsError:
    """All faults of a validation as one SettingsError, one line each: file, line, field, found, allowed."""
    faults = []
    for fault in error.errors(include_url=False):
        # pydantic puts the tag of a union into the location; the file has no such key
        location = tuple(part for part in fault["loc"] if not str(part).startswith("function-"))
        line = line_of(location, lines)
        where = f"{path}:{line}" if line else str(path)
        name = ".".join(str(part) for part in location)
        found = fault.get("input")
        shown = "" if isinstance(found, Mapping | BaseModel) or fault["type"] == "missing" else f", found {found!r:.80}"
        if fault["type"] == "extra_forbidden":
            allowed = f". Known here: {', '.join(sorted(model.model_fields))}" if model and len(location) == 1 else ""
            faults.append(f"{where}: {name}: unknown setting{allowed}")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{where}: {name}: {message}{shown}" if name else f"{where}: {message}")
    return SettingsError("\n".join(faults))


def load_yaml(path: Path, model: type[M]) -> M:
    """The file as a validated model. Raises SettingsError with every fault, by line."""
    data, lines = read_yaml(path)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise describe(error, path, lines, model) from None
