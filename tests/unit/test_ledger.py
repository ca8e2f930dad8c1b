"""The books of a writer: what was rejected, what is unknown and what waits add up to the rows, in any mixture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.bulk.spool import Queue, SpoolFile
from rtcp.resources.streaming.fates import Pack
from rtcp.resources.streaming.ledger import Ledger
from rtcp.rows.rejects import REFUSED, UNKNOWN, Reject

FORM = rtcp.RowForm(dataset_id="harbour-crm", schema_id="https://ns.adobe.com/harbour/crm")
MESSAGE = b'{"header": {}, "body": {"xdmEntity": {"_id": "1"}}}'


def reject(is_unknown):
    return Reject({}, 0, None, UNKNOWN if is_unknown else REFUSED, "", is_unknown)


@given(st.lists(st.booleans(), max_size=40))
def test_of_what_is_rejected_at_once_each_is_counted_as_what_it_is(unknown):
    ledger = Ledger(FORM, None, None)
    ledger.enter(len(unknown))

    ledger.reject([reject(each) for each in unknown])

    assert (ledger.summary.rejected, ledger.summary.unknown) == (unknown.count(False), unknown.count(True))


@given(*[st.integers(0, 9)] * 4)
def test_what_an_interrupt_tore_apart_is_unknown_and_what_waits_is_not(tmp_path_factory, sent, waiting, refused, torn):
    with SpoolFile(tmp_path_factory.mktemp("spool") / "spool") as spool:
        queue = Queue(spool, "a")
        ledger = Ledger(FORM, queue, None)
        ledger.enter(sent + waiting + refused + torn)
        ids = queue.put([MESSAGE] * (sent + waiting), claim=True)
        pack = Pack([(number, MESSAGE, entry) for number, entry in enumerate(ids)])
        ledger.open(pack)
        ledger.settle(pack, [{"xactionId": "1"}] * sent + [rtcp.RtcpError("no token")] * waiting)
        ledger.reject([reject(False)] * refused)

        ledger.close()

        summary = ledger.summary
        assert (summary.sent, summary.waiting, summary.rejected, summary.unknown) == (sent, waiting, refused, torn)
        assert len(queue) == waiting
