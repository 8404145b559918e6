package db_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/usage"
)

// cutter is an address of a server whose connections can be cut while it answers.
type cutter struct {
	mu sync.Mutex
	// left counts down to the byte of answers at which a connection is cut. It is
	// negative when none is.
	left int
	cut  bool
}

// cutting returns a data source name that leads to the same server.
func cutting(t *testing.T, dsn string) (string, *cutter) {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := config.Net, config.Addr
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c := &cutter{left: -1}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				defer server.Close()
				_, _ = io.Copy(server, client)
			}()
			go func() {
				defer client.Close()
				defer server.Close()
				c.forward(client, server)
			}()
		}
	}()
	config.Net, config.Addr = "tcp", listener.Addr().String()
	return config.FormatDSN(), c
}

// after has a connection cut after so many bytes of answers.
func (c *cutter) after(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.cut = bytes, false
}

// done tells whether a connection was cut, or else how many bytes of answers were left
// before one would have been, and lets all others be.
func (c *cutter) done() (cut bool, left int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left, c.left = c.left, -1
	return c.cut, left
}

func (c *cutter) forward(client io.Writer, server io.Reader) {
	buffer := make([]byte, 512)
	for {
		n, err := server.Read(buffer)
		c.mu.Lock()
		if c.left >= 0 && n >= c.left {
			n, c.left, c.cut, err = c.left, -1, true, io.EOF
		} else if c.left >= 0 {
			c.left -= n
		}
		c.mu.Unlock()
		if _, failed := client.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}

// asks are all ways to ask for rows, with answers that can be compared.
func asks(store *db.Store, sessions []usage.Session) map[string]func(ctx context.Context) (any, error) {
	var subjects []usage.Subject
	for _, s := range sessions {
		subjects = append(subjects, usage.Subject{AccountID: s.AccountID}, usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID})
	}
	query := usage.Query{Zone: time.UTC, Range: usage.Range{From: noon.AddDate(0, 0, -3).Add(time.Minute), To: noon.AddDate(0, 0, 3)}}
	return map[string]func(ctx context.Context) (any, error){
		"a report": func(ctx context.Context) (any, error) {
			report, err := store.Report(ctx, query)
			if err != nil {
				return nil, err
			}
			return report.Subjects, nil
		},
		"a series": func(ctx context.Context) (any, error) {
			set, err := store.Series(ctx, usage.SeriesQuery{Query: query, Step: usage.Daily})
			if err != nil {
				return nil, err
			}
			set.AsOf = time.Time{}
			return set, nil
		},
		"names": func(ctx context.Context) (any, error) {
			snapshot := store.Snapshot(ctx)
			defer snapshot.Close()
			return snapshot.Names(ctx, subjects)
		},
		"a search for accounts": func(ctx context.Context) (any, error) {
			return store.FindAccounts(ctx, usage.Search{Limit: 1000})
		},
		"a search for customers": func(ctx context.Context) (any, error) {
			return store.FindCustomers(ctx, usage.Search{Limit: 1000})
		},
		"all accounts": func(ctx context.Context) (any, error) { return store.Accounts(ctx, nil) },
		"some accounts": func(ctx context.Context) (any, error) {
			var ids []string
			for _, s := range sessions {
				ids = append(ids, s.AccountID)
			}
			return store.Accounts(ctx, ids)
		},
		"sessions by id":    func(ctx context.Context) (any, error) { return store.SessionsByID(ctx, sessions) },
		"sessions by start": func(ctx context.Context) (any, error) { return store.SessionsStartedWith(ctx, sessions) },
	}
}

