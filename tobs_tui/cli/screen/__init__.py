"""The screen's host: wires the real engine to `tobs_tui.ui`, and owns both their lives.

Nothing heavy is imported here: the first paint comes before Telethon, the settings and the archive.
"""
