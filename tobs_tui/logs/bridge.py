"""The standard library's logging comes into the batcher: Telethon's, asyncio's, warnings, our lower rooms'.

Nothing of it reaches the terminal any more, where it would tear the screen.
"""

from __future__ import annotations

import logging
import traceback

from tobs_tui.logs.batcher import LogBatcher

_FOREIGN = ("telethon", "asyncio")
_OURS = "tobs_tui"


class Bridge(logging.Handler):
    """A handler of the root logger that passes records to a batcher."""

    def __init__(self, batcher: LogBatcher) -> None:
        super().__init__()
        self._batcher = batcher
        self._levels: dict[str, int] = {}

    def createLock(self) -> None:  # noqa: N802
        """Go without the handler's lock: the batcher has its own, and two could be taken in either order."""
        self.lock = None

    def install(self) -> None:
        """Begin. Telethon and asyncio are heard from WARNING up, and from INFO up where we show DEBUG."""
        level = self._batcher.level
        foreign = max(level, logging.INFO if level < logging.INFO else logging.WARNING)
        for name, wanted in {_OURS: level, **dict.fromkeys(_FOREIGN, foreign)}.items():
            logger = logging.getLogger(name)
            self._levels[name] = logger.level
            logger.setLevel(wanted)
        logging.getLogger().addHandler(self)
        logging.captureWarnings(True)

    def remove(self) -> None:
        """End, and leave the loggers as they were."""
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(self)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._levels.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on, with its traceback in the same line; counted by its own template."""
        template, args = self._template(record)
        if record.exc_info and record.exc_info[1] is not None:
            template, args = _literal(template, args) + "\n%s", (*args, _traceback(record.exc_info[1]))
        self._batcher.emit(record.levelno, template, *args)

    def _template(self, record: logging.LogRecord) -> tuple[str, tuple[object, ...]]:
        source = "" if record.name.partition(".")[0] == _OURS else f"{record.name.partition('.')[0]}: "
        if isinstance(record.args, tuple) and record.args:
            return source.replace("%", "%%") + str(record.msg), record.args
        return source + _message(record), ()


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # A boundary: somebody else's template and arguments need not fit.
        return str(record.msg)


def _literal(template: str, args: tuple[object, ...]) -> str:
    return template if args else template.replace("%", "%%")


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).strip()
