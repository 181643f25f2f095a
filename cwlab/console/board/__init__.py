"""The parts of a drawn dashboard (``console.dashboard``).

canvas     boxes, lines and texts at places counted in pixels, as one Vega-Lite drawing
grid       where widgets stand on the 24 columns
markdown   text widgets as lines of text, never as markup
rows       a metric widget's rows, written out: which queries, drawn how
times      a body's start and end
scales     ticks of values and of time
plots      a metric widget's views
widgets    one drawing function for each type of widget
"""
