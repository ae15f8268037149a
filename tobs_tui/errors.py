"""The errors that a person can meet.

    TobsError
    ├── UsageError                 exit 2: what was asked for can't be understood
    │   ├── SettingsError
    │   ├── UnknownChat
    │   └── AmbiguousChat
    ├── NotLoggedIn                exit 5
    ├── LoginFailed                exit 1: phone, code or password was not accepted
    ├── ServerUnreachable          exit 1
    ├── ChatUnavailable            exit 3: one chat; the others go on
    ├── RangeFailed                exit 3: some ids of one chat; the others go on
    ├── MessageFailed              exit 3: one message; the others go on
    ├── FileFailed                 exit 3: one file did not come whole; the others go on
    │   └── EndsElsewhere          exit 3: Telegram gives more or less of it than its message says
    ├── FileGone                   exit 3: one file that Telegram no longer has; told once
    ├── DeletionsKept              exit 3: so many messages would be marked deleted that none was; told once
    ├── NoteLeftAlone              exit 3: one note that a person's change keeps us from writing
    ├── ArchiveError               exit 1
    │   ├── ArchiveBusy
    │   ├── ArchiveDamaged
    │   ├── ArchiveNotWritable
    │   ├── ArchiveOfOther
    │   └── ArchiveTooNew
    ├── SessionError               exit 1: the session file can't be read or written
    ├── VaultNotWritable           exit 1
    └── DiskFull                   exit 1

Each says in one line what was wrong (with the file, setting or chat) and, in `fix`, what to do. No text
of theirs holds a secret. What was committed before one of them is safe.
"""

from __future__ import annotations


class TobsError(Exception):
    """The root: `str()` is one clear line; `fix` is what the person can do, or empty."""

    exit_code = 1

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def line(self) -> str:
        """Both parts as the one line that a person sees."""
        return f"{self.what}. {self.fix}" if self.fix else self.what


class UsageError(TobsError):
    """A command, option or name can't be understood; nothing was done."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is missing or takes something else."""


class UnknownChat(UsageError):
    """No chat of the account answers to what was given."""


class AmbiguousChat(UsageError):
    """Several chats answer to what was given; the text names them with their ids."""


class NotLoggedIn(TobsError):
    """No login on this server, or it was ended from elsewhere."""

    exit_code = 5


class LoginFailed(TobsError):
    """Telegram did not accept the phone number, code or password. `field` is which."""

    def __init__(self, what: str, fix: str = "", *, field: str = "") -> None:
        super().__init__(what, fix)
        self.field = field


class ServerUnreachable(TobsError):
    """No server (or proxy) answers, or it does not speak MTProto with the key that we expect."""


class ChatUnavailable(TobsError):
    """Telegram refuses one chat: private, forbidden, gone. Other chats go on."""

    exit_code = 3


class RangeFailed(TobsError):
    """Some ids of one chat could not be fetched; the ledger holds them as failed."""

    exit_code = 3


class MessageFailed(TobsError):
    """One message came in a form that can't be read; the ledger holds its id as failed."""

    exit_code = 3


class FileFailed(TobsError):
    """One file did not come whole; what came of it is kept beside, and the next run goes on from there."""

    exit_code = 3


class EndsElsewhere(FileFailed):
    """Telegram gives more or less of a file than its message says, and keeps to that when asked once more.

    Should a later run find the same end, that is the file.
    """

    def __init__(self, what: str, fix: str = "", size: int = 0) -> None:
        super().__init__(what, fix)
        self.size = size
        """The bytes that Telegram gives."""


class FileGone(TobsError):
    """Telegram no longer has this file, or nothing of the account shows it any more."""

    exit_code = 3


class DeletionsKept(TobsError):
    """More messages of a chat seem deleted than a run marks unasked; all are kept as they were."""

    exit_code = 3


class NoteLeftAlone(TobsError):
    """A published note was changed so that it can't be told what is ours; it stays as it is."""

    exit_code = 3


class ArchiveError(TobsError):
    """The archive can't be used as asked; it was not changed."""


class ArchiveBusy(ArchiveError):
    """Another process writes to this archive."""


class ArchiveDamaged(ArchiveError):
    """SQLite finds the file damaged, or it is no archive."""


class ArchiveNotWritable(ArchiveError):
    """The folder or file can't be written."""


class ArchiveOfOther(ArchiveError):
    """The archive belongs to another account or server; both are named."""


class ArchiveTooNew(ArchiveError):
    """A newer program wrote this archive."""


class SessionError(TobsError):
    """A session file is damaged, unwritable, held by another process or of another server."""


class VaultNotWritable(TobsError):
    """A note or media file can't be written; the published one stays as it was."""


class DiskFull(TobsError):
    """No space left. All that was committed is safe; the next run goes on from there."""
