"""A poll with its results, as far as Telegram shows them to the account."""

from __future__ import annotations

from typing import Any

from tobs_tui.model import Poll, PollAnswer
from tobs_tui.telegram.convert.primitives import has_formatting, words


def convert_poll(media: Any) -> tuple[Poll, bool]:
    """The poll, and whether the model says it in full (pictures and formatting it doesn't)."""
    poll, results = media.poll, media.results
    votes = {vote.option: vote for vote in results.results or ()}
    answers: list[PollAnswer] = []
    whole = not (media.attached_media or results.solution_media or has_formatting(poll.question))
    for answer in poll.answers:
        text = words(getattr(answer, "text", None))
        whole = whole and not (has_formatting(answer.text) or answer.media)
        vote = votes.get(getattr(answer, "option", b""))
        if vote is None:
            answers.append(PollAnswer(text))
            continue
        answers.append(PollAnswer(text, vote.voters, chosen=bool(vote.chosen), correct=bool(vote.correct)))
    converted = Poll(
        question=words(poll.question),
        answers=tuple(answers),
        voters=results.total_voters,
        closed=bool(poll.closed),
        quiz=bool(poll.quiz),
        multiple=bool(poll.multiple_choice),
        anonymous=not poll.public_voters,
        solution=results.solution or None,
    )
    return converted, whole and not results.solution_entities
