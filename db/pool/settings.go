package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"

	"aiusage/usage"
)

// Setting is a variable of the server's sessions, and the value that the gateway's
// statements are written for, as SQL.
type Setting struct{ Name, Value string }

// settings are set on every connection, because the server's configuration, its
// init_connect, the account and the DSN may all have changed them. They are the
// variables that change what a statement of the gateway means, or end it although
// it is right, as far as an ordinary account may set them. Left as they are:
// buffers and plans of the optimizer; what concerns statements that the gateway
// does not have; the binary log and replication, which are the administrator's; and
// how long to wait for locks or to leave a transaction idle, which is answered by
// an error that says so.
//
// Not every server has all of them. The order matters where it says so.
var settings = []Setting{
	// Without autocommit, a connection of the pool would go on reading the snapshot of its first
	// statement. Turning it on ends what init_connect may have begun, if it was off before.
	{"autocommit", "0"},
	{"autocommit", "1"},
	// A COMMIT is not to begin another transaction (CHAIN), nor to end the connection (RELEASE).
	{"completion_type", "0"},
	// The name is another one on MariaDB before 11.1.
	{"transaction_isolation", "'REPEATABLE-READ'"},
	{"tx_isolation", "'REPEATABLE-READ'"},
	{"transaction_read_only", "0"},
	{"tx_read_only", "0"},
	// MariaDB: a transaction may write what others have written since its snapshot, as on MySQL.
	{"innodb_snapshot_isolation", "0"},
	// MariaDB with Galera: a node that has left the cluster is not to answer as if it had not.
	{"wsrep_dirty_reads", "0"},
	// MariaDB: the sessions of now, not those of an instant before.
	{"system_versioning_asof", "DEFAULT"},
	// The clock, which init_connect can stop.
	{"timestamp", "DEFAULT"},
	{"time_zone", "'+00:00'"},
	{"sql_mode", sqlMode},
	// The charset of the handshake is ignored where the server says so, and the gateway's text is UTF-8.
	{"character_set_client", "utf8mb4"},
	{"character_set_results", "utf8mb4"},
	{"collation_connection", "utf8mb4_bin"},
	// How many rows an answer has, and whether it is given. The embedded engine takes this limit for
	// none, and makes room for as many rows as any other says. Setting max_join_size turns
	// sql_big_selects off.
	{"sql_select_limit", "2147483647"},
	{"max_join_size", "9223372036854775807"},
	{"sql_big_selects", "1"},
	{"sql_safe_updates", "0"},
	// customer_id IS NULL is not to find the row that was inserted last.
	{"sql_auto_is_null", "0"},
	// Of longer texts only the beginning is compared. Ids and names have 255 characters of 4 bytes at most.
	{"max_sort_length", "1024"},
	{"group_concat_max_len", "1048576"},
	{"div_precision_increment", "4"},
	{"foreign_key_checks", "1"},
	{"unique_checks", "1"},
	{"check_constraint_checks", "1"},
	// Whatever the gateway creates has transactions.
	{"default_storage_engine", "InnoDB"},
	// The gateway ends what takes too long, and knows what may take long.
	{"max_statement_time", "0"},
	{"max_execution_time", "0"},
	// Seconds, as long as the pool keeps a connection: one that the server ends meanwhile fails whoever uses it next.
	{"wait_timeout", "600"},
	// Triggers on ai_sessions are to act, unless a write records its changes itself.
	{"@" + Recorded, "NULL"},
	{"@" + Bulk, "NULL"},
}

// Settings returns what is set on every connection, as far as the server has it.
func Settings() []Setting { return slices.Clone(settings) }

// settler makes connections on which settings hold. What a server has of them is
// asked once; then it takes one statement for each connection.
type settler struct {
	driver.Connector
	// statement sets what a server has, and is tried first: it is that of the last server that was asked.
	statement atomic.Pointer[string]

	mu sync.Mutex
	// known are the statements for the servers that connections have led to.
	known map[build]string
}

// speaker is what of a connection is needed to set it.
type speaker interface {
	driver.ExecerContext
	driver.QueryerContext
}

// way is how a connection was set: by which statement, and whether its own server was asked for that.
type way struct {
	statement string
	asked     bool
}

