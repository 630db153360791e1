"""The watch tells people over real HTTP and real SMTP, once, also across restarts, and waits for nobody."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tagger_platform.health.notify import Notifier
from tagger_platform.health.watch import Watch
from tagger_platform_tests.health.conftest import Around
from tagger_platform_tests.standins.mail import MailStandIn
from tagger_platform_tests.standins.webhook import WebhookStandIn

SECRET = "kn0ck-kn0ck"


@pytest.fixture
def hook() -> Iterator[WebhookStandIn]:
    with WebhookStandIn() as server:
        yield server


def to(server: WebhookStandIn) -> str:
    return f"json://me:{SECRET}@127.0.0.1:{server.port}/{SECRET}"


def by_mail(server: MailStandIn) -> str:
    return f"mailto://127.0.0.1:{server.port}?from=tagger@example.com&to=me@example.com&mode=insecure"


class Watching:
    """A watch that looks when it is told to; it can be restarted."""

    def __init__(self, around: Around, *urls: str) -> None:
        self.around = around
        self._urls = urls
        self.restart()

    def restart(self) -> None:
        self.watch = Watch(self.around.watched, Notifier(self._urls))

    def minutes(self, count: int, *, well: bool) -> None:
        for _ in range(count):
            self.around.now += timedelta(minutes=1)
            self.around.be_well()
            if not well:
                self.around.capture = None
            self.watch.look()


def titles(hook: WebhookStandIn) -> list[str]:
    return [message["title"] for message in hook.messages]


BEGIN, END = "tagger: capture is not well", "tagger: capture is well again"


def test_a_webhook_hears_of_the_beginning_and_the_end(around: Around, hook: WebhookStandIn):
    watching = Watching(around, to(hook))
    watching.minutes(20, well=False)
    assert titles(hook) == [BEGIN]
    assert "CAPTURE_PORT" in hook.messages[0]["message"]
    watching.minutes(20, well=True)
    assert titles(hook) == [BEGIN, END]


def test_a_restart_makes_nothing_told_twice_and_forgets_nothing(around: Around, hook: WebhookStandIn):
    watching = Watching(around, to(hook))
    for _ in range(4):
        watching.minutes(3, well=False)
        watching.restart()
    watching.minutes(3, well=True)
    watching.restart()
    watching.minutes(10, well=True)
    assert titles(hook) == [BEGIN, END]


def test_several_troubles_at_once_are_one_message(around: Around, hook: WebhookStandIn):
    watching = Watching(around, to(hook))
    for _ in range(8):
        around.now += timedelta(minutes=1)
        around.capture = None  # and the sensor's mark grows old
        watching.watch.look()
    assert titles(hook) == [BEGIN, "tagger: dagster is not well"]  # it needed two minutes longer
    watching.minutes(8, well=True)
    assert titles(hook)[2:] == ["tagger: 2 things to know"]
    assert "capture is well again" in hook.messages[2]["message"]
    assert "dagster is well again" in hook.messages[2]["message"]


def test_mail_is_sent_over_smtp(around: Around):
    with MailStandIn() as mail:
        Watching(around, by_mail(mail)).minutes(8, well=False)
        (message,) = mail.messages
    assert f"Subject: {BEGIN}" in message
    assert "To: me@example.com" in message


def test_while_nobody_takes_a_message_it_is_tried_again(around: Around, hook: WebhookStandIn, caplog):
    caplog.set_level(logging.DEBUG)
    hook.status = 500
    watching = Watching(around, to(hook))
    watching.minutes(10, well=False)
    assert hook.messages == []
    hook.status = 200
    watching.minutes(2, well=False)
    assert titles(hook) == [BEGIN]
    assert caplog.text.count("nobody took a message") == 1
    assert SECRET not in caplog.text


def test_one_address_that_takes_it_is_enough_and_others_are_not_asked_twice(around: Around, hook: WebhookStandIn):
    with WebhookStandIn(status=500) as broken:
        watching = Watching(around, to(broken), to(hook), f"nonsense://{SECRET}")
        watching.minutes(10, well=False)
        assert titles(hook) == [BEGIN]


def test_a_mail_server_that_hangs_is_waited_for_by_nobody_and_not_asked_again(hook: WebhookStandIn):
    with MailStandIn(hangs=True) as mail:
        notifier = Notifier([by_mail(mail), to(hook)], within_s=0.5)
        assert [notifier.send(str(number), "body") for number in range(3)] == [True] * 3
        assert (mail.connections, titles(hook)) == (1, ["0", "1", "2"])
        assert notifier.undelivered == ["number 1 (mailto)"]


def test_no_secret_is_in_what_a_notifier_shows(hook: WebhookStandIn, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    notifier = Notifier([to(hook), f"slack://{SECRET}", f"json://{SECRET}:{SECRET}@127.0.0.1:9/{SECRET}"])
    notifier.send("title", "body")
    assert len(notifier.undelivered) == 2
    assert SECRET not in caplog.text + repr(notifier.addresses) + str(notifier.undelivered)


def test_what_was_told_cannot_be_read_any_more_and_the_watch_goes_on(around: Around, hook: WebhookStandIn):
    around.settings.notified_path.write_text("{broken")
    Watching(around, to(hook)).minutes(8, well=False)
    assert titles(hook) == [BEGIN]
