package importer

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// loader is one load.
type loader[T any] struct {
	table   table[T]
	columns []namedColumn
	sources []source
	write   Write[T]
	options Options
	forms   forms
	status  status

	rejects    rejects
	duplicates duplicates
	// reasons are of rejects, and held by its lock.
	reasons reasons
	similar int64
	// unused are the columns that nothing is read from.
	unused names
	// notes are what was found out about the files.
	notes names
	files understood
}

// load loads files into a table. It is what Sessions, Accounts and Customers do.
func load[T any](ctx context.Context, t table[T], files []string, stdin io.Reader, write Write[T], options Options) (Summary, error) {
	if options.Zone == nil {
		options.Zone = time.UTC
	}
	if options.BatchSize <= 0 {
		options.BatchSize = defaultBatchSize
	}
	options.Writers = max(options.Writers, 1)
	columns, err := nameColumns(t.columns, options.Columns, options.Constants)
	if err != nil {
		return Summary{}, err
	}
	sources, err := findSources(files, stdin)
	if err != nil {
		return Summary{}, err
	}
	l := &loader[T]{
		table: t, columns: columns, sources: sources, write: write, options: options,
		forms:      forms{zone: options.Zone, startedFormat: options.StartedFormat, limits: options.Limits}.withColumns(columns),
		rejects:    rejects{open: options.Rejects, columns: t.stored()},
		duplicates: duplicates{open: options.Duplicates, columns: t.stored()},
	}
	return l.run(ctx)
}

func (l *loader[T]) run(caller context.Context) (Summary, error) {
	ctx, cancel := context.WithCancel(caller)
	defer cancel() // ends the pump of a stream that was not read to its end
	defer l.status.report(l.options.Progress)()
	l.status.total.Store(totalSize(l.sources))
	if err := l.checkHeaders(ctx); err != nil {
		return Summary{}, err
	}
	if l.options.Strict {
		defer l.removeSpools()
		if err := l.check(ctx); err != nil {
			return Summary{}, firstError(caller.Err(), err)
		}
	}
	summary, err := l.store(ctx)
	if failed := l.rejects.close(); failed != nil && err == nil {
		err = rejectsError(failed)
	}
	if failed := l.duplicates.close(); failed != nil && err == nil {
		err = duplicatesError(failed)
	}
	return Summary{
		Totals: summary, Unused: l.unused.order, Notes: l.notes.order, Reasons: l.reasons.list(),
		Files: l.files.files, Columns: columnsRead(l.columns),
	}, err
}

// checkHeaders finds what is wrong with the files before anything is loaded.
func (l *loader[T]) checkHeaders(ctx context.Context) error {
	l.status.checking.Store(true)
	for _, s := range l.sources {
		if s.stream {
			continue // can be read only once
		}
		if err := l.checkColumns(ctx, s); err != nil {
			return err
		}
	}
	l.status.checking.Store(false)
	l.status.bytes.Store(0)
	return nil
}

// checkColumns finds out whether a source has the columns.
func (l *loader[T]) checkColumns(ctx context.Context, s source) error {
	reader, closer, err := l.open(ctx, s, nil)
	if err != nil {
		return err
	}
	defer closer.Close()
	if err := reader.checkColumns(); err != nil {
		return fmt.Errorf("%s %w", s.name, err)
	}
	return nil
}

// check reads all files for Strict. Its error is the first bad row.
func (l *loader[T]) check(ctx context.Context) error {
	l.status.checking.Store(true)
	for i, s := range l.sources {
		if !s.stream {
			continue
		}
		spooled, err := s.spool(ctx)
		if err != nil {
			return err
		}
		l.sources[i] = spooled
		if err := l.checkColumns(ctx, spooled); err != nil {
			return err
		}
	}
	l.status.bytes.Store(0)
	l.status.total.Store(totalSize(l.sources))
	good := l.newCheck(ctx)
	for _, s := range l.sources {
		err := l.read(ctx, s, good.add, func(bad row) error {
			return fmt.Errorf("%s, line %d: %s; nothing was loaded", s.name, bad.line, bad.problem)
		})
		if err != nil {
			return err
		}
	}
	if err := good.flush(); err != nil {
		return err
	}
	l.status.rows.Store(0)
	l.status.bytes.Store(0)
	l.status.checking.Store(false)
	return nil
}

// removeSpools removes what check kept in temporary files.
func (l *loader[T]) removeSpools() {
	for _, s := range l.sources {
		if s.spooled {
			_ = os.Remove(s.path) // nobody can do anything about it
		}
	}
}

// store reads all files and writes their rows.
func (l *loader[T]) store(ctx context.Context) (Totals, error) {
	if err := l.duplicates.begin(); err != nil {
		return Totals{}, duplicatesError(err)
	}
	w := newWriters(ctx, l.options, l.table.key, l.write, &l.status)
	w.look, w.refuse, w.resembles = l.table.look, l.refuse, l.resembles
	w.start()
	var err error
	for _, s := range l.sources {
		if err = l.read(w.ctx, s, w.add, func(bad row) error { return l.reject(s.name, bad) }); err != nil {
			break
		}
	}
	summary, failed := w.finish()
	summary.Rejected = l.status.rejected.Load()
	summary.Read += summary.Rejected
	summary.Duplicates = l.similar
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return summary, firstError(failed, err)
}

