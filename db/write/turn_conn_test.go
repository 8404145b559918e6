package write

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/usage"
)

// held is a connection that has the turn, or asks for it, and what is done with it.
type held struct {
	mu sync.Mutex
	// answers are those to whoever asks for the turn, each a value or an error, and asked
	// are the seconds that the server was to wait.
	answers []any
	asked   []int64
	// done has "ping", "close", and statements, and bounded tells whether these had a limit of time.
	done    []string
	bounded bool
	pinged  chan struct{}
}

func (h *held) do(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done = append(h.done, what)
}

func (h *held) Connect(context.Context) (driver.Conn, error) { return h, nil }
func (h *held) Driver() driver.Driver                        { return nil }
func (h *held) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (h *held) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }

func (h *held) Close() error {
	h.do("close")
	return nil
}

func (h *held) Ping(context.Context) error {
	select {
	case h.pinged <- struct{}{}:
	default:
		h.do("ping") // only those that nobody waits for
	}
	return nil
}

func (h *held) ExecContext(ctx context.Context, statement string, _ []driver.NamedValue) (driver.Result, error) {
	_, h.bounded = ctx.Deadline()
	h.do(statement)
	return driver.ResultNoRows, nil
}

func (h *held) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, args[0].Value.(int64))
	answer := h.answers[0]
	h.answers = h.answers[1:]
	if err, failed := answer.(error); failed {
		return nil, err
	}
	return &row{value: answer}, nil
}

// row is an answer of one value.
type row struct {
	value any
	read  bool
}

func (*row) Columns() []string { return []string{"taken"} }
func (*row) Close() error      { return nil }

func (r *row) Next(values []driver.Value) error {
	if r.read {
		return io.EOF
	}
	values[0], r.read = r.value, true
	return nil
}

// gone is the context of a caller who has gone while the server was asked.
type gone struct{ context.Context }

func (gone) Err() error { return context.Canceled }

// Whatever the server answers: one who has the turn keeps the connection, and nobody else
// does. Where there is no such lock, nobody waits, and what is a fault is told.
func TestWhatTheServerAnswersAboutTheTurn(t *testing.T) {
	noSuchLock, fault := &mysql.MySQLError{Number: pool.ErNotSupported}, &mysql.MySQLError{Number: pool.ErNoSuchTable}
	for _, test := range []struct {
		name    string
		ctx     context.Context
		answers []any
		waiting int
		has     bool
		// want is the fault that is told, if one is.
		want error
	}{
		{"free", t.Context(), []any{int64(1)}, 0, true, nil},
		{"taken for a while", t.Context(), []any{int64(0), int64(0), int64(1)}, 1, true, nil},
		{"no locks", t.Context(), []any{nil}, 0, false, nil},
		{"no locks any more", t.Context(), []any{int64(0), nil}, 1, false, nil},
		{"no such statement", t.Context(), []any{noSuchLock}, 0, false, nil},
		{"no such statement any more", t.Context(), []any{int64(0), noSuchLock}, 1, false, nil},
		{"a fault", t.Context(), []any{fault}, 0, false, fault},
		{"a fault later", t.Context(), []any{int64(0), fault}, 1, false, fault},
		{"ended by a caller who has gone", gone{t.Context()}, []any{int64(0), nil}, 1, false, context.Canceled},
	} {
		h := &held{answers: test.answers}
		server := &pool.Pool{DB: sqlx.NewDb(sql.OpenDB(h), "mysql")}
		waiting := 0
		release, err := New(server, nil, nil).TakeTurn(test.ctx, func() { waiting++ })
		if !errors.Is(err, test.want) || (release == nil) != (test.want != nil) {
			t.Errorf("%s: got %v, can be released: %v", test.name, err, release != nil)
		}
		if _, ok := errors.AsType[*usage.Error](err); !ok && test.want == error(fault) {
			t.Errorf("%s: got %v", test.name, err)
		}
		if waiting != test.waiting || len(h.answers) != 0 || h.asked[0] != 0 || slices.ContainsFunc(h.asked[1:], func(seconds int64) bool { return seconds != turnWait }) {
			t.Errorf("%s: %d times told to wait; the server was asked to wait for %d s", test.name, waiting, h.asked)
		}
		if got := server.Stats().OpenConnections; (got == 1) != test.has {
			t.Errorf("%s: %d connections", test.name, got)
		}
		if release != nil {
			release()
		}
		if got := server.Stats().OpenConnections; got != 0 {
			t.Errorf("%s: %d connections in the end", test.name, got)
		}
		server.Close()
	}
}

// A turn is kept by using its connection again and again, until it is given back: once, within
// a time, and with the connection.
func TestATurnIsKeptUntilItIsReleased(t *testing.T) {
	h := &held{pinged: make(chan struct{})}
	server := sqlx.NewDb(sql.OpenDB(h), "mysql")
	defer server.Close()
	conn, err := server.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release := keepTurn(conn, time.Millisecond)
	for range 3 {
		select {
		case <-h.pinged:
		case <-time.After(time.Minute):
			t.Fatal("the connection is not used")
		}
	}
	release()
	h.mu.Lock()
	done := slices.DeleteFunc(slices.Clone(h.done), func(what string) bool { return what == "ping" })
	h.mu.Unlock()
	if want := []string{"DO RELEASE_LOCK(" + turnName + ")", "close"}; !slices.Equal(done, want) || !h.bounded {
		t.Errorf("done %q, within a time: %v", done, h.bounded)
	}
	release()
	if stats := server.Stats(); stats.OpenConnections != 0 {
		t.Errorf("%d connections are open", stats.OpenConnections)
	}
}
