"""What a client asks of the server itself: its DCs, limits and versions (help.*)."""

from __future__ import annotations

from datetime import UTC, datetime

from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.rpc import Call, method

LIFE = 3600

_LIMITS: dict[str, int] = {
    "chat_size_max": 200,
    "megagroup_size_max": 200_000,
    "forwarded_count_max": 100,
    "online_update_period_ms": 210_000,
    "offline_blur_timeout_ms": 5_000,
    "offline_idle_timeout_ms": 30_000,
    "online_cloud_timeout_ms": 300_000,
    "notify_cloud_delay_ms": 30_000,
    "notify_default_delay_ms": 1_500,
    "push_chat_period_ms": 60_000,
    "push_chat_limit": 2,
    "edit_time_limit": 172_800,
    "revoke_time_limit": 2_147_483_647,
    "revoke_pm_time_limit": 2_147_483_647,
    "rating_e_decay": 2_419_200,
    "stickers_recent_limit": 200,
    "channels_read_media_period": 604_800,
    "call_receive_timeout_ms": 20_000,
    "call_ring_timeout_ms": 90_000,
    "call_connect_timeout_ms": 30_000,
    "call_packet_timeout_ms": 10_000,
    "caption_length_max": 1_024,
    "message_length_max": 4_096,
}


@method(functions.help.GetConfigRequest, before_login=True, any_dc=True)
async def get_config(call: Call, request: functions.help.GetConfigRequest) -> TLObject:
    server = call.server
    return types.Config(
        date=_date(call.now()),
        expires=_date(call.now() + LIFE),
        test_mode=False,
        this_dc=call.dc_id,
        dc_options=[
            types.DcOption(id=dc_id, ip_address=server.host, port=port, this_port_only=True)
            for dc_id, port in server.ports.items()
        ],
        dc_txt_domain_name="",
        me_url_prefix="https://t.me/",
        webfile_dc_id=server.home_dc,
        **_LIMITS,
    )


@method(functions.help.GetNearestDcRequest, before_login=True, any_dc=True)
async def get_nearest_dc(call: Call, request: functions.help.GetNearestDcRequest) -> TLObject:
    return types.NearestDc(country="XX", this_dc=call.dc_id, nearest_dc=call.server.home_dc)


@method(functions.help.GetAppConfigRequest, before_login=True, any_dc=True)
async def get_app_config(call: Call, request: functions.help.GetAppConfigRequest) -> TLObject:
    return types.help.AppConfig(hash=0, config=types.JsonObject([]))


@method(functions.help.GetCdnConfigRequest, before_login=True, any_dc=True)
async def get_cdn_config(call: Call, request: functions.help.GetCdnConfigRequest) -> TLObject:
    return types.CdnConfig([])


@method(functions.help.GetTermsOfServiceUpdateRequest)
async def get_terms(call: Call, request: functions.help.GetTermsOfServiceUpdateRequest) -> TLObject:
    return types.help.TermsOfServiceUpdateEmpty(_date(call.now() + LIFE))


@method(functions.help.GetPromoDataRequest)
async def get_promo_data(call: Call, request: functions.help.GetPromoDataRequest) -> TLObject:
    return types.help.PromoDataEmpty(_date(call.now() + LIFE))


def _date(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
