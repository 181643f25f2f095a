"""Lab 03: what its prose says is so, found out by the model; its cells are those the key was computed with."""

import gzip
from datetime import timedelta

import build_labs
import pytest
from botocore.exceptions import ClientError

from cwlab import Lab, console, open_lab, shop
from cwlab.learn.topics import logs as topic
from cwlab.learn.worlds import read


class Stand:
    """Stands for the lab: fresh worlds, and reveals that keep what they show."""

    def __init__(self) -> None:
        self.views: dict[str, tuple] = {}

    def fresh(self, name="", **settings):
        return Lab(**settings)

    def reveal(self, name, *views):
        self.views[name] = tuple(view() for view in views)

    def predict(self, name):
        return None


@pytest.fixture(scope="module")
def played():
    """All code cells from the first to the break, run once: what each reveal shows, and the names they made."""
    stand = Stand()
    space: dict = {"open_lab": lambda topic: stand}
    for piece in build_labs.parse((build_labs.SOURCES / "03-logs.py").read_text(encoding="utf-8")):
        if piece.kind == "code" and not piece.text.startswith("%%"):
            exec(
                piece.text.replace(
                    "from cwlab import console, open_lab, shop", "from cwlab import console, shop"
                ),
                space,
            )
    return space, stand.views


def test_the_cells_are_those_of_the_key(played):
    space, views = played
    assert tuple(space["lines"]) == topic.LINES
    assert views["m3"][0].picture.title == f"{topic.lines_that_match(Lab)} of 7 lines match"
    assert views["m3"][0].values["pattern"] == topic.PATTERN
    assert len(views["m1"][0].picture.table["stream"].unique()) - 1 == topic.streams_of_three(Lab) == 1
    mail = topic.when_the_mail_comes(Lab)
    assert f"{mail:%H:%M}" in views["m4"][0].title
    assert views["m8"][0].picture.title.startswith("After 5 min: PENDING, 0 objects")


def test_each_reveal_can_be_drawn(played):
    _, views = played
    assert sorted(views) == [f"m{n}" for n in range(1, 10)]
    assert all(repr(view) for made in views.values() for view in made)


@pytest.mark.syllabus("L07")
def test_two_changes_bring_all_three_machines_in(played):
    space, _ = played
    world = space["three_machines"](web_2="agent", till_7="credentials")
    assert set(space["picture"](world).table["standing"]) == {"sending"}
    streams = world.client("logs").describe_log_streams(logGroupName=topic.FILE)["logStreams"]
    assert "till-7" in {stream["logStreamName"] for stream in streams}
    world = space["three_machines"](web_2="agent", till_7="credentials", role="may not write")
    assert space["picture"](world).table["standing"].tolist() == ["refused", "refused", "sending"]


@pytest.mark.syllabus("L03")
@pytest.mark.syllabus("L04")
@pytest.mark.syllabus("L06")
def test_everything_of_europe_is_in_europe_but_dns(played):
    _, views = played
    table = views["m2"][0].table
    filled = table[table["place"] == "filled"]
    platform = "/aws/elasticbeanstalk/shop-office/var/log"
    assert filled["group"].tolist() == [
        f"{platform}/web.stdout.log",
        "/aws/lambda/shop-receipt",
        "/ecs/shop",
        "shop-api",
        "shop-tills",
        "shop-trail",
        "/aws/route53/shop.example",
    ]
    empty = table[table["place"] != "filled"]
    assert all(name.startswith(platform) for name in empty["group"])  # nothing went wrong on the platform
    assert "InvalidInput" in " ".join(views["m2"][1].table["said"])


def test_the_examples_of_the_bench_do_what_they_are_called(played):
    space, _ = played
    panel = console.pattern(Lab(), space["lines"])
    found = {}
    for name, pattern in space["examples"].items():
        table = panel.set(pattern=pattern).table
        found[name] = table[table["match"] == "yes"]["line"].tolist()
    assert found == {
        "optional beside a plain word": [1, 4],
        "optional words alone": [1, 2, 3, 6],
        "phrase, and not": [1],
        "an access log's errors": [5],
        "a flow log's refused packets": [7],
        "a JSON member": [6],
        "a mistake": [],
    }


