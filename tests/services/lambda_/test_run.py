"""Running a function's source: virtual time, chance, boto3, errors, and what would harm the lab."""

import json
import re

import pytest

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")


def test_an_event_goes_in_and_an_answer_comes_out(ask):
    said = ask("def handler(event, context): return {'n': event['n'] + 1}", {"n": 41})
    assert (said.status, said.error, said.value, said.version) == (200, None, {"n": 42}, "$LATEST")
    assert ask("def handler(event, context): return event").value == {}
    assert ask("def handler(event, context): pass").text == "null"


def test_its_time_is_the_labs_plus_what_it_spent(ask, lab):
    said = ask(
        """
        import time
        from datetime import UTC, date, datetime
        def handler(event, context):
            before, wall = time.monotonic(), time.time()
            time.sleep(1.5)
            assert datetime.strptime("2026-03-02", "%Y-%m-%d").strftime("%d %b") == "02 Mar"
            assert time.strptime("09", "%H").tm_hour == 9
            return [wall, time.monotonic() - before, time.time() - wall, datetime.now(UTC).isoformat(),
                    datetime.now() == datetime.utcnow(), str(date.today()), time.strftime("%H:%M:%S"),
                    isinstance(datetime.now(UTC), datetime), datetime.fromtimestamp(0).isoformat()]
        """
    )
    wall, slept, passed, now, same, today, clock, is_one, epoch = said.value
    assert wall == pytest.approx(lab.now.timestamp(), abs=0.01)
    assert slept == pytest.approx(1.5, abs=0.001) and passed == pytest.approx(1.5, abs=0.001)
    assert now.startswith("2026-03-02T09:00:01.50") and same and today == "2026-03-02" and clock == "09:00:01"
    assert is_one and epoch == "1970-01-01T00:00:00"
    assert lab.now.isoformat() == "2026-03-02T09:00:00+00:00"  # the world did not move


def test_chance_comes_from_the_seed(ask, fn):
    from cwlab import Lab

    source = """
        import os, random, secrets, uuid
        def handler(event, context):
            items = list(range(10))
            random.shuffle(items)
            return [random.random(), random.Random().random(), random.Random(1).random(), items, str(uuid.uuid4()),
                    secrets.token_hex(4), os.urandom(4).hex(), random.choice("abc"), secrets.randbelow(10)]
        """
    first = ask(source)
    again, other = fn.with_role(Lab()), fn.with_role(Lab(seed=8))
    for lab in (again, other):
        fn.create_in(lab, source)
    assert fn.invoke_in(again).text == first.text
    assert fn.invoke_in(other).value[:2] != first.value[:2] and fn.invoke_in(other).value[2] == first.value[2]
    assert fn.invoke().text != first.text  # the next invocation throws other dice


def test_boto3_calls_go_through_the_door_with_its_role(ask, lab):
    said = ask(
        """
        import boto3
        def handler(event, context):
            me = boto3.client("sts").get_caller_identity()
            boto3.Session().client("cloudwatch").put_metric_data(
                Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}])
            return me["Arn"]
        """
    )
    assert said.value == "arn:aws:sts::123456789012:assumed-role/fn/f"
    calls = [e for e in lab.journal if e.operation in ("GetCallerIdentity", "PutMetricData") and e.depth]
    assert [e.operation for e in calls][:2] == ["GetCallerIdentity", "PutMetricData"]
    assert lab.client("cloudwatch").list_metrics(Namespace="Shop")["Metrics"]
    assert "Max Memory Used: 83 MB" in said.log


def test_what_its_role_may_not_do_is_an_error_inside_it(fn, lab):
    lab.client("iam").put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=fn.allow("logs:*"))
    fn.create(
        """
        import boto3
        from botocore.exceptions import ClientError
        def handler(event, context):
            try:
                boto3.client("cloudwatch").list_metrics()
            except ClientError as error:
                return error.response["Error"]["Code"]
        """
    )
    assert fn.invoke().value == "AccessDenied"


def test_a_waiter_and_a_retry_take_its_own_time(fn, lab):
    lab.fault("cloudwatch", "ListMetrics", error="throttling")
    fn.create(
        """
        import boto3, time
        def handler(event, context):
            began = time.time()
            try:
                boto3.client("cloudwatch").list_metrics()
            except Exception as error:
                return [type(error).__name__, time.time() - began]
        """,
        Timeout=60,
    )
    name, took = fn.invoke().value
    assert name == "ClientError" and 0.02 < took < 60
    assert lab.now.isoformat() == "2026-03-02T09:00:00+00:00"


