package legacy

import (
	"errors"
	"net/http"

	"aiusage/failure"
	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/legacy/request"
	"aiusage/observe"
)

// fail answers an error in the negotiated format. Whatever is not a refusal of this
// door's own may be a fault of the gateway, whose text never leaves.
func (h *handler) fail(w http.ResponseWriter, asked *request.Head, err error) {
	observe.From(asked.Context()).Failed(codeOf(err))
	if _, refused := errors.AsType[*contract.ErrorResponse](err); !refused {
		failure.Log(asked.Context(), h.Log, err)
	}
	answer.WriteError(w, asked.Request, answer.ErrorResponseOf(err, asked.As.Format, asked.LoginPage()), asked.As.Format)
}
