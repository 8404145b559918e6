package failure

import (
	"context"
	"errors"
	"log/slog"

	"aiusage/usage"
)

// Log returns err as an error for the caller and writes to the log what only an
// operator can act on: a fault of the gateway, and the cause of an answer that could
// not be given. A panic is logged once, however many callers are told of it. The
// record has the id of the request whose context it is; attributes go with it.
func Log(ctx context.Context, log *slog.Logger, err error, attributes ...any) *usage.Error {
	coded := usage.AsError(err)
	panicked, isPanic := errors.AsType[*usage.Panic](err)
	switch {
	case isPanic && panicked.ClaimLog():
		// err may repeat it in part: what callers could see is shortened.
		log.ErrorContext(ctx, "internal error", append([]any{"error", panicked}, attributes...)...)
	case isPanic:
	case coded.Code == usage.Internal && errors.Is(ctx.Err(), context.Canceled):
		// What was under way failed because its caller hung up, in all likelihood.
		log.WarnContext(ctx, "after the caller had gone", append([]any{"error", err}, attributes...)...)
	case coded.Code == usage.Internal:
		log.ErrorContext(ctx, "internal error", append([]any{"error", err}, attributes...)...)
	case !IsCallers(coded.Code) && coded.Cause != nil:
		log.WarnContext(ctx, coded.In(usage.Names{}).Message, append([]any{"error", coded.Cause}, attributes...)...)
	}
	return coded
}
