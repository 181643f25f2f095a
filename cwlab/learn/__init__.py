"""The learning kit: predictions, exercises, exam traps, progress, the ledger of differences.

    lab = open_lab("metrics")                     a Lab that also teaches; keeps progress in .cwlab
    world = lab.fresh("flat")                     a new bare Lab for one loop
    lab.predict("m1")                             ask; lab.predict("m1", "B", confidence="sure") commits
    lab.reveal("m1", lambda: picture)             held back until committed
    lab.check("e1", answer)                       not attempted, not yet (with your mistake's own hint), right
    lab.hint("e1")   lab.solution("e1")           three steps; the solution after one try
    lab.trap("t1")   lab.trap("t1", "A")          an exam question, feedback on each option
    lab.recap()   lab.progress()   lab.glossary()

What a lab says and asks is one record, ``Topic`` (``cwlab/learn/topics/<name>.py``), made of:

    Choice, Number, Mark    predictions; ``truth(fresh)`` lets the model find the answer out
    Exercise, Outcome       starter, solution, three hints, known mistakes, a pure check
    Trap, Option            an exam question and the cell that proves it

``python -m cwlab.learn.syllabus`` prints which points of the syllabus are proven where. docs/writing-a-lab.md
shows how a lab is written.
"""

from __future__ import annotations

from cwlab.learn.exercise import Exercise, Outcome
from cwlab.learn.prediction import Choice, Fresh, Mark, Number
from cwlab.learn.topic import Topic
from cwlab.learn.trap import Option, Trap

__all__ = ["Choice", "Exercise", "Fresh", "Mark", "Number", "Option", "Outcome", "Topic", "Trap"]
