package vitess

import (
	"database/sql"
	"os"
	"regexp"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	vschemapb "vitess.io/vitess/go/vt/proto/vschema"

	"vitess.io/vitess/go/sqltypes"
	"vitess.io/vitess/go/test/vschemawrapper"
	querypb "vitess.io/vitess/go/vt/proto/query"
	"vitess.io/vitess/go/vt/sqlparser"
	"vitess.io/vitess/go/vt/vtenv"
	"vitess.io/vitess/go/vt/vtgate/planbuilder"
	"vitess.io/vitess/go/vt/vtgate/vindexes"

	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func TestStatementsArePlanned(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		if strings.HasSuffix(t.Name(), "/mariadb") {
			return // Vitess stands in front of MySQL
		}
		columns := columnsOf(t, dsn)
		plans := newPlanner(t, columns)
		met := map[string]bool{}
		seen := map[string]bool{}
		planned := 0
		for _, statement := range statements(t, dsn) {
			form := plans.form(statement)
			if seen[form] {
				continue
			}
			seen[form] = true
			err := plans.plan(statement)
			if err == nil {
				planned++
				continue
			}
			if reason := knownReason(statement); reason != "" {
				met[reason] = true
				continue
			}
			t.Errorf("%v\n%s", err, statement)
		}
		for _, one := range known {
			if !met[one.reason] {
				t.Errorf("no statement is refused any more because of: %s", one.reason)
			}
		}
		t.Logf("%d of %d statements are planned", planned, len(seen))
		if planned < 100 {
			t.Errorf("only %d statements are planned", planned)
		}
	})
}

// column is a column of a table.
type column struct {
	table, name, kind string
	// isKey is whether it is of the primary key.
	isKey bool
}

// columnsOf returns the columns of all tables of the gateway.
func columnsOf(t *testing.T, dsn string) (columns []column) {
	t.Helper()
	tables.Make(t, dsn)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT table_name, column_name, data_type, column_key = 'PRI' FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one column
		if err := rows.Scan(&one.table, &one.name, &one.kind, &one.isKey); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, one)
	}
	if err := rows.Err(); err != nil || len(columns) == 0 {
		t.Fatalf("%d columns: %v", len(columns), err)
	}
	return columns
}

// planner is Vitess' planner for the tables of the gateway.
type planner struct {
	parser  *sqlparser.Parser
	wrapper *vschemawrapper.VSchemaWrapper
}

// How the tables are spread: sessions, names, changes and sums by account; who may ask, and the
// state of the sums, in a keyspace without shards, to which routing rules lead.
const (
	sharded   = "main"
	unsharded = "whole"
)

var (
	byAccount = []string{"account_id", "account_no"}
	identity  = regexp.MustCompile(`^(user|auth_|api_|familiar_)`)
)

// keyOf returns the column by which a table is sharded, or nothing where it is whole.
func keyOf(columns []column, table string) string {
	if identity.MatchString(table) {
		return ""
	}
	for _, key := range byAccount {
		for _, one := range columns {
			if one.table == table && one.name == key {
				return key
			}
		}
	}
	return ""
}

func newPlanner(t *testing.T, columns []column) planner {
	t.Helper()
	env := vtenv.NewTestEnv()
	schema := vindexes.BuildVSchema(schemaOf(t, columns), env.Parser())
	for name, keyspace := range schema.Keyspaces {
		if keyspace.Error != nil {
			t.Fatalf("%s: %v", name, keyspace.Error)
		}
		for _, one := range columns { // as the tablets tell
			if table := keyspace.Tables[one.table]; table != nil && one.isKey {
				table.PrimaryKey = append(table.PrimaryKey, sqlparser.NewIdentifierCI(one.name))
			}
		}
	}
	wrapper, err := vschemawrapper.NewVschemaWrapper(env, schema, planbuilder.TestBuilder)
	if err != nil {
		t.Fatal(err)
	}
	wrapper.Version = planbuilder.Gen4
	wrapper.Keyspace = schema.Keyspaces[sharded].Keyspace
	if err := wrapper.Vcursor.SetTarget(sharded); err != nil {
		t.Fatal(err)
	}
	return planner{env.Parser(), wrapper}
}

// schemaOf describes the tables as an operator would.
func schemaOf(t *testing.T, columns []column) *vschemapb.SrvVSchema {
	spread := &vschemapb.Keyspace{Sharded: true, Vindexes: map[string]*vschemapb.Vindex{"account": {Type: "xxhash"}}, Tables: map[string]*vschemapb.Table{}}
	whole := &vschemapb.Keyspace{Tables: map[string]*vschemapb.Table{}}
	rules := &vschemapb.RoutingRules{}
	for _, one := range columns {
		keyspace, key := whole, keyOf(columns, one.table)
		if key != "" {
			keyspace = spread
		}
		table := keyspace.Tables[one.table]
		if table == nil {
			table = &vschemapb.Table{ColumnListAuthoritative: true}
			keyspace.Tables[one.table] = table
			if key != "" {
				table.ColumnVindexes = []*vschemapb.ColumnVindex{{Columns: []string{key}, Name: "account"}}
			} else {
				for _, from := range []string{one.table, sharded + "." + one.table} {
					rules.Rules = append(rules.Rules, &vschemapb.RoutingRule{FromTable: from, ToTables: []string{unsharded + "." + one.table}})
				}
			}
		}
		table.Columns = append(table.Columns, &vschemapb.Column{Name: one.name, Type: typeOf(t, one.kind), CollationName: "utf8mb4_bin"})
	}
	return &vschemapb.SrvVSchema{Keyspaces: map[string]*vschemapb.Keyspace{sharded: spread, unsharded: whole}, RoutingRules: rules}
}

func typeOf(t *testing.T, kind string) querypb.Type {
	t.Helper()
	types := map[string]querypb.Type{
		"varchar": sqltypes.VarChar, "char": sqltypes.Char, "datetime": sqltypes.Datetime, "timestamp": sqltypes.Timestamp, "bigint": sqltypes.Int64,
		"int": sqltypes.Int32, "tinyint": sqltypes.Int8, "smallint": sqltypes.Int16, "double": sqltypes.Float64, "decimal": sqltypes.Decimal, "text": sqltypes.Text, "mediumtext": sqltypes.Text, "json": sqltypes.TypeJSON,
		"varbinary": sqltypes.VarBinary, "binary": sqltypes.Binary, "date": sqltypes.Date,
	}
	found, known := types[kind]
	if !known {
		t.Fatalf("what Vitess calls the type %s is not known here", kind)
	}
	return found
}

// form returns a statement without its literals.
func (p planner) form(statement string) string {
	form, err := p.parser.RedactSQLQuery(statement)
	if err != nil {
		return statement
	}
	return form
}

// plan plans a statement, and returns why that cannot be done.
func (p planner) plan(statement string) error {
	_, err := planbuilder.TestBuilder(statement, p.wrapper, sharded)
	return err
}
