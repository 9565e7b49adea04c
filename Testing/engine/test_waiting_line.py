"""Which job goes to the worker next, and how many it has at a time."""

import pytest

from SpineGTRefineLib.engine.tickets import State, Ticket
from SpineGTRefineLib.engine.waiting_line import AHEAD, IN_FLIGHT, WaitingLine


@pytest.fixture
def line():
    return WaitingLine()


def job(line, number, priority=0, attempts=0):
    ticket = Ticket({}, priority, None, None, number, attempts=attempts)
    line.add(ticket)
    return ticket


def sent(line):
    """Send all that may go now; return their numbers."""
    return [ticket.number for ticket in iter(line.send_next, None)]


def test_the_worker_gets_one_job_to_compute_and_one_to_read_ahead(line):
    for number in range(6):
        job(line, number)
    assert sent(line) == list(range(AHEAD))
    assert len(line) == 6
    line.take("0.0")
    assert sent(line) == [AHEAD]


def test_an_urgent_job_goes_before_all_others_even_to_a_worker_that_has_enough(line):
    for number in range(6):
        job(line, number)
    sent(line)
    job(line, 7, priority=1)
    late = job(line, 8)
    line.move(late, 2)
    assert sent(line) == [8]
    assert line.of("8.0").state is State.SENT


def test_jobs_that_are_being_written_do_not_keep_the_device_idle_but_are_not_without_number(line):
    for number in range(9):
        job(line, number)
    for _ in range(3):
        sent(line)
        for ticket in line.sent:
            ticket.state = State.SAVING
    assert len(line.sent) == IN_FLIGHT
    assert sent(line) == []


def test_a_job_that_a_worker_died_with_goes_alone(line):
    for number in range(3):
        job(line, number, attempts=int(number == 1))
    assert sent(line) == [0]
    line.take("0.0")
    assert sent(line) == [1]
    line.take("1.1")
    assert sent(line) == [2]


def test_what_was_sent_cannot_be_withdrawn_and_what_the_worker_had_comes_back_in_its_old_place(line):
    first, _second, third = (job(line, number) for number in range(3))
    sent(line)
    assert not line.withdraw(first)
    assert line.withdraw(third)
    for ticket in line.take_sent():
        line.add(ticket)
    assert sent(line) == [0, 1]
    assert line.take_queued() == []
