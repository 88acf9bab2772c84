"""Tickets as a WSGI application in a server that forks for every request, with a connection for each. BUG names what is wrong with it."""

import json
import os
import re
import uuid
from contextlib import closing
from socketserver import ForkingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg2
import psycopg2.extras

BUG = os.environ.get("BUG")
DATABASE_URL = os.environ["DATABASE_URL"]
SCHEMA = """
    create table if not exists slots (
        id text primary key, capacity int not null, open boolean not null default true, taken int not null default 0
    );
    create table if not exists bookings (
        id text primary key, slot text not null references slots (id) on delete cascade, citizen text not null, key text not null,
        active boolean not null default true, created_at timestamptz not null default now()
    );
    create index if not exists bookings_by_slot on bookings (slot)"""
REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found", 409: "Conflict"}


def connect():
    return closing(psycopg2.connect(DATABASE_URL, cursor_factory=psycopg2.extras.RealDictCursor))


def refused(reason):
    return (404 if reason.startswith("no-such") else 409), dict(error=reason)


def looked(cursor, slot, citizen, key, lock=""):
    """The row of the slot, and the answer that needs no more than a look."""
    cursor.execute(f"select * from slots where id = %s{lock}", [slot])
    found = cursor.fetchone()
    if not found:
        return None, refused("no-such-slot")
    cursor.execute("select id from bookings where slot = %s and citizen = %s and key = %s", [slot, citizen, key])
    before = cursor.fetchone()
    if before:
        return found, (200, dict(id=before["id"], slot=slot, citizen=citizen))
    if not found["open"]:
        return found, refused("closed")
    cursor.execute("select 1 from bookings where slot = %s and citizen = %s and active", [slot, citizen])
    return found, refused("already-booked") if cursor.fetchone() else None


def inserted(cursor, slot, citizen, key):
    booking = str(uuid.uuid4())
    cursor.execute(
        "insert into bookings (id, slot, citizen, key) values (%s, %s, %s, %s)", [booking, slot, citizen, key]
    )
    return 201, dict(id=booking, slot=slot, citizen=citizen)


def book(connection, *wanted):
    """The row of the slot is locked for as long as it takes to look and to book."""
    with connection, connection.cursor() as cursor:
        found, answer = looked(cursor, *wanted, lock=" for update")
        if answer:
            return answer
        if found["taken"] >= found["capacity"]:
            return refused("full")
        cursor.execute("update slots set taken = taken + 1 where id = %s", [found["id"]])
        return inserted(cursor, *wanted)


def book_unlocked(connection, *wanted):
    """Nothing is locked between the look and the booking."""
    with connection, connection.cursor() as cursor:
        found, answer = looked(cursor, *wanted)
        if answer:
            return answer
        cursor.execute("select count(*) as held from bookings where slot = %s and active", [found["id"]])
        if cursor.fetchone()["held"] >= found["capacity"]:
            return refused("full")
        return inserted(cursor, *wanted)


def book_by_counter(connection, *wanted):
    """The counter is read, and written back by another statement; every statement is committed by itself."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        found, answer = looked(cursor, *wanted)
        if answer:
            return answer
        if found["taken"] >= found["capacity"]:
            return refused("full")
        cursor.execute("update slots set taken = %s where id = %s", [found["taken"] + 1, found["id"]])
        return inserted(cursor, *wanted)


def book_in_one(connection, slot, citizen, key):
    """One statement looks and inserts, which two can do at the same time."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        while True:
            _, answer = looked(cursor, slot, citizen, key)
            if answer:
                return answer
            booking = str(uuid.uuid4())
            cursor.execute(
                """insert into bookings (id, slot, citizen, key)
                   select %s, id, %s, %s from slots s
                   where id = %s and open
                     and not exists (select 1 from bookings where slot = s.id and citizen = %s and active)
                     and (select count(*) from bookings where slot = s.id and active) < capacity""",
                [booking, citizen, key, slot, citizen],
            )
            if cursor.rowcount:
                return 201, dict(id=booking, slot=slot, citizen=citizen)
            cursor.execute(
                """select open and (select count(*) from bookings where slot = s.id and active) >= capacity as full
                   from slots s where id = %s""",
                [slot],
            )
            if cursor.fetchone()["full"]:
                return refused("full")


