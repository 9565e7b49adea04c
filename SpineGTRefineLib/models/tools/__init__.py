"""SPINEPS, TotalSpineSeg and TotalSegmentator: found in environments of their own, and run there.

They are programs of others with weights of others: each runs in a process group of its own, writes one log, and gets
only weights that our reader has opened without letting them run code.
"""
