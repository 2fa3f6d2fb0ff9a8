"""The error tree tells programs what kind of trouble it is."""

from __future__ import annotations

from app.core import errors
from app.core.errors import LongreelError


def _all() -> list[type[LongreelError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LongreelError)]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in _all()]
    assert len(codes) == len(set(codes))


def test_exit_codes_are_the_promised_ones() -> None:
    assert errors.BadInput.exit_code == 3
    assert errors.NotFound.exit_code == 4
    assert errors.MissingPart.exit_code == errors.BadSettings.exit_code == 5


def test_an_error_reads_as_what_happened_and_what_to_do() -> None:
    assert str(errors.BadInput("The file is empty.", "Give another one.")) == "The file is empty. Give another one."
