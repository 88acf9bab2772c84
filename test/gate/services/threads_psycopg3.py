"""Tickets over Python's threaded server and psycopg 3, a connection for every thread. BUG names what is wrong with it."""

import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import psycopg
from psycopg.rows import dict_row

BUG = os.environ.get("BUG")
DATABASE_URL = os.environ["DATABASE_URL"]
SCHEMA = """
    create table if not exists slots (
        id text primary key,
        capacity int not null,
        open boolean not null default true,
        taken int not null default 0
    );
    create table if not exists bookings (
        number bigint generated always as identity primary key,
        slot text not null references slots (id) on delete cascade,
        citizen text not null,
        key text not null,
        active boolean not null default true
    );
    create index if not exists bookings_by_slot on bookings (slot)"""

own = threading.local()


def connection():
    if getattr(own, "connection", None) is None or own.connection.closed:
        own.connection = psycopg.connect(DATABASE_URL, autocommit=True, row_factory=dict_row)
    return own.connection


class Refused(Exception):
    """A refusal, by its reason."""


def one(text, *values):
    return connection().execute(text, values).fetchone()


def book(slot, citizen, key):
    """The row of the slot is locked for as long as it takes to look and to book."""
    with connection().transaction():
        found = one("select * from slots where id = %s for update", slot)
        before = looked(found, slot, citizen, key)
        if before:
            return before
        if one("select 1 from bookings where slot = %s and citizen = %s and active", slot, citizen):
            raise Refused("already-booked")
        if found["taken"] >= found["capacity"]:
            raise Refused("full")
        one("update slots set taken = taken + 1 where id = %s returning taken", slot)
        return inserted(slot, citizen, key)


def book_unlocked(slot, citizen, key):
    """Nothing is locked between the look and the booking."""
    with connection().transaction():
        found = one("select * from slots where id = %s", slot)
        before = looked(found, slot, citizen, key)
        if before:
            return before
        held = connection().execute("select citizen from bookings where slot = %s and active", [slot]).fetchall()
        if any(each["citizen"] == citizen for each in held):
            raise Refused("already-booked")
        if len(held) >= found["capacity"]:
            raise Refused("full")
        return inserted(slot, citizen, key)


def book_by_counter(slot, citizen, key):
    """The counter is read, and written back by another statement; every statement is committed by itself."""
    found = one("select * from slots where id = %s", slot)
    before = looked(found, slot, citizen, key)
    if before:
        return before
    if one("select 1 from bookings where slot = %s and citizen = %s and active", slot, citizen):
        raise Refused("already-booked")
    if found["taken"] >= found["capacity"]:
        raise Refused("full")
    connection().execute("update slots set taken = %s where id = %s", [found["taken"] + 1, slot])
    return inserted(slot, citizen, key)


def book_in_one(slot, citizen, key):
    """One statement looks and inserts, which two can do at the same time."""
    while True:
        before = one("select number from bookings where slot = %s and citizen = %s and key = %s", slot, citizen, key)
        made = before or one(
            """insert into bookings (slot, citizen, key)
               select id, %s, %s from slots s
               where id = %s and open
                 and not exists (select 1 from bookings where slot = s.id and citizen = %s and active)
                 and (select count(*) from bookings where slot = s.id and active) < capacity
               returning number""",
            *(citizen, key, slot, citizen),
        )
        if made:
            return made["number"]
        found = one(
            """select open,
                 exists (select 1 from bookings where slot = s.id and citizen = %s and active) as mine,
                 (select count(*) from bookings where slot = s.id and active) >= capacity as full
               from slots s where id = %s""",
            *(citizen, slot),
        )
        if not found:
            raise Refused("no-such-slot")
        for reason, holds in (("closed", not found["open"]), ("already-booked", found["mine"]), ("full", found["full"])):
            if holds:
                raise Refused(reason)