def test_the_context_and_the_environment(ask):
    said = ask(
        """
        import os, time
        def handler(event, context):
            before = context.get_remaining_time_in_millis()
            time.sleep(1)
            return [context.function_name, context.function_version, context.invoked_function_arn, context.aws_request_id,
                    context.memory_limit_in_mb, before, before - context.get_remaining_time_in_millis(),
                    os.environ["STAGE"], os.environ["AWS_REGION"], os.getenv("NOT", "no"), context.log_group_name,
                    context.log_stream_name]
        """,
        Environment={"Variables": {"STAGE": "prod"}},
        MemorySize=256,
        Timeout=5,
    )
    name, version, arn, own, memory, left, spent, stage, region, none, group, stream = said.value
    assert (name, version, memory) == ("f", "$LATEST", "256")
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:f" and ID.fullmatch(own)
    assert 4900 < left < 5000 and 1000 <= spent <= 1001
    assert (stage, region, none, group) == ("prod", "us-east-1", "no", "/aws/lambda/f")
    assert re.fullmatch(r"2026/03/02/\[\$LATEST\][0-9a-f]{32}", stream)


def test_logging_writes_as_lambdas_runtime_does(ask):
    said = ask(
        """
        import logging
        log = logging.getLogger()
        log.setLevel(logging.INFO)
        logging.basicConfig(level=logging.DEBUG)  # does nothing: the runtime has set up a handler
        def handler(event, context):
            print("printed", 1, sep="-")
            log.info("two\\nlines")
            log.debug("unseen")
            logging.getLogger("shop.cart").warning("of %s", "cart")
            try:
                1 / 0
            except ZeroDivisionError:
                log.exception("oh")
        """
    )
    own = ID.search(said.log)[0]
    assert "printed-1\n" in said.log and "unseen" not in said.log
    assert re.search(rf"\[INFO\]\t2026-03-02T09:00:00\.\d{{3}}Z\t{own}\ttwo\nlines\n", said.log)
    assert f"\t{own}\tof cart\n" in said.log and "ZeroDivisionError: division by zero" in said.log


def test_modules_of_its_own_and_of_the_standard_library(fn, lab):
    files = {
        "shop/__init__": "from . import cart\nNAME = 'shop'",
        "shop/cart": "from .prices import price\ndef total(n): return n * price",
        "shop/prices": "import decimal\nprice = 3",
    }
    source = """
        import collections.abc, urllib.parse, json, os.path
        import shop.cart as cart
        from shop import NAME
        def handler(event, context):
            json.loads = None  # stays in this invocation
            return [cart.total(2), NAME, urllib.parse.quote("a b"), os.path.join("a", "b"),
                    isinstance([], collections.abc.Sequence)]
        """
    lab.client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=fn.role, Handler="index.handler",
        Code={"ZipFile": fn.zipped(source, **files)},
    )  # fmt: skip
    assert fn.invoke().value == [6, "shop", "a%20b", "a/b", True]
    assert json.loads("1") == 1


def test_each_invocation_imports_its_module_anew(ask, fn):
    ask("seen = []\ndef handler(event, context):\n    seen.append(1)\n    return len(seen)")
    assert [fn.invoke().value for _ in range(3)] == [
        1,
        1,
        1,
    ]  # in the ledger: on AWS 1, 2, 3 while the container lives


