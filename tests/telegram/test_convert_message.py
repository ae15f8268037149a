"""What a message says besides its media: sender, headers, text, reactions, topics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.model import Entity, Forward, Message, Reaction, Reply
from tobs_tui.telegram.convert import RawPage, convert_page

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
EARLIER = datetime(2019, 1, 2, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = int(WHEN.timestamp())
THEN = int(EARLIER.timestamp())
OWN = 42
SUPERGROUP = -1000000000007


def message(peer: Any = None, text: str = "hello", **fields: Any) -> Any:
    return types.Message(
        id=50, peer_id=peer or types.PeerChannel(7), date=fields.pop("date", WHEN), message=text, **fields
    )


def converted(tl: Any, chat_id: int = SUPERGROUP, *, users: Any = (), forum: bool = False) -> Message:
    answer = types.messages.MessagesSlice(count=1, messages=[tl], topics=[], chats=[], users=list(users))
    read = BinaryReader(bytes(answer)).tgread_object()
    page = convert_page(RawPage(chat_id, OWN, 100, 100, read, forum=forum))
    assert page.failed == ()
    return page.messages[0]


def test_a_plain_message_has_nothing_more() -> None:
    assert converted(message(from_id=types.PeerUser(5))) == Message(
        chat_id=SUPERGROUP, id=50, date=NOW, text="hello", sender_id=5
    )


@pytest.mark.parametrize(
    ("peer", "chat_id", "fields", "sender"),
    [
        (types.PeerUser(5), 5, {}, 5),
        (types.PeerUser(5), 5, {"out": True}, OWN),
        (types.PeerUser(OWN), OWN, {"out": True}, OWN),
        (types.PeerUser(OWN), OWN, {}, OWN),
        (types.PeerChat(9), -9, {"from_id": types.PeerUser(6)}, 6),
        (types.PeerChannel(7), SUPERGROUP, {"from_id": types.PeerChannel(8)}, -1000000000008),
        (types.PeerChannel(7), SUPERGROUP, {}, SUPERGROUP),
        (types.PeerChannel(7), SUPERGROUP, {"post": True, "post_author": "Ed"}, SUPERGROUP),
        (types.PeerChannel(7), SUPERGROUP, {"out": True}, SUPERGROUP),
        (types.PeerChat(9), -9, {}, -9),
    ],
    ids=[
        "private",
        "private out",
        "saved",
        "saved, forwarded",
        "group",
        "as a channel",
        "anonymous admin",
        "signed post",
        "own post",
        "group itself",
    ],
)
def test_the_sender_is_who_telegram_shows(peer: Any, chat_id: int, fields: Any, sender: int) -> None:
    result = converted(message(peer, **fields), chat_id)
    assert result.sender_id == sender
    assert result.chat_id == chat_id
    assert result.post_author == fields.get("post_author")


def test_hidden_edits_are_none_and_1970_is_never() -> None:
    assert converted(message(edit_date=WHEN)).edit_date == NOW
    assert converted(message(edit_date=WHEN, edit_hide=True)).edit_date is None
    assert converted(message(edit_date=EPOCH)).edit_date is None


def test_numbers_and_marks_of_a_post() -> None:
    result = converted(
        message(
            views=10,
            forwards=2,
            replies=types.MessageReplies(replies=4, replies_pts=1, comments=True, channel_id=8),
            pinned=True,
            ttl_period=86400,
            grouped_id=77,
            via_bot_id=6,
        )
    )
    assert (result.views, result.forwards, result.comments) == (10, 2, 4)
    assert (result.pinned, result.ttl, result.album, result.via_bot_id) == (True, 86400, 77, 6)
    thread = message(replies=types.MessageReplies(replies=4, replies_pts=1))
    assert converted(thread).comments is None
    assert result.raw is None


def test_entities_keep_order_nesting_and_data() -> None:
    result = converted(
        message(
            entities=[
                types.MessageEntityBold(0, 5),
                types.MessageEntityItalic(1, 2),
                types.MessageEntityTextUrl(0, 2, "https://a.example/"),
                types.MessageEntityPre(0, 1, "python"),
                types.MessageEntityPre(0, 1, ""),
                types.MessageEntityMentionName(0, 1, 5),
                types.MessageEntityCustomEmoji(0, 2, 99),
                types.MessageEntityBlockquote(0, 5, collapsed=True),
            ]
        )
    )
    assert result.entities == (
        Entity("bold", 0, 5),
        Entity("italic", 1, 2),
        Entity("text_link", 0, 2, url="https://a.example/"),
        Entity("pre", 0, 1, language="python"),
        Entity("pre", 0, 1),
        Entity("mention_name", 0, 1, user_id=5),
        Entity("custom_emoji", 0, 2, document_id=99),
        Entity("blockquote", 0, 5, collapsed=True),
    )
    assert result.raw is None


def test_an_entity_that_the_model_cannot_say_is_named_and_kept_raw() -> None:
    tl = message(entities=[types.MessageEntityFormattedDate(0, 5, WHEN, relative=True)])
    result = converted(tl)
    assert result.entities == (Entity("formatted_date", 0, 5),)
    assert result.raw == bytes(tl)


def test_replies_tell_chat_quote_and_story() -> None:
    same = types.MessageReplyHeader(reply_to_msg_id=3, reply_to_peer_id=types.PeerChannel(7))
    assert converted(message(reply_to=same)).reply == Reply(3)
    other = types.MessageReplyHeader(reply_to_msg_id=3, reply_to_peer_id=types.PeerChannel(8))
    assert converted(message(reply_to=other)).reply == Reply(3, chat_id=-1000000000008)
    quote = types.MessageReplyHeader(reply_to_msg_id=3, quote=True, quote_text="the keys")
    assert converted(message(reply_to=quote)).reply == Reply(3, quote="the keys")
    story = types.MessageReplyStoryHeader(types.PeerUser(5), 12)
    assert converted(message(reply_to=story)).reply == Reply(chat_id=5, story_id=12)


def test_a_reply_to_a_message_out_of_reach_names_its_author() -> None:
    by_name = types.MessageFwdHeader(date=WHEN, from_name="Hidden")
    reply = types.MessageReplyHeader(reply_from=by_name, quote_text="q")
    assert converted(message(reply_to=reply)).reply == Reply(quote="q", sender_name="Hidden")
    by_account = types.MessageFwdHeader(date=WHEN, from_id=types.PeerUser(5))
    reply = types.MessageReplyHeader(reply_from=by_account, reply_to_msg_id=9)
    known = converted(message(reply_to=reply), users=[types.User(id=5, first_name="Anna")])
    assert known.reply == Reply(9, sender_id=5)


def test_media_of_an_answered_message_out_of_reach_is_kept_raw() -> None:
    geo = types.MessageMediaGeo(types.GeoPoint(long=1.0, lat=2.0, access_hash=1))
    tl = message(reply_to=types.MessageReplyHeader(reply_to_msg_id=9, reply_media=geo))
    assert converted(tl).raw == bytes(tl)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"from_id": types.PeerUser(5)}, Forward(THEN, from_id=5)),
        ({"from_name": "Hidden"}, Forward(THEN, from_name="Hidden")),
        (
            {"from_id": types.PeerChannel(8), "channel_post": 12, "post_author": "Ed"},
            Forward(THEN, from_id=-1000000000008, post_id=12, post_author="Ed"),
        ),
        (
            {"from_id": types.PeerUser(5), "saved_from_peer": types.PeerChannel(8), "saved_from_msg_id": 3},
            Forward(THEN, from_id=5, saved_from_id=-1000000000008, saved_from_message_id=3),
        ),
        ({"saved_from_id": types.PeerUser(6)}, Forward(THEN, from_id=6)),
        ({"saved_from_name": "Shy"}, Forward(THEN, from_name="Shy")),
    ],
)
def test_forwards_tell_what_is_known_of_their_origin(header: Any, expected: Forward) -> None:
    assert converted(message(fwd_from=types.MessageFwdHeader(date=EARLIER, **header))).forward == expected


def test_imported_messages_have_their_own_date() -> None:
    header = types.MessageFwdHeader(date=EARLIER, imported=True, from_name="Anna")
    result = converted(message(fwd_from=header))
    assert result.date == THEN
    assert result.forward == Forward(THEN, from_name="Anna", imported=True)
    without = types.MessageFwdHeader(date=EPOCH, imported=True, from_name="Anna")
    assert converted(message(fwd_from=without)).date == NOW


def test_reactions_of_every_kind_are_counted() -> None:
    results = [
        types.ReactionCount(types.ReactionEmoji("👍"), 3),
        types.ReactionCount(types.ReactionCustomEmoji(99), 2),
        types.ReactionCount(types.ReactionPaid(), 50),
        types.ReactionCount(types.ReactionEmpty(), 1),
    ]
    result = converted(message(reactions=types.MessageReactions(results=results)))
    assert [(r.count, r.document_id) for r in result.reactions] == [(3, None), (2, 99), (50, None)]
    assert result.reactions[0] == Reaction("👍", 3)
    assert result.reactions[2].emoji == "⭐"


def test_inline_buttons_keep_their_labels_and_links_stay_raw() -> None:
    callback = types.KeyboardInlineButton("Yes", types.InlineButtonTypeCallback(b"y"))
    link = types.KeyboardInlineButton("Site", types.InlineButtonTypeUrl("https://a.example/"))
    rows = [types.KeyboardInlineButtonRow([callback, callback])]
    plain = converted(message(reply_markup=types.ReplyInlineMarkup(rows)))
    assert plain.buttons == (("Yes", "Yes"),)
    assert plain.raw is None
    rows.append(types.KeyboardInlineButtonRow([link]))
    with_link = converted(message(reply_markup=types.ReplyInlineMarkup(rows)))
    assert with_link.buttons == (("Yes", "Yes"), ("Site",))
    assert with_link.raw is not None


def topic_header(message_id: int, top: int | None = None) -> Any:
    return types.MessageReplyHeader(forum_topic=True, reply_to_msg_id=message_id, reply_to_top_id=top)


@pytest.mark.parametrize(
    ("header", "topic", "reply"),
    [
        (None, 1, None),
        (types.MessageReplyHeader(reply_to_msg_id=30), 1, Reply(30)),
        (topic_header(12), 12, None),
        (topic_header(30, 12), 12, Reply(30)),
    ],
    ids=["general", "reply in general", "in a topic", "reply in a topic"],
)
def test_forum_messages_know_their_topic(header: Any, topic: int, reply: Reply | None) -> None:
    result = converted(message(reply_to=header), forum=True)
    assert (result.topic_id, result.reply) == (topic, reply)


def test_outside_forums_there_are_no_topics() -> None:
    assert converted(message(reply_to=topic_header(30, 12))).topic_id is None


def test_the_answer_itself_tells_that_a_chat_is_a_forum() -> None:
    forum = types.Channel(
        id=7, title="F", photo=types.ChatPhotoEmpty(), date=WHEN, megagroup=True, forum=True
    )
    answer = types.messages.ChannelMessages(
        pts=1, count=1, messages=[message(reply_to=topic_header(12))], topics=[], chats=[forum], users=[]
    )
    assert convert_page(RawPage(SUPERGROUP, OWN, 100, 100, answer)).messages[0].topic_id == 12


def test_a_new_topic_opens_with_its_own_message() -> None:
    action = types.MessageActionTopicCreate(title="Jobs", icon_color=1)
    tl = types.MessageService(id=50, peer_id=types.PeerChannel(7), date=WHEN, action=action)
    assert converted(tl, forum=True).topic_id == 50


def test_an_unusual_part_keeps_the_message_raw() -> None:
    check = types.FactCheck(hash=1, country="PT", text=types.TextWithEntities("No", []))
    tl = message(factcheck=check)
    assert converted(tl).raw == bytes(tl)
    assert converted(message()).raw is None


def test_a_rich_message_is_readable() -> None:
    bold = types.TextConcat([types.TextPlain("Dear "), types.TextBold(types.TextPlain("all"))])
    rich = types.RichMessage(
        blocks=[
            types.PageBlockHeading1(types.TextPlain("News")),
            types.PageBlockParagraph(bold),
            types.PageBlockList(
                [types.PageListItemText(types.TextPlain("milk"), checkbox=True, checked=True)]
            ),
            types.PageBlockTable(
                title=types.TextEmpty(),
                rows=[
                    types.PageTableRow(
                        [types.PageTableCell(text=types.TextPlain(word)) for word in ("a", "b")]
                    )
                ],
            ),
        ],
        photos=[],
        documents=[],
    )
    result = converted(message(text="", rich_message=rich))
    assert result.text == "News\nDear all\n- [x] milk\na | b"
    assert result.raw is not None