def looked(found, slot, citizen, key):
    """The number of an earlier booking by this key; refuses where there is no slot, or a closed one."""
    if not found:
        raise Refused("no-such-slot")
    before = one("select number from bookings where slot = %s and citizen = %s and key = %s", slot, citizen, key)
    if not before and not found["open"]:
        raise Refused("closed")
    return before["number"] if before else None


def inserted(slot, citizen, key):
    return one(
        "insert into bookings (slot, citizen, key) values (%s, %s, %s) returning number", slot, citizen, key
    )["number"]


BOOKINGS = {
    "check-then-insert": book_unlocked,
    "lost-update": book_by_counter,
    "single-statement": book_in_one,
}


def reset(_, body):
    with connection().transaction():
        connection().execute("delete from slots")
        for slot in body["slots"]:
            connection().execute("insert into slots (id, capacity) values (%s, %s)", [slot["id"], slot["capacity"]])
    return 204, None


def list_slots(_, __):
    rows = connection().execute(
        """select s.id, s.capacity, s.open, count(b.number)::int as bookings
           from slots s left join bookings b on b.slot = s.id and b.active
           group by s.id order by s.id collate "C" """
    )
    return 200, rows.fetchall()


def read(handler, _):
    slot = handler.words[0]
    rows = connection().execute(
        """select s.capacity, s.open, b.number, b.citizen
           from slots s left join bookings b on b.slot = s.id and b.active
           where s.id = %s order by b.number""",
        [slot],
    ).fetchall()
    if not rows:
        raise Refused("no-such-slot")
    bookings = [dict(id=f"b-{row['number']}", slot=slot, citizen=row["citizen"]) for row in rows if row["number"]]
    return 200, dict(id=slot, capacity=rows[0]["capacity"], open=rows[0]["open"], bookings=bookings)


def set_open(handler, body):
    if not isinstance(body.get("open"), bool):
        return 400, dict(error="bad-request")
    if connection().execute("update slots set open = %s where id = %s", [body["open"], handler.words[0]]).rowcount == 0:
        raise Refused("no-such-slot")
    return 204, None


def book_slot(handler, body):
    slot, citizen, key = handler.words[0], body.get("citizen"), handler.headers["Idempotency-Key"]
    if not key or not isinstance(citizen, str):
        return 400, dict(error="bad-request")
    number = BOOKINGS.get(BUG, book)(slot, citizen, key)
    return 201, dict(id=f"b-{number}", slot=slot, citizen=citizen)


def cancel(handler, _):
    number = re.fullmatch(r"b-(\d{1,18})", handler.words[0])
    with connection().transaction():
        gone = one(
            "update bookings set active = false where number = %s and active returning slot",
            int(number[1]) if number else 0,
        )
        if not gone:
            raise Refused("no-such-booking")
        connection().execute("update slots set taken = taken - 1 where id = %s", [gone["slot"]])
    return 204, None


ROUTES = (
    ("POST", r"/admin/reset", reset),
    ("GET", r"/slots", list_slots),
    ("GET", r"/slots/([^/]+)", read),
    ("PATCH", r"/slots/([^/]+)", set_open),
    ("POST", r"/slots/([^/]+)/bookings", book_slot),
    ("DELETE", r"/bookings/([^/]+)", cancel),
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for method, path, route in ROUTES:
            match = re.fullmatch(path, self.path)
            if match and method == self.command:
                self.words = [unquote(word) for word in match.groups()]
                return route(self, json.loads(body) if body else {})
        return 404, dict(error="no-such-route")

    def handle_request(self):
        try:
            status, value = self.answer()
        except Refused as refusal:
            reason = str(refusal)
            status, value = (404 if reason.startswith("no-such") else 409), dict(error=reason)
        except json.JSONDecodeError:
            status, value = 400, dict(error="bad-request")
        except psycopg.Error as error:
            status, value = 500, dict(error=f"{type(error).__name__}: {error}")
        payload = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_request

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with psycopg.connect(DATABASE_URL) as setup:
        setup.execute(SCHEMA)
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