def test_an_error_is_told_as_lambda_tells_it(ask):
    said = ask(
        """
        def check(n):
            raise ValueError(f"bad {n}")
        def handler(event, context):
            check(event["n"])
        """,
        {"n": 7},
    )
    assert said.error == "Unhandled" and said.status == 200
    own = said.value.pop("requestId")
    assert said.value | {"requestId": own} == {
        "errorMessage": "bad 7",
        "errorType": "ValueError",
        "requestId": own,
        "stackTrace": [
            '  File "/var/task/index.py", line 5, in handler\n    check(event["n"])\n',
            '  File "/var/task/index.py", line 3, in check\n    raise ValueError(f"bad {n}")\n',
        ],
    }
    assert "[ERROR] ValueError: bad 7\nTraceback (most recent call last):\n" in said.log


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index': "),
        ("import requests", "Runtime.ImportModuleError", "Unable to import module 'index': No module named 'requests'"),
        ("import nothing.at.all", "Runtime.ImportModuleError", "No module named 'nothing"),
        ("import subprocess", "Runtime.ImportModuleError", "'subprocess' is not modeled"),
        ("import socket, threading", "Runtime.ImportModuleError", "'socket' is not modeled"),
        ("raise KeyError('x')", "KeyError", "'x'"),
        ("def handler(event, context): return context", "Runtime.MarshalError", "LambdaContext is not JSON serializable"),
        ("def handler(event, context): return {1, 2}", "Runtime.MarshalError", "Object of type set"),
        ("def handler(event, context):\n    x = []\n    x.append(x)\n    return x", "Runtime.MarshalError", "Circular"),
        ("def handler(): pass", "TypeError", "positional argument"),
        ("def handler(event, context): open('/etc/passwd')", "NotModelled", "open() in a function is not modeled"),
        ("def handler(event, context): eval('1')", "NotModelled", "eval()"),
        ("import os\ndef handler(event, context): os.system('ls')", "NotModelled", "os.system in a function"),
        ("import os\ndef handler(event, context): os.listdir('/')", "NotModelled", "os.listdir"),
        ("import sys\ndef handler(event, context): sys.exit(3)", "Runtime.ExitError", "exit status 3"),
        ("import boto3\ndef handler(event, context): boto3.resource('s3')", "NotModelled", "Use boto3.client"),
        ("import boto3\nboto3.client('braket')", "NotModelled", "'braket' is not modeled"),
        ("def handler(event, context): return 'x' * 7_000_000", "Function.ResponseSizeTooLarge", "6291556 bytes"),
        ("class E(Exception):\n    def __str__(self): 1/0\ndef handler(event, context): raise E", "E", ""),
        ("def handler(event, context): raise BaseException('base')", "BaseException", "base"),
    ],
)  # fmt: skip
def test_every_way_to_fail_has_its_name(ask, source, kind, words):
    said = ask(source)
    assert said.error == "Unhandled"
    assert said.value["errorType"] == kind and words in said.value["errorMessage"]


@pytest.mark.parametrize("handler", ["handler", "index.nothing", "other.handler", "in/dex.handler"])
def test_a_handler_that_is_not_there(ask, handler):
    said = ask("def handler(event, context): pass", Handler=handler)
    kinds = ("Runtime.MalformedHandlerName", "Runtime.HandlerNotFound", "Runtime.ImportModuleError")
    assert said.error and said.value["errorType"] in kinds


ENDLESS = {
    "a loop": "\n    while True: pass",
    "one that catches everything": "\n    while True:\n        try:\n            while True: pass\n        except BaseException: continue",
    "one that cleans up for ever": "\n    try:\n        while True: pass\n    finally:\n        while True: pass",
    "sleeping": "\n    import time\n    while True: time.sleep(1)",
    "a very long sleep": "\n    import time\n    time.sleep(1e300)",
    "a comprehension": "return [n for n in iter(int, 1)]",
    "a generator": "\n    def forever():\n        while True: yield 1\n    return sum(forever())",
    "counting": "\n    import itertools\n    return list(itertools.count())",
    "cycling": "\n    import itertools\n    return list(itertools.cycle([1]))",
    "a while with a test": "\n    n = 0\n    while n >= 0: n += 1",
    "asking for ever": "\n    import boto3\n    sts = boto3.client('sts')\n    while True: sts.get_caller_identity()",
    "going on after its end": "\n    try:\n        while True: pass\n    except BaseException:\n        return 'fine'",
}  # fmt: skip


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_times_out(ask, fn, lab, what):
    said = ask(f"def handler(event, context): {ENDLESS[what]}")
    own = ID.search(said.log)[0]
    assert said.error == "Unhandled"
    assert said.value == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {own} Error: Task timed out after 3.00 seconds",
    }
    assert f"2026-03-02T09:00:03.000Z {own} Task timed out after 3.00 seconds\n" in said.log
    assert "Duration: 3000.00 ms\tBilled Duration: 3000 ms\t" in said.log
    assert (fn.total("Errors"), fn.total("Invocations")) == (1, 1)


