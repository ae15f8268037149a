"""Service messages as Telegram Desktop writes them: the action's name and its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tobs_tui.model import Action

Fields = dict[str, Any]
NameOf = Callable[[int], str | None]
MomentOf = Callable[[int], str]

ACTIONS = {
    "boost_apply": "boost_apply",
    "bot_allowed": "allow_sending_messages",
    "change_creator": "change_creator",
    "channel_create": "create_channel",
    "channel_migrate_from": "migrate_from_group",
    "chat_add_user": "invite_members",
    "chat_create": "create_group",
    "chat_delete_photo": "delete_group_photo",
    "chat_delete_user": "remove_members",
    "chat_edit_photo": "edit_group_photo",
    "chat_edit_title": "edit_group_title",
    "chat_joined_by_link": "join_group_by_link",
    "chat_joined_by_request": "join_group_by_request",
    "chat_migrate_to": "migrate_to_supergroup",
    "conference_call": "conference_call",
    "contact_sign_up": "joined_telegram",
    "custom_action": "custom_action",
    "game_score": "score_in_game",
    "geo_proximity_reached": "proximity_reached",
    "gift_code": "gift_code_prize",
    "gift_premium": "send_premium_gift",
    "gift_stars": "send_stars_gift",
    "gift_ton": "send_ton_gift",
    "giveaway_launch": "giveaway_launch",
    "giveaway_results": "giveaway_results",
    "group_call": "group_call",
    "group_call_scheduled": "group_call_scheduled",
    "history_clear": "clear_history",
    "invite_to_group_call": "invite_to_group_call",
    "new_creator_pending": "new_creator_pending",
    "paid_messages_price": "paid_messages_price_change",
    "paid_messages_refunded": "paid_messages_refund",
    "payment_refunded": "refunded_payment",
    "payment_sent": "send_payment",
    "payment_sent_me": "send_payment",
    "phone_call": "phone_call",
    "pin_message": "pin_message",
    "prize_stars": "stars_prize",
    "requested_peer": "requested_peer",
    "requested_peer_sent_me": "requested_peer",
    "screenshot_taken": "take_screenshot",
    "secure_values_sent": "send_passport_values",
    "secure_values_sent_me": "send_passport_values",
    "set_chat_theme": "edit_chat_theme",
    "set_chat_wall_paper": "set_chat_wallpaper",
    "set_messages_ttl": "set_messages_ttl",
    "star_gift": "send_star_gift",
    "suggest_birthday": "suggest_birthday",
    "suggest_profile_photo": "suggest_profile_photo",
    "suggested_post_approval": "process_suggested_post",
    "suggested_post_refund": "suggested_post_refund",
    "suggested_post_success": "suggested_post_success",
    "todo_append_tasks": "todo_append_tasks",
    "todo_completions": "todo_completions",
    "topic_create": "topic_created",
    "topic_edit": "topic_edit",
    "web_view_data_sent": "send_webview_data",
    "web_view_data_sent_me": "send_webview_data",
}
"""Our kinds by Telegram Desktop's names; a kind that isn't here goes by its own."""

_TITLED = frozenset(
    (
        "chat_create",
        "chat_edit_title",
        "channel_create",
        "channel_migrate_from",
        "topic_create",
        "custom_action",
    )
)
_WITH_MEMBERS = frozenset(("chat_create", "chat_add_user", "chat_delete_user", "invite_to_group_call"))
_AMOUNTS = {
    "boost_apply": "boosts",
    "game_score": "score",
    "geo_proximity_reached": "distance",
    "paid_messages_price": "price_stars",
    "prize_stars": "stars",
    "star_gift": "stars",
    "giveaway_results": "winners",
    "paid_messages_refunded": "stars_count",
}
_MESSAGES = {"game_score": "game_message_id", "payment_sent": "invoice_message_id"}
_PERIODS = {
    "phone_call": "duration_seconds",
    "conference_call": "duration_seconds",
    "group_call": "duration",
    "set_messages_ttl": "period",
}


def service_fields(action: Action, name_of: NameOf, moment: MomentOf) -> Fields:
    """Return the fields of a service message below its actor."""
    kind = action.kind
    fields: Fields = {"action": ACTIONS.get(kind, kind)}
    if kind in _TITLED:
        fields["title"] = action.text or ""
    elif kind == "topic_edit" and action.text:
        fields["new_title"] = action.text
    elif kind == "set_chat_theme" and action.text:
        fields["emoticon"] = action.text
    if kind in _WITH_MEMBERS:
        fields["members"] = [name_of(person) for person in action.people]
    elif kind == "chat_joined_by_link" and action.people:
        fields["inviter"] = name_of(action.people[0])
    elif kind in ("change_creator", "new_creator_pending") and action.people:
        fields["new_creator"] = name_of(action.people[0])
    if action.message_id is not None:
        fields[_MESSAGES.get(kind, "message_id")] = action.message_id
    if action.amount is not None:
        fields[_AMOUNTS.get(kind, "amount")] = action.amount
    if action.currency is not None and kind not in _AMOUNTS:
        fields["currency"] = action.currency
    if action.seconds is not None:
        fields[_PERIODS.get(kind, "period")] = action.seconds
    if action.reason is not None and kind == "phone_call":
        fields["discard_reason"] = action.reason
    if action.date is not None:
        fields["schedule_date"] = moment(action.date)
    return fields
