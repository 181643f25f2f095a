"""Laws over many stories: what is sent is received, never while hidden, and a group keeps its order."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.sqs import backlog, turning
from cwlab.services.sqs.records import Message, Queue
from cwlab.services.sqs.tally import history
from cwlab.services.sqs.turning import MINUTE_MS

STEP = st.one_of(
    st.tuples(st.just("send"), st.sampled_from("abc"), st.integers(0, 20)),
    st.tuples(st.just("receive"), st.integers(1, 10), st.integers(0, 60)),
    st.tuples(st.just("delete"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
)


def play(story, fifo):
    """Run a story; returns what was sent and every receive: (text, when, hidden until)."""
    lab = Lab()
    sqs = lab.client("sqs")
    kind = {"FifoQueue": "true"} if fifo else {}
    url = sqs.create_queue(QueueName="q.fifo" if fifo else "q", Attributes=kind)["QueueUrl"]
    sent, received, held, deleted = [], [], [], {}

    def receive(most, hidden):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, VisibilityTimeout=hidden)
        now = (lab.now - lab.start).total_seconds()
        for each in answer.get("Messages", []):
            received.append((each["Body"], now, now + hidden))
            held.append((each["Body"], each["ReceiptHandle"], now + hidden))

    for what, one, two in story:
        now = (lab.now - lab.start).total_seconds()
        if what == "send":
            text = f"{one}{len(sent)}"
            sent.append(text)
            more = {"MessageGroupId": one, "MessageDeduplicationId": text} if fifo else {"DelaySeconds": two}
            sqs.send_message(QueueUrl=url, MessageBody=text, **more)
        elif what == "receive":
            receive(one, two)
        elif what == "wait":
            lab.advance(seconds=one)
        elif held:
            text, handle, until = held.pop(one % len(held))
            latest = [each[1] for each in received if each[0] == text][-1]
            if until > now and latest <= now and [r for r in received if r[0] == text][-1][2] == until:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                deleted[text] = now
    while set(sent) - set(deleted):
        lab.advance(seconds=61)
        before = len(received)
        receive(10, 30)
        for text, handle, _ in held[-(len(received) - before) or len(held) :]:
            if text not in deleted:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                deleted[text] = (lab.now - lab.start).total_seconds()
        assert len(received) > before, "what was sent can always be received in the end"
    return sent, received, deleted, lab


@given(st.lists(STEP, max_size=25))
def test_every_message_is_received_and_never_while_hidden_or_deleted(story):
    sent, received, deleted, _ = play(story, fifo=False)
    assert {text for text, _, _ in received} == set(sent)
    for text in sent:
        spans = [(at, until) for each, at, until in received if each == text]
        assert all(until <= later for (_, until), (later, _) in itertools.pairwise(spans))
        assert all(at <= deleted[text] for at, _ in spans)


@given(st.lists(STEP, max_size=25))
def test_a_group_keeps_its_order(story):
    sent, received, _, _ = play(story, fifo=True)
    for group in "abc":
        firsts = list(dict.fromkeys(text for text, _, _ in received if text[0] == group))
        assert firsts == [text for text in sent if text[0] == group]


@given(st.lists(STEP, max_size=12))
def test_the_same_story_is_the_same_bytes(story):
    one, two = play(story, fifo=False)[3], play(story, fifo=False)[3]
    assert [repr(e) + repr(e.result) for e in one.journal] == [repr(e) + repr(e.result) for e in two.journal]


MESSAGE = st.builds(
    lambda n, sent, wait, handle, receives: Message(
        str(n), "x", (), (), "", sent, sent + wait, sent, receives if handle else 0, None, None, handle
    ),
    st.integers(0, 10**6),
    st.integers(0, 400_000),
    st.integers(0, 300_000),
    st.sampled_from(["", "held"]),
    st.integers(1, 4),
)


@given(st.lists(MESSAGE, max_size=8), st.integers(0, 500_000), st.integers(0, 900_000))
def test_the_history_of_a_queue_at_rest_is_its_level_at_each_full_minute(messages, after_ms, more_ms):
    """The slow way, minute by minute, and the short one, turn by turn, agree."""
    queue = Queue("q", "arn", "url", {"MessageRetentionPeriod": "600"}, {}, 0, 0)
    until_ms = after_ms + more_ms
    told = dict(history(messages, queue, after_ms, until_ms))
    current = None
    for minute in range(after_ms // MINUTE_MS + 1, until_ms // MINUTE_MS + 1):
        current = told.get(minute, current)
        assert current == backlog.level(messages, queue, minute * MINUTE_MS)


@given(st.lists(STEP, max_size=25), st.booleans())
def test_the_sums_kept_are_those_of_the_messages(story, fifo):
    lab = play(story, fifo)[3]
    name = "q.fifo" if fifo else "q"

    def kept():
        tables = {key[3]: dict(t) for key, t in lab.world.tables.items() if key[2] == "sqs"}
        book, turns = tables["books"][name], tables.get(f"turns/{name}", {})
        messages, queue = tables.get(f"messages/{name}", {}), tables["queues"][name]
        places, later = turning.summed(messages.values(), queue, book.settled_ms // MINUTE_MS)
        assert book.places == places
        assert {at: each for at, each in turns.items() if each != turning.NONE} == later
        return len(messages)

    kept()
    sqs = lab.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    more = {"MessageGroupId": "a", "MessageDeduplicationId": "z"} if fifo else {"DelaySeconds": 90}
    sqs.send_message(QueueUrl=url, MessageBody="z", **more)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "600"})
    kept()
    lab.advance(seconds=601 + 60)
    sqs.receive_message(QueueUrl=url)
    assert kept() == 0