def test_a_long_timeout_costs_no_more_than_a_budget(ask):
    said = ask("def handler(event, context):\n    while True: pass", Timeout=900, MemorySize=10240)
    assert "Task timed out after 900.00 seconds" in said.value["errorMessage"]
    assert "Duration: 900000.00 ms" in said.log


@pytest.mark.parametrize(
    "body",
    [
        "s = 'ab'\n    while True: s += s",
        "s = 'ab'\n    while True: s = s + s",
        "return 'x' * 10 ** 12",
        "return [0] * 10 ** 11",
        "return 10 ** 10 ** 10",
        "return 1 << 10 ** 12",
        "n = 2\n    while True: n *= n",
        "n = 7\n    while True: n = n ** 77",
        "return list(range(10 ** 12))",
        "return sum(range(10 ** 30))",
        "return len(bytes(10 ** 12))",
        "return sorted(range(10 ** 9), reverse=True)",
    ],
)
def test_what_outgrows_its_memory_is_killed(ask, body):
    said = ask(f"def handler(event, context):\n    {body}", MemorySize=128)
    assert said.value["errorType"] in ("Runtime.ExitError", "Sandbox.Timedout")
    if said.value["errorType"] == "Runtime.ExitError":
        assert "signal: killed" in said.value["errorMessage"] and "Max Memory Used: 128 MB" in said.log


@pytest.mark.parametrize("body", ["print('x' * 10_000_000)", "for n in range(1000): print('x' * 10_000)",
                                  "for n in range(10_000):\n        log.warning('x' * 1000)"])  # fmt: skip
def test_ten_megabytes_of_prints_are_cut(fn, ask, body):
    said = ask(
        f"import logging\nlog = logging.getLogger()\ndef handler(event, context):\n    {body}\n    return 1",
        Timeout=900,
    )
    assert said.value == 1
    lines = fn.log()
    assert sum(map(len, lines)) < 1_001_000
    assert [each for each in lines if "printed more than 1 MB" in each] == [
        "cwlab: this invocation printed more than 1 MB; the rest is left out."
    ]
    assert lines[-1].startswith("REPORT") and len(said.log) <= 4096


def test_recursion_ends_as_in_python_and_the_same_everywhere(fn):
    from cwlab import Lab

    def deeper(n, lab):
        return deeper(n - 1, lab) if n else fn.invoke_in(lab)

    labs = [fn.with_role(Lab()), fn.with_role(Lab())]
    for lab in labs:
        fn.create_in(lab, "def handler(event, context): return handler(event, context)")
    shallow, deep = fn.invoke_in(labs[0]), deeper(200, labs[1])
    assert shallow.value["errorType"] == "RecursionError" and shallow.log == deep.log
    assert len(shallow.value["stackTrace"]) <= 21


def test_more_memory_computes_faster(fn):
    source = "def handler(event, context):\n    n = 0\n    for i in range(20_000): n += i * i\n    return n"
    took = {}
    for memory in (128, 1769, 3008):
        fn.create(source, name=f"m{memory}", MemorySize=memory, Timeout=60)
        took[memory] = float(re.search(r"Duration: ([\d.]+) ms", fn.invoke(name=f"m{memory}").log)[1])
    assert took[128] > 8 * took[1769] and took[3008] == pytest.approx(took[1769], rel=0.2)


def test_it_leaves_nothing_behind_in_this_process(ask):
    import datetime as dt
    import logging
    import random

    state, level, loggers = (
        random.getstate(),
        logging.getLogger().level,
        set(logging.Logger.manager.loggerDict),
    )
    said = ask(
        """
        import datetime, logging, random, json, collections, string
        random.seed(1)
        logging.getLogger().setLevel(1)
        logging.getLogger("left.behind").error("x")
        json.dumps = collections.Counter = None
        string.digits = "none"
        def handler(event, context):
            return str(datetime.datetime.now())
        """
    )
    assert said.error is None
    assert random.getstate() == state and logging.getLogger().level == level
    assert set(logging.Logger.manager.loggerDict) == loggers
    assert json.dumps(1) == "1" and type(dt.datetime.now(dt.UTC)) is dt.datetime


