package schema

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"aiusage/db/migrations"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// madeMark is the comment of every table that a migration makes. A migration finds
// and leaves a table that the platform has made (CREATE TABLE IF NOT EXISTS), so the
// mark tells whose it is, whatever happens between the two.
const madeMark = "AI usage gateway"

// sessionsTableName is the table that is dropped by its name only: it may hold what
// somebody has to be billed for.
const sessionsTableName = "ai_sessions"

// The tables that say whether reports may rely on the sums by level, and on those by hour.
const (
	levelState = "usage_level_state"
	hourState  = "usage_rollup_state"
)

// ArgDrop is the argument that names tables to drop.
const ArgDrop usage.Argument = "drop"

// Undone is a step of the schema that has been undone.
type Undone struct {
	Migration
	// Kept is the table that the step had found and not made, which is still there,
	// or empty.
	Kept string
}

// Rollback undoes the latest step of the schema, with whatever data is in the table
// it made, and returns it. Where there is none it returns NotFound. A table that the
// step did not make stays. ai_sessions, and a table of which it is not known who made
// it, are dropped only when they are among drop; otherwise nothing is done, and the
// error is an InvalidArgument one.
func (s *Schema) Rollback(ctx context.Context, drop []string) (Undone, error) {
	provider, err := s.migrationProvider()
	if err != nil {
		return Undone{}, err
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return Undone{}, migrationError(err)
	}
	sources := provider.ListSources()
	at := slices.IndexFunc(sources, func(one *goose.Source) bool { return one.Version == version })
	switch {
	case version == 0:
		return Undone{}, usage.Errorf(usage.NotFound, "there is no migration to undo")
	case at < 0:
		return Undone{}, usage.Errorf(usage.Unavailable,
			"the database schema is at version %d, which this gateway does not know; undo it with the gateway that made it", version)
	}
	undone := Undone{Migration: Migration{Version: version, Name: sources[at].Path}}
	table, err := droppedBy(sources[at].Path)
	if err != nil {
		return Undone{}, err
	}
	keep, err := s.keepsTable(ctx, table, drop)
	if err != nil {
		return Undone{}, err
	}
	if keep {
		undone.Kept = table
		_, err = s.db.ExecContext(ctx, "DELETE FROM "+versionTable+" WHERE version_id = ?", version)
		return undone, pool.Translate(err)
	}
	// The triggers go with the state that says whether sums may be read. Gateways that
	// are running must not believe these from the moment on that changes are missing.
	if sums := map[string]*phase.Tracker{levelState: s.levels, hourState: s.hours}[table]; sums != nil {
		if err := sums.FallBack(ctx, "the rollups are being undone by migrate down; run the migrate command to have them again"); err != nil {
			return Undone{}, err
		}
	}
	if _, err = provider.Down(ctx); err != nil {
		return Undone{}, migrationError(err)
	}
	return undone, nil
}

var dropTable = regexp.MustCompile(`(?im)^DROP TABLE IF EXISTS (\w+);`)

// droppedBy returns the table that undoing a step drops, or nothing.
func droppedBy(file string) (table string, err error) {
	text, err := fs.ReadFile(migrations.Files, file)
	if err != nil {
		return "", err
	}
	_, down, _ := strings.Cut(string(text), "-- +goose Down")
	if found := dropTable.FindStringSubmatch(down); found != nil {
		table = found[1]
	}
	return table, nil
}

// keepsTable tells whether a table that a step would drop is to stay. It is an error
// where that cannot be known.
func (s *Schema) keepsTable(ctx context.Context, table string, drop []string) (keep bool, err error) {
	found, err := s.tableComments(ctx, table, versionTable)
	if err != nil {
		return false, pool.Translate(err)
	}
	own, err := s.isEmbedded(ctx)
	if err != nil {
		return false, err
	}
	comment, exists := found[table]
	made := comment.text == madeMark || own
	switch {
	case !exists, comment.view:
		return exists, nil // which no DROP TABLE drops
	case slices.Contains(drop, table):
		return false, nil
	case made && table == sessionsTableName:
		return false, usage.Errorf(usage.InvalidArgument,
			"this would drop the sessions themselves, from which all usage is counted; add %s %s to do it", ArgDrop, table)
	case made:
		return false, nil
	case found[versionTable].text == madeMark:
		return true, nil
	}
	return false, usage.Errorf(usage.InvalidArgument,
		"the table %s may be one that the gateway found and did not make: this database is older than the marks of the gateway's tables; "+
			"add %s %s to drop it with its data", table, ArgDrop, table)
}

// isEmbedded tells whether this is the embedded engine. It loses the comments of most
// tables, and all of them are the gateway's own.
func (s *Schema) isEmbedded(ctx context.Context) (bool, error) {
	server, err := s.db.Describe(ctx)
	return strings.HasPrefix(server, "Dolt"), err
}

// tableComment is the comment of a table, which a view does not have.
type tableComment struct {
	text string
	view bool
}

// tableComments returns the comments of those of the tables that exist.
func (s *Schema) tableComments(ctx context.Context, names ...string) (map[string]tableComment, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT TABLE_NAME, TABLE_TYPE, COALESCE(TABLE_COMMENT, '') FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (`+where.Placeholders(len(names), 1)+`)`, where.Args(names)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]tableComment{}
	for rows.Next() {
		var name, kind, comment string
		if err := rows.Scan(&name, &kind, &comment); err != nil {
			return nil, err
		}
		found[name] = tableComment{comment, strings.Contains(kind, "VIEW")}
	}
	return found, rows.Err()
}

// markedStore keeps which migrations have run, as goose does, in a table that is
// marked. So it is known of a database that all tables the gateway has made in it
// are marked.
type markedStore struct{ database.StoreExtender }

func newMarkedStore() (database.Store, error) {
	store, err := database.NewStore(database.DialectMySQL, versionTable)
	if err != nil {
		return nil, err
	}
	extended, ok := store.(database.StoreExtender)
	if !ok {
		return nil, fmt.Errorf("goose's %T cannot tell whether a table exists", store)
	}
	return markedStore{extended}, nil
}

// CreateVersionTable creates the table with the columns that goose gives it.
func (markedStore) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, `CREATE TABLE `+versionTable+` (
		id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
		version_id BIGINT NOT NULL,
		is_applied BOOLEAN NOT NULL,
		tstamp     DATETIME NULL DEFAULT CURRENT_TIMESTAMP,
		PRIMARY KEY (id)
	) COMMENT = '`+madeMark+`'`)
	return err
}
