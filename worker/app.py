"""The Celery app: it runs the process, the schedule, and tasks that hold no money data.

The money messages do not come through Celery's queues; `worker/step.py` reads them from their
stream inside the Celery worker. What does come through a queue here can be made again at any time.
"""

from typing import Any

from celery import Celery
from celery.signals import setup_logging

from worker import closings, wiring
from worker.amqp_connection import verified
from worker.log import set_up_logging
from worker.settings import Settings, load
from worker.step import IntakeStep

QUEUE = "scrip.tasks"


def make_app(settings: Settings) -> Celery:
    """The app for these settings, with everything off that could lose, leak or run foreign code."""
    url = wiring.broker_url(settings)
    app = Celery("scrip", include=["worker.tasks"], set_as_current=False)
    app.conf.update(
        result_expires=300,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_connection_retry_on_startup=True,
        beat_schedule={
            "expire": _scheduled("scrip.expire", settings.expiry_seconds, url),
            "close": _scheduled("scrip.close", closings.EVERY_SECONDS, url),
        },
        timezone="UTC",
        **_of_broker(url),
    )
    app.steps["worker"].add(IntakeStep)
    return app


def _scheduled(task: str, seconds: float, url: str) -> dict[str, Any]:
    """A run now and then; one that nobody has begun by the time of the next is dropped."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds, **_of_beat(url)}}


def _of_beat(url: str) -> dict[str, Any]:
    """Where else RabbitMQ would have to let it declare and read, and write to any queue."""
    direct = {"exchange": QUEUE, "routing_key": QUEUE, "declare": list[str]()}
    return direct if wiring.is_amqp(url) else {}


def _of_broker(url: str) -> dict[str, Any]:
    if wiring.is_amqp(url):
        return {
            "broker_url": url,
            "broker_use_ssl": verified(url),
            "result_backend": "rpc://",
            "broker_transport_options": {"confirm_publish": True},
            # Ten checks a heartbeat: Celery's loop sees SIGTERM only when something wakes it.
            "broker_heartbeat": 10,
            "broker_heartbeat_checkrate": 10,
        }
    checked = _checked(url)
    return {
        "broker_url": checked,
        "result_backend": checked,
        "broker_transport_options": {
            "visibility_timeout": 300,
            "socket_timeout": 30,
            # kombu shares these keys among all apps of a database unless they have own names
            "unacked_key": "scrip.unacked",
            "unacked_index_key": "scrip.unacked_index",
            "unacked_mutex_key": "scrip.unacked_mutex",
        },
    }


def _checked(url: str) -> str:
    """Over TLS Celery asks for no certificate, or gives up, unless the URL says what to ask for."""
    if not url.startswith("rediss:") or "ssl_cert_reqs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"


@setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    settings = load()
    set_up_logging(settings.log, settings.log_level)


app = make_app(load())
