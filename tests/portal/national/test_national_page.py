"""What officials see of the national portal, and how an administrator sets it."""

from __future__ import annotations

from nhip.db.installation import Installation
from nhip.portal.national import service, store
from nhip.testing.sector import signed_in_client
from tests.e2e import sample
from tests.portal.filling import fill
from tests.portal.national.receiver import Receiver

HOME = "/console/national"


async def test_it_is_set_watched_and_tried_again(ours: Installation, receiver: Receiver) -> None:
    await fill(ours, 1)
    await fill(ours, 1, stem="a", licence="")
    async with signed_in_client(ours) as client:
        await sample.give_every_page(ours)
        client.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        empty = await client.get(HOME)
        assert empty.status_code == 200 and "No national portal is set." in empty.text
        wrong = await client.post(f"{HOME}/settings", data={"url": "ftp://x", "way": "post", "prefix": "A b"})
        assert wrong.status_code == 422 and wrong.text.count('class="field wrong"') == 3
        said = {"url": receiver.url, "way": "ckan", "prefix": "hue-", "key": "khoa-9931", "enabled": "on"}
        assert (await client.post(f"{HOME}/settings", data=said, follow_redirects=False)).status_code == 303
        form = await client.get(f"{HOME}/settings")
        assert form.status_code == 200 and "khoa-9931" not in form.text and "Leave empty to keep" in form.text
        receiver.key = "another"
        await service.register_due(ours)
        away = await client.get(HOME)
        assert "refuses the credentials" in away.text and "Waiting" in away.text and "khoa-9931" not in away.text
        receiver.key = "khoa-9931"
        assert (await client.post(f"{HOME}/now", follow_redirects=False)).status_code == 303
        assert await service.register_due(ours) == 1
        good = await client.get(HOME)
        assert "Registered" in good.text and "license_id" in good.text and "Away" not in good.text
        only = await client.get(f"{HOME}?standing=refused")
        assert "license_id" in only.text and "/dataset/bo-0" not in only.text
    async with ours.db.read() as tx:
        assert await store.count_registrations(tx) == {"registered": 1, "refused": 1}
