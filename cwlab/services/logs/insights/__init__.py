"""CloudWatch Logs Insights: from the text of a query to rows.

    grammar.lark    the language, one file
    nodes.py, parse.py, mistakes.py, errors.py   the query as data, and what is wrong with it, at its place
    compile.py      a query as one SQL statement
    chain.py, commands/   its steps, and what each command adds to them
    expressions.py, aggregates.py, functions/, periods.py, regex.py   what stands inside a command
    values.py       values without a schema on an engine with types
    discovered.py   the fields found in messages, for the engine; record.py does it for one event
    indexed.py, extent.py   field indexes at work: what they spare, and the events they hold
    unmasked.py     fields as they are stored
    shapes.py, patterns.py   what varies in texts, and the patterns they are of; windows.py the other window of diff
    unusual.py      the rules of anomaly
    tree.py         SQL as trees, never as pasted text
    engine.py, copies.py   running a statement over chunks of events, and what of them is held for it
    documents.py    the JSON document in a message

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights query language".
"""
