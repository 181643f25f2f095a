"""Lookup tables: uploaded, listed, replaced, deleted; what is no CSV."""

import csv
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab, NotModelled
from cwlab.services.logs.lookups import columns_of, parsed
from tests.services.logs.conftest import client, ms

USERS = "id,name,department\n1,Ann,Engineering\n2,Bob,Sales\n"
ARN = "arn:aws:logs:us-east-1:123456789012:lookup-table:users"


def code(function: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        function(**params)
    return str(caught.value.response["Error"]["Code"])


def test_a_table_is_made_shown_replaced_and_deleted(lab, logs):
    made = logs.create_lookup_table(lookupTableName="users", tableBody=USERS, description="who")
    assert (made["lookupTableArn"], made["createdAt"]) == (ARN, ms(lab))
    shown = logs.get_lookup_table(lookupTableArn=ARN)
    del shown["ResponseMetadata"]
    about = {
        "lookupTableArn": ARN,
        "lookupTableName": "users",
        "description": "who",
        "sizeBytes": len(USERS),
        "lastUpdatedTime": ms(lab),
    }
    assert shown == about | {"tableBody": USERS}
    more = {"tableFields": ["id", "name", "department"], "recordsCount": 2}
    assert logs.describe_lookup_tables()["lookupTables"] == [about | more]
    lab.advance(seconds=5)
    updated = logs.update_lookup_table(lookupTableArn=ARN, tableBody="id\n7\n")
    assert updated["lastUpdatedTime"] == ms(lab)
    (now,) = logs.describe_lookup_tables()["lookupTables"]
    assert (now["tableFields"], now["recordsCount"], now["description"]) == (["id"], 1, "who")
    logs.delete_lookup_table(lookupTableArn=ARN)
    assert logs.describe_lookup_tables()["lookupTables"] == []
    for gone in (logs.get_lookup_table, logs.delete_lookup_table):
        assert code(gone, lookupTableArn=ARN) == "ResourceNotFoundException"
    assert code(logs.update_lookup_table, lookupTableArn=ARN, tableBody=USERS) == "ResourceNotFoundException"


def test_names_are_unique_and_there_are_a_hundred_at_most(logs):
    logs.create_lookup_table(lookupTableName="users", tableBody=USERS)
    asked = {"lookupTableName": "users", "tableBody": USERS}
    assert code(logs.create_lookup_table, **asked) == "ResourceAlreadyExistsException"
    for n in range(99):
        logs.create_lookup_table(lookupTableName=f"t{n:02}", tableBody=USERS)
    assert code(logs.create_lookup_table, lookupTableName="more", tableBody=USERS) == "LimitExceededException"
    found = logs.describe_lookup_tables(lookupTableNamePrefix="t", maxResults=60)
    rest = logs.describe_lookup_tables(lookupTableNamePrefix="t", maxResults=60, nextToken=found["nextToken"])
    names = [each["lookupTableName"] for each in (*found["lookupTables"], *rest["lookupTables"])]
    assert names == [f"t{n:02}" for n in range(99)]


@pytest.mark.parametrize("name", ["a-b", "a b", "é", "a" * 257])
def test_what_is_no_name(logs, name):
    assert (
        code(logs.create_lookup_table, lookupTableName=name, tableBody=USERS) == "InvalidParameterException"
    )


@pytest.mark.parametrize(
    "arn", ["users", "arn:aws:logs:us-east-1:123456789012:log-group:users", "arn:aws:logs"]
)
def test_what_is_no_arn_of_a_table(logs, arn):
    assert code(logs.get_lookup_table, lookupTableArn=arn) == "InvalidParameterException"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("\n", "empty"),
        ("id,name\n1\n", "line 2 has 1 values, and the header has 2 columns"),
        ("id,name\n1,a\n2,b,c\n", "line 3 has 3 values"),
        ('id,name\n1,"a\nb"\n2\n', "line 4 has 1 values"),
        ('id,name\n1,a\n2,"b\n', "line 3 has a quotation mark that is not closed"),
        ('id,name\n1,"a"b\n', "line 2"),
        ("id,id\n1,2\n", "line 1 has the column 'id' twice"),
        ("id,\n1,2\n", "line 1 has ''"),
        ("id,a\tb\n1,2\n", "line 1"),
        ("id,`\n1,2\n", "line 1"),
        ("id\n" + "x" * 200_000, "line 2 has a value of more than"),
        ("id\n\udc80\n", "UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused_with_its_line(body, said):
    with pytest.raises(Exception, match="InvalidParameter") as caught:
        parsed(body)
    assert said in str(caught.value)


def test_more_than_ten_megabytes_are_refused(logs):
    body = "id\n" + "abcdefghi\n" * (1024 * 1024)
    assert len(body) <= 10 * 1024 * 1024 + 3
    assert (
        code(logs.create_lookup_table, lookupTableName="big", tableBody=body + "xyz")
        == "InvalidParameterException"
    )
    with pytest.raises(Exception, match="bytes"):
        parsed("id\n" + "é" * (5 * 1024 * 1024))


def test_a_byte_order_mark_and_blank_lines_are_passed_over():
    assert parsed("\ufeffid,name\r\n\r\n1,a\r\n\n2,b") == (("id", "name"), (("1", "a"), ("2", "b")))


def test_what_is_not_modeled_is_refused_by_its_name(logs):
    with pytest.raises(NotModelled, match="queryId"):
        logs.create_lookup_table(lookupTableName="q", queryId="x")
    assert code(logs.create_lookup_table, lookupTableName="q") == "InvalidParameterException"
    with pytest.raises(NotModelled, match="kmsKeyId"):
        logs.create_lookup_table(lookupTableName="q", tableBody=USERS, kmsKeyId="k")


def test_permissions_are_for_a_table(lab, logs):
    iam = lab.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    allowed = {"Statement": [{"Effect": "Allow", "Action": "logs:*LookupTable", "Resource": ARN}]}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(allowed))
    half = lab.client("logs", role="r")
    half.create_lookup_table(lookupTableName="users", tableBody=USERS)
    assert half.get_lookup_table(lookupTableArn=ARN)["tableBody"] == USERS
    assert code(half.create_lookup_table, lookupTableName="more", tableBody=USERS) == "AccessDeniedException"


def test_save_and_open_keep_the_tables(lab, logs, tmp_path):
    logs.create_lookup_table(lookupTableName="users", tableBody=USERS)
    lab.save(tmp_path / "x.cwlab")
    again = client(Lab.open(tmp_path / "x.cwlab"))
    assert again.get_lookup_table(lookupTableArn=ARN)["tableBody"] == USERS


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=6)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=6))
def test_what_a_writer_of_csv_writes_is_read_back(rows):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    found = parsed(text.getvalue())
    assert found.rows == tuple(rows)
    expected: dict[str, tuple[str, str]] = {}
    for a, b, c in rows:
        expected.setdefault(a, (b, c))
    columns = columns_of(found, ["a"], ["c", "b"])
    assert list(zip(*columns.values(), strict=True)) == [(a, c, b) for a, (b, c) in expected.items()]
    assert list(columns) == ["k1", "o1", "o2"]
