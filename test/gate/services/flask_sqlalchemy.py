"""Tickets over Flask and SQLAlchemy's ORM with psycopg2. BUG names what is wrong with it."""

import logging
import os
import uuid

from flask import Flask, jsonify, request
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    and_,
    cast,
    create_engine,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import declarative_base, sessionmaker

BUG = os.environ.get("BUG")
url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
engine = create_engine(url, pool_size=10, max_overflow=0)
Session = sessionmaker(engine)
Base = declarative_base()


class Slot(Base):
    __tablename__ = "slots"
    id = Column(String, primary_key=True)
    capacity = Column(Integer, nullable=False)
    open = Column(Boolean, nullable=False, server_default="true")
    taken = Column(Integer, nullable=False, server_default="0")


class Booking(Base):
    __tablename__ = "bookings"
    id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    slot = Column(String, ForeignKey("slots.id", ondelete="CASCADE"), nullable=False, index=True)
    citizen = Column(String, nullable=False)
    key = Column(String, nullable=False)
    active = Column(Boolean, nullable=False, server_default="true")
    created_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())


Base.metadata.create_all(engine)
app = Flask(__name__)


class Refused(Exception):
    """A refusal, by its reason."""


def by_key(slot, citizen, key):
    return select(Booking.id).where(Booking.slot == slot, Booking.citizen == citizen, Booking.key == key)


def is_active(slot):
    return and_(Booking.slot == slot, Booking.active)


def book(slot, citizen, key):
    """The row of the slot is locked for as long as it takes to look and to book."""
    with Session.begin() as session:
        found = session.get(Slot, slot, with_for_update=True)
        if found is None:
            raise Refused("no-such-slot")
        before = session.scalar(by_key(slot, citizen, key))
        if before:
            return before
        if not found.open:
            raise Refused("closed")
        if session.scalar(select(Booking.id).where(is_active(slot), Booking.citizen == citizen)):
            raise Refused("already-booked")
        if found.taken >= found.capacity:
            raise Refused("full")
        booking = Booking(slot=slot, citizen=citizen, key=key)
        session.add(booking)
        found.taken += 1
        session.flush()
        return booking.id


def book_unlocked(slot, citizen, key):
    """Nothing is locked between the look and the booking."""
    with Session.begin() as session:
        found = session.get(Slot, slot)
        if found is None:
            raise Refused("no-such-slot")
        before = session.scalar(by_key(slot, citizen, key))
        if before:
            return before
        if not found.open:
            raise Refused("closed")
        held = session.scalars(select(Booking.citizen).where(is_active(slot))).all()
        if citizen in held:
            raise Refused("already-booked")
        if len(held) >= found.capacity:
            raise Refused("full")
        booking = Booking(slot=slot, citizen=citizen, key=key)
        session.add(booking)
        session.flush()
        return booking.id