@pytest.mark.syllabus("L14")
@pytest.mark.syllabus("L15")
@pytest.mark.syllabus("L16")
@pytest.mark.parametrize(
    ("wrong", "refused", "words"),
    [
        ("nothing", 0, "accepted"),
        ("key disabled", 2, "KMS key"),
        ("key policy", 1, "KMS key"),
        ("permission", 2, "not authorized to perform: logs:PutLogEvents"),
        ("retention", 0, "expiredLogEventEndIndex 1"),
    ],
)
def test_one_setting_wrong_at_a_time_and_what_aws_says(played, wrong, refused, words):
    space, _ = played
    picture = console.outcomes(space["settings"](wrong), space["calls"])
    assert picture.title == f"{refused} of 4 calls refused"
    assert words in " ".join(picture.table["said"])


@pytest.mark.syllabus("L22")
def test_sse_kms_is_refused_and_taken_by_todays_rule(played):
    _, views = played
    table = views["m8"][1].table
    assert table["call"].tolist() == [
        "CreateExportTask",
        "CreateExportTask",
        "CancelExportTask",
        "CreateExportTask",
    ]
    assert table["ended"].tolist() == ["refused", "done", "done", "done"]
    assert "SSE-KMS" in table["said"][0]


@pytest.mark.syllabus("L20")
def test_a_second_export_is_refused_while_the_first_is_pending(played):
    space, _ = played
    world = space["world"].fork()
    with pytest.raises(ClientError, match="LimitExceeded"):
        space["export"](world, "under-sse-s3")
    world.advance(hours=12)
    (key,) = (key for key in world.bucket("under-sse-s3").keys() if key.endswith(".gz"))  # noqa: SIM118
    recorded = shop.recording("secure").read_text(encoding="ascii").splitlines()
    lines = gzip.decompress(world.bucket("under-sse-s3")[key]).decode().splitlines()
    assert sorted(line.partition(" ")[2] for line in lines) == sorted(recorded)


def test_of_the_faults_only_the_deleted_group_loses_lines(played):
    space, _ = played
    counts = {}
    for fault in ("none", "no permission", "agent stopped", "throttled", "group deleted"):
        world = space["play"](fault)
        counts[fault] = len(topic.messages(world))
    assert len({counts[f] for f in ("none", "no permission", "agent stopped", "throttled")}) == 1
    assert counts["group deleted"] < counts["none"]


SSH = "".join(
    f"Dec 10 {7 + n // 40:02}:{n % 40:02}:{n % 7:02} LabSZ sshd[{24200 + n}]: "
    + (
        "Failed password for root from 203.0.113.9 port 22 ssh2"
        if 20 <= n < 26
        else "Connection closed by 192.0.2.7"
    )
    + "\r\n"
    for n in range(60)
    for _ in range(6 if 20 <= n < 26 else 1)
)


@pytest.mark.syllabus("L17")
@pytest.mark.syllabus("L18")
@pytest.mark.syllabus("L19")
def test_an_ssh_log_becomes_a_metric_an_alarm_and_a_message_through_boto3_and_the_clock_alone(tmp_path):
    path = tmp_path / "ssh.log.gz"
    path.write_bytes(gzip.compress(SSH.encode()))
    world = Lab()
    world.client("logs").create_log_group(logGroupName=topic.FILE)
    topic.watch(world)
    loaded = world.load_logs(path, group=topic.FILE, stream="LabSZ", replay=True)
    world.advance(hours=2)
    failed = [
        (at, value)
        for at, value in read(world, "Shop", "FailedLogins", "Sum", window=(world.start, world.now))
        if value
    ]
    assert sum(value for _, value in failed) == SSH.count("Failed") == 36
    assert failed[0][0] == loaded.first + timedelta(minutes=20)
    (mail,) = (m for m in world.inbox if m.subject.startswith("ALARM"))
    assert mail.at == failed[0][0] + timedelta(minutes=1)
    assert len(topic.messages(world)) == loaded.events == SSH.count("\n")