// connect opens a connection and sets it. The error is an Unavailable one, which names the
// variable, where the server does not let one be set.
func (s *settler) connect(ctx context.Context) (driver.Conn, way, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, way{}, err
	}
	to, ok := conn.(speaker)
	if !ok {
		return nil, way{}, errors.Join(fmt.Errorf("the driver's %T lacks a method", conn), conn.Close())
	}
	set, err := s.settle(ctx, to)
	if err != nil {
		return nil, way{}, errors.Join(err, conn.Close())
	}
	return conn, set, nil
}

func (s *settler) settle(ctx context.Context, conn speaker) (way, error) {
	if statement := s.statement.Load(); statement != nil {
		_, err := conn.ExecContext(ctx, *statement, nil)
		if _, refused := errors.AsType[*mysql.MySQLError](err); !refused {
			return way{statement: *statement}, err
		}
		// Another server than the one that was asked may answer now.
	}
	statement, err := s.ask(ctx, conn)
	return way{statement, true}, err
}

// ask sets a connection by what its own server has.
func (s *settler) ask(ctx context.Context, conn speaker) (string, error) {
	present, err := presentSettings(ctx, conn)
	if err != nil {
		return "", err
	}
	statement := setStatement(present...)
	if _, err := conn.ExecContext(ctx, statement, nil); err != nil {
		return "", explainSetting(ctx, conn, present, err)
	}
	s.statement.Store(&statement)
	return statement, nil
}

// confirm sets a connection anew where it turns out to lead to another server than the one that its
// statement is for: a variable that only this one has would not be set.
func (s *settler) confirm(ctx context.Context, conn speaker, at build, set way) (err error) {
	s.mu.Lock()
	own, known := s.known[at]
	s.mu.Unlock()
	switch {
	case set.asked:
		own = set.statement
	case known && own == set.statement:
		return nil
	case known:
		_, err = conn.ExecContext(ctx, own, nil)
		return err
	default:
		if own, err = s.ask(ctx, conn); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[build]string{}
	}
	s.known[at] = own
	return nil
}

// setStatement sets all in one round trip. The scope is named because some variables
// without one are those of the next transaction only.
func setStatement(some ...Setting) string {
	assignments := make([]string, len(some))
	for i, one := range some {
		name := one.Name
		if !strings.HasPrefix(name, "@") {
			name = "@@SESSION." + name
		}
		assignments[i] = name + " = " + one.Value
	}
	return "SET " + strings.Join(assignments, ", ")
}

// presentSettings asks which settings the server has.
func presentSettings(ctx context.Context, conn speaker) ([]Setting, error) {
	// The list of variables is one more SELECT, which limits cut off.
	limits := slices.DeleteFunc(slices.Clone(settings), func(one Setting) bool {
		return one.Name != "sql_select_limit" && one.Name != "sql_big_selects"
	})
	if _, err := conn.ExecContext(ctx, setStatement(limits...), nil); err != nil {
		return nil, err
	}
	names := []string{"'secure_timestamp'"}
	for _, one := range settings {
		names = append(names, "'"+one.Name+"'")
	}
	values, err := readVariables(ctx, conn, strings.Join(names, ", "))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(settings), func(one Setting) bool {
		if strings.HasPrefix(one.Name, "@") {
			return false
		}
		// Where MariaDB keeps ordinary accounts from stopping the clock, it keeps them from starting it.
		secure := values["secure_timestamp"]
		_, present := values[one.Name]
		return !present || one.Name == "timestamp" && secure != "" && secure != "NO"
	}), nil
}

// readVariables returns the values of those of the named variables that exist.
func readVariables(ctx context.Context, conn driver.QueryerContext, names string) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, "SHOW SESSION VARIABLES WHERE Variable_name IN ("+names+")", nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values, row := map[string]string{}, make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		values[strings.ToLower(text(row[0]))] = text(row[1])
	}
}

// explainSetting names the variable that the server did not let be set.
func explainSetting(ctx context.Context, conn driver.ExecerContext, tried []Setting, failed error) error {
	for _, one := range tried {
		_, err := conn.ExecContext(ctx, setStatement(one), nil)
		if _, refused := errors.AsType[*mysql.MySQLError](err); refused {
			return &usage.Error{Code: usage.Unavailable, Cause: err, Message: fmt.Sprintf(
				"the server does not let the gateway set its variable %s to %s, without which answers could be wrong", one.Name, one.Value)}
		}
	}
	return failed
}