def book_by_counter(slot, citizen, key):
    """The counter is read, and written back by another statement; every statement is committed by itself."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        found = connection.execute(select(Slot.capacity, Slot.open, Slot.taken).where(Slot.id == slot)).first()
        if found is None:
            raise Refused("no-such-slot")
        before = connection.scalar(by_key(slot, citizen, key))
        if before:
            return before
        if not found.open:
            raise Refused("closed")
        if connection.scalar(select(Booking.id).where(is_active(slot), Booking.citizen == citizen)):
            raise Refused("already-booked")
        if found.taken >= found.capacity:
            raise Refused("full")
        connection.execute(update(Slot).where(Slot.id == slot).values(taken=found.taken + 1))
        made = insert(Booking).values(slot=slot, citizen=citizen, key=key).returning(Booking.id)
        return connection.scalar(made)


def book_in_one(slot, citizen, key):
    """One statement looks and inserts, which two can do at the same time."""
    room = select(cast(str(uuid.uuid4()), UUID), Slot.id, literal(citizen), literal(key)).where(
        Slot.id == slot,
        Slot.open,
        ~exists().where(is_active(slot), Booking.citizen == citizen),
        select(func.count(Booking.id)).where(is_active(slot)).scalar_subquery() < Slot.capacity,
    )
    columns = ["id", "slot", "citizen", "key"]
    while True:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            before = connection.scalar(by_key(slot, citizen, key))
            if before:
                return before
            made = connection.scalar(insert(Booking).from_select(columns, room).returning(Booking.id))
            if made:
                return made
            mine = exists().where(is_active(slot), Booking.citizen == citizen)
            held = select(func.count(Booking.id)).where(is_active(slot)).scalar_subquery()
            found = connection.execute(
                select(Slot.open, Slot.capacity, mine.label("mine"), held.label("held")).where(Slot.id == slot)
            ).first()
        if found is None:
            raise Refused("no-such-slot")
        if not found.open:
            raise Refused("closed")
        if found.mine:
            raise Refused("already-booked")
        if found.held >= found.capacity:
            raise Refused("full")


BOOKINGS = {
    "check-then-insert": book_unlocked,
    "lost-update": book_by_counter,
    "single-statement": book_in_one,
}


@app.errorhandler(Refused)
def refused(error):
    reason = str(error)
    return jsonify(error=reason), 404 if reason.startswith("no-such") else 409


@app.post("/admin/reset")
def reset():
    with Session.begin() as session:
        session.execute(delete(Slot))
        session.add_all(Slot(id=slot["id"], capacity=slot["capacity"]) for slot in request.json["slots"])
    return "", 204


@app.get("/slots")
def list_slots():
    with Session() as session:
        rows = session.execute(
            select(Slot.id, Slot.capacity, Slot.open, func.count(Booking.id).label("bookings"))
            .outerjoin(Booking, and_(Booking.slot == Slot.id, Booking.active))
            .group_by(Slot.id)
            .order_by(Slot.id.collate("C"))
        )
        return jsonify([dict(row._mapping) for row in rows])


@app.get("/slots/<slot>")
def read(slot):
    with Session() as session:
        rows = session.execute(
            select(Slot.capacity, Slot.open, Booking.id, Booking.citizen)
            .outerjoin(Booking, and_(Booking.slot == Slot.id, Booking.active))
            .where(Slot.id == slot)
            .order_by(Booking.created_at, Booking.id)
        ).all()
    if not rows:
        raise Refused("no-such-slot")
    bookings = [dict(id=row.id, slot=slot, citizen=row.citizen) for row in rows if row.id]
    return jsonify(id=slot, capacity=rows[0].capacity, open=rows[0].open, bookings=bookings)


@app.patch("/slots/<slot>")
def set_open(slot):
    wanted = (request.get_json(silent=True) or {}).get("open")
    if not isinstance(wanted, bool):
        return jsonify(error="bad-request"), 400
    with Session.begin() as session:
        changed = session.execute(update(Slot).where(Slot.id == slot).values(open=wanted))
    if changed.rowcount == 0:
        raise Refused("no-such-slot")
    return "", 204


@app.post("/slots/<slot>/bookings")
def book_slot(slot):
    citizen, key = (request.get_json(silent=True) or {}).get("citizen"), request.headers.get("Idempotency-Key")
    if not key or not isinstance(citizen, str):
        return jsonify(error="bad-request"), 400
    made = BOOKINGS.get(BUG, book)(slot, citizen, key)
    return jsonify(id=made, slot=slot, citizen=citizen), 201


@app.delete("/bookings/<booking>")
def cancel(booking):
    with Session.begin() as session:
        slot = session.scalar(
            update(Booking)
            .where(cast(Booking.id, String) == booking, Booking.active)
            .values(active=False)
            .returning(Booking.slot)
            .execution_options(synchronize_session=False)
        )
        if slot is None:
            raise Refused("no-such-booking")
        session.execute(
            update(Slot).where(Slot.id == slot).values(taken=Slot.taken - 1),
            execution_options={"synchronize_session": False},
        )
    return "", 204


logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.run(host="127.0.0.1", port=int(os.environ["PORT"]), threaded=True)
