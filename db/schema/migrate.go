package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"aiusage/db/migrations"
	"aiusage/db/pool"
	"aiusage/usage"
)

// versionTable holds which migrations have run. It has a name of its own
// because the platform may use goose in the same database.
const versionTable = "aiusage_schema_version"

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	// AppliedAt is the instant at which it was applied, zero when it was not.
	AppliedAt time.Time
}

// Migrate brings the schema up to date and calls report after each step. It may
// be interrupted and run again, and does nothing when there is nothing to do.
func (s *Schema) Migrate(ctx context.Context, report func(Migration)) error {
	if err := s.checkNotNewer(ctx); err != nil {
		return err
	}
	provider, err := s.migrationProvider()
	if err != nil {
		return err
	}
	for {
		result, err := provider.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return migrationError(err)
		}
		report(Migration{Version: result.Source.Version, Name: result.Source.Path, AppliedAt: time.Now()})
	}
}

// Migrations lists every step of the schema this gateway knows, in order.
func (s *Schema) Migrations(ctx context.Context) ([]Migration, error) {
	provider, err := s.migrationProvider()
	if err != nil {
		return nil, err
	}
	statuses, err := provider.Status(ctx)
	if err != nil {
		return nil, migrationError(err)
	}
	steps := make([]Migration, 0, len(statuses))
	for _, status := range statuses {
		steps = append(steps, Migration{status.Source.Version, status.Source.Path, status.AppliedAt})
	}
	return steps, nil
}

// CheckSchema returns nil when the schema is the one this gateway was built
// for and its columns are of kinds that the gateway can reckon with, and otherwise an Unavailable error that says
// what to do. Unlike Migrations it only reads, so that it works with a user who may only read.
func (s *Schema) CheckSchema(ctx context.Context) error {
	wanted, err := NewestVersion()
	if err != nil {
		return err
	}
	applied, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case applied < wanted:
		return usage.Errorf(usage.Unavailable,
			"the database schema is at version %d and this gateway needs %d; run its migrate command", applied, wanted)
	case applied > wanted:
		return errNewer(applied, wanted)
	}
	return s.checkColumns(ctx)
}

// checkNotNewer refuses a schema of a later version, of which this one knows too little to
// change anything.
func (s *Schema) checkNotNewer(ctx context.Context) error {
	wanted, err := NewestVersion()
	if err != nil {
		return err
	}
	applied, err := s.SchemaVersion(ctx)
	if err == nil && applied > wanted {
		err = errNewer(applied, wanted)
	}
	return err
}

func errNewer(applied, wanted int64) error {
	return usage.Errorf(usage.Unavailable,
		"the database schema is at version %d, newer than the %d this gateway knows; run a newer gateway", applied, wanted)
}

// NewestVersion is the version of the schema that this gateway was built for.
func NewestVersion() (newest int64, err error) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		newest = max(newest, version)
	}
	return newest, err
}

// SchemaVersion returns the version of the schema in the database, 0 where there is none.
func (s *Schema) SchemaVersion(ctx context.Context) (int64, error) {
	var applied sql.NullInt64
	err := s.db.GetContext(ctx, &applied, `SELECT MAX(version_id) FROM `+versionTable)
	if err != nil && !pool.HasNumber(err, pool.ErNoSuchTable) {
		return 0, pool.Translate(err)
	}
	return applied.Int64, nil
}

func (s *Schema) migrationProvider() (*goose.Provider, error) {
	store, err := newMarkedStore()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectCustom, s.db.DB.DB, migrations.Files,
		goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
}

// migrationError names the migration that failed; the server's own words stay,
// because an operator needs them.
func migrationError(err error) error {
	if coded, ok := errors.AsType[*usage.Error](pool.Translate(err)); ok {
		return coded
	}
	return fmt.Errorf("the schema could not be changed: %w", err)
}
