package importer

import (
	"context"
	"io"
)

// pump reads ahead in a goroutine of its own: of a stream, so that waiting for data
// that may never come can be given up, and of text that takes time to be made, so that
// rows are made of it meanwhile. It ends with its context; what it has read by then is
// lost to others.
type pump struct {
	ctx context.Context
	// chunks have been read, used ones can be filled again.
	chunks, used chan []byte
	// rest is what is left of the current chunk.
	chunk, rest []byte
	err         error // valid once chunks is closed
}

// chunkSize is how much is read at a time.
const chunkSize = 64 << 10

// newPump begins to read. It stays ahead by a number of chunks and the one that it is
// filling.
func newPump(ctx context.Context, from io.Reader, ahead int) *pump {
	p := &pump{ctx: ctx, chunks: make(chan []byte, ahead), used: make(chan []byte, ahead+2)}
	go func() {
		defer close(p.chunks)
		for p.err == nil {
			chunk := p.empty()
			var n int
			n, p.err = from.Read(chunk)
			select {
			case p.chunks <- chunk[:n]:
			case <-ctx.Done():
				p.err = ctx.Err()
			}
		}
	}()
	return p
}

// empty returns a chunk to be filled.
func (p *pump) empty() []byte {
	select {
	case chunk := <-p.used:
		return chunk[:chunkSize]
	default:
		return make([]byte, chunkSize)
	}
}

func (p *pump) Read(to []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.chunk != nil {
			p.used <- p.chunk // has room for all that there are
			p.chunk = nil
		}
		var open bool
		select {
		case p.chunk, open = <-p.chunks:
			if !open {
				return 0, p.err
			}
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
		p.rest = p.chunk
	}
	n := copy(to, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// wait waits until nothing is being read any more, as soon as the context has ended.
func (p *pump) wait() {
	for range p.chunks {
	}
}

// ahead is text that is made ahead of its reader. Closing it ends that. Nil makes none.
type ahead struct {
	ctx    context.Context
	cancel context.CancelFunc
	pump   *pump // nil until there is one
}

// chunksAhead is how many chunks of text are made ahead at most.
const chunksAhead = 4

// newAhead returns what sources are to be opened with whose text is made ahead.
func newAhead(ctx context.Context) *ahead {
	a := &ahead{}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// of makes a text ahead.
func (a *ahead) of(text io.Reader) io.Reader {
	a.pump = newPump(a.ctx, filling{text}, chunksAhead)
	return a.pump
}

// filling reads as much as there is room for: handing over costs as much for little.
type filling struct{ from io.Reader }

func (f filling) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = f.from.Read(p[n:])
		n += more
	}
	return n, err
}

// Close returns when nothing reads from the source any more.
func (a *ahead) Close() error {
	if a == nil {
		return nil
	}
	a.cancel()
	if a.pump != nil {
		a.pump.wait()
	}
	return nil
}
