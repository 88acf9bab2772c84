// Tickets over net/http and database/sql with lib/pq. BUG names what is wrong with it.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	_ "github.com/lib/pq"
)

const schema = `
create table if not exists slots (
	id text primary key, capacity int not null, open boolean not null default true, taken int not null default 0
);
create table if not exists bookings (
	id text primary key, slot text not null references slots (id), citizen text not null, key text not null,
	active boolean not null default true, created_at timestamptz not null default now()
);
create index if not exists bookings_by_slot on bookings (slot)`

// A Refusal names the reason for which nothing was done.
type Refusal string

func (r Refusal) Error() string { return string(r) }

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

type slotRow struct {
	capacity, taken int
	open            bool
}

type booking struct {
	ID      string `json:"id"`
	Slot    string `json:"slot"`
	Citizen string `json:"citizen"`
}

type summary struct {
	ID       string `json:"id"`
	Capacity int    `json:"capacity"`
	Open     bool   `json:"open"`
	Bookings any    `json:"bookings"`
}

type service struct {
	db  *sql.DB
	bug string
}

func newID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// look answers with the slot's row and, where this key booked before, that booking.
func look(ctx context.Context, q queryer, slot, citizen, key, lock string) (row slotRow, before string, err error) {
	err = q.QueryRowContext(ctx, `select capacity, open, taken from slots where id = $1`+lock, slot).
		Scan(&row.capacity, &row.open, &row.taken)
	if errors.Is(err, sql.ErrNoRows) {
		return row, "", Refusal("no-such-slot")
	} else if err != nil {
		return row, "", err
	}
	err = q.QueryRowContext(ctx, `select id from bookings where slot = $1 and citizen = $2 and key = $3`, slot, citizen, key).
		Scan(&before)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return row, before, err
	}
	if !row.open {
		return row, "", Refusal("closed")
	}
	var mine bool
	err = q.QueryRowContext(ctx, `select exists (select 1 from bookings where slot = $1 and citizen = $2 and active)`, slot, citizen).
		Scan(&mine)
	if err == nil && mine {
		err = Refusal("already-booked")
	}
	return row, "", err
}

func insert(ctx context.Context, q queryer, slot, citizen, key string) (string, error) {
	id := newID()
	_, err := q.ExecContext(ctx, `insert into bookings (id, slot, citizen, key) values ($1, $2, $3, $4)`, id, slot, citizen, key)
	return id, err
}

func (s *service) inTransaction(ctx context.Context, work func(tx *sql.Tx) (string, error)) (string, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback()
	id, err := work(tx)
	if err != nil {
		return "", err
	}
	return id, tx.Commit()
}

// book locks the row of the slot for as long as it takes to look and to book.
func (s *service) book(ctx context.Context, slot, citizen, key string) (string, error) {
	return s.inTransaction(ctx, func(tx *sql.Tx) (string, error) {
		row, before, err := look(ctx, tx, slot, citizen, key, " for update")
		if err != nil || before != "" {
			return before, err
		}
		if row.taken >= row.capacity {
			return "", Refusal("full")
		}
		if _, err := tx.ExecContext(ctx, `update slots set taken = taken + 1 where id = $1`, slot); err != nil {
			return "", err
		}
		return insert(ctx, tx, slot, citizen, key)
	})
}

// bookUnlocked locks nothing between the look and the booking.
func (s *service) bookUnlocked(ctx context.Context, slot, citizen, key string) (string, error) {
	return s.inTransaction(ctx, func(tx *sql.Tx) (string, error) {
		row, before, err := look(ctx, tx, slot, citizen, key, "")
		if err != nil || before != "" {
			return before, err
		}
		var held int
		if err := tx.QueryRowContext(ctx, `select count(*) from bookings where slot = $1 and active`, slot).Scan(&held); err != nil {
			return "", err
		}
		if held >= row.capacity {
			return "", Refusal("full")
		}
		return insert(ctx, tx, slot, citizen, key)
	})
}

// bookByCounter reads the counter, and writes it back by another statement.
func (s *service) bookByCounter(ctx context.Context, slot, citizen, key string) (string, error) {
	row, before, err := look(ctx, s.db, slot, citizen, key, "")
	if err != nil || before != "" {
		return before, err
	}
	if row.taken >= row.capacity {
		return "", Refusal("full")
	}
	if _, err := s.db.ExecContext(ctx, `update slots set taken = $2 where id = $1`, slot, row.taken+1); err != nil {
		return "", err
	}
	return insert(ctx, s.db, slot, citizen, key)
}

// bookInOne looks and inserts in one statement, which two can do at the same time.
func (s *service) bookInOne(ctx context.Context, slot, citizen, key string) (string, error) {
	for {
		_, before, err := look(ctx, s.db, slot, citizen, key, "")
		if err != nil || before != "" {
			return before, err
		}
		id := newID()
		made, err := s.db.ExecContext(ctx, `
			insert into bookings (id, slot, citizen, key)
			select $1, id, $3, $4 from slots s
			where id = $2 and open
				and not exists (select 1 from bookings where slot = s.id and citizen = $3 and active)
				and (select count(*) from bookings where slot = s.id and active) < capacity`, id, slot, citizen, key)
		if err != nil {
			return "", err
		}
		if n, err := made.RowsAffected(); err != nil || n > 0 {
			return id, err
		}
		var full bool
		err = s.db.QueryRowContext(ctx, `
			select open and (select count(*) from bookings where slot = s.id and active) >= capacity
			from slots s where id = $1`, slot).Scan(&full)
		if err != nil {
			return "", err
		}
		if full {
			return "", Refusal("full")
		}
	}
}