def test_history_is_not_seen_by_a_filter(tmp_path):
    path = tmp_path / "ssh.log"
    path.write_text(SSH, encoding="ascii")
    world = Lab()
    world.client("logs").create_log_group(logGroupName=topic.FILE)
    topic.watch(world)
    world.load_logs(path, group=topic.FILE, stream="LabSZ")
    world.advance(hours=1)
    assert len(topic.messages(world)) == SSH.count("\n")
    assert world.client("cloudwatch").list_metrics(Namespace="Shop")["Metrics"] == []


def test_the_cells_make_the_same_calls_on_aws(played, tmp_path):
    space, _ = played

    def made(lab, journal):
        lab.client("logs").create_log_group(logGroupName=topic.FILE)
        space["watch"](lab)
        return [(e.service, e.operation, e.params) for e in journal() if e.kind == "call" and e.depth == 0]

    here, aws = Lab(), Lab()  # one stands for AWS: whatever boto3 is asked for inside comes there
    ours = made(here, lambda: here.journal)
    with aws.intercept():
        theirs = made(
            open_lab("logs", target="aws", folder=tmp_path, region="us-east-1"), lambda: aws.journal
        )
    assert [c for c in ours if c[1] != "ConfirmSubscription"] == theirs
    assert len(theirs) == 5


# -- questions ---------------------------------------------------------------------------------------------------------
def test_the_lines_and_questions_are_those_of_the_key(played):
    space, views = played
    assert tuple(space["orders"]) == topic.ORDERS
    assert views["m5"][0].values["query"] == topic.NOT_500 and views["m6"][0].values["query"] == topic.BINS
    assert len(views["m5"][0].picture.table) == topic.rows_that_differ(Lab) == 3
    assert len(views["m6"][0].picture.table) == topic.rows_of_bins(Lab) == 20
    assert len(views["m6"][0].set(query="stats count(*) by bin(5m)").table) == 4


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        ("status = 500", [1, 2]),
        ("status != 500", [0, 3, 5]),
        ("not (status = 500)", [0, 3, 4, 5, 6]),
        ("status > 450", [1, 2, 5]),
    ],
)
def test_the_table_of_comparisons_is_so(played, condition, lines):
    found = played[1]["m5"][0].set(query=f"filter {condition} | fields @message").table["@message"]
    assert sorted(found) == sorted(topic.ORDERS[n] for n in lines)


def test_every_question_offered_is_answered_and_the_mistake_is_one(played):
    space, views = played
    panel = views["m5"][0]
    for name, query in space["questions"].items():
        panel.set(query=query)
        assert panel.why.startswith("MalformedQueryException") == (name == "a mistake"), query


def test_avg_by_status_has_a_row_without_a_status(played):
    table = played[1]["m5"][0].set(query="stats avg(ms) by status").table
    assert table["status"].isna().sum() == 1


@pytest.mark.syllabus("L08")
def test_strangers_are_turned_away_before_the_machine_and_late_in_the_log(played):
    space, _ = played
    world = Lab()
    space["sources"](world, only=("flows",))
    world.advance(minutes=20)
    rows = world.query(
        "shop-vpc", 'filter action = "REJECT" | stats count(*) as n by srcAddr, dstPort | sort n desc'
    )
    assert rows["dstPort"].tolist() == [22] * len(rows) and rows["srcAddr"][0] == "203.0.113.9"
    late = world.query(
        "shop-vpc", "fields toMillis(@ingestionTime) - toMillis(@timestamp) as late | sort late asc"
    )
    assert late["late"].min() > 4 * 60_000
    streams = world.client("logs").describe_log_streams(logGroupName="shop-vpc")["logStreams"]
    assert all(stream["logStreamName"].startswith("eni-") for stream in streams) and len(streams) >= 2


def test_two_areas_as_the_text_proposes(played):
    space, _ = played
    world = Lab()
    world.load_logs(shop.recording("secure"), group=topic.FILE, stream="web-1")
    query = 'parse @message "sshd[*]: * " as process, word | stats count(*) by bin(10m), word'
    panel = console.insights(world, topic.FILE, query, back="1 day")
    panel.set(chart="stacked area")
    assert {"Failed", "Accepted"} <= set(panel.picture.table["word"].dropna())
    assert panel.picture.rows["areas"]
    for offered in (space["evening"], space["evening"].replace("bin(10m)", "user\n| sort tries desc")):
        assert len(panel.set(query=offered).table)
