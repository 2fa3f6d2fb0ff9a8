"""Quotations, codes and numbers of a statement, compared with its evidence."""

from __future__ import annotations

import pytest

from app.text.exact import exact_fault


@pytest.mark.parametrize(
    ("statement", "evidence", "fault"),
    [
        ("The code is KX-4471.", "Code: KX-4471", ""),
        ("The code is KX-4417.", "Code: KX-4471", "KX-4417"),
        ("It costs 2.4 million euros.", "It costs two point four million euros.", ""),
        ("It costs 920,000 dollars.", "nine hundred and twenty thousand dollars", ""),
        ("It was in 1933.", "It opened in 1932.", "1933"),
        ("Four people come.", "a woman, a man, two boys", ""),
        ("He says “we are here to stay”.", "And we are here, to stay!", ""),
    ],
)
def test_codes_quotations_and_written_numbers_are_compared_exactly(statement: str, evidence: str, fault: str) -> None:
    found = exact_fault(statement, [evidence])
    assert (fault in found) if fault else not found


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("IMG_2041.mp4 names Euler.", ""),
        ("“Talk 2019” names Euler.", ""),
        ("Talk 2019 names Euler.", ""),
        ("IMG_2042.mp4 names Euler.", "IMG_2042"),
        ("Euler died in 1784.", "1784"),
    ],
)
def test_a_statement_may_name_the_videos_that_its_evidence_is_from(statement: str, fault: str) -> None:
    found = exact_fault(statement, ["Euler died in 1783."], titles=["IMG_2041.mp4", "Talk 2019"])
    assert (fault in found) if fault else not found


def test_a_number_in_a_title_makes_no_number_necessary() -> None:
    assert not exact_fault("500 people came.", ["five times a hundred people came"], titles=["Talk 2019"])
