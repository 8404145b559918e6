package cli

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// The gateway is told to leave as soon as the signal comes, and answers until --drain is over.
func TestAnsweringGoesOnUntilDrained(t *testing.T) {
	for _, drain := range []time.Duration{0, time.Hour} {
		ctx, signal := context.WithCancel(t.Context())
		left := make(chan struct{})
		answering, stop := serveCommand{Drain: drain}.untilDrained(ctx, func() { close(left) }, slog.New(slog.DiscardHandler))
		select {
		case <-left:
			t.Error("it leaves before the signal")
		case <-answering.Done():
			t.Error("it ends before the signal")
		default:
		}
		signal()
		<-left
		if drain > 0 && answering.Err() != nil {
			t.Error("it does not answer until it is drained")
		}
		if drain > 0 {
			stop()
		}
		<-answering.Done()
		stop()
	}
	ctx, signal := context.WithCancel(t.Context())
	_, stop := serveCommand{}.untilDrained(ctx, func() { t.Error("it leaves though it has ended by itself") }, slog.New(slog.DiscardHandler))
	stop()
	signal()
}
