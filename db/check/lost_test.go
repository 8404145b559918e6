package check

import (
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// lost fails unless an error says that the connection was lost.
func lost(t *testing.T, what string, err error) {
	t.Helper()
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
		t.Errorf("%s: got %v", what, err)
	}
}

// breaking are connections that are lost after a row.
func breaking(t *testing.T, columns int, row ...driver.Value) *pool.Pool {
	t.Helper()
	db := dbtest.Breaking(make([]string, columns), row)
	t.Cleanup(func() { db.Close() })
	return &pool.Pool{DB: sqlx.NewDb(db, "mysql")}
}

// Of what is read when a connection is lost, nobody may think that it is all.
func TestAConnectionThatIsLostBetweenRowsIsTold(t *testing.T) {
	checks := New(breaking(t, 2, int64(1), "a"), nil, nil)
	names := map[uint32]string{1: "", 2: ""}
	lost(t, "names", checks.readNames(t.Context(), "account_no, account_id FROM usage_accounts WHERE account_no", names))
	found := []Difference{{Table: sums.Accounts, key: sums.Key{AccountNo: 1}}, {Table: sums.Accounts, key: sums.Key{AccountNo: 2}}}
	lost(t, "naming accounts", checks.name(t.Context(), found))
	lost(t, "naming customers", checks.name(t.Context(), []Difference{{Table: sums.Customers, key: sums.Key{SubjectNo: 1}}}))

	server := counting(0, usage.Subject{AccountID: "a"})
	server.breaks = true
	lost(t, "numbers", (&numbers{db: server.open(t)}).read(t.Context()))

	none := []byte("0")
	rows, err := breaking(t, 9, "1", "0", begin, none, none, none, none, none, none).QueryContext(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = readDifferences(rows, comparison{table: sums.Accounts})
	lost(t, "differences", err)
}

// A sum compared with sessions belongs to ids, as the tables compare them, and any other to
// numbers, which have to be some.
func TestWhoseSumItIs(t *testing.T) {
	for _, test := range []struct {
		ofSessions        bool
		account, customer string
		want              Difference
		fails             bool
	}{
		{true, "a ", "c ", Difference{ofSessions: true, AccountID: "a", CustomerID: "c"}, false},
		{true, " 7", "", Difference{ofSessions: true, AccountID: " 7"}, false},
		{false, "7", "4294967295", Difference{key: sums.Key{AccountNo: 7, SubjectNo: 4294967295}}, false},
		{false, "0", "0", Difference{}, false},
		{false, "a", "0", Difference{}, true}, {false, "7", "c", Difference{}, true}, {false, "-1", "0", Difference{}, true}, {false, "4294967296", "0", Difference{}, true},
	} {
		got := Difference{ofSessions: test.ofSessions}
		if err := got.belongTo(test.account, test.customer); (err != nil) != test.fails || err == nil && got != test.want {
			t.Errorf("%q, %q: got %+v, %v", test.account, test.customer, got, err)
		}
	}
}

// Rows that are no sums are a fault, and so is a sum of nobody.
func TestSumsThatCannotBeReadAreTold(t *testing.T) {
	none := []byte("0")
	for name, row := range map[string][]driver.Value{
		"minutes": {"1", "0", begin, []byte("many"), none, none, none, none, none},
		"bucket":  {"1", "0", "never", none, none, none, none, none, none},
		"account": {"nobody", "0", begin, none, none, none, none, none, none},
	} {
		rows, err := breaking(t, 9, row...).QueryContext(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		found, err := readDifferences(rows, comparison{table: sums.Accounts})
		if coded, ok := errors.AsType[*usage.Error](err); err == nil || ok && coded.Code == usage.Unavailable || found != nil {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
	}
	numbers := &numbers{db: breaking(t, 4, "a", nil, "no number", int64(0))}
	if err := numbers.read(t.Context()); err == nil || errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("numbers: %v", err)
	}
	names := New(breaking(t, 2, "no number", "a"), nil, nil)
	if err := names.readNames(t.Context(), "", map[uint32]string{1: ""}); err == nil || errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("names: %v", err)
	}
}