func (s *service) bookAny(ctx context.Context, slot, citizen, key string) (string, error) {
	switch s.bug {
	case "check-then-insert":
		return s.bookUnlocked(ctx, slot, citizen, key)
	case "lost-update":
		return s.bookByCounter(ctx, slot, citizen, key)
	case "single-statement":
		return s.bookInOne(ctx, slot, citizen, key)
	}
	return s.book(ctx, slot, citizen, key)
}

func (s *service) cancel(ctx context.Context, id string) error {
	_, err := s.inTransaction(ctx, func(tx *sql.Tx) (string, error) {
		var slot string
		err := tx.QueryRowContext(ctx, `update bookings set active = false where id = $1 and active returning slot`, id).Scan(&slot)
		if errors.Is(err, sql.ErrNoRows) {
			return "", Refusal("no-such-booking")
		} else if err != nil {
			return "", err
		}
		_, err = tx.ExecContext(ctx, `update slots set taken = taken - 1 where id = $1`, slot)
		return "", err
	})
	return err
}

func (s *service) list(ctx context.Context) ([]summary, error) {
	rows, err := s.db.QueryContext(ctx, `
		select s.id, s.capacity, s.open, count(b.id)::int
		from slots s left join bookings b on b.slot = s.id and b.active
		group by s.id order by s.id collate "C"`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []summary{}
	for rows.Next() {
		var each summary
		var held int
		if err := rows.Scan(&each.ID, &each.Capacity, &each.Open, &held); err != nil {
			return nil, err
		}
		each.Bookings = held
		list = append(list, each)
	}
	return list, rows.Err()
}

func (s *service) read(ctx context.Context, slot string) (*summary, error) {
	rows, err := s.db.QueryContext(ctx, `
		select s.capacity, s.open, b.id, b.citizen
		from slots s left join bookings b on b.slot = s.id and b.active
		where s.id = $1 order by b.created_at, b.id`, slot)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found *summary
	held := []booking{}
	for rows.Next() {
		found = &summary{ID: slot}
		var id, citizen sql.NullString
		if err := rows.Scan(&found.Capacity, &found.Open, &id, &citizen); err != nil {
			return nil, err
		}
		if id.Valid {
			held = append(held, booking{id.String, slot, citizen.String})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, Refusal("no-such-slot")
	}
	found.Bookings = held
	return found, nil
}

func (s *service) setOpen(ctx context.Context, slot string, open bool) error {
	result, err := s.db.ExecContext(ctx, `update slots set open = $2 where id = $1`, slot, open)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return Refusal("no-such-slot")
}

func (s *service) create(ctx context.Context, id string, capacity int) error {
	_, err := s.db.ExecContext(ctx, `insert into slots (id, capacity) values ($1, $2)`, id, capacity)
	return err
}

func answer(w http.ResponseWriter, status int, value any, err error) {
	var refusal Refusal
	if errors.As(err, &refusal) {
		status, value = http.StatusConflict, map[string]string{"error": string(refusal)}
		if strings.HasPrefix(string(refusal), "no-such") {
			status = http.StatusNotFound
		}
	} else if err != nil {
		status, value = http.StatusInternalServerError, map[string]string{"error": err.Error()}
	}
	if value == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

type request struct {
	ID       string
	Capacity int
	Open     *bool
	Citizen  string
}

func badRequest(w http.ResponseWriter) {
	answer(w, http.StatusBadRequest, map[string]string{"error": "bad-request"}, nil)
}

func (s *service) slots(w http.ResponseWriter, r *http.Request) {
	var body request
	json.NewDecoder(r.Body).Decode(&body)
	if r.Method == http.MethodPost {
		answer(w, http.StatusCreated, map[string]string{"id": body.ID}, s.create(r.Context(), body.ID, body.Capacity))
		return
	}
	list, err := s.list(r.Context())
	answer(w, http.StatusOK, list, err)
}

func (s *service) slot(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	slot, below, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/slots/"), "/")
	var body request
	json.NewDecoder(r.Body).Decode(&body)
	switch {
	case r.Method == http.MethodGet:
		found, err := s.read(ctx, slot)
		answer(w, http.StatusOK, found, err)
	case r.Method == http.MethodPatch:
		if body.Open == nil {
			badRequest(w)
			return
		}
		answer(w, http.StatusNoContent, nil, s.setOpen(ctx, slot, *body.Open))
	case below == "bookings":
		key := r.Header.Get("Idempotency-Key")
		if key == "" || body.Citizen == "" {
			badRequest(w)
			return
		}
		id, err := s.bookAny(ctx, slot, body.Citizen, key)
		answer(w, http.StatusCreated, booking{id, slot, body.Citizen}, err)
	default:
		http.NotFound(w, r)
	}
}

func main() {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(10)
	if _, err := db.Exec(schema); err != nil {
		log.Fatal(err)
	}
	s := &service{db, os.Getenv("BUG")}
	http.HandleFunc("/slots", s.slots)
	http.HandleFunc("/slots/", s.slot)
	http.HandleFunc("/bookings/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusNoContent, nil, s.cancel(r.Context(), strings.TrimPrefix(r.URL.Path, "/bookings/")))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
