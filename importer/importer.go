// Package importer reads sessions, accounts and customers from CSV, TSV and
// NDJSON files and hands them, in batches, to a function that stores them.
//
// A row that cannot be used does not stop a load: it goes to a file of rejects,
// with the line it stood on and the reason, from where it can be corrected and
// imported again. A file may be imported any number of times; whatever stores
// the rows is expected to replace a row by its key.
//
// # Files
//
// Files are UTF-8, UTF-16 with a byte order mark, or in the encoding that is
// named, plain, compressed with gzip or zstd, or in a zip
// archive, each file of which is loaded. CRLF line ends, blank lines and a missing newline at the end are fine. Lines are at
// most 1 MiB long.
//
// CSV is that of RFC 4180, with a header. What stands between values may also be
// a semicolon, a tab (then it is TSV) or a bar. A quoted value may contain line
// breaks; a row spans at most 100 lines or 64 KiB.
//
// TSV has a header too. A value is escaped as MySQL and PostgreSQL do (\t, \n,
// \r, \0, \\, and \N for none), or quoted as in CSV. The word NULL, which
// "mysql --batch" prints for NULL, is a value like any other.
//
// NDJSON has a JSON object per line; JSON has objects at its top, or in an array
// there, or in an array that is named (Options.Rows). Numbers may be given as strings, ids as
// whole numbers.
package importer

import (
	"context"
	"io"
	"time"

	"aiusage/usage"
)

// Counts is what a write did with the rows of a batch.
type Counts struct {
	Inserted, Updated, Unchanged int64
	// Moved is how many of the updated rows had another account or customer before.
	Moved int64
}

// Options of a load. The zero value is usable.
type Options struct {
	// Format of all files. Auto goes by each file's name, then by its content.
	Format Format
	// Encoding is that of files without a byte order mark. Nil means UTF-8.
	Encoding *Encoding
	// Rows is where the rows of JSON documents are: the keys on the way to an array,
	// with dots between them. Empty means at the top.
	Rows string
	// Columns maps a column to its name in the files, where that differs, and a
	// column that may be left out to an empty name where it is.
	Columns map[string]string
	// The name of a duration in milliseconds ends in ":ms". Where ended_at is given
	// a name, it stands for the duration.
	// Constants are the values of columns that are the same in all rows.
	Constants map[string]string
	// Zone is that of a started_at without an offset. Nil means UTC.
	Zone *time.Location
	// StartedFormat is how started_at and ended_at are written, nil for any of the
	// forms that mean the same everywhere.
	StartedFormat *StartFormat
	// Limits are what a session is rejected for although it could be stored.
	Limits Limits
	// NoMoves rejects sessions that Stored has with another account or customer.
	NoMoves bool
	// Stored returns the stored sessions that have the ids of a batch. NoMoves needs it.
	Stored func(ctx context.Context, batch []usage.Session) ([]usage.Session, error)
	// Duplicates, if not nil, opens what likely duplicates are written to: CSV with the columns file, line, like and those of the table. A
	// session is one where another id, named in like, has the same account,
	// customer, start and duration, and was stored before or comes earlier in the
	// files. It is stored all the same. There is one writer only then.
	Duplicates func() (io.WriteCloser, error)
	// StartedWith returns the stored sessions that start when those of a batch do.
	// Duplicates needs it.
	StartedWith func(ctx context.Context, batch []usage.Session) ([]usage.Session, error)
	// Strict checks all files before anything is written and fails at the
	// first row that cannot be used. Standard input is kept in a temporary
	// file meanwhile.
	Strict bool
	// BatchSize is the number of rows per write, 2,000 by default.
	BatchSize int
	// Writers is the number of writes that may run at the same time, 1 by
	// default. Rows with the same key always go to the same writer, in the
	// order of the files; between writers there is no order.
	Writers int
	// Rejects opens what rejected rows are written to, at the first one. It is
	// CSV with the columns file, line, reason, those of the table, and raw, so
	// that it can be corrected and imported as it stands, without any other
	// option: starts are in UTC and durations in seconds there. A
	// row that could not be split into values has them empty, and its text in
	// raw. If Rejects is nil, rejected rows are counted only.
	Rejects func() (io.WriteCloser, error)
	// Progress, if not nil, is called several times a second while the load
	// runs and once at its end, never twice at the same time.
	Progress func(Progress)
}

const defaultBatchSize = 2000

// Progress of a load.
type Progress struct {
	// File is the one being read, as it was named.
	File string
	// Checking is true while files are looked at before anything is written: by
	// Strict, and to find columns that no object of an NDJSON file has.
	Checking bool
	// Rows is the number of rows written so far, or checked.
	Rows int64
	// Rejected is the number of rejected rows so far.
	Rejected int64
	// Bytes is how much of all files was read, as stored (compressed).
	Bytes int64
	// TotalBytes is the size of all files, 0 when it is not known. With Strict
	// it is reached twice.
	TotalBytes int64
}

// Summary of a load. It is complete also when the load failed or was
// interrupted: it covers exactly the batches that were written as a whole.
type Summary struct {
	Totals
	// Unused are the columns of the files that nothing was read from, each once,
	// in the order in which they were found.
	Unused []string
	// Notes are what was found out about the files and is not a matter of course,
	// each a sentence: what stands between values, which encoding they are in.
	Notes []string
	// Reasons are why rows were rejected, the most frequent first.
	Reasons []Reason
	// Files and Columns are how the files were understood.
	Files   []File
	Columns []Column
}

// Totals are the numbers of a summary.
type Totals struct {
	// Read is the number of rows written or rejected.
	Read int64
	// Counts are the sums of what the writes returned.
	Counts
	// Rejected is the number of rows that could not be used.
	Rejected int64
	// Duplicates is the number of likely duplicates, where they were asked for.
	Duplicates int64
}

// Write stores a batch of rows, in order, replacing stored rows with the same
// key: all of them, or none and an error. A batch may hold a key twice; the
// later row wins. The context is not cancelled when that of the load is,
// so that what was begun is finished and counted.
type Write[T any] func(ctx context.Context, batch []T) (Counts, error)

// Sessions loads sessions from files, in order, where "-" means stdin. The
// columns are session_id, account_id, customer_id (which may be empty, and is
// left out by mapping it to no name), started_at and duration_seconds; others are ignored.
//
// Errors are sentences for the person who runs the import. A file that is
// missing, a directory, or without a needed column is found before anything is
// written; an NDJSON file is without it when no object has it. A file that turns out to be damaged ends the load there, with all
// rows before the damage written. An error of write or of the context is
// returned as it is.
func Sessions(ctx context.Context, files []string, stdin io.Reader, write Write[usage.Session], options Options) (Summary, error) {
	t := sessionTable
	t.look = newSight(options)
	if options.Duplicates != nil {
		options.Writers = 1
	}
	return load(ctx, t, files, stdin, write, options)
}

// Accounts loads names of accounts as Sessions loads sessions. The columns are
// account_id and name, which may be empty.
func Accounts(ctx context.Context, files []string, stdin io.Reader, write Write[usage.Account], options Options) (Summary, error) {
	return load(ctx, accountTable, files, stdin, write, options)
}

// Customers loads names of customers as Sessions loads sessions. The columns
// are account_id, customer_id and name, which may be empty.
func Customers(ctx context.Context, files []string, stdin io.Reader, write Write[usage.Customer], options Options) (Summary, error) {
	return load(ctx, customerTable, files, stdin, write, options)
}
