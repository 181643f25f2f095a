# %% build card

# %% tags=["setup"]
from cwlab import console, open_lab

lab = open_lab("start")

# %% [markdown]
# ## A shop, twelve orders, one chart
#
# Click a cell and press Shift+Enter to run it. In the next one a shop reports its orders to CloudWatch, three times,
# and draws them. `world.client` gives you a real boto3 client: you write what you would write on AWS, and a model
# on this machine answers. There is no account, no bill, and nothing leaves your computer.

# %%
world = lab.fresh("first steps")
cloudwatch = world.client("cloudwatch")
for orders in (3, 5, 4):
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": orders, "Unit": "Count"}])
    world.advance(minutes=10)
console.metric(world, "Shop", "Orders", statistic="Sum", period=60, hours=1)

# %% [markdown]
# Half an hour passed in that cell, because `world.advance` moved the clock three times. The clock of a lab
# is **virtual**: it stands still until you move it. Before you go on, commit to an answer.

# %%
lab.predict("m1")

# %%
lab.reveal("m1")

# %% [markdown]
# ## The time machine
#
# The panel below holds the clock of `world`. Press **+1 min** and **+1 h**, then **Rewind**. Every control
# has a **twin** in Python that does the same: `machine.forward(minutes=1)`, `machine.jump("…")`,
# `machine.back()`. Under the picture stand the calls it made, ready to copy.

# %%
machine = console.time_machine(world)
machine

# %% [markdown]
# ### Back, and sideways
#
# Three verbs take you anywhere. **Rewind** goes back and drops what came later. **Fork** makes an
# independent copy, so you can ask "what if?" without losing what you have. **Save** writes it all to a file.
#
# Below, `calm` goes on quietly from the first twenty minutes, while `rush` gets forty orders.

# %%
calm = world.fork()
calm.rewind(to="2026-03-02T09:20:00Z")
rush = calm.fork()
rush.client("cloudwatch").put_metric_data(
    Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 40, "Unit": "Count"}])
for one in (calm, rush):
    one.advance(minutes=5)
console.metric(rush, "Shop", "Orders", statistic="Sum", period=60, hours=1)

# %% [markdown]
# **Change one thing.** Draw `calm` in place of `rush` and run the cell again. Are the forty orders there?
#
# ## How to use a lab
#
# | step | what you do |
# |---|---|
# | predict | answer before you run; a wrong guess is how you notice a rule |
# | run | a few calls, exactly as boto3 spells them, then move the clock |
# | see | your prediction beside what happened |
# | explain | the rule in one sentence, and why a sensible person guesses otherwise |
# | change | one thing, and look again |
#
# Each loop starts with `lab.fresh(…)`, a new world, so you can run its cells again in any order. You cannot
# break anything. Errors say what you gave, what the rule is and what to do:

# %%
try:
    world.advance(minutes=-5)
except ValueError as error:
    print(error)

# %% [markdown]
# Exercises are checked at once. The cell runs as it is and says "not attempted". Replace the `...`.

# %% build exercise e1

# %%
lab.hint("e1")

# %% [markdown]
# ## Where you are
#
# The **progress map** shows the 89 points of the course. A point is done once you have answered everything a lab
# asks about it. Your answers stay in the folder you work in; the token carries them to another machine.

# %%
lab.progress()

# %% [markdown]
# ## Go on
#
# Open `01-metrics.ipynb`: 40 minutes on what CloudWatch is made of. `lab.glossary()` lists the terms of a lab,
# `lab.start_over()` makes it as new.
