package cli

import (
	"context"
	"log/slog"
	"time"
)

// untilDrained returns a context that ends so much later than ctx as --drain says. When ctx
// ends, leave is called. stop gives up what waits.
func (c serveCommand) untilDrained(ctx context.Context, leave func(), log *slog.Logger) (answering context.Context, stop func()) {
	answering, end := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		defer end()
		leave()
		if c.Drain == 0 {
			return
		}
		log.Info("leaving; requests are answered until then", "in", c.Drain)
		select {
		case <-time.After(c.Drain):
		case <-answering.Done():
		}
	})
	return answering, func() {
		forget()
		end()
	}
}
