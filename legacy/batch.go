package legacy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"aiusage/usage"
)

// errBatch refuses a batch before more of it is read.
var errBatch = fmt.Errorf("a batch has at most %d requests", maxBatch)

// readBatch reads several requests (fact 23). Their dates are read as each is answered.
func (h *handler) readBatch(w http.ResponseWriter, r *http.Request, route route) ([]usage.Request, error) {
	body, err := h.body(w, r, route)
	if err != nil {
		return nil, err
	}
	read, err := usageMessage.readBatch(body)
	if errors.Is(err, errBatch) {
		return nil, badArgument("", errBatch.Error())
	}
	if err != nil {
		return nil, unreadable(body.contentType, true, err)
	}
	requests := make([]usage.Request, len(read))
	for i, values := range read {
		values.apply(&requests[i])
	}
	return requests, nil
}

// batch answers several requests at once, in order (fact 23). The first failure is
// the answer to the whole, with the index of the request at fault.
func (h *handler) batch(ctx context.Context, w http.ResponseWriter, requests []usage.Request) (reports []*usage.Report, err error) {
	reports = make([]*usage.Report, len(requests))
	rows := 0
	for i, request := range requests {
		if reports[i], err = h.batchReport(ctx, request); err == nil {
			if rows += len(reports[i].Subjects); i > 0 && rows > h.MaxBatchRows {
				err = badArgument("", fmt.Sprintf("the reports of a batch have more than %d rows together; send its requests by themselves, or fewer at once", h.MaxBatchRows))
			}
		}
		if err != nil {
			w.Header()[autoBatchCompleted] = []string{strconv.Itoa(i)}
			return nil, &indexed{err, i}
		}
	}
	w.Header()[autoBatchCompleted] = []string{strconv.Itoa(len(reports))} // fact 14
	return reports, nil
}

func (h *handler) batchReport(ctx context.Context, request usage.Request) (*usage.Report, error) {
	if err := translateDates(&request); err != nil {
		return nil, err
	}
	return h.report(ctx, request)
}

// indexed is an error with the index of the request of a batch that caused it.
type indexed struct {
	error
	index int
}

func (e *indexed) Unwrap() error { return e.error }
