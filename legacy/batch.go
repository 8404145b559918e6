package legacy

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/legacy/request"
	"aiusage/usage"
)

// batch answers several requests at once, in order (fact 23). The first failure is
// the answer to the whole, with the index of the request at fault.
func (h *handler) batch(ctx context.Context, w http.ResponseWriter, requests []usage.Request) (reports []*usage.Report, err error) {
	reports = make([]*usage.Report, len(requests))
	rows := 0
	for i, asked := range requests {
		if reports[i], err = h.batchReport(ctx, asked); err == nil {
			if rows += len(reports[i].Subjects); i > 0 && rows > h.MaxBatchRows {
				err = contract.BadArgument("", fmt.Sprintf("the reports of a batch have more than %d rows together; send its requests by themselves, or fewer at once", h.MaxBatchRows))
			}
		}
		if err != nil {
			w.Header()[contract.AutoBatchCompleted] = []string{strconv.Itoa(i)}
			return nil, answer.InBatch(err, i)
		}
	}
	w.Header()[contract.AutoBatchCompleted] = []string{strconv.Itoa(len(reports))} // fact 14
	return reports, nil
}

func (h *handler) batchReport(ctx context.Context, asked usage.Request) (*usage.Report, error) {
	if err := request.TranslateDates(&asked); err != nil {
		return nil, err
	}
	return h.report(ctx, asked)
}
