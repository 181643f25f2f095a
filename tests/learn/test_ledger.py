import pytest

from cwlab.errors import BadInput
from cwlab.learn import ledger, topics

ROW = {
    "id": "x-one",
    "service": "cloudwatch",
    "rule": "a",
    "source": "b",
    "how_modeled": "c",
    "how_aws_differs": "d",
    "topics": ["metrics"],
}


def test_every_entry_is_whole_and_has_an_id_of_its_own():
    found = ledger.entries()
    assert len({d.id for d in found}) == len(found)
    for one in found:
        assert all((one.rule, one.source, one.how_modeled, one.how_aws_differs)), one.id
        assert one.topics, f"{one.id}: no lab shows it"


def test_a_lab_shows_its_own_entries():
    for name in topics.names():
        text = ledger.table_for(name).text
        assert all(one.rule[:20] in text.replace("\n", " ") for one in ledger.about(name))


def test_a_lab_without_entries_says_so():
    assert "Nothing in this lab is known to differ" in ledger.table_for("no such lab").text


@pytest.mark.parametrize(
    "row",
    [{k: v for k, v in ROW.items() if k != "source"}, {**ROW, "extra": 1}, {**ROW, "topics": "metrics"}],
)
def test_an_entry_that_is_not_whole_is_named(row):
    with pytest.raises(BadInput):
        ledger.read(row)
    assert ledger.read(ROW).id == "x-one"