// reject keeps a bad row, unless Strict, which has found all there were.
func (l *loader[T]) reject(file string, bad row) error {
	if l.options.Strict {
		return fmt.Errorf("%s, line %d: %s; this was not so when it was checked", file, bad.line, bad.problem)
	}
	if err := l.rejects.add(file, bad); err != nil {
		return rejectsError(err)
	}
	l.rejects.mu.Lock()
	l.reasons.add(file, bad.line, bad.problem)
	l.rejects.mu.Unlock()
	l.status.rejected.Add(1)
	return nil
}

// refuse keeps a row that could be read and must not be written.
func (l *loader[T]) refuse(at origin, value T, problem string) error {
	return l.reject(at.file, row{line: at.line, values: l.table.values(value), problem: problem})
}

// resembles tells of a row that is like another.
func (l *loader[T]) resembles(at origin, value T, other string) error {
	if err := l.duplicates.add(at, l.table.values(value), other); err != nil {
		return duplicatesError(err)
	}
	l.similar++ // there is one writer
	return nil
}

func rejectsError(err error) error {
	return fmt.Errorf("the rejected rows cannot be written: %w", err)
}

func duplicatesError(err error) error {
	return fmt.Errorf("the likely duplicates cannot be written: %w", err)
}

// open opens a source up to its first row. A stream is checked for its columns by
// the way, as it cannot be opened again. Its text is made ahead if that is given, which
// is closed with it.
func (l *loader[T]) open(ctx context.Context, s source, ahead *ahead) (rowReader, io.Closer, error) {
	stored, err := s.open(ctx, &l.status.bytes)
	if err != nil {
		return nil, nil, firstError(err, ahead.Close())
	}
	begun, closer := io.Reader(stored), closers{ahead, stored}
	if s.stream {
		kept := &tape{from: stored}
		closer = closers{ahead, kept, stored}
		begun, err = l.checkStream(s, kept)
	}
	var reader rowReader
	if err == nil {
		reader, err = l.rows(s, begun, ahead)
	}
	if err != nil {
		closer.Close()
		return nil, nil, err
	}
	return reader, closer, nil
}

// checkStream checks the columns of a stream and returns to its beginning.
func (l *loader[T]) checkStream(s source, kept *tape) (again io.Reader, err error) {
	reader, err := l.rows(s, kept, nil)
	if err != nil {
		return nil, err
	}
	if err := reader.checkColumns(); err != nil {
		return nil, fmt.Errorf("%s %w", s.name, err)
	}
	return kept.rewind()
}

// rows makes a reader of the rows of an opened source, whose text is made ahead if
// that is given.
func (l *loader[T]) rows(s source, stored io.Reader, ahead *ahead) (rowReader, error) {
	format := l.options.Format
	if format == Auto {
		format = formatByName(s.name)
	}
	reader, err := reading{
		name: s.name, format: format, encoding: l.options.Encoding, packed: s.entry > 0, ahead: ahead, path: l.options.Rows,
		columns: l.columns, unused: &l.unused, notes: &l.notes, files: &l.files,
	}.rows(stored)
	if err != nil {
		return nil, fmt.Errorf("%s %w", s.name, err)
	}
	return reader, nil
}

// read reads the rows of one source until accept or reject return an error.
func (l *loader[T]) read(ctx context.Context, s source, accept func(T, origin) error, reject func(row) error) error {
	l.status.file.Store(&s.name)
	ahead := newAhead(ctx)
	reader, closer, err := l.open(ahead.ctx, s, ahead)
	if err != nil {
		return err
	}
	defer closer.Close()
	sheet, isSheet := reader.(*delimited)
	l.forms.semicolons = isSheet && sheet.delimiter == ';'
	for {
		r, err := reader.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("%s cannot be read beyond line %d: %w", s.name, reader.line(), reasonOf(err))
		}
		value, ok := l.parse(&r)
		if ok {
			err = accept(value, origin{s.name, r.line})
		} else {
			err = reject(r)
		}
		if err != nil {
			return err
		}
	}
}

// parse makes a row of the table of a row of a file, or rejects it.
func (l *loader[T]) parse(r *row) (value T, ok bool) {
	if r.values == nil {
		return value, false
	}
	problem := r.problem
	if problem == "" {
		var err error
		if value, err = l.table.parse(r.values, &l.forms); err == nil {
			return value, true
		}
		problem = err.Error()
	}
	// Well-formed as it is, the row is rejected as a whole, however many lines it
	// spans: what stands between two quotes is never read as rows of its own.
	r.problem = problem
	if l.table.restate != nil {
		l.table.restate(r.values, &l.forms)
	}
	return value, false
}
