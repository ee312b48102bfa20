"""Korean is complete, compiled, and keeps every placeholder."""

import re
from pathlib import Path

import polib

import desk

_FOLDER = Path(desk.__file__).parent / "locale/ko/LC_MESSAGES"


def test_everything_is_translated_and_compiled() -> None:
    written = polib.pofile(str(_FOLDER / "django.po"))
    assert written.untranslated_entries() == []
    assert written.fuzzy_entries() == []
    compiled = {entry.msgid: entry.msgstr or entry.msgstr_plural for entry in polib.mofile(str(_FOLDER / "django.mo"))}
    assert compiled == {entry.msgid: entry.msgstr or entry.msgstr_plural for entry in written}


def test_placeholders_survive() -> None:
    for entry in polib.pofile(str(_FOLDER / "django.po")):
        wanted = sorted(re.findall(r"%\(\w+\)[sd]|</?b>", entry.msgid))
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            assert sorted(re.findall(r"%\(\w+\)[sd]|</?b>", text)) == wanted, entry.msgid


def test_the_catalogue_knows_every_text_of_the_templates() -> None:
    known = {entry.msgid for entry in polib.pofile(str(_FOLDER / "django.po"))}
    for template in Path(desk.__file__).parent.rglob("templates/**/*"):
        if template.is_file():
            for text in re.findall(r'{% translate "([^"]+)"', template.read_text(encoding="utf-8")):
                assert text in known, f"{template.name}: {text}"