def test_half_a_character_harms_nothing(ask, fn):
    said = ask("def handler(event, context):\n    print('a\\ud800b')\n    return 'c\\ud800d'")
    assert said.error is None and said.value == "c?d" and "a?b" in fn.log()


def test_an_endless_message_is_cut(ask):
    said = ask("def handler(event, context): raise ValueError('x' * 5_000_000)")
    assert len(said.value["errorMessage"]) == 100_000


def test_what_is_instrumented_still_computes_as_python_does(ask):
    said = ask(
        """
        from dataclasses import dataclass, field
        class Shop:
            "A docstring."
            tax = 2
            prices = [n * 3 for n in range(3)]
            def __iadd__(self, other):
                self.tax += other
                return self
            def __mul__(self, other): return ("mul", other)
            def __rmul__(self, other): return ("rmul", other)
        @dataclass
        class Item:
            name: str
            tags: list = field(default_factory=list)
        def gen(n):
            while n > 0:
                got = yield n
                n -= got or 1
        def handler(event, context):
            shop = Shop()
            shop += 5
            names = ["a"]
            alias = names
            names += ["b"]
            names *= 2
            x = 2
            x **= 10
            x <<= 2
            y = "ab" * 2 + "c"
            return [shop.tax, Shop.prices, Shop.__doc__, shop * 3, 3 * shop, alias, x, y, list(gen(3)), sum([1.5, 2]),
                    max(3, 1), sorted("ba", reverse=True), {k: v for k, v in zip("ab", range(2))}, (lambda a, b=2: a + b)(1),
                    dict(a=1), list(), Item("i").tags, 2 ** -1, 7 ** 2, 1 << 3, -3 ** 2, [*map(lambda n: n * n, range(3))],
                    (lambda: None)(), (lambda: 0)(), bytes([65]).decode(), tuple(range(2)), min([3, 2], key=lambda n: -n)]
        """
    )
    assert said.value == [
        7, [0, 3, 6], "A docstring.", ["mul", 3], ["rmul", 3], ["a", "b", "a", "b"], 4096, "ababc", [3, 2, 1], 3.5, 3,
        ["b", "a"], {"a": 0, "b": 1}, 3, {"a": 1}, [], [], 0.5, 49, 8, -9, [0, 1, 4], None, 0, "A", [0, 1], 3,
    ]  # fmt: skip


def test_what_modules_print_and_trace_goes_to_its_log_and_names_no_file_of_this_machine(ask, fn, capfd):
    said = ask(
        """
        import boto3, logging, pprint, traceback, warnings
        def handler(event, context):
            pprint.pprint({"a": 1})
            warnings.warn("careful")
            try:
                boto3.client("cloudwatch").put_metric_data(Namespace="AWS/No", MetricData=[])
            except Exception:
                traceback.print_exc()
                logging.exception("it failed")
                text = traceback.format_exc()
            try:
                try:
                    1 / 0
                except ZeroDivisionError as first:
                    raise KeyError("second") from first
            except KeyError as error:
                return [text, traceback.format_exception(error)]
        """
    )
    text, chained = said.value
    log = "\n".join(fn.log())
    assert "{'a': 1}" in log and "/var/task/index.py:5: UserWarning: careful" in log
    assert text in log + "\n" and text.startswith(
        'Traceback (most recent call last):\n  File "/var/task/index.py", line 7'
    )
    assert "InvalidParameterValue" in text and "botocore/client.py" not in log
    assert "ZeroDivisionError: division by zero\n" in chained and chained[-1] == "KeyError: 'second'\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("def handler(event, context):\n    yield 1", "Runtime.MarshalError"),
        ("async def handler(event, context): return 1", "Runtime.MarshalError"),
        ("def handler(event, context): raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def handler(event, context): raise StopIteration", "StopIteration"),
        ("def handler(event, context): raise SystemExit", "Runtime.ExitError"),
        ("handler = 5", "TypeError"),
        ("def handler(event, context): return [*range(10 ** 9)]", "Runtime.ExitError"),
        ("x = " + "(" * 300 + "1" + ")" * 300, "Runtime.UserCodeSyntaxError"),
        ("import index\nindex.handler", "AttributeError"),
    ],
)
def test_odd_sources_fail_by_name(ask, source, value):
    assert ask(source).value["errorType"] == value
