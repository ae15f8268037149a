"""The themes: our own dark and light, Textual's, and the terminal's own colours.

`ansi-dark` and `ansi-light` are Textual's and use the sixteen colours that the terminal itself defines.
"""

from __future__ import annotations

from textual.theme import Theme

DEFAULT = "tobs"

TOBS_DARK = Theme(
    name=DEFAULT,
    primary="#7aa2d6",
    secondary="#8f9bb3",
    accent="#5fb3b3",
    success="#8fbf7f",
    warning="#e0af68",
    error="#e27878",
    foreground="#d5d8df",
    background="#14171c",
    surface="#14171c",
    panel="#1d222a",
    dark=True,
    variables={
        "block-cursor-background": "#2c3a4f",
        "block-cursor-foreground": "#f2f4f8",
        "block-cursor-text-style": "none",
        "input-cursor-background": "#d5d8df",
        "input-selection-background": "#7aa2d6 35%",
        "scrollbar": "#39414e",
        "scrollbar-hover": "#4a5464",
        "scrollbar-active": "#7aa2d6",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
        "scrollbar-corner-color": "#14171c",
    },
)

TOBS_LIGHT = Theme(
    name="tobs-light",
    primary="#2f5f9e",
    secondary="#5b6578",
    accent="#13706f",
    success="#3b7a2a",
    warning="#946200",
    error="#b03434",
    foreground="#22262e",
    background="#fbfaf7",
    surface="#fbfaf7",
    panel="#efede7",
    dark=False,
    variables={
        "block-cursor-background": "#d6e2f2",
        "block-cursor-foreground": "#10151d",
        "block-cursor-text-style": "none",
    },
)

OURS = (TOBS_DARK, TOBS_LIGHT)
