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
	rejects rejects
	status  status
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
	columns, err := nameColumns(t.columns, options.Columns)
	if err != nil {
		return Summary{}, err
	}
	sources, err := findSources(files, stdin)
	if err != nil {
		return Summary{}, err
	}
	l := &loader[T]{
		table: t, columns: columns, sources: sources, write: write, options: options,
		rejects: rejects{open: options.Rejects, columns: t.columns},
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
	return summary, err
}

// checkHeaders finds what is wrong with the files before anything is loaded.
func (l *loader[T]) checkHeaders(ctx context.Context) error {
	for _, s := range l.sources {
		if s.stream {
			continue // can be read only once
		}
		_, closer, err := l.open(ctx, s)
		if err != nil {
			return err
		}
		closer.Close()
	}
	l.status.bytes.Store(0)
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
	}
	l.status.total.Store(totalSize(l.sources))
	for _, s := range l.sources {
		err := l.read(ctx, s, func(T) error {
			l.status.rows.Add(1)
			return nil
		}, func(bad row) error {
			return fmt.Errorf("%s, line %d: %s; nothing was loaded", s.name, bad.line, bad.problem)
		})
		if err != nil {
			return err
		}
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
func (l *loader[T]) store(ctx context.Context) (Summary, error) {
	w := startWriters(ctx, l.options, l.table.key, l.write, &l.status)
	var err error
	for _, s := range l.sources {
		if err = l.read(w.ctx, s, w.add, func(bad row) error { return l.reject(s, bad) }); err != nil {
			break
		}
	}
	summary, failed := w.finish()
	summary.Rejected = l.status.rejected.Load()
	summary.Read += summary.Rejected
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return summary, firstError(failed, err)
}

// reject keeps a bad row, unless Strict, which has found all there were.
func (l *loader[T]) reject(s source, bad row) error {
	if l.options.Strict {
		return fmt.Errorf("%s, line %d: %s; the file was changed while it was imported", s.name, bad.line, bad.problem)
	}
	if err := l.rejects.add(s.name, bad); err != nil {
		return rejectsError(err)
	}
	l.status.rejected.Add(1)
	return nil
}

func rejectsError(err error) error {
	return fmt.Errorf("the rejected rows cannot be written: %w", err)
}

// open opens a source up to its first row.
func (l *loader[T]) open(ctx context.Context, s source) (rowReader, io.Closer, error) {
	stored, err := s.open(ctx, &l.status.bytes)
	if err != nil {
		return nil, nil, err
	}
	format := l.options.Format
	if format == Auto {
		format = formatByName(s.name)
	}
	reader, err := rows(stored, format, l.columns)
	if err != nil {
		stored.Close()
		return nil, nil, fmt.Errorf("%s %w", s.name, err)
	}
	return reader, stored, nil
}

// read reads the rows of one source until accept or reject return an error.
func (l *loader[T]) read(ctx context.Context, s source, accept func(T) error, reject func(row) error) error {
	l.status.file.Store(&s.name)
	reader, closer, err := l.open(ctx, s)
	if err != nil {
		return err
	}
	defer closer.Close()
	for {
		r, err := reader.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("%s cannot be read beyond line %d: %w", s.name, reader.line(), damage(err))
		}
		value, ok := l.parse(&r)
		if ok {
			err = accept(value)
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
		if value, err = l.table.parse(r.values, l.options.Zone); err == nil {
			return value, true
		}
		problem = err.Error()
	}
	// Well-formed as it is, the row is rejected as a whole, however many lines it
	// spans: what stands between two quotes is never read as rows of its own.
	r.problem = problem
	return value, false
}
