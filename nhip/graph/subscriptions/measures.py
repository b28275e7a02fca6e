"""What /metrics tells of notifications."""

from __future__ import annotations

from nhip.web.metrics import Counter, Gauge

NOTIFICATIONS = Counter(
    "nhip_graph_notifications_total", "Notifications that this process tried to deliver, by result."
)
DROPPED = Counter(
    "nhip_graph_notifications_dropped_total",
    "Changes that nobody was told of, because too many waited for their receiver.",
)
WAITING = Gauge("nhip_graph_notifications_waiting", "Changes that wait in this process to be told.")
PAUSED = Gauge("nhip_graph_endpoints_paused", "Receivers that this process leaves in peace because they fail.")
MENDED = Counter("nhip_graph_subscriptions_mended_total", "How often memory was not as the table, and was mended.")
WAITING_LETTERS = Gauge("nhip_graph_letters_waiting", "Letters of the outbox that wait, of all processes.")
DEAD_LETTERS = Gauge("nhip_graph_letters_dead", "Letters of the outbox that were given up.")