BOOKINGS = {
    "check-then-insert": book_unlocked,
    "lost-update": book_by_counter,
    "single-statement": book_in_one,
}


def reset(connection, _, body):
    with connection, connection.cursor() as cursor:
        cursor.execute("delete from slots")
        for slot in body["slots"]:
            cursor.execute("insert into slots (id, capacity) values (%s, %s)", [slot["id"], slot["capacity"]])
    return 204, None


def list_slots(connection, _, __):
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """select s.id, s.capacity, s.open, count(b.id)::int as bookings
               from slots s left join bookings b on b.slot = s.id and b.active
               group by s.id order by s.id collate "C" """
        )
        return 200, cursor.fetchall()


def read(connection, environ, _):
    slot = environ["words"][0]
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """select s.capacity, s.open, b.id, b.citizen
               from slots s left join bookings b on b.slot = s.id and b.active
               where s.id = %s order by b.created_at, b.id""",
            [slot],
        )
        rows = cursor.fetchall()
    if not rows:
        return refused("no-such-slot")
    bookings = [dict(id=row["id"], slot=slot, citizen=row["citizen"]) for row in rows if row["id"]]
    return 200, dict(id=slot, capacity=rows[0]["capacity"], open=rows[0]["open"], bookings=bookings)


def set_open(connection, environ, body):
    if not isinstance(body.get("open"), bool):
        return 400, dict(error="bad-request")
    with connection, connection.cursor() as cursor:
        cursor.execute("update slots set open = %s where id = %s", [body["open"], environ["words"][0]])
        return (204, None) if cursor.rowcount else refused("no-such-slot")


def book_slot(connection, environ, body):
    citizen, key = body.get("citizen"), environ.get("HTTP_IDEMPOTENCY_KEY")
    if not key or not isinstance(citizen, str):
        return 400, dict(error="bad-request")
    return BOOKINGS.get(BUG, book)(connection, environ["words"][0], citizen, key)


def cancel(connection, environ, _):
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "update bookings set active = false where id = %s and active returning slot", [environ["words"][0]]
        )
        gone = cursor.fetchone()
        if not gone:
            return refused("no-such-booking")
        cursor.execute("update slots set taken = taken - 1 where id = %s", [gone["slot"]])
        return 204, None


ROUTES = (
    ("POST", r"/admin/reset", reset),
    ("GET", r"/slots", list_slots),
    ("GET", r"/slots/([^/]+)", read),
    ("PATCH", r"/slots/([^/]+)", set_open),
    ("POST", r"/slots/([^/]+)/bookings", book_slot),
    ("DELETE", r"/bookings/([^/]+)", cancel),
)


def answered(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    for method, path, route in ROUTES:
        match = re.fullmatch(path, environ["PATH_INFO"])
        if match and method == environ["REQUEST_METHOD"]:
            environ["words"] = match.groups()
            with connect() as connection:
                return route(connection, environ, json.loads(body) if body else {})
    return 404, dict(error="no-such-route")


def application(environ, start_response):
    try:
        status, value = answered(environ)
        reason = REASONS[status]
    except json.JSONDecodeError:
        status, reason, value = 400, REASONS[400], dict(error="bad-request")
    except psycopg2.Error as error:
        status, reason, value = 500, "Internal Server Error", dict(error=f"{type(error).__name__}: {error}")
    start_response(f"{status} {reason}", [("Content-Type", "application/json")] if value is not None else [])
    return [] if value is None else [json.dumps(value).encode()]


class Server(ForkingMixIn, WSGIServer):
    """A process for every request."""


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


with connect() as setup, setup, setup.cursor() as making:
    making.execute(SCHEMA)
make_server("127.0.0.1", int(os.environ["PORT"]), application, Server, Handler).serve_forever()
