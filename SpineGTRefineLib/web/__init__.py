"""The review station: the panel's loop in a browser, where Slicer is not installed.

Needs the extra ``station``. Decisions are made in ``review``; this room shows them (``parts``, ``page``), draws the
case with trame-slicer (``display``, ``tools``), and decides who may use it (``access``).
"""