// writeNamed writes sessions of as many accounts and customers, and their names.
func writeNamed(t *testing.T, store *db.Store, count int) (sessions []usage.Session) {
	t.Helper()
	var accounts []usage.Account
	var customers []usage.Customer
	for i := range count {
		s := session(fmt.Sprintf("session %050d", i), int64(i))
		s.AccountID, s.CustomerID, s.StartedAt = fmt.Sprintf("account %050d", i), fmt.Sprintf("customer %050d", i), noon.Add(time.Duration(i)*time.Second)
		sessions = append(sessions, s)
		accounts = append(accounts, usage.Account{AccountID: s.AccountID, Name: fmt.Sprint("Account ", i)})
		customers = append(customers, usage.Customer{AccountID: s.AccountID, CustomerID: s.CustomerID, Name: fmt.Sprint("Customer ", i)})
	}
	write(t, store, sessions...)
	if _, err := store.WriteAccounts(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	if _, err := store.WriteCustomers(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
	if !isEmbedded(t, store) {
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	return sessions
}

// Where a connection ends within an answer, that is an error or is asked again; what had
// come until then is never taken for all there is.
func TestPartOfAnAnswerIsNoAnswer(t *testing.T) {
	eachStore(t, func(t *testing.T, whole *db.Store, dsn string) {
		sessions := writeNamed(t, whole, 90)
		between, cutter := cutting(t, dsn)
		store := open(t, between)
		check := func() {
			t.Helper()
			wanted := asks(whole, sessions)
			for name, ask := range asks(store, sessions) {
				want, err := wanted[name](t.Context())
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				size := math.MaxInt
				for range 3 { // the first may ask what is known later on, and once a second what the server is
					cutter.after(math.MaxInt)
					if got, err := ask(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
						t.Fatalf("%s: not cut off: got %v, %.300v", name, err, got)
					}
					_, left := cutter.done()
					size = min(size, math.MaxInt-left)
				}
				const cuts = 6
				for i := 1; i <= cuts; i++ {
					if _, err := store.HasSessions(t.Context()); err != nil { // on a connection that is not new
						t.Fatal(err)
					}
					cutter.after(size * i / (cuts + 1))
					got, err := ask(t.Context())
					if cut, _ := cutter.done(); !cut {
						t.Fatalf("%s: not cut off within %d bytes", name, size)
					}
					if err != nil {
						wantCode(t, err, usage.Unavailable)
					} else if !reflect.DeepEqual(got, want) {
						t.Errorf("%s: cut off in part %d, and nobody is told: %.300v", name, i, got)
					}
				}
			}
		}
		check()
		// Without a state, an answer has no token either by which its last row would be missed.
		execute(t, dsn, "DELETE FROM usage_rollup_state")
		whole.Forget()
		store.Forget()
		check()
	})
}

// A table may be made by the platform. A value there that is none of the gateway's is an
// error for whoever asks for it, and costs no connection.
func TestWhatCannotBeReadIsAnErrorAndCostsNoConnection(t *testing.T) {
	anyStore(t, func(t *testing.T, whole *db.Store, dsn string) {
		sessions := writeNamed(t, whole, 5)
		store, err := db.Open(dsn, db.Options{MaxConnections: db.MinConnections})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		execute(t, dsn, "ALTER TABLE ai_sessions MODIFY duration_seconds DOUBLE NOT NULL",
			"UPDATE ai_sessions SET duration_seconds = 1.5 WHERE session_id LIKE '%2'",
			"ALTER TABLE accounts DROP PRIMARY KEY", "ALTER TABLE accounts MODIFY account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
			"ALTER TABLE customers DROP PRIMARY KEY", "ALTER TABLE customers MODIFY account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
			"INSERT INTO accounts VALUES (NULL, 'nobody')", "INSERT INTO customers VALUES (NULL, 'unused', 'nobody')")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for name, ask := range asks(store, sessions) {
			if strings.Contains(name, "report") || strings.Contains(name, "series") {
				continue // sums of whatever is a number
			}
			if name == "names" || name == "some accounts" {
				continue // of an id, whatever is a text
			}
			for range db.MinConnections + 1 {
				got, err := ask(ctx)
				if err == nil {
					t.Fatalf("%s: got %.300v", name, got)
				}
				if ctx.Err() != nil {
					t.Fatalf("%s: no connection is left: %v", name, err)
				}
			}
		}
	})
}

// Whoever asks where tables are missing is told, and so is whoever writes.
func TestMissingTablesAreTold(t *testing.T) {
	for missing, unaffected := range map[string]string{
		"ai_sessions":        "names, some accounts, a search for accounts, a search for customers",
		"accounts":           "a report, a series, a search for customers, sessions by id, sessions by start",
		"customers":          "a report, a series, a search for accounts, all accounts, some accounts, sessions by id, sessions by start",
		"usage_rollup_state": "names, all accounts, some accounts, sessions by id, sessions by start",
	} {
		t.Run(missing, func(t *testing.T) {
			anyStore(t, func(t *testing.T, whole *db.Store, dsn string) {
				sessions := writeNamed(t, whole, 2)
				execute(t, dsn, "RENAME TABLE "+missing+" TO away")
				for name, ask := range asks(open(t, dsn), sessions) {
					if !strings.Contains(unaffected, name) {
						_, err := ask(t.Context())
						wantCode(t, err, usage.Unavailable)
					}
				}
				store := open(t, dsn)
				if found, err := store.HasSessions(t.Context()); missing == "ai_sessions" {
					wantCode(t, err, usage.Unavailable)
				} else if !found || err != nil {
					t.Errorf("sessions found: %v, %v", found, err)
				}
				_, err := store.WriteSessions(t.Context(), sessions)
				if (err != nil) != (missing == "ai_sessions" || missing == "usage_rollup_state") {
					t.Errorf("writing sessions: %v", err)
				}
				_, err = store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "new"}})
				if (err != nil) != (missing == "accounts") {
					t.Errorf("writing accounts: %v", err)
				}
				_, err = store.WriteCustomers(t.Context(), []usage.Customer{{AccountID: "new", CustomerID: "new"}})
				if (err != nil) != (missing == "customers") {
					t.Errorf("writing customers: %v", err)
				}
			})
		})
	}
}
