"""What `doctor` finds of the farm, where the config has one."""

from __future__ import annotations

from contextlib import closing

from backbeat.cli.finding import Finding, Verdict
from backbeat.config.schema import Config
from backbeat.errors import BackbeatError
from backbeat.farm.needs import need_farm


def farm_findings(config: Config) -> list[Finding]:
    """The broker and the storage; nothing for a daemon that does its jobs itself."""
    if not config.queue.is_farm:
        return []
    try:
        need_farm()
        return [_broker(config), _storage(config)]
    except BackbeatError as error:
        return [Finding(area="farm", name="settings", verdict=Verdict.PROBLEM, detail=error.message, advice=error.advice)]


def _broker(config: Config) -> Finding:
    from backbeat.farm.app import BrokerUnreachable, make_app, state_url, without_password  # noqa: PLC0415 - brings Celery
    from backbeat.farm.ledger import LedgerUnreachable  # noqa: PLC0415
    from backbeat.farm.start import make_ledger  # noqa: PLC0415

    name = without_password(config.queue.broker)
    try:
        with make_app(config.queue).connection_for_write() as connection, closing(make_ledger(config.queue)) as ledger:
            connection.ensure_connection(max_retries=1, timeout=5)
            ledger.ping()
            runs = len(ledger.runs())
            keeps = ledger.keeps_what_it_has()
    except (BrokerUnreachable, LedgerUnreachable, OSError) as error:
        advice = f"Start it, or mend queue.broker. Until then jobs wait. State: {without_password(state_url(config.queue))}."
        return Finding(area="farm", name=name, verdict=Verdict.PROBLEM, detail=f"does not answer: {error}", advice=advice)
    if not keeps:
        detail = f"answers; {runs} recording(s) in the farm; it would forget them when it is restarted"
        advice = "Switch on Redis' append-only file: redis-cli config set appendonly yes, and in its config file."
        return Finding(area="farm", name=name, verdict=Verdict.WARNING, detail=detail, advice=advice)
    return Finding(area="farm", name=name, verdict=Verdict.OK, detail=f"answers; {runs} recording(s) in the farm")


def _storage(config: Config) -> Finding:
    from backbeat.farm.start import storage_of  # noqa: PLC0415
    from backbeat.farm.storage import open_storage  # noqa: PLC0415

    name = storage_of(config.queue)
    storage = open_storage(name)
    probe = f"doctor/{config.queue.name or 'probe'}"
    with storage.writing(probe) as file:
        file.write(b"written and read by backbeat doctor\n")
    storage.remove("doctor")
    return Finding(area="farm", name=name, verdict=Verdict.OK, detail="can be written")
