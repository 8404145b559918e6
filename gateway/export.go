package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"aiusage/admission"
	"aiusage/export"
	"aiusage/failure"
	"aiusage/observe"
	"aiusage/transport"
	"aiusage/usage"
)

// exports answers with the rows of a report as a file, which is written while it is read.
// What it takes are the arguments of aiUsage as parameters, and the words of the command
// report.
type exports struct {
	// snapshot opens a state of the database within the scope of who asks.
	snapshot func(context.Context) usage.Snapshot
	turns    turns
	spools   *spools
	// conditions tell whether an export is still what somebody has.
	conditions *conditions
	// zone is where days without a time zone are understood; nil means UTC.
	zone *time.Location
	// limit bounds an answer from when who asks is known until its last byte; 0 means no bound.
	limit time.Duration
	door  door
}

// mediaTypes are those of the formats. RFC 4180 lets CSV say that it has a header.
var mediaTypes = map[export.Format]string{
	export.CSV:    "text/csv; charset=utf-8; header=present",
	export.JSON:   "application/json; charset=utf-8",
	export.NDJSON: "application/x-ndjson; charset=utf-8",
}

func (e exports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	format := export.Format(strings.TrimPrefix(r.URL.Path, ExportPath+"usage."))
	if _, known := mediaTypes[format]; !known {
		err := usage.Errorf(usage.NotFound, "there is no export here").
			Accepting(ExportPath+"usage.csv", ExportPath+"usage.json", ExportPath+"usage.ndjson")
		transport.WriteError(r.Context(), w, err)
		return
	}
	observe.From(r.Context()).At("export", string(format))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "an export is read by GET", http.StatusMethodNotAllowed)
		return
	}
	e.door.require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := usage.Bounded(r.Context(), e.limit)
		defer cancel()
		if err := e.serve(ctx, w, r, format); err != nil {
			transport.WriteError(r.Context(), w, failure.Log(r.Context(), e.door.log, err))
		}
	})).ServeHTTP(w, r)
}

// serve answers a request, or returns why it did not. Once something has been sent, an error
// cuts the connection, so that nobody takes a part for the whole.
func (e exports) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, format export.Format) error {
	now := e.conditions.now()
	asked, err := readExport(r.URL.RawQuery, format, e.zone, now)
	if err != nil {
		return err
	}
	ctx, visit := e.conditions.begin(ctx, now, r.URL.Path, asked.given)
	if validators := transport.Validators(r); validators != nil {
		turn, err := e.turns.enter(ctx, 0)
		if err != nil {
			return err
		}
		validator := visit.Current(ctx, validators)
		turn.End()
		if validator != "" {
			transport.WriteNotModified(w, validator)
			return nil
		}
	}
	turn, err := e.turns.export(ctx, asked)
	if err != nil {
		return err
	}
	defer turn.End()
	ctx, cancel := context.WithCancel(admission.NewContext(ctx, turn))
	defer cancel() // for what is being read when nobody takes it any more
	snapshot := e.snapshot(ctx)
	defer snapshot.Close()
	result, err := export.Read(ctx, snapshot, asked.query, asked.rows)
	if err != nil {
		return late(ctx, err)
	}
	header := w.Header()
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Type", mediaTypes[format])
	header.Set("Content-Disposition", disposition(asked, format))
	if validator := visit.Validator(); validator != "" {
		transport.SetValidator(header, validator)
	}
	if r.Method == http.MethodHead {
		header.Add("Vary", "Accept-Encoding")
		return nil
	}
	return e.send(ctx, cancel, w, r, func(out io.Writer) error {
		defer turn.Rest(spoolMemory) // the rest is in a file
		defer snapshot.Close()
		return export.Write(out, format, asked.rows, result.Rows, asked.options)
	})
}

// send answers with what is written, which is read from the database meanwhile and no longer
// than somebody takes it (cancel).
func (e exports) send(ctx context.Context, cancel func(), w http.ResponseWriter, r *http.Request, write func(io.Writer) error) (err error) {
	content := newSpool(e.spools)
	var writing sync.WaitGroup
	writing.Go(func() { content.end(usage.Safely(func() error { return write(content) })) })
	defer func() {
		cancel()
		content.leave()
		writing.Wait()
	}()
	out := &paced{ctx: ctx, patience: takingPatience}
	transport.Compressing(http.HandlerFunc(func(compressed http.ResponseWriter, _ *http.Request) {
		out.w = compressed
		if _, err = io.CopyBuffer(out, content, make([]byte, flushFrom)); err != nil {
			out.hurry()
		}
	})).ServeHTTP(w, r)
	switch {
	case err == nil:
		return nil
	case out.began:
		if !out.broken {
			coded := failure.Log(r.Context(), e.door.log, late(ctx, err))
			observe.From(r.Context()).Failed(failure.GraphQLCode(coded.Code))
		}
		panic(http.ErrAbortHandler) // tellingCuts
	}
	for _, name := range []string{"Content-Disposition", "ETag"} {
		w.Header().Del(name)
	}
	return late(ctx, err)
}

// late returns an error, or that the time of its context is up, which makes everything
// fail in ways that do not say so.
func late(ctx context.Context, err error) error {
	if usage.IsLate(ctx) {
		return context.DeadlineExceeded
	}
	return err
}

const (
	// takingPatience is how long a reader may take for each part of an export. One that is too
	// large for its spool holds a state of the database until then, of which there are not many.
	takingPatience = 30 * time.Second
	// endPatience is how long a reader may take for what a cut export still has in its buffers.
	endPatience = time.Second
	// flushFrom is the least size, in bytes, of a part behind which there may be more.
	flushFrom = 32 << 10
)

// paced writes an answer part by part, each within what is left of the time for the whole
// and as long as the patience with a reader is.
type paced struct {
	ctx      context.Context
	w        http.ResponseWriter
	patience time.Duration
	began    bool
	// broken is set where the reader is at fault, who has gone or takes nothing.
	broken bool
}

func (p *paced) Write(part []byte) (int, error) {
	if err := late(p.ctx, p.ctx.Err()); err != nil {
		return 0, err
	}
	p.began = true
	controller := http.NewResponseController(p.w)
	whole, isBounded := p.ctx.Deadline()
	by := time.Now().Add(p.patience)
	if isBounded && whole.Before(by) {
		by = whole
	}
	_ = controller.SetWriteDeadline(by) // a recorder in tests cannot
	n, err := p.w.Write(part)
	if err == nil && len(part) >= flushFrom {
		if err = controller.Flush(); errors.Is(err, http.ErrNotSupported) {
			err = nil
		}
	}
	if err != nil {
		p.broken = true
		return n, err
	}
	// Over HTTP/2 the stream ends at its deadline whether or not something is being written.
	_ = controller.SetWriteDeadline(whole)
	return n, nil
}

// hurry has whatever is written from now on fail soon.
func (p *paced) hurry() {
	_ = http.NewResponseController(p.w).SetWriteDeadline(time.Now().Add(endPatience))
}
